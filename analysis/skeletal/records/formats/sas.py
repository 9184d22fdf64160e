"""SAS transport files and SAS data sets: a zero is 0, numbers with a date format are dates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyreadstat

from skeletal.errors import InvalidRecords

from .transport import check_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SAS_UNITS: Mapping[str, Literal["D", "s"]] = {
    **dict.fromkeys(("DATE", "E8601DA", "B8601DA", "IS8601DA", "YYMMDD", "DDMMYY", "MMDDYY", "JULIAN"), "D"),
    **dict.fromkeys(("WORDDATE", "WEEKDATE", "DAY", "MONYY", "YYMM"), "D"),
    **dict.fromkeys(("DATETIME", "E8601DT", "B8601DT", "IS8601DT", "DTDATE", "DATEAMPM", "MDYAMPM"), "s"),
}
# With a letter for the mark between year, month and day: YYMMDDN8. is 20250315.
_SEPARATED = re.compile("^(YYMMDD|DDMMYY|MMDDYY)[BCDNPS]$")
_SAS_EPOCH = pd.Timestamp("1960-01-01")


_ENCODINGS = {"latin-1": "ISO-8859-1", "cp1252": "WINDOWS-1252"}


def sas_frame(path: Path, data: bytes, encoding: str = "utf-8") -> pd.DataFrame:
    """Return a ``.xpt`` (version 5 or 8) or ``.sas7bdat`` file as a frame; the bytes are those of the file.

    A transport file does not say how its text is encoded: it is UTF-8, or else in ``encoding``.

    Raises
    ------
    InvalidRecords
        If its text is not UTF-8 and no other encoding is given.
    ValueError, OSError, pyreadstat.ReadstatError, pyreadstat.PyreadstatError
        If it is broken or ends too early.
    """
    if path.suffix.lower() == ".xpt":
        check_whole(data)
        read: Callable[..., Any] = pyreadstat.read_xport
    else:
        read = pyreadstat.read_sas7bdat
    try:
        frame, about = read(str(path), disable_datetime_conversion=True)
    except UnicodeDecodeError:
        if encoding not in _ENCODINGS:
            raise InvalidRecords(
                f'{path.name} holds text that is not UTF-8; write encoding = "cp1252" under [records.csv] of '
                "the study file (as SAS on Windows writes), or export it again as UTF-8"
            ) from None
        frame, about = read(str(path), disable_datetime_conversion=True, encoding=_ENCODINGS[encoding])
    return with_sas_dates(frame, about.original_variable_types)


def with_sas_dates(frame: pd.DataFrame, formats: Mapping[str, str | None]) -> pd.DataFrame:
    """Return numbers with a SAS date or datetime format as ``datetime64``."""
    columns = {}
    for column in frame.columns:
        kind = (formats.get(column) or "").upper().rstrip("0123456789.")
        unit = _SAS_UNITS.get(_SEPARATED.sub(r"\1", kind))
        values = frame[column]
        if unit and pd.api.types.is_numeric_dtype(values.dtype):
            values = _SAS_EPOCH + pd.to_timedelta(values, unit=unit)
        columns[column] = values
    return pd.DataFrame(columns, index=frame.index)
