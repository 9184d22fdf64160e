"""CDISC Dataset-JSON, versions 1.0 and 1.1, as one JSON object or one JSON value a line (NDJSON)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some

from ..faults import name_rows
from .sas import with_sas_dates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SEQUENCE = "ITEMGROUPDATASEQ"  # a row number that version 1.0 adds
_VERSIONS = ("1.0", "1.1")
# Python type of the JSON values of each data type; null is missing in all.
_VALUES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("string", "datetime", "date", "time", "URI", "decimal"), (str,)),
    **dict.fromkeys(("integer", "float", "double"), (int, float)),
    "boolean": (bool,),
}


class _Dataset(NamedTuple):
    columns: list[Mapping[str, Any]]
    rows: list[Any]
    announced: int | None


def dataset_json_frame(name: str, data: bytes, *, lines: bool) -> pd.DataFrame:
    """Return the data set of a Dataset-JSON file; ``lines`` for NDJSON.

    Text, dates and times (ISO 8601) and decimals are text, other numbers ``float64``, flags ``boolean``.
    In version 1.0, numbers with a SAS date format are dates.

    Raises
    ------
    InvalidRecords
        If it is no JSON or other JSON, holds fewer rows than it announces, or a value is not of the type
        of its column.

    Notes
    -----
    An empty string counts as missing, as everywhere in the records.

    References
    ----------
    CDISC Dataset-JSON Specification, version 1.1 (2024-12-05) and 1.0 (2023-08-23).
    """
    try:
        text = data.decode("utf-8-sig")
        dataset = _from_lines(name, text) if lines else _from_object(name, _parsed(text))
    except UnicodeDecodeError as error:
        raise InvalidRecords(
            f"{name} is not UTF-8 text (byte {error.start}); export it again as Dataset-JSON"
        ) from None
    except json.JSONDecodeError as error:
        raise InvalidRecords(
            f"{name}, line {error.lineno}: no JSON, or cut short ({error.msg}); export it again"
        ) from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, InvalidRecords):
            raise
        raise InvalidRecords(f"{name} cannot be read as JSON ({error}); export it again") from None
    return _frame(name, dataset)


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _from_lines(name: str, text: str) -> _Dataset:
    """Return the data set of NDJSON: its description in the first line, then a row a line."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    values = []
    for number, line in lines:
        try:
            values.append(_parsed(line))
        except json.JSONDecodeError as error:
            raise InvalidRecords(
                f"{name}, line {number}: no JSON, or cut short ({error.msg}); export it again"
            ) from None
    head = values[0]
    if not isinstance(head, dict) or not isinstance(head.get("columns"), list):
        raise _other_json(name)
    _check_version(name, head)
    return _Dataset(head["columns"], values[1:], _announced(head))


def _from_object(name: str, value: Any) -> _Dataset:
    if not isinstance(value, dict):
        raise _other_json(name)
    _check_version(name, value)
    if isinstance(value.get("columns"), list):
        rows = value.get("rows")
        return _Dataset(value["columns"], [] if rows is None else _list(name, rows), _announced(value))
    groups = [
        group
        for key in ("clinicalData", "referenceData")
        if isinstance(part := value.get(key), dict) and isinstance(part.get("itemGroupData"), dict)
        for group in part["itemGroupData"].values()
    ]
    if not groups or not isinstance(groups[0], dict) or not isinstance(groups[0].get("items"), list):
        raise _other_json(name)
    if len(groups) > 1:
        raise InvalidRecords(f"{name} holds {len(groups)} data sets; export one a file")
    group = groups[0]
    rows = group.get("itemData")
    return _Dataset(group["items"], [] if rows is None else _list(name, rows), _announced(group))


def _announced(about: Mapping[str, Any]) -> int | None:
    records = about.get("records")
    return records if isinstance(records, int) else None


def _list(name: str, rows: Any) -> list[Any]:
    if not isinstance(rows, list):
        raise _other_json(name)
    return rows


def _check_version(name: str, about: Mapping[str, Any]) -> None:
    version = about.get("datasetJSONVersion")
    if version is not None and not str(version).startswith(_VERSIONS):
        raise InvalidRecords(
            f"{name} is Dataset-JSON version {str(version)[:20]!r}; export it as version {_VERSIONS[-1]}"
        )


def _other_json(name: str) -> InvalidRecords:
    return InvalidRecords(
        f"{name} is JSON, but no CDISC Dataset-JSON (columns and rows); export the table as Dataset-JSON 1.1 "
        "or csv"
    )


def _frame(name: str, dataset: _Dataset) -> pd.DataFrame:
    names, kinds, formats = _columns(name, dataset)
    if dataset.announced is not None and dataset.announced != len(dataset.rows):
        raise InvalidRecords(
            f"{name}: {dataset.announced} rows are announced, {len(dataset.rows)} are there; export it again"
        )
    uneven = [
        f"row {number} has {len(row) if isinstance(row, list) else 'no'}"
        for number, row in enumerate(dataset.rows, start=1)
        if not isinstance(row, list) or len(row) != len(names)
    ]
    if uneven:
        raise InvalidRecords(
            f"{name}: {len(uneven)} row(s) do not have one value for each of the {len(names)} columns "
            f"({name_some(uneven)}); export it again"
        )
    columns: list[pd.Series[Any]] = []
    problems: list[str] = []
    for position, (column, kind) in enumerate(zip(names, kinds, strict=True)):
        values = [row[position] for row in dataset.rows]
        columns.append(_column(f"{name}, column {column!r}", kind, values, problems))
    if problems:
        raise InvalidRecords(problems)
    if not columns:
        raise InvalidRecords(f"{name} describes no columns; export it again")
    frame = pd.concat(columns, axis=1).set_axis(pd.Index(names), axis=1)
    frame = frame.drop(columns=_SEQUENCE, errors="ignore")
    return with_sas_dates(frame, formats) if frame.columns.is_unique else frame


def _columns(name: str, dataset: _Dataset) -> tuple[list[str], list[str], dict[str, str | None]]:
    """Return name, data type and SAS format of each column (version 1.0 says ``type``)."""
    names: list[str] = []
    kinds: list[str] = []
    formats: dict[str, str | None] = {}
    for number, column in enumerate(dataset.columns, start=1):
        about = column if isinstance(column, dict) else {}
        title, kind = about.get("name"), about.get("dataType", about.get("type"))
        if not isinstance(title, str) or not title or kind not in _VALUES:
            raise InvalidRecords(
                f"{name}: column {number} has no name or no data type of Dataset-JSON (got {title!r:.40}, "
                f"{kind!r:.40}); export it again"
            )
        names.append(title)
        kinds.append(str(kind))
        formats[title] = str(about.get("displayFormat") or "")
    return names, kinds, formats


def _column(where: str, kind: str, values: list[Any], problems: list[str]) -> pd.Series[Any]:
    wanted = _VALUES[kind]
    is_flag = kind == "boolean"
    faults = np.array(
        [
            value is not None
            and value != ""
            and (not isinstance(value, wanted) or isinstance(value, bool) != is_flag)
            for value in values
        ],
        dtype=bool,
    )
    if faults.any():
        shown = pd.Series([value if value is None else str(value) for value in values], dtype=object)
        problems.append(f"{where}: values that are no {kind} in {name_rows(faults, shown)}; export it again")
        return pd.Series(values, dtype=object)
    return _MAKERS.get(kind, _text)(values)


def _text(values: list[Any]) -> pd.Series[Any]:
    return pd.Series(values, dtype="string")


def _number(values: list[Any]) -> pd.Series[Any]:
    return pd.Series([np.nan if value in (None, "") else float(value) for value in values], dtype="float64")


def _flag(values: list[Any]) -> pd.Series[Any]:
    return pd.Series([pd.NA if value in (None, "") else value for value in values], dtype="boolean")


_MAKERS: Mapping[str, Callable[[list[Any]], pd.Series[Any]]] = {
    **dict.fromkeys(("integer", "float", "double"), _number),
    "boolean": _flag,
}
