"""The data dictionary of a REDCap project: its forms, fields and choices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidRecords, name_some

from ..convert import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..formats.files import TableFile

# Our name -> the column as the project page writes it, and as the programming interface does.
HEADERS: Mapping[str, tuple[str, str]] = {
    "name": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "section": ("Section Header", "section_header"),
    "kind": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
    "note": ("Field Note", "field_note"),
    "validation": (
        "Text Validation Type OR Show Slider Number",
        "text_validation_type_or_show_slider_number",
    ),
    "identifier": ("Identifier?", "identifier"),
}
_NEEDED = ("name", "form", "kind", "choices")
_FIXED: Mapping[str, Mapping[str, str]] = {
    "yesno": {"1": "Yes", "0": "No"},
    "truefalse": {"1": "True", "0": "False"},
}
BOX: Mapping[str, str] = {"1": "Checked", "0": "Unchecked"}
STATUS: Mapping[str, str] = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
FLAGS = ("yesno", "truefalse", "checkbox")
ASK = "download the data dictionary of this project again (Project Setup, Data Dictionary) as csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form; ``choices`` maps codes to labels and is empty where anything can be typed."""

    name: str
    form: str
    kind: str
    label: str = ""
    choices: Mapping[str, str]
    validation: str = ""
    note: str = ""
    identifier: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Return its columns in an export: the name, or name and code of each box of a checkbox."""
        if self.kind != "checkbox":
            return {self.name: ""} if self.kind != "descriptive" else {}
        return {f"{self.name}___{box_code(code)}": code for code in self.choices}

    @property
    def is_date(self) -> bool:
        """Whether REDCap lets only dates in, perhaps with a time."""
        return self.validation.startswith("date")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Dictionary:
    """The fields of a project by name, in order; the first is the record id."""

    file: str
    fields: Mapping[str, Field]

    @property
    def record_id(self) -> str:
        """Name of the field that names the record."""
        return next(iter(self.fields))

    @property
    def forms(self) -> tuple[str, ...]:
        """Names of the forms, in order."""
        return tuple(dict.fromkeys(field.form for field in self.fields.values()))

    def fields_of(self, form: str) -> list[Field]:
        """Return the fields of one form, in order."""
        return [field for field in self.fields.values() if field.form == form]

    def owners(self) -> dict[str, tuple[Field, str]]:
        """Return each column of an export -> its field, and the code of a box."""
        return {
            column: (field, code) for field in self.fields.values() for column, code in field.columns.items()
        }

    def labelled_columns(self) -> list[tuple[str, str]]:
        """Return label and name of each column, in the order in which an export has them."""
        columns = []
        for form in self.forms:
            for field in self.fields_of(form):
                label = plain(field.label)
                for column, code in field.columns.items():
                    box = f" (choice={plain(field.choices[code])})" if code else ""
                    columns.append((label + box, column))
            columns.append(("Complete?", f"{form}_complete"))
        return columns


def box_code(code: str) -> str:
    """Return the code of a box as the column names of an export write it.

    Examples
    --------
    >>> box_code("-9"), box_code("T12")
    ('_9', 't12')
    """
    return re.sub(r"[^a-z0-9_]", "", code.lower().replace("-", "_"))


def plain(text: str) -> str:
    """Return ``text`` without mark-up and runs of blanks, as the headers and labels of exports are.

    Examples
    --------
    >>> plain("Date of <b>death</b> ")
    'Date of death'
    """
    return " ".join(re.sub(r"</?[A-Za-z][^>]*>", "", text).split())


def is_dictionary(columns: Iterable[object]) -> bool:
    """Return whether a header is that of a data dictionary."""
    found = [str(column).strip() for column in columns]
    return any(HEADERS["name"][i] in found and HEADERS["form"][i] in found for i in (0, 1))


def read_dictionary(file: TableFile) -> Dictionary:
    """Return the fields of a data dictionary; raise InvalidRecords where it is none."""
    frame = file.frame.set_axis([str(column).strip() for column in file.frame.columns], axis=1)
    written = {key: next((name for name in names if name in frame), "") for key, names in HEADERS.items()}
    if absent := [HEADERS[key][0] for key in _NEEDED if not written[key]]:
        raise InvalidRecords(f"{file.name}: no column {name_some(map(repr, absent))}; {ASK}")
    texts = {key: as_text(frame[name]).fillna("") for key, name in written.items() if name}
    fields: dict[str, Field] = {}
    problems = []
    for number, row in enumerate(zip(*texts.values(), strict=True), start=1):
        field, problem = _field({key: str(cell).strip() for key, cell in zip(texts, row, strict=True)})
        if field.name in fields:
            problem = f"field {field.name!r} stands there twice"
        if problem:
            problems.append(f"{file.name}, row {number}: {problem}; {ASK}")
        fields[field.name] = field
    if not fields:
        problems.append(f"{file.name}: a data dictionary without fields; {ASK}")
    if problems:
        raise InvalidRecords(problems)
    return Dictionary(file=file.name, fields=fields)


def _field(cells: Mapping[str, str]) -> tuple[Field, str]:
    """Return the field of one row and what is wrong with it."""
    kind = cells["kind"].lower()
    choices: dict[str, str] = dict(_FIXED.get(kind, {}))
    problem = "" if cells["name"] and cells["form"] and kind else "no field name, form name or field type"
    if kind in ("radio", "dropdown", "checkbox"):
        choices, problem = _choices(cells["choices"], problem)
    about: dict[str, Any] = {key: cells.get(key, "") for key in ("label", "validation", "note")}
    about["identifier"] = cells.get("identifier", "").lower() in ("y", "yes", "1", "true")
    return Field(name=cells["name"], form=cells["form"], kind=kind, choices=choices, **about), problem


def _choices(text: str, problem: str) -> tuple[dict[str, str], str]:
    """Return code -> label of ``1, Yes | 2, No``; a label may hold commas."""
    choices: dict[str, str] = {}
    for part in filter(None, (item.strip() for item in re.split(r"\||\n", text))):
        code, _, label = part.partition(",")
        if code.strip() in choices:
            problem = f"code {code.strip()!r} has two choices"
        choices[code.strip()] = plain(label) or code.strip()
    return choices, problem or ("" if choices else "a field of choices without choices")
