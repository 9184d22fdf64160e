"""The first draft of a study file and its mapping, from the data dictionary of a REDCap project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords
from skeletal.study.draft import DRAFT_COMPONENTS, StudyDraft, draft_study, printable, toml_text
from skeletal.tables import TABLES

from ..formats.files import Reading, read_tables
from .dictionary import ASK, Dictionary, is_dictionary, read_dictionary
from .guess import guess_forms
from .words import CONTROL, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from .guess import FormGuess, Guess

_HEAD = """\
# How the REDCap export becomes the record tables, guessed from {file}: each line says why.  The export and
# the data dictionary belong into one folder.  TODO compare every line with the case report form.

[records]
format = "redcap"

[records.redcap]
# TODO the missing data codes of the project (Project Setup, Additional customizations), such as "UNK".
missing = []

# TODO event = visit, one line each, for every event at which a form with a visit is filled in; the data
# dictionary does not name the events.  While nothing stands here, visits go by the names of the events.
[records.redcap.visits]
# baseline_arm_1 = "Baseline"
"""


def read_redcap_dictionary(path: Path) -> Dictionary:
    """Return the data dictionary in a csv file.

    Raises
    ------
    InvalidRecords
        If the file cannot be read or is no data dictionary of REDCap.
    """
    reading = Reading(raw=True)
    files, failed = read_tables(path, reading)
    if failed or not files:
        raise InvalidRecords(reading.problems or f"{path.name} holds no table; {ASK}")
    file = next(iter(files.values()))
    if not is_dictionary(file.frame.columns):
        raise InvalidRecords(f"{file.name} is no data dictionary of REDCap (no column 'Form Name'); {ASK}")
    return read_dictionary(file)


def draft_redcap(dictionary: Dictionary) -> str:
    """Return the commented text of a study file that reads the exports of a REDCap project.

    Parameters
    ----------
    dictionary : Dictionary
        Its forms, fields, labels and choices are all that is known; words are recognised in English.

    Returns
    -------
    str
        TOML that :func:`skeletal.study.parse_study` accepts.  Comments say what was guessed and why, and
        what a human must decide (``TODO``).
    """
    guesses = guess_forms(dictionary)
    subjects = guesses[0].columns
    tables = {guess.table for guess in guesses}
    arms, why = _arms(subjects.get("arm"))
    dates = [name for name in ("randomised_date", "treatment_date", "consent_date") if name in subjects]
    found = _components(guesses)
    notes = {
        "title": "TODO what the trial is called, and its registry number.",
        "n_subjects": "TODO the planned number of subjects.",
        "arms": why,
        "components": (
            "TODO what counts as an event; these kinds were found in the project."
            if found
            else "TODO what counts as an event: no form of events or procedures was recognised."
        ),
    }
    return draft_study(
        StudyDraft(
            title="TODO title of the trial",
            acronym="Draft",
            arms=arms,
            n_subjects=100,
            time_zero=dates[0] if dates else "randomised_date",
            components=found,
            assessments="assessments" in tables,
            records="redcap",
            mapping=_mapping(dictionary, guesses),
            notes=notes,
        )
    )


def _arms(guess: Guess | None) -> tuple[tuple[str, ...], str]:
    """Return the arms, the control first, and the comment above them."""
    names = [str(name) for name in dict.fromkeys(guess.values.values()) if name] if guess else []
    if guess is None or len(names) < 2:
        return ("control", "experimental"), "TODO the arms, as subjects.arm writes them: none were found."
    control = next((name for name in names if re.search(CONTROL, words_of(name))), names[0])
    why = f"The arms are the choices of {guess.theirs}.  TODO which is the control, and the allocation."
    return (control, *(name for name in names if name != control)), why


def _components(guesses: Iterable[FormGuess]) -> tuple[str, ...]:
    """Return the kinds of event whose table is filled, by the words of its choices where it has some."""
    columns = {"events": "component", "procedures": "kind"}
    words: dict[str, set[object]] = {}
    for guess in guesses:
        if column := columns.get(guess.table):
            found = guess.columns.get(column) or guess.checked.get(column)
            words.setdefault(guess.table, set()).update(found.values.values() if found else ())
            words[guess.table] |= {guess.constants[key] for key in guess.constants if key == column}
    return tuple(
        name
        for name, kind in DRAFT_COMPONENTS.items()
        if kind.table in words and (not words[kind.table] or name in words[kind.table])
    )


def _mapping(dictionary: Dictionary, guesses: Iterable[FormGuess]) -> str:
    guesses = list(guesses)
    text = _HEAD.format(file=printable(dictionary.file)) + "".join(_entry(guess) for guess in guesses)
    forms = {guess.form for guess in guesses}
    forms |= {
        dictionary.fields[guess.theirs].form
        for entry in guesses
        for guess in entry.columns.values()
        if guess.theirs in dictionary.fields
    }
    if left := [form for form in dictionary.forms if form not in forms]:
        text += f"\n# TODO forms that no record table was found for: {printable(', '.join(left))}\n"
    if absent := [name for name in TABLES if name not in {guess.table for guess in guesses}]:
        text += f"\n# TODO record tables that no form was found for: {', '.join(absent)}\n"
    return text


def _entry(guess: FormGuess) -> str:
    where = f"records.forms.{guess.table}"
    text = f"\n# {guess.table}: {TABLES[guess.table].row}.  Form {printable(guess.form)}: {guess.why}.\n"
    text += "".join(f"# TODO {printable(todo)}\n" for todo in guess.todos)
    text += f"[[{where}]]\nform = {toml_text(guess.form)}\n"
    if guess.filled:
        text += f"filled = {toml_text(guess.filled)}\n"
    if guess.constants:
        text += f"constants = {_table(guess.constants)}\n"
    if guess.columns:
        text += f"\n[{where}.columns]\n{_lines(guess.columns)}"
    if guess.checked:
        text += f"\n[{where}.checked]\n{_lines(guess.checked)}"
    if guess.items:
        text += f"\n# their field = our item\n[{where}.items]\n{_lines(guess.items)}"
    recoded = {**guess.columns, **guess.checked}
    if values := {name: found for name, found in recoded.items() if found.values}:
        text += f"\n# our column = {{ their code = our value }}\n[{where}.values]\n"
        for name, found in values.items():
            text += f"# TODO {printable(found.todo)}\n" if found.todo else ""
            text += f"{_key(name)} = {_table(found.values)}\n"
    return text


def _lines(guesses: Mapping[str, Guess]) -> str:
    text = ""
    for name, guess in guesses.items():
        todo = f"; TODO {guess.todo}" if guess.todo and not guess.values else ""
        why = printable(f"{guess.why}{todo}")
        text += f"{_key(name)} = {toml_text(guess.theirs)}  # {why}\n"
    return text


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def _table(values: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{_key(key)} = {toml_text(value)}" for key, value in values.items()) + " }"
