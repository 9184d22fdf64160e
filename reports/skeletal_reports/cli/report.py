"""``report``: from records to the run folder with the interim report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .loading import choose_scenario, cut_as_asked, load
from .options import (
    DEFAULT_SEED,
    CutoffOption,
    ForceOption,
    JsonOption,
    MaybeDataOption,
    QuietOption,
    ScenarioOption,
    SeedOption,
    StudyArgument,
    VerboseOption,
)
from .terminal import print_json, progress_to_stderr

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from skeletal.records import TrialRecords
    from skeletal.study import Study
    from skeletal_reports.run import RunPaths, Simulation


def report(
    study: StudyArgument,
    *,
    data: MaybeDataOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="The run folder; runs/STUDY-DATE-HASH if absent."),
    ] = None,
    kind: Annotated[
        Literal["open", "closed", "both"],
        typer.Option("--kind", help="open: arms pooled; closed: arms as A, B."),
    ] = "both",
    unmask: Annotated[bool, typer.Option("--unmask", help="Name the arms in the closed report.")] = False,
    cutoff: CutoffOption = None,
    seed: SeedOption = None,
    scenario: ScenarioOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Report a trial: of the records in --data, or of a simulated trial without it."""
    if data is not None and (seed is not None or scenario is not None):
        raise typer.BadParameter(
            "--seed and --scenario belong to a simulated trial; leave them or --data out"
        )
    if unmask and kind == "open":
        raise typer.BadParameter("--unmask belongs to the closed report; the open report has no arms")
    say = progress_to_stderr(quiet=quiet)
    if data is None:
        protocol, records, simulation = _simulated(study, scenario, seed, cutoff=cutoff, say=say)
    else:
        protocol, records = load(study, data, cutoff=cutoff, say=say)
        simulation = None
    from skeletal_reports.run import KINDS, run_report

    paths = run_report(
        protocol,
        records,
        out=out,
        kinds=KINDS if kind == "both" else (kind,),
        unmask=unmask,
        simulation=simulation,
        force=force,
        progress=say,
    )
    if json:
        print_json(_as_json(paths))
    else:
        last = "open" if kind == "open" else "closed"
        typer.echo(paths.reports[last].html)


def _simulated(
    study: str,
    scenario: str | None,
    seed: int | None,
    *,
    cutoff: dt.date | None,
    say: Callable[[str], None],
) -> tuple[Study, TrialRecords, Simulation]:
    """Simulate the study's trial and keep how it was done and what is true."""
    from skeletal.study import load_study
    from skeletal_reports.run import Simulation
    from skeletal_synthetic import simulate_trial, true_values

    protocol = load_study(study)
    name = choose_scenario(protocol, scenario)
    chosen = DEFAULT_SEED if seed is None else seed
    say(f"Simulating {protocol.acronym}: scenario {name}, seed {chosen}")
    records = simulate_trial(protocol, scenario=name, seed=chosen)
    records = cut_as_asked(records, protocol, cutoff, say)
    times = sorted({time for analysis in protocol.analyses.values() for time in analysis.times})
    truth = true_values(protocol, name, times) if times else None
    return protocol, records, Simulation(seed=chosen, scenario=name, truth=truth)


def _as_json(paths: RunPaths) -> dict[str, Any]:
    return {
        "folder": paths.folder,
        "manifest": paths.manifest,
        "reports": {
            kind: {"html": report.html, "pdf": report.pdf, "notebook": report.notebook}
            for kind, report in paths.reports.items()
        },
    }
