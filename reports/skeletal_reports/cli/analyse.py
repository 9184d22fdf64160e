"""``derive`` and ``analyse``: outcomes and results of given records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .loading import load
from .options import (
    CutoffOption,
    DataOption,
    ForceOption,
    JsonOption,
    QuietOption,
    StudyArgument,
    VerboseOption,
)
from .output import new_folder, refuse_existing, write_text
from .terminal import print_frame, progress_to_stderr

SHOWN = ("analysis", "arm", "statistic", "time", "value")


def derive(
    study: StudyArgument,
    *,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for the derived data.")],
    cutoff: CutoffOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Derive the outcomes: ADaM data sets, measures, eligibility, audit and accounting."""
    from skeletal.outcomes import derive_outcomes
    from skeletal_reports.derived import is_derived, write_derived

    say = progress_to_stderr(quiet=quiet)
    protocol, records = load(study, data, cutoff=cutoff, say=say)
    say("Deriving outcomes")
    outcomes = derive_outcomes(records, protocol)
    with new_folder(out, force=force, ours=is_derived) as folder:
        write_derived(outcomes, records, folder)
    typer.echo(out)


def analyse(
    study: StudyArgument,
    *,
    data: DataOption,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write here (csv, or JSON with --json).")
    ] = None,
    cutoff: CutoffOption = None,
    json: JsonOption = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run the analyses that the study declares: one statistic a row."""
    from skeletal.outcomes import derive_outcomes
    from skeletal.plan import analyse as run_plan

    if out is not None:
        refuse_existing(out, force=force)
    say = progress_to_stderr(quiet=quiet)
    protocol, records = load(study, data, cutoff=cutoff, say=say)
    say("Deriving outcomes")
    outcomes = derive_outcomes(records, protocol)
    say(f"Running {len(protocol.analyses)} analyses")
    results = run_plan(outcomes, protocol)
    if out is not None:
        text = results.to_json() if json else results.frame.to_csv(index=False, lineterminator="\n")
        typer.echo(write_text(text, out, force=force))
    elif json:
        typer.echo(results.to_json(), nl=False)
    else:
        print_frame(results.frame, shown=SHOWN, missing="NE")
