"""What a mapping of forms can name: fields of the row, of the same event, and of another event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.errors import name_some

from ..convert import word
from ..faults import did_you_mean
from .dictionary import FLAGS
from .file import EVENT, INSTANCE, INSTRUMENT, SYSTEM, coded, holds_form
from .words import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.study import FormMapping, RecordsMapping

    from .file import Export

# A field of another event, as branching logic writes it.
_ELSEWHERE = re.compile(r"^\[([^\[\]]+)\]\[([^\[\]]+)\]$")
_UNIQUE_EVENT = re.compile(r"^[a-z0-9_]*_arm_\d+[a-z]?$")


def split_reference(theirs: str) -> tuple[str, str]:
    """Return event and column of a field; the event is empty where none is named.

    Examples
    --------
    >>> split_reference("[baseline_arm_1][age]"), split_reference("age")
    (('baseline_arm_1', 'age'), ('', 'age'))
    """
    found = _ELSEWHERE.match(theirs)
    return (found[1], found[2]) if found else ("", theirs)


def field_values(export: Export, form: str, theirs: str, problems: list[str]) -> pd.Series[Any]:
    """Return the codes of a field as every row of the export sees it from ``form``."""
    event, column = split_reference(theirs)
    if column in SYSTEM or column == export.dictionary.record_id:
        return export.frame[column]
    values = coded(export, column, problems)
    owner, _ = export.dictionary.owners()[column]
    if owner.form == form and not event:
        return values
    frame = export.frame
    if owner.kind == "checkbox":  # 0 is filled in where nobody opened the form
        values = values.where(holds_form(frame, export.dictionary, owner.form))
    single = frame[INSTRUMENT].isna()
    there = pd.Series(
        values[single].to_numpy(),
        index=_keys(export.record[single], frame.loc[single, EVENT]),
        dtype="string",
    ).dropna()
    asked = frame[EVENT] if not event else pd.Series(event, index=frame.index, dtype="string")
    found = there[~there.index.duplicated(keep=False)].reindex(_keys(export.record, asked))
    seen = pd.Series(found.to_numpy(), index=frame.index, dtype="string")
    return seen if event else values.where(single, seen)


def _keys(record: pd.Series[Any], event: pd.Series[Any]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([record, event.fillna("")])


def field_problems(export: Export, name: str, part: FormMapping) -> list[str]:
    """Return why the mapping of one form does not fit the project, or nothing."""
    where = f"records.forms.{name}"
    forms = export.dictionary.forms
    if part.form not in forms:
        fault = f"{export.dictionary.file} has no form {part.form!r}, which {where} of the study names"
        return [f"{fault} (it has {name_some(forms)}).{did_you_mean(part.form, forms)}"]
    named = [*part.columns.values(), *part.where, *part.exclude, *part.filled, *part.items]
    problems = _unknown(export, where, [split_reference(theirs)[1] for theirs in named])
    problems += _not_a_checkbox(export, where, part.checked.values())
    if problems:
        return problems
    return [
        *_words(export, where, part),
        *_shifted(export, where, part),
        *_repeating(export, where, part.form, named),
    ]


def _unknown(export: Export, where: str, columns: list[str]) -> list[str]:
    known = {*export.dictionary.owners(), *SYSTEM}
    fields = export.dictionary.fields
    problems = []
    absent = list(dict.fromkeys(column for column in columns if column not in known))
    for column in [column for column in absent if column in fields and fields[column].kind == "checkbox"]:
        absent.remove(column)
        problems.append(
            f"{where} of the study names {column!r}, which is a checkbox field: name one of its boxes "
            f"({name_some(fields[column].columns)}), or use checked"
        )
    if absent:
        problems.append(
            f"{export.dictionary.file} has no field(s) {name_some(absent)}, which {where} of the study "
            f"names.{did_you_mean(absent[0], known)}"
        )
    there = [column for column in dict.fromkeys(columns) if column in known]
    if left_out := [column for column in there if column not in export.frame]:
        problems.append(
            f"{export.name}: no column(s) {name_some(left_out)}, which {where} of the study names and "
            f"{export.dictionary.file} has; export all instruments"
        )
    return problems


def _not_a_checkbox(export: Export, where: str, checked: Iterable[str]) -> list[str]:
    problems = []
    for theirs in checked:
        field = export.dictionary.fields.get(theirs)
        if field is None or field.kind != "checkbox":
            boxes = [name for name, item in export.dictionary.fields.items() if item.kind == "checkbox"]
            problems.append(
                f"{where} of the study: checked names {theirs!r}, which is no checkbox field of "
                f"{export.dictionary.file}: its checkbox fields are {name_some(boxes) or 'none'}"
            )
        elif absent := [column for column in field.columns if column not in export.frame]:
            problems.append(
                f"{export.name}: no column(s) {name_some(absent)} of the checkbox field {theirs!r}, which "
                f"{where} of the study names; export all instruments"
            )
    return problems


def _words(export: Export, where: str, part: FormMapping) -> list[str]:
    """Return which codes and labels of the mapping are no choices of their field."""
    filters = (*part.where.items(), *part.exclude.items())
    asked = [(theirs, [word(value) for value in values]) for theirs, values in filters]
    recoded = part.values.items()  # noqa: PD011
    sources = {**part.columns, **part.checked}
    asked += [(sources[ours], list(codes)) for ours, codes in recoded if ours in sources]
    problems = []
    for theirs, words in asked:
        column = split_reference(theirs)[1]
        field = export.dictionary.fields.get(column)
        choices = dict(field.choices) if field else export.choices(column)
        known = {*choices, *choices.values()}
        owner, _ = export.dictionary.owners().get(column, (None, ""))
        known |= {"true", "false"} if owner is not None and owner.kind in FLAGS else set()
        if choices and (unknown := [item for item in words if item not in known]):
            problems.append(
                f"{where} of the study names {name_some(map(repr, unknown))}, neither code nor label of "
                f"{theirs} in {export.dictionary.file}: it has "
                f"{name_some(f'{code} ({label})' for code, label in choices.items())}"
            )
        if twice := [item for item in words if item not in choices and _count(item, choices) > 1]:
            problems.append(
                f"{where} of the study: {name_some(map(repr, twice))} is the label of several codes of "
                f"{theirs}; name the codes"
            )
    return problems


def _count(label: str, choices: Mapping[str, str]) -> int:
    return list(choices.values()).count(label)


def _shifted(export: Export, where: str, part: FormMapping) -> list[str]:
    """Return which fields would be read by codes that contradict the numbers of their labels."""
    recoded = part.values  # noqa: PD011
    read = [theirs for ours, theirs in part.columns.items() if ours not in recoded]
    problems = []
    for theirs in [*read, *(() if "value" in recoded else part.items)]:
        choices = export.choices(split_reference(theirs)[1])
        numbers = {code: NUMBER.match(label) for code, label in choices.items()}
        wrong = [code for code, found in numbers.items() if found and not _same(found[0], code)]
        if wrong:
            shown = name_some(f"{code} is {choices[code]!r}" for code in wrong)
            problems.append(
                f"{where} of the study reads the codes of {theirs}, which are not the numbers of its labels "
                f"in {export.dictionary.file} ({shown}); say in values what each code means"
            )
    return problems


def _same(number: str, code: str) -> bool:
    try:
        return float(number) == float(code)
    except ValueError:
        return False


def _repeating(export: Export, where: str, form: str, named: Iterable[str]) -> list[str]:
    """Return which fields of other forms have no one value, because their form repeats."""
    frame = export.frame
    problems = []
    for theirs in dict.fromkeys(named):
        event, column = split_reference(theirs)
        owner, _ = export.dictionary.owners().get(column, (None, ""))
        if owner is None or column == export.dictionary.record_id or (owner.form == form and not event):
            continue
        single = frame[INSTRUMENT].isna() & frame[INSTANCE].notna()
        rows = (frame[INSTRUMENT] == owner.form).fillna(False) | (single & (event != ""))
        rows &= (frame[EVENT] == event).fillna(False) if event else True
        if rows.any():
            problems.append(
                f"{where} of the study names {theirs} for rows of form {form!r}, but form {owner.form!r} "
                f"repeats: which of its instances is meant is not known; map {owner.form!r} by itself"
            )
    return problems


def event_problem(export: Export, mapping: RecordsMapping) -> str:
    """Say that the study names events in another way than the export does, or nothing."""
    named = _named_events(mapping)
    there = export.frame[EVENT].dropna().unique().tolist()
    unlike = [event for event in there if event not in named and not _UNIQUE_EVENT.match(event)]
    unique = sorted(event for event in named if event not in there and _UNIQUE_EVENT.match(event))
    if unlike and unique:
        return (
            f"{export.name} names events by their labels ({name_some(map(repr, unlike))}), the study by "
            f"their unique names ({name_some(map(repr, unique))}); export raw data, or write the labels in "
            "the study"
        )
    return ""


def _named_events(mapping: RecordsMapping) -> set[str]:
    named = set(mapping.redcap.visits)
    for part in (part for parts in mapping.forms.values() for part in parts):
        fields = [*part.columns.values(), *part.where, *part.exclude, *part.filled]
        named |= {event for event, _ in map(split_reference, fields) if event}
        for rows in (part.where, part.exclude):
            named |= {word(item) for item in rows.get(EVENT, ())}
        recoded = part.values  # noqa: PD011
        for ours in [ours for ours, theirs in part.columns.items() if theirs == EVENT]:
            named |= set(recoded.get(ours, {}))
    return named
