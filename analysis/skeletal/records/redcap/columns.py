"""Columns of a record table as fields of a REDCap form: which kind, which codes, which cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.tables import TABLES, is_date

from ..dates import invalid_dates, possible_days
from .dictionary import BOX, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

# A column of more different words than this is typed, not chosen.
_MOST_CHOICES = 20
_YES_NO: Mapping[str, str] = {"1": "Yes", "0": "No"}


@dataclass(slots=True)
class Names:
    """Names that are given out, each once: lower-case letters, digits and underscores."""

    taken: set[str] = field(default_factory=set)

    def give(self, *words: str, longest: int = 100) -> str:
        """Return a new name made of ``words``."""
        plain_words = re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")
        start = plain_words if plain_words[:1].isalpha() else f"f_{plain_words}".rstrip("_")
        name, number = start[:longest].rstrip("_"), 2
        while name in self.taken:
            name, number = f"{start[: longest - 4].rstrip('_')}_{number}", number + 1
        self.taken.add(name)
        return name


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FieldPlan:
    """One field: what the dictionary says of it, its cells by column of the export, how it is read back."""

    name: str
    label: str
    kind: str
    validation: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    cells: pd.DataFrame
    columns: Mapping[str, str]
    codes: Mapping[str, dict[str, str]] = field(default_factory=dict)

    def labelled(self) -> pd.DataFrame:
        """Return the cells with labels where they hold codes."""
        words = BOX if self.kind == "checkbox" else self.choices
        return self.cells.apply(lambda cells: cells.map(words).astype("string")) if words else self.cells


def plan_fields(form: str, table: str, frame: pd.DataFrame, names: Names) -> list[FieldPlan]:
    """Return the fields of ``frame``, columns of a record table or others.

    Two or more flags that are known in every row become one checkbox field.
    """
    flags = [column for column in frame if pd.api.types.is_bool_dtype(frame[column].dtype)]
    boxes = [column for column in flags if column != "simulated" and bool(frame[column].notna().all())]
    boxes = boxes if len(boxes) > 1 and len(frame) else []
    plans = [_plan(form, table, frame[column], names) for column in frame if column not in boxes]
    return [*plans, _checkbox(form, frame[boxes], names)] if boxes else plans


def _words(name: str) -> str:
    return plain(name.replace("_", " ")).capitalize()


def _checkbox(form: str, flags: pd.DataFrame, names: Names) -> FieldPlan:
    name, codes = names.give(form, "findings"), Names()
    choices = {codes.give(str(column)): str(column) for column in flags}
    return FieldPlan(
        name=name,
        label="Which of these are true?",
        kind="checkbox",
        choices={code: _words(column) for code, column in choices.items()},
        cells=pd.DataFrame({f"{name}___{code}": _bits(flags[column]) for code, column in choices.items()}),
        columns={column: f"{name}___{code}" for code, column in choices.items()},
    )


def _bits(flags: pd.Series[Any]) -> pd.Series[Any]:
    return flags.astype("boolean").map({True: "1", False: "0"}).astype("string")


def _plan(form: str, table: str, values: pd.Series[Any], names: Names) -> FieldPlan:
    """Return the field of one column by its dtype and values."""
    column = str(values.name)
    name = names.give(form, column)
    about: dict[str, Any] = {"name": name, "label": _words(column), "columns": {column: name}}
    if pd.api.types.is_bool_dtype(values.dtype):
        return FieldPlan(kind="yesno", choices=_YES_NO, cells=_cells(name, _bits(values)), **about)
    if pd.api.types.is_numeric_dtype(values.dtype):
        cells = _cells(name, number_text(values))
        return FieldPlan(kind="text", validation="number", cells=cells, **about)
    text = values.astype("string")
    schema = TABLES[table].columns.get(column)
    if is_date(table, column):
        return FieldPlan(kind="text", validation=_date_kind(text), cells=_cells(name, text), **about)
    if choices := _choices(column, text, schema.allowed if schema else ()):
        codes = {word: code for code, word in choices.items()}
        return FieldPlan(
            kind="radio" if len(choices) < 6 else "dropdown",
            choices=choices,
            cells=_cells(name, text.map(codes).astype("string")),
            codes={column: choices},
            **about,
        )
    kind = "notes" if bool(text.str.contains(r"[\r\n]").fillna(False).any()) else "text"
    return FieldPlan(kind=kind, cells=_cells(name, text), **about)


def _cells(name: str, values: pd.Series[Any]) -> pd.DataFrame:
    return values.rename(name).to_frame()


def _choices(column: str, text: pd.Series[Any], allowed: tuple[str, ...]) -> dict[str, str]:
    """Return code -> word of a column of few words that come again; nothing where they are typed."""
    there = sorted(text.dropna().unique().tolist())
    words = [*allowed, *(word for word in there if word not in allowed)]
    again = bool(allowed) or column == "arm" or len(there) < text.notna().sum()
    typed = column.endswith("_id") or column == "site" or len(words) > _MOST_CHOICES or not again
    if typed or any("|" in word or plain(word) != word or not word for word in words):
        return {}
    return {str(code): word for code, word in enumerate(words, start=1)}


def _date_kind(text: pd.Series[Any]) -> str:
    """Return the validation of dates: none where some are partial or have a time of day."""
    if invalid_dates(text).any():
        return ""
    whole = text.dropna().str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()
    return "date_ymd" if bool(whole) and bool((possible_days(text).precision <= 0).all()) else ""


def number_text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers as text that reads back to the same numbers, whole ones without a point."""
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    words = [
        pd.NA if np.isnan(number) else str(int(number)) if _is_whole(number) else repr(float(number))
        for number in numbers
    ]
    return pd.Series(words, index=values.index, name=values.name, dtype="string")


def _is_whole(number: float) -> bool:
    return abs(number) < 2**53 and number == np.floor(number)
