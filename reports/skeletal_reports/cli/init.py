"""``init``: a first study file, copied, drafted from a data dictionary, or made of a few answers."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .options import ForceOption, VerboseOption
from .output import refuse_existing, write_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from skeletal.study import StudyDraft

_Answer = TypeVar("_Answer")
_NOTHING = (
    "skeletal init asks its questions on a terminal; elsewhere name a study of the library "
    "(skeletal init hermes) or a data dictionary (skeletal init --from redcap DICTIONARY.csv)"
)
_REGISTRY = re.compile(r"NCT\d{8}|(?!NCT)[A-Za-z]*[\d/-]+[\w/-]*")
_MOST_VISIT_DAYS = 36525


class Origin(StrEnum):
    """What a study file can be drafted from."""

    REDCAP = "redcap"


def init(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="A study of the library, or with --from the file to draft from.",
            show_default=False,
        ),
    ] = None,
    *,
    origin: Annotated[
        Origin | None,
        typer.Option("--from", help="Draft study and mapping from a REDCap data dictionary (NAME)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The new study file; NAME.toml if absent."),
    ] = None,
    force: ForceOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write a commented study file to start from: a copy, a draft from a data dictionary, or by questions."""
    if origin is not None:
        _from_dictionary(name, out, force=force)
    elif name is not None:
        from skeletal.study import study_text

        text = study_text(name)
        typer.echo(write_text(text, out or Path(f"{name}.toml"), force=force))
    else:
        _by_questions(out, force=force)


def _from_dictionary(name: str | None, out: Path | None, *, force: bool) -> None:
    if name is None:
        raise typer.BadParameter("--from redcap needs the data dictionary: --from redcap DICTIONARY.csv")
    source = Path(name)
    if not source.is_file():
        raise typer.BadParameter(f"there is no file {name}; give the data dictionary (csv) of the project")
    path = out or Path(f"{source.stem}.toml")
    refuse_existing(path, force=force)
    from skeletal.records.redcap.draft import draft_redcap, read_redcap_dictionary
    from skeletal.study import parse_study

    text = draft_redcap(read_redcap_dictionary(source))
    parse_study(text, origin=path.name)
    typer.echo(write_text(text, path, force=force))
    typer.echo(f"{text.count('TODO')} places are marked TODO: decide them before the first report", err=True)


def _by_questions(out: Path | None, *, force: bool) -> None:
    if not on_terminal():
        raise typer.BadParameter(_NOTHING)
    if out is not None:
        refuse_existing(out, force=force)
    from skeletal.study import draft_study, parse_study

    try:
        text = draft_study(_answers(free=force or out is not None))
    except typer.Abort:  # Ctrl-C, or the end of the input
        raise KeyboardInterrupt from None
    path = out or Path(f"{parse_study(text).id}.toml")
    typer.echo(write_text(text, path, force=force))
    typer.echo(f"{text.count('TODO')} places are marked TODO: decide them before the first report", err=True)


def on_terminal() -> bool:
    """Return whether somebody can answer."""
    return sys.stdin.isatty()


def _answers(*, free: bool) -> StudyDraft:
    """Ask for each part of a draft; Enter takes what stands in brackets.

    Unless ``free`` the acronym must name a file that is not there, which is known before the other answers.
    """
    from skeletal.study import DRAFT_COMPONENTS, DRAFT_FORMATS, TIME_ZEROS, StudyDraft

    typer.echo(
        "A few questions; Enter takes what stands in brackets, Ctrl-C leaves without a file.", err=True
    )
    title = _ask("Title of the trial", "", _title)
    acronym = _ask(
        "Acronym", re.findall(r"\w[\w-]*", title)[0], lambda text: _title(text) if free else _new_name(text)
    )
    registry = _ask("Registry number (- for none)", "-", _registry)
    arms = _ask("Arms as in the data, with commas between them", "control, experimental", _arms)
    control = _ask("Which of them is the control", arms[0], lambda text: _one_of(text, arms))
    n_subjects = _ask("Planned number of subjects", "100", _count)
    time_zero = _ask(
        f"Time zero ({', '.join(TIME_ZEROS)})",
        "randomised_date",
        lambda text: _one_of(text, tuple(TIME_ZEROS)),
    )
    kinds = tuple(DRAFT_COMPONENTS)
    components = _ask(
        f"Events that count, the one that wins on a shared day first ({', '.join(kinds)}; - for none)",
        ", ".join(kinds),
        lambda text: _several(text, kinds),
    )
    visits = _ask(
        "Planned visits as name=day, or - for none", "Month 3=91, Month 6=183, Month 12=365", _visits
    )
    assessments = _ask("Are the visits recorded (table assessments)? yes or no", "yes", _yes_no)
    records = _ask(
        f"Format of the records ({', '.join(DRAFT_FORMATS)})",
        "native",
        lambda text: _one_of(text, DRAFT_FORMATS),
    )
    return StudyDraft(
        title=title,
        acronym=acronym,
        registry=registry,
        arms=(control, *(arm for arm in arms if arm != control)),
        n_subjects=n_subjects,
        time_zero=time_zero,
        components=components,
        visits=visits,
        assessments=assessments,
        records=records,
    )


def _ask(question: str, default: str, read: Callable[[str], _Answer]) -> _Answer:
    """Ask until the answer can be read."""
    while True:
        answer = typer.prompt(question, default=default or None, err=True)
        try:
            return read(" ".join(str(answer).split()))
        except ValueError as error:
            typer.echo(f"  {error}; please answer again", err=True)


def _new_name(text: str) -> str:
    from skeletal.study import draft_id

    path = Path(f"{draft_id(_title(text))}.toml")
    if path.exists():
        raise ValueError(f"{path} exists; give another acronym, or start again with --out FILE or --force")
    return text


def _title(text: str) -> str:
    if not any(mark.isalnum() for mark in text):
        raise ValueError("it needs letters or digits")
    return text


def _registry(text: str) -> str:
    if text == "-":
        return ""
    if not _REGISTRY.fullmatch(text):
        raise ValueError(f"{text!r} is no registry number: NCT and eight digits, or that of another registry")
    return text


def _list(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"named more than once: {', '.join(repeated)}")
    return names


def _arms(text: str) -> tuple[str, ...]:
    names = _list(text)
    if len(names) < 2:
        raise ValueError("a randomised trial has two arms or more, with commas between them")
    return names


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text) or int(text) < 2:
        raise ValueError(f"{text!r} is no number of subjects: 2 to 999999")
    return int(text)


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"{text!r} is none of {', '.join(known)}")
    return text


def _several(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return () if text == "-" else tuple(_one_of(name, known) for name in _list(text))


def _yes_no(text: str) -> bool:
    return _one_of(text.lower(), ("yes", "no", "y", "n")).startswith("y")


def _visits(text: str) -> tuple[tuple[str, int], ...]:
    if text == "-":
        return ()
    found: dict[str, int] = {}
    for part in _list(text):
        name, _, day = (piece.strip() for piece in part.rpartition("="))
        if not name or not re.fullmatch(r"\d{1,5}", day) or int(day) > _MOST_VISIT_DAYS:
            raise ValueError(f"{part!r} is no visit: write its name, = and its day after time zero")
        if name in found or int(day) in found.values():
            raise ValueError(f"{part!r} has the name or the day of a visit before it")
        found[name] = int(day)
    return tuple(sorted(found.items(), key=lambda item: item[1]))
