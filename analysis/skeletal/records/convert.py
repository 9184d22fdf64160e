"""From a column as it came to the dtype of its kind, with one sentence on values that do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from .dates import invalid_dates
from .faults import did_you_mean, name_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from skeletal.arrays import BoolArray
    from skeletal.tables import Column, Kind

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# What an undeclared column must look like to be taken for numbers: 007 and 1. stay text.
_PLAIN_NUMBER = r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
# The same with a decimal comma; 1.234 may then be a thousand and more, 3.5 cannot.
_COMMA_NUMBER = r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?"
_GROUPED = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"
_PLAIN_COMMA_NUMBER = r"[+-]?(?:0|[1-9]\d*)(?:,\d+)?(?:[eE][+-]?\d+)?"
# From here on, neighbouring whole numbers share one float64; 15 digits are always exact.
_INEXACT = 2.0**53
_EXACT_DIGITS = 15
_TRUE = ("true", "1", "1.0", "yes", "y")
_FALSE = ("false", "0", "0.0", "no", "n")


class Converted(NamedTuple):
    """A column in the dtype of its kind, and what is wrong with it (a missing value where a fault is)."""

    values: pd.Series[Any]
    problem: str = ""


def as_text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return ``values`` as ``string``; whole floats lose their ``.0``, empty text becomes missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _datetime_text(values)
    if pd.api.types.is_bool_dtype(values.dtype):
        values = values.astype("boolean").map({True: "true", False: "false"})
    text = values.astype("string")
    if pd.api.types.is_float_dtype(values.dtype):
        text = text.str.removesuffix(".0")
    empty = text == ""
    return text.mask(empty) if empty.any() else text


def as_marked_text(values: pd.Series[Any], decimal: str) -> pd.Series[Any]:
    """Return ``values`` as text in which typed numbers have the decimal mark that text files have."""
    text = as_text(values)
    if decimal == "." or not pd.api.types.is_float_dtype(values.dtype):
        return text
    return text.str.replace(".", decimal, regex=False)


def word(value: object) -> str:
    """Return a value of a study file as :func:`as_text` writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_among(values: pd.Series[Any], wanted: Iterable[object]) -> BoolArray:
    """Return which of ``values`` are among ``wanted``; numbers are compared as numbers, missing is none."""
    wanted, text = list(wanted), as_text(values)
    found = text.isin([word(item) for item in wanted]).to_numpy(dtype=bool)
    numbers = [item for item in wanted if isinstance(item, int | float) and not isinstance(item, bool)]
    if not numbers:
        return found
    return found | pd.to_numeric(text.astype(object), errors="coerce").isin(numbers).to_numpy(dtype=bool)


def matching_rows(frame: pd.DataFrame, where: Mapping[str, Iterable[object]]) -> BoolArray:
    """Return which rows have, in each column of ``where``, one of its values."""
    rows = np.ones(len(frame), dtype=bool)
    for column, wanted in where.items():
        rows &= is_among(frame[column], wanted)
    return rows


def passing_rows(
    frame: pd.DataFrame, where: Mapping[str, Iterable[object]], unless: Mapping[str, Iterable[object]]
) -> BoolArray:
    """Return which rows match ``where`` and have, in no column of ``unless``, one of its values."""
    rows = matching_rows(frame, where)
    for column, refused in unless.items():
        rows &= ~is_among(frame[column], refused)
    return rows


def _datetime_text(values: pd.Series[Any]) -> pd.Series[Any]:
    codes, distinct = pd.factorize(values)
    days = pd.Series(distinct)
    midnight = bool((days == days.dt.normalize()).all())
    text = pd.array(days.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H:%M:%S"), dtype="string")
    return pd.Series(text.take(codes, allow_fill=True), index=values.index)


def convert(
    values: pd.Series[Any], column: Column, rows: pd.Series[Any] | None = None, *, decimal: str = "."
) -> Converted:
    """Return ``values`` in the dtype of ``column``, with one sentence on those that do not fit.

    ``rows`` holds the row numbers of the file where they are not simply 1, 2, ...; ``decimal`` is the
    decimal mark of numbers that came as text.
    """
    if values.isna().all():
        missing = np.nan if column.kind == "number" else pd.NA
        return Converted(pd.Series(missing, index=values.index, dtype=_DTYPES[column.kind]))
    if column.kind == "number":
        converted, faults, remedy = _to_number(values, decimal)
    else:
        converted, faults, remedy = _CONVERTERS[column.kind](values)
    if faults.any():
        hint = _HINTS[column.kind](values[faults], decimal)
        return Converted(converted, f"{remedy[0]} in {name_rows(faults, values, rows)}; {remedy[1]}{hint}")
    if column.allowed:
        return _check_allowed(converted, column.allowed, rows)
    return Converted(converted)


def _check_allowed(values: pd.Series[Any], allowed: tuple[str, ...], rows: Any) -> Converted:
    faults = (values.notna() & ~values.isin(allowed)).to_numpy(dtype=bool)
    if not faults.any():
        return Converted(values)
    hint = did_you_mean(str(values[faults].iloc[0]), allowed)
    named = name_rows(faults, values, rows)
    return Converted(
        values, f"values that are not allowed in {named}; write one of {', '.join(allowed)}.{hint}"
    )


_Faulty = tuple[pd.Series, "BoolArray", tuple[str, str]]


def _to_text(values: pd.Series[Any]) -> _Faulty:
    words = ("numbers of more digits than a number holds exactly", "export the column as text")
    faults = np.zeros(len(values), dtype=bool)
    if pd.api.types.is_float_dtype(values.dtype):
        faults |= np.abs(values.to_numpy(dtype="float64", na_value=np.nan)) >= _INEXACT
    return as_text(values), faults, words


def _to_number(values: pd.Series[Any], decimal: str) -> _Faulty:
    mark = "point" if decimal == "." else "comma"
    words = ("values that are not numbers", f"write digits with a decimal {mark}, or leave the field empty")
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        numbers = values.astype("float64")
        faults = np.isinf(numbers.to_numpy())
        return numbers.mask(faults), faults, words
    codes, distinct = _distinct(as_text(values))
    text = distinct.str.strip()
    good = are_numbers(text, decimal)
    if decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    exact = text.where(good).to_numpy(dtype=object, na_value=np.nan).astype("float64")
    good &= ~np.isinf(exact)
    # A missing value has code -1: the last one.
    numbers = np.append(np.where(good, exact, np.nan), np.nan)[codes]
    return pd.Series(numbers, index=values.index), np.append(~good, False)[codes], words


def are_numbers(text: pd.Series[Any], decimal: str) -> BoolArray:
    """Return which texts are read as numbers where ``decimal`` is the decimal mark."""
    good = _full_match(text, _NUMBER)
    if decimal == ".":
        return good
    return (good & ~_full_match(text, _GROUPED)) | _full_match(text, _COMMA_NUMBER)


def _to_date(values: pd.Series[Any]) -> _Faulty:
    words = (
        "values that are not dates",
        "write ISO 8601: 2025-03-15, or 2025-03 or 2025 where the rest is not known",
    )
    text = as_text(values)
    if pd.api.types.is_numeric_dtype(values.dtype):
        faults = values.notna().to_numpy(dtype=bool)  # a year, or days from some epoch: not to be guessed
    else:
        faults = invalid_dates(text)
    return (text.mask(faults) if faults.any() else text), faults, words


def _to_flag(values: pd.Series[Any]) -> _Faulty:
    words = ("values that are neither true nor false", "write true/false, 1/0, yes/no or Y/N")
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean"), np.zeros(len(values), dtype=bool), words
    codes, distinct = _distinct(as_text(values))
    text = distinct.str.strip().str.lower()
    flags = text.map({**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}).astype("boolean")
    faults = np.append(flags.isna().to_numpy(dtype=bool), False)[codes]
    return pd.Series(flags.array.take(codes, allow_fill=True), index=values.index), faults, words


def _number_hint(faulty: pd.Series[Any], decimal: str) -> str:
    """Say how a decimal comma is declared."""
    if decimal == "," or not as_text(faulty).str.fullmatch(r"\s*[+-]?\d+,\d+\s*").any():
        return ""
    return '. If the comma is a decimal mark, write decimal = "," under [records.csv] of the study file'


def _date_hint(faulty: pd.Series[Any], _: str) -> str:
    """Say which day a bare number would be as Excel or SAS counts days."""
    text = as_text(faulty)
    number = pd.to_numeric(text[text.str.fullmatch(r"\d{5}(?:\.\d+)?")].head(1)).tolist()
    for program, epoch, (first, last), remedy in _DAY_NUMBERS:
        if number and first <= number[0] <= last:
            day = (epoch + pd.Timedelta(days=int(number[0]))).date()
            return f". As a day number of {program}, {number[0]:g} would be {day}: {remedy} and export again"
    return ""


def _no_hint(*_: Any) -> str:
    return ""


_HINTS: Mapping[Kind, Callable[[pd.Series[Any], str], str]] = {
    "text": _no_hint,
    "number": _number_hint,
    "date": _date_hint,
    "flag": _no_hint,
}
# Numbers that are days of 1990 to 2059 in Excel, of 1990 to 2049 in SAS.
_DAY_NUMBERS = (
    ("Excel", pd.Timestamp("1899-12-30"), (32_874, 58_440), "format the column as a date (yyyy-mm-dd)"),
    ("SAS", pd.Timestamp("1960-01-01"), (10_957, 32_873), "give the column a date format"),
)

_CONVERTERS: Mapping[Kind, Callable[[pd.Series[Any]], _Faulty]] = {
    "text": _to_text,
    "date": _to_date,
    "flag": _to_flag,
}
_DTYPES: Mapping[Kind, Any] = {"text": "string", "number": "float64", "date": "string", "flag": "boolean"}


def _distinct(text: pd.Series[Any]) -> tuple[Any, pd.Series[Any]]:
    """Return the code of each row, -1 where missing, and the distinct texts."""
    codes, distinct = pd.factorize(text)
    return codes, pd.Series(distinct, dtype="string")


def _full_match(text: pd.Series[Any], pattern: str) -> BoolArray:
    return np.asarray(text.str.fullmatch(pattern).to_numpy(dtype=bool), dtype=bool)


def undeclared_kind(name: str, values: pd.Series[Any], decimal: str = ".") -> Kind:
    """Return the kind of a column that the schema does not have.

    A column named ``..._date`` holds dates, one named ``..._id`` text.  Numbers and flags are recognised by
    their values: numbers where all are plain numbers (no leading zero, so that ``007`` stays text, and not
    more digits than a number holds), flags where all are true or false.  Everything else is text.
    """
    if name.endswith(("_date", "_id")):
        return "date" if name.endswith("_date") else "text"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "flag"
    if pd.api.types.is_numeric_dtype(values.dtype):
        large = pd.api.types.is_integer_dtype(values.dtype) and bool((values.abs() >= _INEXACT).any())
        return "text" if large or values.isna().all() else "number"
    text = as_text(values)
    if text.isna().all():
        return "text"
    _, distinct = _distinct(text)
    if _full_match(distinct, _PLAIN_NUMBER if decimal == "." else _PLAIN_COMMA_NUMBER).all():
        whole = distinct[_full_match(distinct, r"[+-]?\d+")].str.lstrip("+-")
        return "text" if (whole.str.len() > _EXACT_DIGITS).any() else "number"
    return "flag" if _full_match(distinct, "(?i:true|false)").all() else "text"
