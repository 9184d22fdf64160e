"""``simulate``: the records of a trial that never was."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from .loading import choose_scenario
from .options import (
    DEFAULT_SEED,
    ForceOption,
    MaybeCutoffOption,
    QuietOption,
    ScenarioOption,
    SeedOption,
    StudyArgument,
    VerboseOption,
)
from .output import new_folder
from .terminal import progress_to_stderr


def simulate(
    study: StudyArgument,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for the record tables (csv).")],
    seed: SeedOption = None,
    scenario: ScenarioOption = None,
    n: Annotated[
        int | None, typer.Option("--n", min=2, help="Number of subjects; the study's if absent.")
    ] = None,
    cutoff: MaybeCutoffOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Simulate a trial under a scenario of its study and write its raw records."""
    from skeletal.records import TABLES, cut_records, write_records
    from skeletal.study import load_study
    from skeletal_synthetic import simulate_trial

    protocol = load_study(study)
    chosen = DEFAULT_SEED if seed is None else seed
    say = progress_to_stderr(quiet=quiet)
    name = choose_scenario(protocol, scenario)
    say(f"Simulating {protocol.acronym}: scenario {name}, seed {chosen}")
    files = {f"{table}.csv" for table in TABLES}
    if force and (out / "subjects.csv").is_file() and not _is_simulated(out / "subjects.csv"):
        raise FileExistsError(
            f"{out} holds records that were not simulated; --force does not replace them, name another place"
        )
    with new_folder(out, force=force, ours=files.__contains__) as folder:
        records = simulate_trial(protocol, scenario=name, seed=chosen, n_subjects=n)
        if cutoff is not None:
            records = cut_records(records, cutoff)
        write_records(records, folder)
    say(f"{records.n_subjects} subjects, {len(records.tables)} tables")
    typer.echo(out)


def _is_simulated(subjects: Path) -> bool:
    """Return whether a table of subjects says of everybody that they were simulated."""
    with subjects.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return all(row.get("simulated") == "true" for row in rows)
