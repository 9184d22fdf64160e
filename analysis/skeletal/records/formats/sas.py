"""SAS transport files and SAS data sets: a zero is 0, numbers with a date format are dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyreadstat

from .transport import check_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SAS_UNITS: Mapping[str, Literal["D", "s"]] = {
    **dict.fromkeys(("DATE", "E8601DA", "B8601DA", "IS8601DA", "YYMMDD", "DDMMYY", "MMDDYY", "JULIAN"), "D"),
    **dict.fromkeys(("WORDDATE", "WEEKDATE", "DAY", "MONYY", "YYMM"), "D"),
    **dict.fromkeys(("DATETIME", "E8601DT", "B8601DT", "IS8601DT", "DTDATE", "DATEAMPM", "MDYAMPM"), "s"),
}
_SAS_EPOCH = pd.Timestamp("1960-01-01")


def sas_frame(path: Path, data: bytes) -> pd.DataFrame:
    """Return a ``.xpt`` (version 5 or 8) or ``.sas7bdat`` file as a frame; the bytes are those of the file.

    Raises
    ------
    ValueError, OSError, pyreadstat.ReadstatError, pyreadstat.PyreadstatError
        If it is broken or ends too early.
    """
    if path.suffix.lower() == ".xpt":
        check_whole(data)
        read: Callable[..., Any] = pyreadstat.read_xport
    else:
        read = pyreadstat.read_sas7bdat
    frame, about = read(str(path), disable_datetime_conversion=True)
    return with_sas_dates(frame, about.original_variable_types)


def with_sas_dates(frame: pd.DataFrame, formats: Mapping[str, str | None]) -> pd.DataFrame:
    """Return numbers with a SAS date or datetime format as ``datetime64``."""
    columns = {}
    for column in frame.columns:
        kind = (formats.get(column) or "").upper().rstrip("0123456789.")
        unit = _SAS_UNITS.get(kind)
        values = frame[column]
        if unit and pd.api.types.is_numeric_dtype(values.dtype):
            values = _SAS_EPOCH + pd.to_timedelta(values, unit=unit)
        columns[column] = values
    return pd.DataFrame(columns, index=frame.index)
