"""Write frames and records to files: complete or not at all, and the same bytes each time."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyreadstat

from skeletal.errors import InvalidArgument, name_some
from skeletal.tables import DERIVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .schema import TrialRecords

_SAS_EPOCH = pd.Timestamp("1960-01-01")
# What a transport file of version 5 holds: characters of a name, bytes of a label and of a text.
MOST_NAME, MOST_LABEL, MOST_TEXT = 8, 40, 200
_LONGEST_LABEL = 256
_FORMAT = re.compile(r"\$?([A-Za-z_][A-Za-z0-9_]{0,7})?[0-9]{0,3}\.[0-9]{0,2}")
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
    frame: pd.DataFrame,
    path: str | Path,
    *,
    name: str,
    label: str = "",
    labels: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
    version: Literal[5] | None = None,
) -> Path:
    """Write a frame as a SAS transport file, version 5 where it fits, else version 8.

    Version 5, which regulators ask for, holds column names of at most 8 characters, labels of at most 40
    bytes and texts of at most 200 bytes.  ``datetime64`` columns become SAS dates (``DATE9.``), flags become
    ``Y``/``N``, missing text becomes empty.  A text column is as long as its longest text in UTF-8, and at
    least one byte.  The time of writing is not recorded, so that equal frames make equal files.

    Parameters
    ----------
    frame : DataFrame
        Written without its index.
    path : str or Path
        Replaced if there; its folder is made.
    name : str
        Name of the data set inside the file (at most 8 characters in version 5, 32 in version 8).
    label : str
        Label of the data set.
    labels : mapping of str to str, optional
        Column -> label.
    formats : mapping of str to str, optional
        Column -> SAS format, such as ``8.`` or ``DATE9.``; it changes how values are shown, not the values.
    version : {5}, optional
        Refuse what version 5 cannot hold instead of writing version 8.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    InvalidArgument
        If a name is longer than 32 characters or not made of letters, digits and underscores, two names
        differ only in case, a label is longer than 256 bytes, ``labels`` or ``formats`` names no column, a
        format is none of SAS, or ``version`` is 5 and something is too long for it.

    Notes
    -----
    R: ``haven::write_xpt``.  SAS: the XPORT engine of LIBNAME.
    """
    path, labels, formats = Path(path), dict(labels or {}), dict(formats or {})
    columns = [str(column) for column in frame.columns]
    _check_sas_names([name, *columns], columns, labels)
    _check_formats(formats, columns)
    prepared = pd.DataFrame({column: _sas_column(frame[column]) for column in columns}, index=frame.index)
    too_long = _beyond_version_5(prepared, name, {**labels, "": label})
    if too_long and version == 5:
        raise InvalidArgument(f"{name}: too long for a transport file of version 5: {name_some(too_long)}")
    dates = [c for c in columns if pd.api.types.is_datetime64_any_dtype(frame[c].dtype)]
    with _replacing(path) as beside:
        pyreadstat.write_xport(
            prepared,
            str(beside),
            file_label=label,
            column_labels=[labels.get(column, "") for column in columns],
            table_name=name.upper(),
            file_format_version=8 if too_long else 5,
            variable_format={**dict.fromkeys(dates, "DATE9."), **formats},
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
    if long := [column for column, label in labels.items() if len(label.encode()) > _LONGEST_LABEL]:
        raise InvalidArgument(f"labels longer than {_LONGEST_LABEL} bytes: {name_some(long)}")


def _check_formats(formats: Mapping[str, str], columns: list[str]) -> None:
    if unknown := [column for column in formats if column not in columns]:
        raise InvalidArgument(f"formats name columns that are not there: {name_some(unknown)}")
    if bad := [text for text in formats.values() if not _FORMAT.fullmatch(text)]:
        raise InvalidArgument(f"not SAS formats (such as 8. or DATE9.): {name_some(bad)}")


def _sas_column(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean").map({True: "Y", False: "N"}).astype(object).fillna("")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pd.Series((values.dt.normalize() - _SAS_EPOCH) / pd.Timedelta(days=1))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("float64")
    return values.astype("string").fillna("").astype(object)


def _beyond_version_5(prepared: pd.DataFrame, name: str, labels: Mapping[str, str]) -> list[str]:
    """Say what version 5 cannot hold; ``labels`` has that of the data set under an empty name."""
    found = [f"name {item}" for item in [name, *prepared.columns] if len(item) > MOST_NAME]
    found += [
        f"label of {column or name} ({len(label.encode())} of {MOST_LABEL} bytes)"
        for column, label in labels.items()
        if len(label.encode()) > MOST_LABEL
    ]
    for column in prepared.select_dtypes(exclude="number").columns:
        if (length := text_length(prepared[column])) > MOST_TEXT:
            found.append(f"text in {column} ({length} of {MOST_TEXT} bytes)")
    return found


def text_length(values: pd.Series[Any]) -> int:
    """Return the bytes that a column of texts takes in a transport file: its longest, and at least one."""
    distinct = values.dropna().unique().tolist()
    return max((len(str(value).encode()) for value in distinct), default=1) or 1


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
