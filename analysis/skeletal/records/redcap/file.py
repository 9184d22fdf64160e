"""The flat export of a REDCap project: found beside its data dictionary, with columns by field name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some

from ..convert import as_text
from ..faults import name_rows
from .dictionary import BOX, STATUS, Dictionary, box_code, is_dictionary, plain, read_dictionary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.arrays import BoolArray

    from ..formats.files import TableFile
    from .dictionary import Field

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
SYSTEM: Mapping[str, str] = {
    EVENT: "Event Name",
    INSTRUMENT: "Repeat Instrument",
    INSTANCE: "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}
_TIME = r"^(\d{4}-\d{2}-\d{2})[ T][\d:.]+$"
_SURVEY_TIME = "Survey Timestamp"  # its label, once for each survey
_AGAIN = "export again (Data Exports, all instruments and events, csv)"
_OTHER = (
    "the data dictionary is of another project or another day: put the export and the data dictionary of "
    "the same project side by side"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Export:
    """One export: text columns by field name; ``instrument`` holds names of forms.

    ``labels`` says whether choices stand there by their labels; ``codes`` remembers the columns that were
    asked for, so that a fault is told once.
    """

    name: str
    dictionary: Dictionary
    frame: pd.DataFrame
    missing: tuple[str, ...]
    labels: bool
    decimal: str = "."
    codes: dict[str, pd.Series[Any]] = field(default_factory=dict)

    @property
    def record(self) -> pd.Series[Any]:
        """The record of each row."""
        return self.frame[self.dictionary.record_id]

    def known(self, column: str) -> pd.Series[Any]:
        """Return a column in which missing data codes are missing."""
        values = self.frame[column]
        return values.mask(values.isin(self.missing)) if self.missing else values

    def choices(self, column: str) -> dict[str, str]:
        """Return code -> label of what a column can hold; empty where anything can stand there."""
        owner, code = self.dictionary.owners().get(column, (None, ""))
        if owner is None:
            return {}
        return dict(BOX) if code else dict(owner.choices)


def find_export(
    files: Mapping[str, TableFile], notes: list[str], *, missing: tuple[str, ...] = (), decimal: str = "."
) -> Export:
    """Return the one export of a folder with its data dictionary; other files are noted.

    Raises
    ------
    InvalidRecords
        If there is not one of each, or they do not belong together.
    """
    names = [file.name for file in files.values()]
    dictionaries = {key: file for key, file in files.items() if is_dictionary(file.frame.columns)}
    if not dictionaries:
        raise InvalidRecords(
            f"no REDCap data dictionary among {name_some(names)}; download it (Project Setup, Data "
            "Dictionary) as csv and put it beside the export"
        )
    if len(dictionaries) > 1:
        listed = name_some(file.name for file in dictionaries.values())
        raise InvalidRecords(f"{len(dictionaries)} data dictionaries ({listed}); keep that of the export")
    dictionary = read_dictionary(next(iter(dictionaries.values())))
    exports = {key: file for key, file in files.items() if key not in dictionaries}
    if len(exports) > 1:
        exports = {key: file for key, file in exports.items() if _shared(file, dictionary)}
    if not exports:
        raise InvalidRecords(
            f"no REDCap export beside the data dictionary {dictionary.file} (found {name_some(names)}); "
            f"{_AGAIN} and put the file there"
        )
    if len(exports) > 1:
        listed = name_some(file.name for file in exports.values())
        raise InvalidRecords(f"{len(exports)} REDCap exports ({listed}); keep one, of all instruments")
    if others := [file.name for key, file in files.items() if key not in exports | dictionaries]:
        notes.append(f"files not read: {', '.join(others)}")
    return replace(_opened(next(iter(exports.values())), dictionary, missing), decimal=decimal)


def _shared(file: TableFile, dictionary: Dictionary) -> int:
    """Return how many columns of a file the dictionary knows, by name or by label."""
    known = set(dictionary.owners()) | {label for label, _ in dictionary.labelled_columns()} - {"Complete?"}
    return sum(str(column).strip() in known or plain(str(column)) in known for column in file.frame.columns)


def _opened(file: TableFile, dictionary: Dictionary, missing: tuple[str, ...]) -> Export:
    columns = _named(file, dictionary, missing)
    frame = pd.DataFrame(
        {name: as_text(file.frame.iloc[:, i]).reset_index(drop=True) for i, name in enumerate(columns)},
        index=pd.RangeIndex(len(file.frame)),
    )
    for name in (EVENT, INSTRUMENT, INSTANCE):
        if name not in frame:
            frame[name] = pd.Series(pd.NA, index=frame.index, dtype="string")
    _check_rows(file.name, frame, dictionary.record_id)
    frame[INSTRUMENT] = _forms(file.name, frame, dictionary)
    labels = _holds_labels(file.name, frame, dictionary, missing)
    return Export(name=file.name, dictionary=dictionary, frame=frame, missing=missing, labels=labels)


def _named(file: TableFile, dictionary: Dictionary, missing: tuple[str, ...]) -> list[str]:
    """Return the name of each column: the header, or what its labels stand for."""
    header = [_plain_box(str(column).strip(), dictionary) for column in file.frame.columns]
    known = set(dictionary.owners()) | {f"{form}_complete" for form in dictionary.forms}
    by_name = sum(column in known or column in SYSTEM for column in header)
    labels = [plain(column) for column in header]
    wanted = [(label, name) for name, label in SYSTEM.items()] + dictionary.labelled_columns()
    by_label = sum(label in dict(wanted) for label in labels)
    if by_label > by_name:
        header = _from_labels(file.name, labels, wanted)
    unknown = [column for column in header if not _is_known(column, dictionary, known, missing)]
    if dictionary.record_id not in header:
        if len(unknown) * 2 > len(header):
            raise InvalidRecords(f"{file.name} and {dictionary.file} share few fields or none; {_OTHER}")
        raise InvalidRecords(
            f"{file.name}: no column of the record id ({dictionary.record_id!r} in {dictionary.file}); "
            f"{_AGAIN} with the record id, or download the data dictionary again"
        )
    if unknown and all(_is_box(column, dictionary) for column in unknown):
        raise InvalidRecords(
            f"{file.name}: box(es) that {dictionary.file} does not have: {name_some(map(repr, unknown))}; "
            "name the missing data codes of the project in records.redcap.missing, or download the data "
            "dictionary again"
        )
    if unknown:
        raise InvalidRecords(
            f"{file.name}: {len(unknown)} column(s) that the data dictionary {dictionary.file} does not "
            f"have: {name_some(map(repr, unknown))}; {_OTHER}"
        )
    counts = Counter(column for column in header if column != _SURVEY_TIME)
    if repeated := [column for column, n in counts.items() if n > 1]:
        raise InvalidRecords(f"{file.name}: columns named more than once: {name_some(repeated)}; {_AGAIN}")
    return header


def _is_known(column: str, dictionary: Dictionary, known: set[str], missing: tuple[str, ...]) -> bool:
    if column in known or column.startswith("redcap_") or column == _SURVEY_TIME:
        return True
    if column.removesuffix("_timestamp") in dictionary.forms:
        return True
    return _is_box(column, dictionary) and column.partition("___")[2] in map(box_code, missing)


def _is_box(column: str, dictionary: Dictionary) -> bool:
    name, mark, _ = column.partition("___")
    owner = dictionary.fields.get(name)
    return bool(mark) and owner is not None and owner.kind == "checkbox"


def _plain_box(column: str, dictionary: Dictionary) -> str:
    """Return the column of a box as exports name it today: ``field____9``, once ``field___-9``."""
    if not _is_box(column, dictionary):
        return column
    name, mark, code = column.partition("___")
    return name + mark + box_code(code)


def _from_labels(file: str, labels: list[str], wanted: list[tuple[str, str]]) -> list[str]:
    """Return the field of each label; a label of several fields stands for them in their order."""
    there, meant = Counter(labels), Counter(label for label, _ in wanted)
    if unclear := [label for label, n in there.items() if n != meant[label] and meant[label] > 1]:
        raise InvalidRecords(
            f"{file}: several fields have the label(s) {name_some(map(repr, unclear))}, and not all are in "
            "the export; export raw data, whose header has the names of the fields"
        )
    names: dict[str, list[str]] = {}
    for label, name in wanted:
        names.setdefault(label, []).append(name)
    return [names[label].pop(0) if names.get(label) else label for label in labels]


def _check_rows(file: str, frame: pd.DataFrame, record_id: str) -> None:
    record = frame[record_id]
    if record.isna().any():
        named = name_rows(record.isna(), record).replace(" (<NA>)", "")
        raise InvalidRecords(f"{file}: no record id in {named}; {_AGAIN}")
    keys = frame[[record_id, EVENT, INSTRUMENT, INSTANCE]]
    if (twice := keys.duplicated()).any():
        raise InvalidRecords(
            f"{file}: a row stands there before with its record, event and instance in "
            f"{name_rows(twice, record)}; keep one export, not several below each other"
        )


def _forms(file: str, frame: pd.DataFrame, dictionary: Dictionary) -> pd.Series[Any]:
    """Return the form of each repeating row: by name, or by its label from the fields that are filled."""
    given = frame[INSTRUMENT]
    names = {form.replace("_", " ").title(): form for form in dictionary.forms}
    names |= {form: form for form in dictionary.forms}
    for text in given.dropna().unique().tolist():
        if text not in names:
            rows = (given == text).to_numpy(dtype=bool, na_value=False)
            found = [form for form in dictionary.forms if holds_form(frame, dictionary, form)[rows].any()]
            if len(found) != 1:
                raise InvalidRecords(
                    f"{file}: repeating instrument {text!r} is no form of {dictionary.file} in "
                    f"{name_rows(rows, given)}; {_OTHER}"
                )
            names[text] = found[0]
    return given.map(names).astype("string")


def holds_form(frame: pd.DataFrame, dictionary: Dictionary, form: str) -> BoolArray:
    """Return which rows hold something of a form: a field, a checked box, a status.

    REDCap fills in 0 for boxes that nobody saw and for the status of a form that nobody opened, and
    computes fields by itself: none of these is an entry.
    """
    held = np.zeros(len(frame), dtype=bool)
    for owner in dictionary.fields_of(form):
        if owner.kind == "calc" or owner.name == dictionary.record_id:
            continue
        for column in owner.columns:
            if column in frame:
                empty = ["0", BOX["0"]] if owner.kind == "checkbox" else []
                held |= (frame[column].notna() & ~frame[column].isin(empty)).to_numpy(dtype=bool)
    if (status := f"{form}_complete") in frame:
        held |= frame[status].isin(["1", "2", STATUS["1"], STATUS["2"]]).to_numpy(dtype=bool)
    return held


def _holds_labels(file: str, frame: pd.DataFrame, dictionary: Dictionary, missing: tuple[str, ...]) -> bool:
    """Return whether choices stand there by their labels, as most of the values tell."""
    raw = labelled = 0
    unclear = []
    for column, (owner, code) in dictionary.owners().items():
        if column in frame and owner.choices:
            votes = _votes(frame[column], dict(BOX) if code else owner.choices, missing)
            raw, labelled = raw + votes[0], labelled + votes[1]
            unclear += [column] if votes[2] else []
    for form in dictionary.forms:
        if f"{form}_complete" in frame:
            votes = _votes(frame[f"{form}_complete"], STATUS, missing)
            raw, labelled = raw + votes[0], labelled + votes[1]
    if raw == labelled and unclear:
        raise InvalidRecords(
            f"{file}: cannot tell codes from labels ({name_some(unclear)}: words that are the code of one "
            "choice and the label of another); export raw data with the form status fields"
        )
    return labelled > raw


def _votes(
    values: pd.Series[Any], choices: Mapping[str, str], missing: Iterable[str]
) -> tuple[int, int, bool]:
    """Return how many values are only codes, how many only labels, and whether some are of two choices."""
    counts = values[~values.isin(list(missing))].value_counts()
    labels = {label: code for code, label in choices.items()}
    raw = labelled = 0
    unclear = False
    for text, n in counts.items():
        word = str(text)
        is_code, is_label = word in choices, plain(word) in labels
        raw += int(n) if is_code and not is_label else 0
        labelled += int(n) if is_label and not is_code else 0
        unclear |= is_code and is_label and labels[plain(word)] != word
    return raw, labelled, unclear


def coded(export: Export, column: str, problems: list[str]) -> pd.Series[Any]:
    """Return a column with choices by their codes, as text; a value that is no choice is a problem.

    Yes/no fields and boxes are 1 and 0.  Dates with a time become days, decimal commas points.
    """
    if column not in export.codes:
        export.codes[column] = _coded(export, column, problems)
    return export.codes[column]


def _coded(export: Export, column: str, problems: list[str]) -> pd.Series[Any]:
    values = export.known(column)
    choices = export.choices(column)
    owner, box = export.dictionary.owners().get(column, (None, ""))
    if not choices:
        return _typed(values, owner, export.decimal)
    if box and owner is not None:
        values = values.mask(_box_of_missing(export, owner, column))
    words = {code: code for code in choices}
    if export.labels:
        labels = Counter(choices.values())
        words = {label: code for code, label in choices.items() if labels[label] == 1}
        if box and owner is not None:
            words |= {owner.choices[box]: "1"}  # the interface can write the choice instead of "Checked"
        values = values.map(plain, na_action="ignore").astype("string")
    codes = values.map(words).astype("string")
    faults = (values.notna() & codes.isna()).to_numpy(dtype=bool)
    if faults.any():
        kind = "labels" if export.labels else "codes"
        kinds = name_some(map(repr, sorted(values[faults].unique().tolist())))
        problems.append(
            f"{export.name}, column {column!r}: {kind} that {export.dictionary.file} does not have, or has "
            f"twice ({kinds}) in {name_rows(faults, values)}; it knows "
            f"{name_some(f'{code} ({label})' for code, label in choices.items())}: correct the record, "
            "download the data dictionary again, or name missing data codes in records.redcap.missing"
        )
    return codes


def _box_of_missing(export: Export, owner: Field, column: str) -> BoolArray:
    """Return where a missing data code of a checkbox field is checked: its other boxes are then not known."""
    missing = np.zeros(len(export.frame), dtype=bool)
    for code in export.missing:
        box = f"{owner.name}___{box_code(code)}"
        if box in export.frame and box != column:
            missing |= export.frame[box].isin(["1", BOX["1"]]).to_numpy(dtype=bool)
    return missing


def _typed(values: pd.Series[Any], owner: Field | None, decimal: str) -> pd.Series[Any]:
    """Return days for times; points for the decimal commas of a field that asks for them.

    Where the whole export was made with decimal commas (``records.csv.decimal``) they stay.
    """
    if owner is not None and owner.validation.startswith("datetime"):
        return values.str.replace(_TIME, r"\1", regex=True)
    if owner is not None and owner.validation.endswith("comma_decimal") and decimal == ".":
        return values.str.replace(",", ".", regex=False)
    return values
