"""Intercurrent events of some arms only, told without naming the arms.

What is an intercurrent event in one arm may be the protocol's treatment in the other.  Before arms are
pooled or masked, the records are marked with what each event means there, and the study reads the marks.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.records import TrialRecords, parse_dates

if TYPE_CHECKING:
    from skeletal.study import IntercurrentEvent, Study

MARK = "intercurrent_"


def mark_arm_events(records: TrialRecords, study: Study) -> tuple[TrialRecords, Study]:
    """Return records and study in which no intercurrent event names its arms.

    Parameters
    ----------
    records : TrialRecords
        With the true arms.
    study : Study
        With the true arms.

    Returns
    -------
    TrialRecords, Study
        An event of some arms reads a flag of its own, true in rows of those arms.  One that is the absence
        of a treatment becomes a date of subjects: the end of the grace of who had no such row by then.
    """
    tables = dict(records.tables)
    events = dict(study.intercurrent)
    for name, event in study.intercurrent.items():
        if not event.arms:
            continue
        if event.table not in tables:  # no such rows: nothing to mark
            events[name] = event.model_copy(update={"arms": ()})
            continue
        column = f"{MARK}{name.replace('-', '_')}"
        member = records.subjects.set_index("subject_id")["arm"].isin(list(event.arms))
        if event.absent_by is None:
            rows = tables[event.table]
            flag = rows["subject_id"].map(member).astype("boolean").fillna(value=False)
            tables[event.table] = rows.assign(**{column: flag})
            events[name] = event.model_copy(update={"arms": (), "where": {**event.where, column: (True,)}})
        else:
            dates = _absent_dates(tables, event, study, member)
            tables["subjects"] = tables["subjects"].assign(**{column: dates})
            events[name] = event.model_copy(
                update={
                    "arms": (),
                    "absent_by": None,
                    "table": "subjects",
                    "date": column,
                    "where": {},
                    "unless": {},
                }
            )
    marked = TrialRecords(
        tables=MappingProxyType(tables),
        digests=records.digests,
        notes=records.notes,
        data_cutoff=records.data_cutoff,
    )
    return marked, study.model_copy(update={"intercurrent": events})


def _absent_dates(
    tables: dict[str, pd.DataFrame], event: IntercurrentEvent, study: Study, member: pd.Series[bool]
) -> pd.Series[str]:
    """End of the grace of each subject of the event's arms without a matching row by then; else missing."""
    subjects = tables["subjects"]
    start = parse_dates(subjects[study.time_zero])["earliest"]
    last = start + pd.Timedelta(days=event.absent_by or 0)
    rows = tables[event.table].loc[lambda frame: _matches(frame, event)]
    done = parse_dates(rows[event.date])["earliest"]
    first = done.groupby(rows["subject_id"].to_numpy()).min()
    came = subjects["subject_id"].map(first) <= last
    absent = subjects["subject_id"].map(member).astype(bool) & ~came & last.notna()
    texts: pd.Series[str] = last.dt.strftime("%Y-%m-%d").astype("string")
    return texts.where(absent)


def _matches(frame: pd.DataFrame, event: IntercurrentEvent) -> pd.Series[bool]:
    keep = pd.Series(data=True, index=frame.index)
    for column, allowed in event.where.items():
        keep &= _is_one_of(frame, column, allowed)
    for column, refused in event.unless.items():
        keep &= ~_is_one_of(frame, column, refused)
    return keep


def _is_one_of(frame: pd.DataFrame, column: str, values: tuple[object, ...]) -> pd.Series[bool]:
    """Whether a column has one of ``values``; never where it is missing or absent."""
    if column not in frame:
        return pd.Series(data=False, index=frame.index)
    return frame[column].isin(list(values)).fillna(value=False).astype(bool)
