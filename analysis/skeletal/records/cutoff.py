"""The trial as it was known on a date."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.tables import TABLES

from .convert import as_text
from .cutoff_days import cell_known, comes_with, later, reported, row_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skeletal.arrays import BoolArray

    from .schema import TrialRecords

LATER_SUBJECT = "of a subject randomised later"
LATER_ROW = "dated later"
LATER_REPORT = "reported later"
LATER_DATE = "a later date"
GONE_TARGET = "names a row that is not known yet"
NOT_YET = "randomised later"
Tables = dict[str, pd.DataFrame]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a cut takes from one table: rows, or cells of one column, with the reason."""

    table: str
    column: str
    reason: str
    n: int

    @property
    def words(self) -> str:
        """The removal as a sentence without the date."""
        if not self.column:
            return f"{self.table}: {self.n} rows left out ({self.reason})"
        return f"{self.table}.{self.column}: {self.n} values made {self._made} ({self.reason})"

    @property
    def _made(self) -> str:
        return "false" if self.reason == NOT_YET else "missing"


def cut_records(records: TrialRecords, date: dt.date) -> TrialRecords:
    """Return the records as they were known at the end of a day.

    Use it for an interim look, or to ask what an earlier look would have shown.  It cannot know later
    knowledge that carries no date, such as a column "died" of subjects.

    Parameters
    ----------
    records : TrialRecords
        The records of a later day.
    date : date
        The last day of which anything is known.

    Returns
    -------
    TrialRecords
        Without what became known later, by these rules:

        * A row is known from its date, and from ``reported_date`` where that is later; of the two dates of
          a procedure the first counts.  A row without any such date stays, but an event is not known before
          its ``last_negative_date``.  A lesion is of baseline unless ``date``, ``detected_date``,
          ``diagnosed_date`` or ``diagnosis_date`` dates it.
        * Subjects randomised later are not there, nor any row of theirs but that of the screening log, whose
          ``randomised`` is then false and which names no subject.
        * Every other later date is missing: a discharge, a treatment, ``adjudicated_date``, and any text
          that holds a later ISO 8601 day.  With it goes what is known only with it: the dose and fractions
          of a performance, the consent of a consent date, and the columns that have its name without
          ``_date`` or go on from there (``adjudicated``, ``stop_reason``, ``result`` of ``result_date`` or
          ``result_reported_date``).
        * An ``event_id``, ``procedure_id`` or ``lesion_id`` (or ``..._event_id``) that names a row left out
          is missing.
        * A partial date counts from its last possible day, for only then had it passed for certain; the date
          of a row with ``reported_date`` counts from its first.

        ``data_cutoff`` is ``date``, or the earlier cutoff of ``records``; ``notes`` say what was taken.

    Raises
    ------
    InvalidArgument
        If ``date`` is no date.
    InvalidRecords
        If no subject was randomised by then.

    Notes
    -----
    Cutting twice gives the records of the earlier of both dates, in either order.  A verdict without
    ``adjudicated_date`` is taken to be as old as its event, ``place`` and ``bone_related`` of a stay as old
    as the admission, and eligibility as old as the screening: date them (``bone_related_date``) where they
    are not.

    R: no standard function.  SAS: a data step on each domain.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> subjects = pd.DataFrame(
    ...     {"subject_id": ["S1", "S2"], "arm": ["a", "b"], "randomised_date": ["2025-03-01", "2025-06-01"]}
    ... )
    >>> cut_records(make_records({"subjects": subjects}), dt.date(2025, 4, 1)).n_subjects
    1
    """
    day = _day(date)
    tables, removals = _cut(records, day)
    notes = [f"Cut at {day}: {removal.words}" for removal in removals]
    cutoff = day if records.data_cutoff is None else min(day, records.data_cutoff)
    return dataclasses.replace(records, tables=tables, notes=(*records.notes, *notes), data_cutoff=cutoff)


def cut_removals(records: TrialRecords, date: dt.date) -> pd.DataFrame:
    """Count what :func:`cut_records` takes out, by table and reason.

    Parameters
    ----------
    records, date
        As for :func:`cut_records`.

    Returns
    -------
    DataFrame
        ``table column reason n``; ``column`` is empty where whole rows are left out.

    Raises
    ------
    InvalidArgument, InvalidRecords
        As for :func:`cut_records`.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> subjects = pd.DataFrame(
    ...     {"subject_id": ["S1", "S2"], "arm": ["a", "b"], "randomised_date": ["2025-03-01", "2025-06-01"]}
    ... )
    >>> cut_removals(make_records({"subjects": subjects}), dt.date(2025, 4, 1)).to_dict("records")
    [{'table': 'subjects', 'column': '', 'reason': 'dated later', 'n': 1}]
    """
    removals = _cut(records, _day(date))[1]
    columns = [field.name for field in dataclasses.fields(Removal)]
    rows = [[getattr(removal, name) for name in columns] for removal in removals]
    return pd.DataFrame(rows, columns=columns).astype(
        {"table": "string", "column": "string", "reason": "string", "n": "int64"}
    )


def _day(date: dt.date) -> dt.date:
    if not isinstance(date, dt.date) or pd.isna(date):
        raise InvalidArgument(f"date must be a date, got {date!r}")
    return dt.date(date.year, date.month, date.day)


def _cut(records: TrialRecords, day: dt.date) -> tuple[Tables, list[Removal]]:
    limit = np.datetime64(day, "D")
    removals: list[Removal] = []
    everybody = records.subjects
    subjects = _known_rows("subjects", everybody, limit, pd.Series(dtype="string"), removals)
    if subjects.empty:
        raise InvalidRecords(f"no subject was randomised on or before {day}; choose a later date")
    gone = everybody[~everybody["subject_id"].isin(subjects["subject_id"])]
    tables: Tables = {"subjects": subjects}
    for name, frame in records.tables.items():
        if name != "subjects":
            tables[name] = _known_rows(name, frame, limit, gone["subject_id"], removals)
    tables = {name: _blanked(name, tables[name], limit, removals) for name in records.tables}
    for name, frame in tables.items():
        tables[name] = _without_gone_targets(name, frame, records.tables, tables, removals)
    if "screening" in tables and len(gone):
        tables["screening"] = _not_yet_randomised(tables["screening"], gone, removals)
    return tables, removals


def _known_rows(
    name: str,
    frame: pd.DataFrame,
    limit: np.datetime64,
    gone: pd.Series[Any],
    removals: list[Removal],
) -> pd.DataFrame:
    """Leave out the rows of later days and of the subjects of ``gone``."""
    out = np.zeros(len(frame), dtype=bool)
    reasons: list[tuple[str, BoolArray]] = []
    if name != "screening" and "subject_id" in frame.columns and len(gone):
        reasons.append((LATER_SUBJECT, frame["subject_id"].isin(gone).to_numpy(dtype=bool)))
    reasons.append((LATER_ROW, later(row_known(name, frame), limit)))
    reasons.append((LATER_REPORT, later(reported(frame), limit)))
    for reason, rows in reasons:
        _note(removals, name, "", reason, rows & ~out)
        out |= rows
    return frame[~out].reset_index(drop=True) if out.any() else frame


def _blanked(name: str, frame: pd.DataFrame, limit: np.datetime64, removals: list[Removal]) -> pd.DataFrame:
    """Make later dates missing, and what is known only with them."""
    blank: dict[str, pd.Series[Any]] = {}
    for column in map(str, frame.columns):
        days = cell_known(name, frame, column)
        rows = np.zeros(0, dtype=bool) if days is None else later(days, limit)
        if not rows.any():
            continue
        for item in (column, *comes_with(name, frame, column)):
            values = blank.get(item, frame[item])
            reason = LATER_DATE if item == column else f"known with a later {column}"
            _note(removals, name, item, reason, rows & values.notna().to_numpy(dtype=bool))
            blank[item] = values.mask(rows)
    return frame.assign(**blank) if blank else frame


def _note(removals: list[Removal], table: str, column: str, reason: str, rows: BoolArray) -> None:
    if rows.any():
        removals.append(Removal(table=table, column=column, reason=reason, n=int(rows.sum())))


def _targets() -> Iterator[tuple[str, str]]:
    """Yield the tables whose rows others can name, and the identifier that names them."""
    for name, schema in TABLES.items():
        if len(schema.key) == 2 and schema.key[0] == "subject_id" and schema.key[1].endswith("_id"):
            yield name, schema.key[1]


def _without_gone_targets(
    name: str,
    frame: pd.DataFrame,
    before: Mapping[str, pd.DataFrame],
    after: Tables,
    removals: list[Removal],
) -> pd.DataFrame:
    """Make identifiers missing that name a row which was left out."""
    blank: dict[str, pd.Series[Any]] = {}
    for target, key in _targets():
        columns = [c for c in map(str, frame.columns) if c == key or c.endswith(f"_{key}")]
        columns = [c for c in columns if (name, c) != (target, key)]
        if not columns or "subject_id" not in frame.columns or target not in before:
            continue
        had, has = (_pairs(tables[target], key) for tables in (before, after))
        gone = had[~had.isin(has)]
        gone = gone[gone.get_level_values(0).isin(after["subjects"]["subject_id"])]
        for column in columns if len(gone) else ():
            rows = np.asarray(_pairs(frame, column).isin(gone), dtype=bool)
            rows &= frame[column].notna().to_numpy(dtype=bool)
            _note(removals, name, column, GONE_TARGET, rows)
            blank[column] = frame[column].mask(rows)
    return frame.assign(**blank) if blank else frame


def _pairs(frame: pd.DataFrame, column: str) -> pd.MultiIndex:
    """Return subject and identifier of each row; an identifier that was read as a number is its text."""
    return pd.MultiIndex.from_arrays(
        [frame["subject_id"].astype(object), as_text(frame[column]).astype(object)]
    )


def _not_yet_randomised(screening: pd.DataFrame, gone: pd.DataFrame, removals: list[Removal]) -> pd.DataFrame:
    """Say of those who were randomised later what was said of everybody else: not randomised."""
    names = [gone[column] for column in ("subject_id", "screening_id") if column in gone.columns]
    known_by = [column for column in ("screening_id", "subject_id") if column in screening.columns]
    later_ids = pd.concat(names).dropna()
    rows = screening[known_by].isin(set(later_ids)).any(axis=1).to_numpy(dtype=bool)
    blank: dict[str, pd.Series[Any]] = {}
    if "randomised" in screening.columns:
        said = rows & screening["randomised"].fillna(False).to_numpy(dtype=bool)
        _note(removals, "screening", "randomised", NOT_YET, said)
        blank["randomised"] = screening["randomised"].mask(said, False)
    if "subject_id" in screening.columns:
        named = rows & screening["subject_id"].notna().to_numpy(dtype=bool)
        _note(removals, "screening", "subject_id", LATER_SUBJECT, named)
        blank["subject_id"] = screening["subject_id"].mask(rows)
    return screening.assign(**blank)
