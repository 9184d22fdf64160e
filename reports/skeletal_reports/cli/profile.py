"""``profile``: a page for a subject, or the swimmer plot of all subjects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .loading import load
from .options import CutoffOption, DataOption, ForceOption, QuietOption, StudyArgument, VerboseOption
from .output import refuse_existing, write_bytes
from .terminal import progress_to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

    from skeletal.outcomes import Outcomes

PAGES = (".html", ".pdf")
IMAGES = (".svg", ".pdf", ".png")


def profile(
    study: StudyArgument,
    *,
    data: DataOption,
    subject: Annotated[
        list[str] | None,
        typer.Option("--subject", metavar="ID", help="A subject; give it again for further ones."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The page: .html (self-contained) or .pdf.")
    ] = None,
    swimmer: Annotated[
        Path | None,
        typer.Option(
            "--swimmer",
            metavar="FILE",
            help="The swimmer plot of all subjects: .svg, .pdf or .png, with its numbers beside it as .csv.",
        ),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option("--endpoint", metavar="NAME", help="An endpoint to draw; for pages, several times."),
    ] = None,
    cutoff: CutoffOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show single subjects: all records on one time axis, episodes, and why each record counted or not.

    Profiles and swimmer plots name arms and the dates of persons: they are confidential.
    """
    _check_wishes(subject, out, swimmer, endpoint)
    for path in (out, swimmer, swimmer and swimmer.with_suffix(".csv")):
        if path is not None:
            refuse_existing(path, force=force)
    say = progress_to_stderr(quiet=quiet)
    protocol, records = load(study, data, cutoff=cutoff, say=say)
    from skeletal.outcomes import derive_outcomes

    say("Deriving outcomes")
    outcomes = derive_outcomes(records, protocol)
    from skeletal.errors import InvalidArgument

    try:
        if subject and out is not None:
            _write_pages(outcomes, subject, endpoint, out, force=force, say=say)
        if swimmer is not None:
            _write_swimmer(outcomes, endpoint, swimmer, force=force, say=say)
    except InvalidArgument as error:
        raise typer.BadParameter(str(error)) from None


def _check_wishes(
    subject: list[str] | None, out: Path | None, swimmer: Path | None, endpoint: list[str] | None
) -> None:
    """Refuse options that do not go together, before anything is read."""
    if bool(subject) != (out is not None):
        raise typer.BadParameter("a page needs both --subject ID and --out FILE")
    if out is None and swimmer is None:
        raise typer.BadParameter("say what is wanted: --subject ID --out FILE, or --swimmer FILE")
    for name, path, endings in (("--out", out, PAGES), ("--swimmer", swimmer, IMAGES)):
        if path is not None and path.suffix.lower() not in endings:
            known = ", ".join(endings)
            raise typer.BadParameter(f"{name} {path}: the name must end in one of {known}")
    if swimmer is not None and endpoint and len(endpoint) > 1:
        raise typer.BadParameter("a swimmer plot draws one endpoint; give --endpoint once")


def _write_pages(
    outcomes: Outcomes,
    subjects: list[str],
    endpoints: list[str] | None,
    out: Path,
    *,
    force: bool,
    say: Callable[[str], None],
) -> None:
    from skeletal_reports.profile import profile_page
    from skeletal_reports.render import render_html, render_pdf

    say(f"Drawing {len(subjects)} subject(s)")
    page = profile_page(outcomes, subjects, endpoints=endpoints)
    content = render_pdf(page) if out.suffix.lower() == ".pdf" else render_html(page).encode()
    typer.echo(write_bytes(content, out, force=force))


def _write_swimmer(
    outcomes: Outcomes,
    endpoint: list[str] | None,
    path: Path,
    *,
    force: bool,
    say: Callable[[str], None],
) -> None:
    from skeletal_reports.figures import image_bytes
    from skeletal_reports.figures.swimmer import swimmer_figure

    say(f"Drawing all {len(outcomes.subjects)} subjects")
    named = swimmer_figure(outcomes, endpoint[0] if endpoint else None)
    image = path.suffix.lower().removeprefix(".")
    numbers = named.data.to_csv(index=False, lineterminator="\n").encode()
    write_bytes(numbers, path.with_suffix(".csv"), force=force)
    typer.echo(write_bytes(image_bytes(named, image), path, force=force))  # type: ignore[arg-type]
