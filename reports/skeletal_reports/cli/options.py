"""Arguments and options that several commands share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_SEED = 20250205


def parse_date(text: str) -> dt.date:
    """Read a calendar day, or say how to write one."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD") from None


StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study of the library, or a study file (.toml).")
]
DataOption = Annotated[
    Path, typer.Option("--data", metavar="FOLDER", help="Folder or zip file of the trial's records.")
]
MaybeDataOption = Annotated[
    Path | None, typer.Option("--data", metavar="FOLDER", help="Folder or zip file of the trial's records.")
]
CutoffOption = Annotated[
    dt.date | None,
    typer.Option(
        "--cutoff",
        metavar="DATE",
        parser=parse_date,
        help="Last day of which anything is known; the data_cut or data_cutoff of the study if absent.",
    ),
]
MaybeCutoffOption = Annotated[
    dt.date | None,
    typer.Option(
        "--cutoff",
        metavar="DATE",
        parser=parse_date,
        help="Cut the records at this day first; they are left as they are if absent.",
    ),
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help=f"Seed of the simulation; {DEFAULT_SEED} if absent.")
]
ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="Scenario of the study; planning if absent.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace what an earlier run wrote there.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show the traceback of an error.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
