"""Build record tables from the flat export of a REDCap project by the mapping of the study file.

Every row of the export is one record at one event, or one instance of a repeating form there; the data
dictionary says which column belongs to which form and what its codes mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.tables import TABLES

from ..convert import is_among, word
from ..faults import name_rows
from ..mapped_tables import check_parts
from ..validate import Origin
from .dictionary import FLAGS
from .fields import event_problem, field_problems, field_values, split_reference
from .file import EVENT, INSTANCE, INSTRUMENT, coded, find_export, holds_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.arrays import BoolArray
    from skeletal.study import FormMapping, RecordsMapping

    from ..formats.files import TableFile
    from .file import Export

# Keys that REDCap does not ask anybody for: made of form, event and instance where nothing is mapped.
_MADE = ("event_id", "procedure_id")
_ITEM = ("item", "value")
_BOX = " box"


def check_forms(mapping: RecordsMapping) -> None:
    """Refuse a mapping of forms that cannot be, whatever the export holds."""
    check_parts(
        mapping.forms,
        section="records.forms",
        form=mapping.format,
        faults=lambda name, part: [
            f"records.forms.{name}, form {part.form!r}: {fault}" for fault in _faults(name, part)
        ],
    )


def _faults(name: str, part: FormMapping) -> list[str]:
    """Return what contradicts itself in the mapping of one form."""
    filled = [*part.columns, *part.checked, *(_ITEM if part.items else ())]
    faults = []
    if unmapped := [column for column in part.values if column not in filled]:  # noqa: PD011
        faults.append(f"values for columns not mapped: {name_some(unmapped)}")
    all_filled = [*filled, *part.constants]
    if twice := sorted({column for column in all_filled if all_filled.count(column) > 1}):
        faults.append(f"filled twice: {name_some(twice)}")
    if part.items and name != "questionnaires":
        faults.append("items make rows of questionnaires; map the fields in columns, or move them there")
    if part.items and part.checked:
        faults.append("items and checked both make rows; use two entries")
    return faults


def map_export(
    mapping: RecordsMapping, files: Mapping[str, TableFile], problems: list[str], notes: list[str]
) -> tuple[dict[str, pd.DataFrame], dict[str, Origin]]:
    """Return the record tables and the words for their origin.

    Parameters
    ----------
    mapping : RecordsMapping
        Its ``forms`` and ``redcap``.
    files : mapping of str to TableFile
        All csv files of the folder as text under their headers; the data dictionary and the export are
        told apart by them.
    problems, notes : list of str
        Added to: what cannot be mapped; how many rows were left out and which forms are not mapped.

    Returns
    -------
    tuple
        Tables with columns ``source`` (the form) and ``source_row`` (the row of the export, from 1), and
        the origin of each.  A table that a problem keeps from being made is not among them.

    Raises
    ------
    InvalidStudy
        If the mapping contradicts itself.
    """
    check_forms(mapping)
    try:
        export = find_export(files, notes, missing=mapping.redcap.missing, decimal=mapping.csv.decimal)
    except InvalidRecords as error:
        problems += error.problems
        return {}, {}
    if fault := event_problem(export, mapping):
        problems.append(fault)
        return {}, {}
    tables, origins = {}, {}
    for name, parts in mapping.forms.items():
        faults = [fault for part in parts for fault in field_problems(export, name, part)]
        problems += faults
        if not faults:
            built = [
                _mapped(
                    _Job(
                        table=name,
                        part=part,
                        visits=mapping.redcap.visits,
                        export=export,
                        problems=problems,
                        notes=notes,
                    )
                )
                for part in parts
            ]
            tables[name] = pd.concat(built, ignore_index=True) if len(built) > 1 else built[0]
            origins[name] = Origin(label=f"{export.name} ({name})", columns=_sources(name, parts, export))
    _note_unmapped(mapping, export, notes)
    return tables, origins


def _sources(name: str, parts: Iterable[FormMapping], export: Export) -> dict[str, str]:
    """Return our column -> their fields, for messages."""
    columns: dict[str, list[str]] = {}
    for part in parts:
        own = {"subject_id": export.dictionary.record_id} if "subject_id" in TABLES[name].columns else {}
        for ours, theirs in {**own, **part.columns, **part.checked}.items():
            columns.setdefault(ours, []).append(theirs)
        for theirs in part.items:
            columns.setdefault("value", []).append(theirs)
    return {ours: name_some(dict.fromkeys(theirs)) for ours, theirs in columns.items()}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Job:
    """One form for one table: what is asked for, of which export, and where faults and notes go."""

    table: str
    part: FormMapping
    visits: Mapping[str, str]
    export: Export
    problems: list[str]
    notes: list[str]

    def codes(self, ours: str) -> dict[str, Any]:
        """Return code or label -> our value, as far as the study says."""
        codes = self.part.values  # noqa: PD011
        visits = self.visits if self.part.columns.get(ours) == EVENT else {}
        return dict(codes.get(ours, visits))

    def field(self, theirs: str) -> pd.Series[Any]:
        """Return the codes of a field in all rows of the export."""
        return field_values(self.export, self.part.form, theirs, self.problems)

    def words(self, ours: str, theirs: str) -> str:
        """Return the words for one column in a message."""
        return f"{self.export.name} ({self.table}), column {ours!r} (from {theirs})"

    def note(self, n: int, what: str) -> None:
        """Note that ``n`` things of the form made no row."""
        if n:
            self.notes.append(f"{self.table}: {n} {what} of form {self.part.form} in {self.export.name}")


def _mapped(job: _Job) -> pd.DataFrame:
    """Return the rows of one form that become rows of one table."""
    part, export = job.part, job.export
    rows = _rows(job)
    frame = export.frame[rows]
    columns: dict[str, Any] = {}
    if "subject_id" in TABLES[job.table].columns and "subject_id" not in (*part.columns, *part.constants):
        columns["subject_id"] = export.record[rows]
    columns |= {ours: _column(job, ours, theirs, rows) for ours, theirs in part.columns.items()}
    columns |= {ours: pd.Series(word(value), index=frame.index) for ours, value in part.constants.items()}
    columns["source"] = pd.Series(part.form, index=frame.index)
    columns["source_row"] = pd.Series(np.flatnonzero(rows) + 1, index=frame.index)
    table = pd.DataFrame(columns, index=frame.index)
    if part.items:
        table = _with_items(job, table, rows)
    if part.checked:
        table = _with_checked(job, table)
    return _with_keys(job, table, frame.loc[table.index]).reset_index(drop=True)


def _rows(job: _Job) -> BoolArray:
    """Return the rows of the export that hold the form and that the mapping keeps."""
    part, frame = job.part, job.export.frame
    repeats = (frame[INSTRUMENT] == part.form).to_numpy(dtype=bool, na_value=False)
    single = frame[INSTRUMENT].isna().to_numpy(dtype=bool)
    held = repeats | (single & holds_form(frame, job.export.dictionary, part.form))
    rows = held.copy()
    rules = []
    for theirs, values in part.where.items():
        rows &= _among(job, theirs, values)
        rules.append(f"{theirs} is {' or '.join(map(word, values))}")
    for theirs, values in part.exclude.items():
        rows &= ~_among(job, theirs, values)
        rules.append(f"{theirs} is not {' or '.join(map(word, values))}")
    for theirs in part.filled:
        rows &= job.field(theirs).notna().to_numpy(dtype=bool)
        rules.append(f"{theirs} is filled")
    job.note(int(held.sum() - rows.sum()), f"row(s) left out (kept where {'; '.join(rules)})")
    return np.asarray(rows, dtype=bool)


def _among(job: _Job, theirs: str, wanted: Iterable[object]) -> BoolArray:
    """Return which rows have one of ``wanted``, codes or labels, in a field."""
    codes = _codes(job.export, theirs)
    return is_among(job.field(theirs), [codes.get(word(item), item) for item in wanted] if codes else wanted)


def _codes(export: Export, theirs: str) -> dict[str, str]:
    """Return each word that stands for a choice of a field -> its code; codes come before labels."""
    column = split_reference(theirs)[1]
    choices = export.choices(column)
    owner, _ = export.dictionary.owners().get(column, (None, ""))
    flags = {"true": "1", "false": "0"} if owner is not None and owner.kind in FLAGS else {}
    return flags | {label: code for code, label in choices.items()} | {code: code for code in choices}


def _column(job: _Job, ours: str, theirs: str, rows: BoolArray) -> pd.Series[Any]:
    """Return one of our columns from one of their fields, in the rows that are kept."""
    values = job.field(theirs)[rows]
    words, codes = _codes(job.export, theirs), job.codes(ours)
    if codes:
        known = {words.get(their, their): word(our) for their, our in codes.items()}
        choices = job.export.choices(split_reference(theirs)[1])
        return _recoded(values, known, choices, job.words(ours, theirs), job.problems)
    schema = TABLES[job.table].columns.get(ours)
    if "true" in words and (schema is None or schema.kind != "number"):
        return values.map({"1": "true", "0": "false"}).astype("string")
    return values


def _recoded(
    values: pd.Series[Any],
    known: Mapping[str, str],
    choices: Mapping[str, str],
    where: str,
    problems: list[str],
) -> pd.Series[Any]:
    recoded = values.map(known).astype("string")
    unmapped = (values.notna() & recoded.isna()).to_numpy(dtype=bool)
    if unmapped.any():
        kinds = sorted(values[unmapped].unique().tolist())
        shown = [f"{code!r} ({choices[code]})" if code in choices else repr(code) for code in kinds]
        number = pd.Series(values.index + 1, index=values.index)
        problems.append(
            f"{where}: values that the study does not map ({name_some(shown)}) in "
            f"{name_rows(unmapped, values, number)}; add them to values, or leave the rows out with exclude"
        )
    return recoded


def _with_items(job: _Job, table: pd.DataFrame, rows: BoolArray) -> pd.DataFrame:
    """Return a row for each item that is answered, in the order of rows and then of items."""
    pieces = []
    for theirs, item in job.part.items.items():
        value = _column(job, "value", theirs, rows)
        piece = table.assign(item=pd.Series(item, index=table.index, dtype="string"), value=value)
        pieces.append(piece[value.notna()])
    answered = pd.concat(pieces)
    job.note(len(table) * len(pieces) - len(answered), "item(s) without an answer, which make no row,")
    return answered.sort_values("source_row", kind="stable")


def _with_checked(job: _Job, table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each box that is checked, in the order of rows and then of boxes."""
    ((ours, theirs),) = job.part.checked.items()
    field = job.export.dictionary.fields[theirs]
    codes = {label: code for code, label in field.choices.items()} | {code: code for code in field.choices}
    known = {codes[their]: word(our) for their, our in job.codes(ours).items()}
    pieces = []
    for column, code in field.columns.items():
        boxes = coded(job.export, column, job.problems)[table.index] == "1"
        piece = table[boxes.to_numpy(dtype=bool, na_value=False)]
        value = box = pd.Series(code, index=piece.index, dtype="string")
        if known:
            value = _recoded(value, known, field.choices, job.words(ours, theirs), job.problems)
        pieces.append(pd.concat([piece, value.rename(ours), box.rename(_BOX)], axis=1))
    checked = pd.concat(pieces)
    unchecked = int((~table.index.isin(checked.index)).sum())
    job.note(unchecked, f"row(s) without a box of {theirs}, which make no row,")
    return checked.sort_values("source_row", kind="stable")


def _with_keys(job: _Job, table: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the key that nothing fills, made of form, event, instance and box."""
    key = next((key for key in _MADE if key in TABLES[job.table].required and key not in table), "")
    if key:
        made = pd.Series(job.part.form, index=table.index, dtype="string")
        for piece in (frame[EVENT], frame[INSTANCE], *([table[_BOX]] if _BOX in table else [])):
            made += ("-" + pd.Series(piece.to_numpy(), index=table.index, dtype="string")).fillna("")
        table = table.assign(**{key: made})
    return table.drop(columns=_BOX, errors="ignore")


def _note_unmapped(mapping: RecordsMapping, export: Export, notes: list[str]) -> None:
    """Say which forms hold something that no record table takes."""
    used = {part.form for parts in mapping.forms.values() for part in parts}
    for parts in mapping.forms.values():
        for part in parts:
            fields = [*part.columns.values(), *part.where, *part.exclude, *part.filled]
            used |= {_form(export, theirs) for theirs in fields}
    left = [
        form
        for form in export.dictionary.forms
        if form not in used and holds_form(export.frame, export.dictionary, form).any()
    ]
    if left:
        notes.append(f"forms of {export.name} not mapped: {', '.join(left)}")


def _form(export: Export, theirs: str) -> str:
    owner, _ = export.dictionary.owners().get(split_reference(theirs)[1], (None, ""))
    return "" if owner is None else owner.form
