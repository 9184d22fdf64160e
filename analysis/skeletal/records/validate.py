"""The only door by which tables become trial records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords
from skeletal.tables import TABLES, Column

from .convert import convert, undeclared_kind
from .faults import did_you_mean, name_rows
from .schema import TrialRecords

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from skeletal.study import Study
    from skeletal.tables import TableSchema

# Without these a row belongs to nobody.
_ADDED = ("source", "source_row")
_NEVER_MISSING = ("subject_id", "screening_id", "arm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a table came from: the words for it, our column -> theirs, and the decimal mark of its texts."""

    label: str
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal: str = "."

    def column(self, name: str) -> str:
        """Return the words for one column."""
        theirs = self.columns.get(name, name)
        return f"column {name!r}" + (f" (from {theirs})" if theirs != name else "")


def make_records(
    tables: Mapping[str, pd.DataFrame],
    *,
    study: Study | None = None,
    digests: Mapping[str, str] | None = None,
    notes: Iterable[str] = (),
    data_cutoff: dt.date | None = None,
) -> TrialRecords:
    """Check record tables against the schema, and the arms against the study.

    This is the only way to :class:`TrialRecords`; readers and simulators call it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Record tables by name (see ``skeletal.records.TABLES``); ``subjects`` is required.  Empty text
        counts as missing.  Columns that the schema does not have are kept: a name that ends in ``_date``
        makes dates, one in ``_id`` text, otherwise plain numbers become ``float64``, true/false ``boolean``,
        the rest text.
    study : Study, optional
        Its arms are the only values that ``subjects.arm`` may have.
    digests, notes, data_cutoff
        Kept as they are.

    Returns
    -------
    TrialRecords
        New frames with the dtypes of the schema, a plain index, and columns ``source`` (the table's name
        where absent) and ``source_row`` (1, 2, ... where absent).

    Raises
    ------
    InvalidRecords
        All problems of all tables together, one sentence each: unknown table, no or no rows of
        ``subjects``, column missing or named twice, a value that does not fit its column, an unknown arm,
        a row without subject, a subject listed twice.

    Examples
    --------
    >>> import pandas as pd
    >>> subjects = pd.DataFrame({"subject_id": ["007"], "arm": ["a"], "randomised_date": ["2025-03-01"]})
    >>> make_records({"subjects": subjects}).subjects["source_row"].tolist()
    [1]
    """
    origins = {name: Origin(label=name) for name in tables}
    return checked_records(
        tables, origins, study=study, digests=digests, notes=notes, data_cutoff=data_cutoff, problems=()
    )


def checked_records(
    tables: Mapping[str, pd.DataFrame],
    origins: Mapping[str, Origin],
    *,
    study: Study | None,
    digests: Mapping[str, str] | None,
    notes: Iterable[str],
    data_cutoff: dt.date | None,
    problems: Iterable[str],
) -> TrialRecords:
    """Make records from tables with words for their origin; ``problems`` were found before."""
    found = list(problems)
    checked: dict[str, pd.DataFrame] = {}
    for name, frame in tables.items():
        if name not in TABLES:
            hint = did_you_mean(name, TABLES) or f" The tables are {', '.join(TABLES)}."
            found.append(f"there is no record table {name!r}.{hint}")
            continue
        if repeated := _repeated_columns(frame):
            label = origins[name].label
            found.append(f"{label}: columns named more than once: {', '.join(repeated)}; keep one of each")
            continue
        checked[name] = _checked_table(name, frame, origins[name], found)
    found += _subject_problems(checked, origins, study)
    if "subjects" not in checked and not found:
        found.append("there is no table 'subjects'; one row for each randomised subject is required")
    if found:
        raise InvalidRecords(list(dict.fromkeys(found)))  # two tables can have one cause
    return TrialRecords(
        tables=checked, digests=dict(digests or {}), notes=tuple(notes), data_cutoff=data_cutoff
    )


def _repeated_columns(frame: pd.DataFrame) -> list[str]:
    names = [str(column) for column in frame.columns]
    return sorted({column for column in names if names.count(column) > 1})


def _checked_table(name: str, frame: pd.DataFrame, origin: Origin, found: list[str]) -> pd.DataFrame:
    """Convert every column of one table; add to ``found`` what does not fit."""
    schema = TABLES[name]
    names = [str(column) for column in frame.columns]
    for column in schema.required:
        if column not in names:
            hint = did_you_mean(column, set(names) - set(schema.columns))
            found.append(
                f"{origin.label}: required column {column!r} is missing (found {', '.join(names)}).{hint}"
            )
    found += [f"{origin.label}: {problem}" for problem in _misspelt(schema, names)]
    frame = frame.reset_index(drop=True).set_axis(pd.Index(names), axis=1)
    rows = _file_rows(frame, origin)
    columns: dict[str, pd.Series[Any]] = {}
    blank = _blank_rows(name, frame)
    if blank.any():
        named = name_rows(blank, blank, rows).replace(" (True)", "")
        found.append(f"{origin.label}: nothing in {named}; delete rows that hold nothing")
    for column in names:
        if column in _ADDED:
            continue
        spec = schema.columns.get(column) or Column(
            kind=undeclared_kind(column, frame[column], origin.decimal)
        )
        columns[column], problem = convert(frame[column], spec, rows, decimal=origin.decimal)
        problem = problem or _missing_problem(name, column, columns[column], rows, blank)
        if problem:
            found.append(f"{origin.label}, {origin.column(column)}: {problem}")
    columns |= _provenance(name, frame, origin, found)
    return pd.DataFrame(columns, index=frame.index)


def _misspelt(schema: TableSchema, names: list[str]) -> list[str]:
    """Return a sentence for each column that may be absent but is there in other case or with blanks."""
    known = {name: _folded(name) for name in names if name not in schema.columns}
    return [
        f"column {name!r} differs from {column!r} only in case or blanks and would not be read; rename it"
        for column, spec in schema.columns.items()
        if column not in names and not spec.required
        for name, folded in known.items()
        if folded == column
    ]


def _folded(name: str) -> str:
    """Return a column's name in lower case without blanks and byte order marks at its edges."""
    return name.strip(" \t\r\n\u00a0\ufeff").lower().replace(" ", "_")


def _file_rows(frame: pd.DataFrame, origin: Origin) -> pd.Series[Any] | None:
    """Return the row numbers to name: those of the foreign file, or nothing for 1, 2, ..."""
    return frame["source_row"] if origin.columns and "source_row" in frame.columns else None


def _blank_rows(table: str, frame: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows hold nothing; only rows without a key are looked at."""
    keys = [
        column for column in TABLES[table].required if column in frame.columns and column in _NEVER_MISSING
    ]
    blank = pd.Series(bool(keys), index=frame.index)
    for column in [*keys, *(column for column in frame.columns if column not in (*keys, *_ADDED))]:
        if not blank.any():
            break
        blank &= frame[column].isna()
    return blank


def _missing_problem(table: str, column: str, values: pd.Series[Any], rows: Any, blank: Any) -> str:
    if column not in _NEVER_MISSING or column not in TABLES[table].required:
        return ""
    missing = values.isna() & ~blank
    if not missing.any():
        return ""
    named = name_rows(missing, values, rows).replace(" (<NA>)", "")
    return f"empty in {named}; fill in {column!r} in every row"


def _provenance(name: str, frame: pd.DataFrame, origin: Origin, found: list[str]) -> dict[str, Any]:
    """Return the columns ``source`` and ``source_row``, made where absent."""
    n = len(frame)
    source = pd.Series(name, index=frame.index, dtype="string")
    if "source" in frame.columns:
        source = frame["source"].astype("string").fillna(name)
    number = pd.Series(np.arange(1, n + 1), index=frame.index, dtype="int64")
    if "source_row" in frame.columns:
        given = pd.to_numeric(frame["source_row"], errors="coerce").astype("float64")
        if bool((given.isna() | (given != given.round())).any()):
            found.append(f"{origin.label}, column 'source_row': must be whole row numbers in every row")
        else:
            number = given.astype("int64")
    return {"source": source, "source_row": number}


def _subject_problems(
    tables: Mapping[str, pd.DataFrame], origins: Mapping[str, Origin], study: Study | None
) -> list[str]:
    """Return what is wrong with the list of subjects as a whole."""
    if "subjects" not in tables:
        return []
    subjects, origin = tables["subjects"], origins["subjects"]
    if subjects.empty:
        return [f"{origin.label}: no rows; one for each randomised subject is required"]
    problems = []
    rows = subjects["source_row"] if origin.columns else None
    if "subject_id" in subjects.columns:
        repeated = subjects["subject_id"].duplicated() & subjects["subject_id"].notna()
        if repeated.any():
            named = name_rows(repeated, subjects["subject_id"], rows)
            problems.append(
                f"{origin.label}, {origin.column('subject_id')}: subjects listed before in {named}; "
                "keep one row a subject"
            )
    if study is not None and "arm" in subjects.columns:
        known = [arm.name for arm in study.arms]
        unknown = (subjects["arm"].notna() & ~subjects["arm"].isin(known)).to_numpy(dtype=bool)
        if unknown.any():
            named = name_rows(unknown, subjects["arm"], rows)
            hint = did_you_mean(str(subjects["arm"][unknown].iloc[0]), known)
            problems.append(
                f"{origin.label}, {origin.column('arm')}: arms that the study does not have in {named}; "
                f"the arms are {', '.join(known)}.{hint}"
            )
    return problems
