"""Write frames and records to files: complete or not at all, and the same bytes each time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyreadstat

from skeletal.errors import InvalidArgument, name_some
from skeletal.tables import DERIVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .schema import TrialRecords

_SAS_EPOCH = pd.Timestamp("1960-01-01")
# Where a transport file keeps the time of writing (16 bytes each): library and member headers.
_XPT_STAMPS = (144, 160, 464, 480)
_XPT_STAMP = b"01JAN60:00:00:00"


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to; it takes the place of ``path`` if nothing failed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a frame as csv: UTF-8, LF line ends, whole days in ISO 8601, true/false, empty where missing.

    Parameters
    ----------
    frame : DataFrame
        Written without its index.  Columns of whole floats are written without ``.0``.
    path : str or Path
        Replaced if there; its folder is made.

    Returns
    -------
    Path
        ``path``.
    """
    path = Path(path)
    shown = pd.DataFrame({name: _csv_column(frame[name]) for name in frame.columns}, index=frame.index)
    with _replacing(path) as beside:
        shown.to_csv(beside, index=False, lineterminator="\n", encoding="utf-8")
    return path


def _csv_column(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean").map({True: "true", False: "false"})
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        midnight = bool((values.dropna() == values.dropna().dt.normalize()).all())
        return pd.Series(values.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H:%M:%S"))
    if pd.api.types.is_float_dtype(values.dtype):
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        numbers = numbers[~np.isnan(numbers)]
        if np.all(np.abs(numbers) < 2**53) and np.all(numbers == np.floor(numbers)):
            return values.astype("Int64")
    return values


def write_xpt(
    frame: pd.DataFrame, path: str | Path, *, name: str, labels: Mapping[str, str] | None = None
) -> Path:
    """Write a frame as a SAS transport file, version 5 where it fits, else version 8.

    Version 5, which regulators ask for, holds column names of at most 8 characters, labels of at most 40
    and texts of at most 200 bytes.  ``datetime64`` columns become SAS dates (``DATE9.``), flags become
    ``Y``/``N``, missing text becomes empty.  The time of writing is not recorded, so that equal frames
    make equal files.

    Parameters
    ----------
    frame : DataFrame
        Written without its index.
    path : str or Path
        Replaced if there; its folder is made.
    name : str
        Name of the data set inside the file (at most 8 characters in version 5, 32 in version 8).
    labels : mapping of str to str, optional
        Column -> label.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidArgument
        If a name is longer than 32 characters or not made of letters, digits and underscores, two names
        differ only in case, a label is longer than 256 bytes, or ``labels`` names no column.
    """
    path, labels = Path(path), dict(labels or {})
    columns = [str(column) for column in frame.columns]
    _check_sas_names([name, *columns], columns, labels)
    prepared = pd.DataFrame({column: _sas_column(frame[column]) for column in columns}, index=frame.index)
    dates = [c for c in columns if pd.api.types.is_datetime64_any_dtype(frame[c].dtype)]
    with _replacing(path) as beside:
        pyreadstat.write_xport(
            prepared,
            str(beside),
            column_labels=[labels.get(column, "") for column in columns],
            table_name=name.upper(),
            file_format_version=5 if _fits_version_5(prepared, name, labels) else 8,
            variable_format=dict.fromkeys(dates, "DATE9."),
        )
        _set_stamp(beside)
    return path


def _check_sas_names(names: list[str], columns: list[str], labels: Mapping[str, str]) -> None:
    series = pd.Series(names, dtype="string")
    if bad := series[~series.str.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,31}")].tolist():
        raise InvalidArgument(f"not SAS names (1 to 32 letters, digits and underscores): {name_some(bad)}")
    lower = series.iloc[1:].str.lower()
    if lower.duplicated().any():
        raise InvalidArgument(f"SAS does not tell case apart: {name_some(series[1:][lower.duplicated()])}")
    if unknown := [label for label in labels if label not in columns]:
        raise InvalidArgument(f"labels name columns that are not there: {name_some(unknown)}")
    if long := [column for column, label in labels.items() if len(label.encode()) > 256]:
        raise InvalidArgument(f"labels longer than 256 bytes: {name_some(long)}")


def _sas_column(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean").map({True: "Y", False: "N"}).astype(object).fillna("")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pd.Series((values.dt.normalize() - _SAS_EPOCH) / pd.Timedelta(days=1))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("float64")
    return values.astype("string").fillna("").astype(object)


def _fits_version_5(prepared: pd.DataFrame, name: str, labels: Mapping[str, str]) -> bool:
    names = max(len(item) for item in [name, *prepared.columns]) <= 8
    described = all(len(label.encode()) <= 40 for label in labels.values())
    texts = prepared.select_dtypes(exclude="number")
    return names and described and all(_longest(texts[column]) <= 200 for column in texts.columns)


def _longest(values: pd.Series[Any]) -> int:
    """Return the most bytes that a text of ``values`` takes."""
    distinct = values.unique().tolist()
    return max((len(str(value).encode()) for value in distinct), default=0)


def _set_stamp(path: Path) -> None:
    """Overwrite the times of writing in the headers of a transport file."""
    with path.open("r+b") as file:
        for offset in _XPT_STAMPS:
            file.seek(offset)
            file.write(_XPT_STAMP)


def write_records(records: TrialRecords, folder: str | Path) -> list[Path]:
    """Write each table as ``<table>.csv`` so that :func:`read_records` reads the same tables.

    The columns ``source`` and ``source_row`` are written only where they say more than the table's name
    and 1, 2, ...

    Parameters
    ----------
    records : TrialRecords
        The tables.
    folder : str or Path
        Made if absent; other files in it are left alone.

    Returns
    -------
    list of Path
        The files.
    """
    folder = Path(folder)
    return [
        write_csv(_without_plain_provenance(name, frame), folder / f"{name}.csv")
        for name, frame in records.tables.items()
        if name not in DERIVED
    ]


def _without_plain_provenance(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    plain = (frame["source"] == name).all() and (frame["source_row"] == np.arange(1, len(frame) + 1)).all()
    return frame.drop(columns=["source", "source_row"]) if plain else frame
