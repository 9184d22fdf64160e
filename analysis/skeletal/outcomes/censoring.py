"""Where observation of a subject ends: limits, and the last day on which an event could be seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .filters import MISSING, NEVER, filtered_rows, impute_onset, table_rows
from .subject_dates import SubjectDates, take_dates, without_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from skeletal.arrays import BoolArray, IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import CensoringRule, Study

    from .filters import Cohort

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Limit:
    """A day after which events do not count, and the day at which a subject without one is censored.

    The two differ only for missed visits: an event before the visits were missed for good counts, but a
    subject without one was last observed before the gap.
    """

    dates: SubjectDates
    censor_day: IntArray


def limit_of(
    records: TrialRecords, study: Study, cohort: Cohort, rule: CensoringRule, start: IntArray
) -> Limit:
    """Return the limit that ``rule`` sets to each subject."""
    if rule.missed_visits is not None:
        return _missed_visits(records, study, cohort, rule, start)
    if rule.table is not None:
        rows = impute_onset(filtered_rows(records, cohort, rule, rule.table), start, year_only=True)
        dates = take_dates(rows, cohort.size, label=rule.label, take=rule.take or "first")
        day = np.where(dates.day == MISSING, NEVER, dates.day)
        return Limit(dates=_with_day(dates, day), censor_day=day)
    if rule.after_days is not None:
        day = np.where(start == MISSING, NEVER, start + rule.after_days)
    else:
        day = np.full(cohort.size, data_cutoff_day(records, study), dtype=np.int64)
    return Limit(dates=without_record(rule.label, day), censor_day=day)


def _with_day(dates: SubjectDates, day: IntArray) -> SubjectDates:
    fields = {name: getattr(dates, name) for name in SubjectDates.__slots__}
    return SubjectDates(**{**fields, "day": day})


def data_cutoff_day(records: TrialRecords, study: Study) -> int:
    """Return the earlier of the study's and the records' data cutoff, ``NEVER`` where neither has one."""
    cutoffs = [cutoff for cutoff in (study.data_cutoff, records.data_cutoff) if cutoff is not None]
    return (min(cutoffs) - EPOCH).days if cutoffs else NEVER


def last_seen_of(
    records: TrialRecords, cohort: Cohort, rule: CensoringRule, start: IntArray, open_end: int
) -> SubjectDates:
    """Return the last (or first) day of ``rule`` on or after time zero; ``MISSING`` where there is none.

    A partial date counts on its first possible day: the subject was seen by then at the latest.  A blank
    end of participation (a column of subjects) counts as ``open_end``: it had not come by the cutoff.
    """
    rows = impute_onset(filtered_rows(records, cohort, rule, str(rule.table)), start, year_only=True)
    number = rows["subject"].to_numpy()
    after = (number >= 0) & (rows["day"].to_numpy() >= start[number])
    dates = take_dates(rows.loc[after], cohort.size, label=rule.label, take=rule.take or "last")
    day = np.where(dates.day == NEVER, MISSING, dates.day)
    if rule.table == "subjects":
        blank = (number >= 0) & (rows["earliest"] == MISSING).to_numpy(dtype=np.bool_)
        day[number[blank]] = open_end
    return _with_day(dates, day)


def open_end_of(records: TrialRecords, study: Study, rules: Mapping[str, CensoringRule]) -> int:
    """Return the day to which participation without an end is followed; ``MISSING`` without a cutoff.

    Where the data cutoff is one of the ``rules``, it is that rule that censors, so the end is ``NEVER``.
    """
    cutoff = data_cutoff_day(records, study)
    if cutoff == NEVER:
        return MISSING
    return NEVER if any(rule.data_cutoff for rule in rules.values()) else cutoff


def done_assessments(records: TrialRecords, cohort: Cohort, start: IntArray) -> pd.DataFrame:
    """Return the assessments that were done, dated, of randomised subjects, with their ``visit``."""
    frame = records["assessments"]
    rows = table_rows(records, cohort, "assessments", "date")
    rows["visit"] = cohort.kinds_of(frame, "visit")
    done = np.ones(len(frame), dtype=np.bool_)
    if "done" in frame:
        done = frame["done"].fillna(True).to_numpy(dtype=np.bool_)
    rows = impute_onset(cohort.spread(rows.loc[done]), start, year_only=False)
    return rows.loc[(rows["subject"] >= 0).to_numpy() & (rows["day"] != MISSING).to_numpy()]


def _missed_visits(
    records: TrialRecords, study: Study, cohort: Cohort, rule: CensoringRule, start: IntArray
) -> Limit:
    """End observation when so many planned visits in a row were missed.

    A visit is missed when no done assessment bears its name or falls into its window.  Events to the end
    of the window of the last visit of the first such run count; without one, the subject is censored at
    the last done assessment to that day, or at time zero.
    """
    rows = done_assessments(records, cohort, start)
    closes = np.full(cohort.size, NEVER, dtype=np.int64)
    run = np.zeros(cohort.size, dtype=np.int64)
    for visit in sorted(study.visits, key=lambda item: item.day):
        window = (visit.day - visit.window_before, visit.day + visit.window_after)
        attended = _attended(rows, cohort.size, start, visit.name, window)
        run = np.where(attended, 0, run + 1)
        reached = (run == rule.missed_visits) & (closes == NEVER) & (start != MISSING)
        closes = np.where(reached, start + window[1], closes)
    number, day = rows["subject"].to_numpy(), rows["day"].to_numpy()
    before = rows.loc[(day >= start[number]) & (day <= closes[number])]
    last = take_dates(before, cohort.size, label=rule.label, take="last")
    censor = np.where(closes == NEVER, NEVER, np.where(last.day == MISSING, start, last.day))
    return Limit(dates=_with_day(last, closes), censor_day=censor)


def _attended(
    rows: pd.DataFrame, size: int, start: IntArray, name: str, window: tuple[int, int]
) -> BoolArray:
    number = rows["subject"].to_numpy()
    since = rows["day"].to_numpy() - start[number]
    seen = (rows["visit"] == name).to_numpy(dtype=np.bool_) | ((since >= window[0]) & (since <= window[1]))
    attended = np.zeros(size, dtype=np.bool_)
    attended[number[seen]] = True
    return attended
