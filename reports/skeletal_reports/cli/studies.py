"""``studies`` and ``schema``: the library of study files."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .options import JsonOption, VerboseOption
from .terminal import frame_rows, print_frame, print_json


def studies(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show this study: its endpoints and estimands.")
    ] = None,
    *,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Published endpoint definitions, side by side.")
    ] = False,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """List the studies of the library, show one, or compare endpoint definitions."""
    if definitions:
        if name is not None:
            raise typer.BadParameter("--definitions shows all definitions; leave NAME out")
        _show_definitions(json=json)
    elif name is not None:
        _show_study(name, json=json)
    else:
        _show_library(json=json)


def _show_library(*, json: bool) -> None:
    from skeletal.study import list_studies

    frame = list_studies()
    if json:
        print_json(frame_rows(frame))
    else:
        print_frame(frame, shown=("name", "registry", "n_subjects", "allocation", "title"))


def _show_definitions(*, json: bool) -> None:
    from skeletal.study import definition_table, list_definitions, load_definition

    listed = list_definitions()
    names = listed["name"].tolist()
    if json:
        print_json([load_definition(name).model_dump(mode="json") for name in names])
    elif sys.stdout.isatty():
        from .protocol_view import print_definitions

        print_definitions(definition_table(), dict(zip(names, listed["label"], strict=True)))
    else:
        print_frame(definition_table().reset_index(), shown=())


def _show_study(name: str, *, json: bool) -> None:
    from skeletal.study import estimand_attributes, load_study

    study = load_study(name)
    attributes = estimand_attributes(study)
    if json:
        endpoints = {key: item.model_dump(mode="json") for key, item in study.endpoints.items()}
        print_json({"study": study.id, "endpoints": endpoints, "estimands": frame_rows(attributes)})
    elif sys.stdout.isatty():
        from .protocol_view import print_study

        print_study(study, attributes)
    else:
        print_frame(attributes, shown=())


def schema(*, verbose: VerboseOption = False) -> None:
    """Print the JSON Schema of a study file, for editors that complete and check."""
    from skeletal.study import study_schema

    print_json(study_schema())
