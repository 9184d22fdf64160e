"""The application: its commands and ``--version``."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from .analyse import analyse, derive
from .check import check
from .crosscheck import crosscheck
from .cut import cut
from .exits import EXIT_CODES, epilog, guarded
from .init import init
from .profile import profile
from .report import report
from .simulate import simulate
from .studies import schema, studies

SHOWN = (
    "numpy",
    "scipy",
    "pandas",
    "lifelines",
    "statsmodels",
    "matplotlib",
    "pydantic",
    "pyreadstat",
    "typst",
)

app = typer.Typer(
    name="skeletal",
    help="Skeletal-event outcomes in bone-metastasis trials: simulate, derive, analyse, report.",
    epilog=f"Example: skeletal report hermes\n\n{EXIT_CODES}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"skeletal {version('skeletal')}")
        typer.echo(f"python {sys.version.split()[0]}")
        for name in SHOWN:
            typer.echo(f"{name} {version(name)}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show versions, also of dependencies."
        ),
    ] = False,
) -> None:
    """Take the options before the command."""


for _command, _example in (
    (report, "skeletal report hermes --out runs/first"),
    (simulate, "skeletal simulate hermes --seed 1 --out records"),
    (derive, "skeletal derive hermes --data records --out derived"),
    (analyse, "skeletal analyse hermes --data records --out results.csv"),
    (check, "skeletal check hermes --data records"),
    (cut, "skeletal cut hermes --data records --events 20 --endpoint sse --out cut"),
    (crosscheck, "skeletal crosscheck runs/first --run"),
    (profile, "skeletal profile hermes --data records --subject HERMES-01-003 --out profile.html"),
    (studies, "skeletal studies"),
    (schema, "skeletal schema > study.schema.json"),
    (init, "skeletal init hermes --out my-study.toml"),
):
    app.command(epilog=epilog(_example))(guarded(_command))


def main() -> None:
    """Run the command line."""
    app(prog_name="skeletal")
