"""``studies``, ``schema`` and ``init``: the library of study files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import ForceOption, JsonOption, VerboseOption
from .output import write_text
from .terminal import frame_rows, print_frame, print_json


def studies(*, json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """List the studies of the library."""
    from skeletal.study import list_studies

    frame = list_studies()
    if json:
        print_json(frame_rows(frame))
    else:
        print_frame(frame, shown=("name", "registry", "n_subjects", "allocation", "title"))


def schema(*, verbose: VerboseOption = False) -> None:
    """Print the JSON Schema of a study file, for editors that complete and check."""
    from skeletal.study import study_schema

    print_json(study_schema())


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A study of the library.")] = "hermes",
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The new study file; NAME.toml if absent.")
    ] = None,
    force: ForceOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write a commented study file to start from, a copy of a study of the library."""
    from skeletal.study import study_text

    text = study_text(name)
    typer.echo(write_text(text, out or Path(f"{name}.toml"), force=force))
