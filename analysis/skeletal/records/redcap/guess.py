"""Guess which record table a form of a REDCap project fills, and which field fills which column.

A guess says why it was made.  Names come first, then labels, then words; the type of the field must fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from skeletal.tables import TABLES

from .words import (
    COLUMN_WORDS,
    INSTRUMENTS,
    ITEM_WORDS,
    NUMBER,
    STATUS_DATES,
    TABLE_WORDS,
    UNKNOWN,
    VALUE_WORDS,
    flag_values,
    number_values,
    slug,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.tables import Kind

    from .dictionary import Dictionary, Field

_NUMERIC = ("number", "integer")
# Filled from the record id; the next from the event and the instance where no field has their name.
_RECORD = ("subject_id", "screening_id")
_MADE = ("event_id", "procedure_id", "visit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A field for a column, why, what its choices mean, and what a human must decide."""

    theirs: str
    why: str
    values: Mapping[str, str | bool | float] = field(default_factory=dict)
    todo: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormGuess:
    """One entry of the mapping: a form for a table."""

    table: str
    form: str
    why: str
    columns: Mapping[str, Guess] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, Guess] = field(default_factory=dict)
    checked: Mapping[str, Guess] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    todos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """One column of an export that could fill one of ours: a field, or a box of a checkbox field."""

    column: str
    field: Field
    label: str
    own: str


def guess_forms(dictionary: Dictionary) -> list[FormGuess]:
    """Return a guess for each form that seems to fill a record table, subjects first."""
    tables = {form: _table(dictionary, form) for form in dictionary.forms}
    subjects = [form for form, (table, _) in tables.items() if table == "subjects"]
    guesses = _subjects(dictionary, subjects or [dictionary.forms[0]])
    for form, (table, why) in tables.items():
        if table and table != "subjects":
            guesses += _form(dictionary, form, table, why)
    return guesses


def _table(dictionary: Dictionary, form: str) -> tuple[str, str]:
    """Return the table that a form fills, and why; nothing where neither its name nor fields tell."""
    if form in TABLES:
        return form, "by its name"
    for table, words in TABLE_WORDS.items():
        if re.search(words, words_of(form)):
            return table, "by words of its name"
    candidates = _candidates(dictionary.fields_of(form), form)
    found = {
        table: len(_named(candidates, table, set(schema.required) - {"subject_id"}))
        for table, schema in TABLES.items()
    }
    best = max(found, key=lambda table: found[table])
    return (best, "by the names of its fields") if found[best] > 1 else ("", "")


def _named(candidates: list[_Candidate], table: str, wanted: Iterable[str]) -> list[str]:
    names = {candidate.own for candidate in candidates}
    return [column for column in wanted if column in names and column in TABLES[table].columns]


def _candidates(fields: Iterable[Field], form: str) -> list[_Candidate]:
    """Return the columns of an export that fields have, but those that say nothing or name somebody."""
    found = []
    for item in fields:
        if item.kind in ("descriptive", "file", "notes") or item.identifier:
            continue
        own = item.name.removeprefix(f"{form}_").removesuffix(f"_{form}")
        if item.kind == "checkbox":
            for column, code in item.columns.items():
                label = item.choices[code]
                found.append(_Candidate(column=column, field=item, label=label, own=slug(label)))
        else:
            found.append(_Candidate(column=item.name, field=item, label=item.label, own=own))
    return found


def _fits(candidate: _Candidate, kind: Kind) -> bool:
    """Return whether a field can hold what a column of this kind holds."""
    item = candidate.field
    if item.kind in ("yesno", "truefalse", "checkbox"):
        return kind == "flag"
    if item.choices:
        if kind == "flag":
            return flag_values(item.choices) is not None
        return kind == "text" or (kind == "number" and number_values(item.choices) is not None)
    if kind == "date":
        return item.is_date or (not item.validation and "date" in words_of(f"{item.name} {item.label}"))
    if kind == "number":
        return item.validation.startswith(_NUMERIC) or item.kind in ("slider", "calc")
    return kind == "text" and not item.is_date


def _columns(candidates: list[_Candidate], table: str) -> dict[str, Guess]:
    """Return the field of each column of a table, the surest first; each field fills one column."""
    schema = {name: column for name, column in TABLES[table].columns.items() if name not in _RECORD}
    found: dict[str, tuple[_Candidate, str]] = {}
    used: set[str] = set()
    for why in ("by its name", "by its label", "by its choices", "by words of its name or label"):
        for name, column in schema.items():
            fits = [c for c in candidates if c.column not in used and _fits(c, column.kind)]
            chosen = next((c for c in fits if _matches(c, table, name, why)), None)
            if name not in found and chosen is not None:
                found[name] = (chosen, why)
                used.add(chosen.column)
    return {name: _guess((table, name), *found[name], schema[name].kind) for name in schema if name in found}


def _matches(candidate: _Candidate, table: str, name: str, why: str) -> bool:
    if why == "by its name":
        return name in (candidate.own, candidate.field.name)
    if why == "by its label":
        return slug(candidate.label) == name
    if why == "by its choices":
        known = VALUE_WORDS.get((table, name), ())
        labels = [words_of(label) for label in candidate.field.choices.values()]
        told = sum(any(re.search(words, label) for words, _ in known) for label in labels)
        return told * 2 > len(labels)
    pattern = COLUMN_WORDS.get(table, {}).get(name)
    text = words_of(f"{candidate.field.name} {candidate.label}")
    return bool(pattern and re.search(pattern, text))


def _guess(ours: tuple[str, str], candidate: _Candidate, why: str, kind: Kind) -> Guess:
    """Return the guess for one of our columns (table, name) and what its choices mean."""
    item = candidate.field
    guess = Guess(theirs=candidate.column, why=f"{why}: {candidate.label!r}" if candidate.label else why)
    if not item.choices or item.kind in ("yesno", "truefalse", "checkbox"):
        return guess
    if kind == "flag":
        return replace(guess, values=flag_values(item.choices) or {})
    if kind == "number":
        numbers = number_values(item.choices) or {}
        same = all(code == str(number) for code, number in numbers.items())
        todo = "" if same else "the numbers are those of the labels, not the codes"
        return replace(guess, values={} if same else numbers, todo=todo)
    values, unsure = _texts(ours, item.choices)
    todo = f"what these mean is not certain: {', '.join(unsure)}" if unsure else ""
    return replace(guess, values=values, todo=todo)


def _texts(
    ours: tuple[str, str], choices: Mapping[str, str]
) -> tuple[dict[str, str | bool | float], list[str]]:
    """Return our word for each choice of a text column, and the labels whose word is not certain."""
    table, name = ours
    known = VALUE_WORDS.get(ours, ())
    column = TABLES[table].columns.get(name)
    allowed = column.allowed if column else ()
    values: dict[str, str | bool | float] = {}
    unsure = []
    for code, label in choices.items():
        found = next((word for words, word in known if re.search(words, words_of(label))), "")
        if label in allowed or (not allowed and re.fullmatch(r"[a-z0-9_]+", label)) or not known:
            found = label
        elif re.fullmatch(UNKNOWN, words_of(label)):
            found = ""
        elif not found:
            found = slug(label)
            unsure.append(label)
        values[code] = found
    return values, unsure


def _extra(candidates: list[_Candidate], taken: Mapping[str, Guess], table: str) -> dict[str, Guess]:
    """Return further columns under their own names: fields that nothing else takes."""
    used = {guess.theirs for guess in taken.values()}
    found: dict[str, Guess] = {}
    for candidate in candidates:
        name = slug(candidate.own) or slug(candidate.column)
        clash = (
            name in taken
            or name in found
            or name in TABLES[table].columns
            or name in ("source", "source_row")
        )
        if candidate.column in used:
            continue
        name = slug(candidate.column) if clash else name
        if name in TABLES[table].columns or name in found:
            continue
        labels = candidate.field.choices.values()
        numeric = _fits(candidate, "number") and all(map(NUMBER.match, labels))
        kind: Kind = "number" if numeric else "text"
        found[name] = replace(_guess((table, name), candidate, "under its own name", kind), todo="")
    return found


def _subjects(dictionary: Dictionary, forms: list[str]) -> list[FormGuess]:
    """Return the entry of subjects: one form, with the fields of the other forms that describe them."""
    by_form = {form: _candidates(_without_id(dictionary, form), form) for form in forms}
    for form, candidates in by_form.items():
        by_form[form] = [c for c in candidates if c.column != dictionary.record_id]
    everything = [candidate for candidates in by_form.values() for candidate in candidates]
    columns = _columns(everything, "subjects")
    columns |= _extra(everything, columns, "subjects")
    owner = {candidate.column: form for form, candidates in by_form.items() for candidate in candidates}
    key = columns.get("arm") or columns.get("randomised_date")
    main = owner[key.theirs] if key else forms[0]
    todos = _absent("subjects", columns)
    if others := [form for form in forms if form != main]:
        todo = f"fields of {', '.join(others)} are taken from the event of {main}"
        todos += (f"{todo}; one of another event is written [event][field]",)
    why = "it names the arm" if "arm" in columns else "the first form that describes subjects"
    return [FormGuess(table="subjects", form=main, why=why, columns=columns, todos=todos)]


def _without_id(dictionary: Dictionary, form: str) -> list[Field]:
    return [item for item in dictionary.fields_of(form) if item.name != dictionary.record_id]


def _absent(table: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Return a sentence on the required columns that no field seems to fill."""
    there = {*columns, *_RECORD, *_MADE}
    absent = [name for name in TABLES[table].required if name not in there]
    return (f"no field found for {', '.join(absent)}: required",) if absent else ()


def _form(dictionary: Dictionary, form: str, table: str, why: str) -> list[FormGuess]:
    """Return the entries of one form for one table."""
    fields = _without_id(dictionary, form)
    candidates = _candidates(fields, form)
    guess = FormGuess(table=table, form=form, why=why)
    if table == "questionnaires" and not {"item", "value"} <= {c.own for c in candidates}:
        return [_questionnaire(dictionary, guess, candidates)]
    boxes = _event_boxes(fields) if table == "events" else None
    candidates = [c for c in candidates if boxes is None or c.field is not boxes]
    columns = _columns(candidates, table)
    if table == "disposition" and "status" not in columns:
        found = _status_dates(guess, candidates)
        return found or [replace(guess, columns=columns, todos=_absent(table, columns))]
    columns |= _extra(candidates, columns, table)
    columns |= _event_columns(dictionary, table, columns)
    checked = {}
    if boxes is not None:
        values, unsure = _texts(("events", "component"), boxes.choices)
        todo = f"what these mean is not certain: {', '.join(unsure)}" if unsure else ""
        checked["component"] = Guess(theirs=boxes.name, why="a row for each box", values=values, todo=todo)
    constants = _kind_of_form(table, form, {*columns, *checked})
    todos = _absent(table, {*columns, *checked, *constants})
    if table == "events" and "symptomatic" not in columns:
        todos += ("no field says whether an event has symptoms, which the components below ask for",)
    return [replace(guess, columns=columns, checked=checked, constants=constants, todos=todos)]


def _kind_of_form(table: str, form: str, filled: Iterable[str]) -> dict[str, str]:
    """Return the kind of event or treatment that a form is for by its name, where no field says it."""
    column = {"events": "component", "procedures": "kind"}.get(table, "")
    if not column or column in filled:
        return {}
    words = VALUE_WORDS[table, column]
    found = next((word for pattern, word in words if re.search(pattern, words_of(form))), "")
    return {column: found} if found else {}


def _event_boxes(fields: Iterable[Field]) -> Field | None:
    """Return the checkbox field that names the kinds of an event."""
    words = VALUE_WORDS["events", "component"]
    for item in fields:
        labels = [words_of(label) for label in item.choices.values()] if item.kind == "checkbox" else []
        if any(re.search(pattern, label) for label in labels for pattern, _ in words[:4]):
            return item
    return None


def _event_columns(dictionary: Dictionary, table: str, columns: Mapping[str, Guess]) -> dict[str, Guess]:
    """Return the columns that the export fills without a field: visit, record id, lesion number."""
    found = {}
    if "visit" in TABLES[table].columns and "visit" not in columns:
        found["visit"] = Guess(theirs="redcap_event_name", why="the event", todo="name the visits above")
    if table == "screening":
        found["screening_id"] = Guess(theirs=dictionary.record_id, why="the record id")
    if table == "lesions" and "lesion_id" not in columns:
        found["lesion_id"] = Guess(theirs="redcap_repeat_instance", why="the number of the instance")
    return found


def _status_dates(guess: FormGuess, candidates: list[_Candidate]) -> list[FormGuess]:
    """Return an entry for each date that says a status by itself, such as a date of death."""
    entries = []
    dates = [candidate for candidate in candidates if _fits(candidate, "date")]
    for candidate in dates:
        text = words_of(f"{candidate.field.name} {candidate.label}")
        status = next((word for words, word in STATUS_DATES if re.search(words, text)), "")
        if status:
            columns = {
                "date": _guess(("disposition", "date"), candidate, "by words of its name or label", "date")
            }
            entries.append(
                replace(guess, columns=columns, constants={"status": status}, filled=(candidate.column,))
            )
    return entries


def _questionnaire(dictionary: Dictionary, guess: FormGuess, candidates: list[_Candidate]) -> FormGuess:
    """Return the entry of a questionnaire: each field that holds a number is an item."""
    columns = _columns(candidates, "questionnaires")
    columns |= _event_columns(dictionary, "questionnaires", columns)
    text = words_of(guess.form)
    instrument = next((name for words, name in INSTRUMENTS if re.search(words, text)), "")
    used = {found.theirs for found in columns.values()}
    answers = [c for c in candidates if c.column not in used and _fits(c, "number")]
    items = {
        c.column: _item(c, number, len(answers), instrument) for number, c in enumerate(answers, start=1)
    }
    todos: tuple[str, ...] = () if instrument else ("the name of the instrument is that of the form",)
    if shifted := [c.column for c in answers if _shifted(c)]:
        todos += (f"codes are not the numbers of the labels in {', '.join(shifted)}: recode value",)
    if not items:
        todos += ("no field found that holds the answers",)
    if "date" not in columns:
        todos += ("no date found; name one of the same event, such as that of the visit",)
    constants = {"instrument": instrument or guess.form}
    return replace(guess, columns=columns, items=items, constants=constants, todos=todos)


def _shifted(candidate: _Candidate) -> bool:
    numbers = number_values(candidate.field.choices) or {}
    return any(code != str(number) for code, number in numbers.items())


def _item(candidate: _Candidate, number: int, n_items: int, instrument: str) -> Guess:
    """Return the name of an item: a word that the scales know, its label, or its number."""
    text = words_of(f"{candidate.own} {candidate.label}")
    known = next((name for words, name in ITEM_WORDS.get(instrument, ()) if re.search(words, text)), "")
    if re.fullmatch(r"[a-z0-9_]+", candidate.label):
        return Guess(theirs=candidate.label, why="its label")
    if known:
        return Guess(theirs=known, why=f"by words of its label: {candidate.label!r}")
    if instrument == "QLQ-BM22" and n_items == 22:
        return Guess(theirs=str(number), why=f"its place among 22: {candidate.label!r}")
    return Guess(theirs=candidate.own, why=f"under its own name: {candidate.label!r}", todo="check the name")
