"""``crosscheck``: a run's numbers again in R and SAS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exits import ExitCode
from .options import ForceOption, JsonOption, QuietOption, VerboseOption
from .output import new_folder, refuse_existing
from .terminal import frame_rows, print_json, progress_to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

    from skeletal_reports.crosscheck import Comparison, CrossCheck

FOLDER = "crosscheck"


def crosscheck(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder of skeletal report.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="The folder; RUN/crosscheck if absent.")
    ] = None,
    execute: Annotated[
        bool, typer.Option("--run", help="Run the R script and print its comparison (5 if a number differs).")
    ] = False,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Relative difference up to which two numbers are equal.")
    ] = 1e-7,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write the data of a run with an R script and a SAS program that recompute its numbers."""
    from skeletal.errors import InvalidArgument, MissingExtra
    from skeletal_reports.crosscheck import (
        find_rscript,
        is_crosscheck_file,
        refuse_foreign,
        require_run,
        write_crosscheck,
    )

    target = run / FOLDER if out is None else out
    say = progress_to_stderr(quiet=quiet)
    try:
        require_run(run)
        refuse_existing(target, force=force)
        refuse_foreign(target)
        if execute:
            find_rscript()
        with new_folder(target, force=force, ours=is_crosscheck_file, folders=("data",)) as folder:
            found = write_crosscheck(run, folder, tolerance=tolerance, say=say)
    except (InvalidArgument, MissingExtra) as error:
        raise typer.BadParameter(str(error)) from None
    for name in found.primary_not_recomputed:
        typer.echo(
            f"Warning: primary analysis {name} is not recomputed: {found.not_recomputed[name]}", err=True
        )
    compared = _compare(target, say) if execute else None
    _show(target, found, compared, json=json)
    if compared is not None and not compared.all_equal:
        raise typer.Exit(ExitCode.DIFFERENCES)


def _compare(folder: Path, say: Callable[[str], None]) -> Comparison:
    from skeletal.errors import MissingExtra
    from skeletal_reports.crosscheck import run_r

    say("Running R")
    try:
        return run_r(folder)
    except MissingExtra as error:
        raise typer.BadParameter(str(error)) from None


def _show(folder: Path, found: CrossCheck, compared: Comparison | None, *, json: bool) -> None:
    if json:
        rows = None if compared is None else frame_rows(compared.rows)
        content = {
            "folder": str(folder),
            "n_compared": found.n_compared,
            "not_recomputed": dict(found.not_recomputed),
            "all_equal": None if compared is None else compared.all_equal,
            "rows": rows,
        }
        print_json(content)
    elif compared is None:
        typer.echo(folder)
    else:
        typer.echo(compared.said, nl=False)
