"""The pain response of each lesion or subject at each assessment, as a table that components can read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.scores.pain_response import RESPONDERS, response_codes, response_words
from skeletal.tables import DERIVED

from .answers import answers_of
from .filters import MISSING, as_dates, cohort_of, matching
from .inputs import measure_problems

if TYPE_CHECKING:
    from skeletal.arrays import FloatArray, IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import PainResponse, Study

    from .filters import Cohort

TABLE = "pain_responses"
COLUMNS = [*DERIVED[TABLE].columns, "source", "source_row"]
# More than the days between any two dates; keeps the doses of one subject apart from the next one's.
_APART = 10**7


def with_pain_responses(records: TrialRecords, study: Study) -> TrialRecords:
    """Return ``records`` with the table pain_responses for the measures of kind pain_response.

    One row for each pain score after time zero of a randomised subject (or of the worst of its lesions that
    day), with the record of the score as ``source`` and ``source_row``.  Without such a measure, and for a
    measure whose tables are not there, nothing is added: :func:`check_inputs` refuses the latter.

    The baseline is the last score on or before time zero within ``baseline_window_days``; where there is
    none, no other one takes its place and the response is missing.  A score is paired with the opioid dose
    of the nearest day within ``omed_window_days``, of two as near the earlier; the baseline only with doses
    on or before time zero.  Of several doses, or scores of one lesion, on one day the highest counts.

    Unit lesion: scores that name a lesion of the measure.  Unit subject: the scores that name none; for a
    subject without any, its lesions that have a baseline, by ``subject_pain``:

    * "worst": baseline and score are the worst of them; missing on a day on which not all were scored.
    * "all": on one day complete where all are, partial where all respond, progression where one progresses
      (even if others were not scored), else indeterminate; missing where one of them was not scored.
      Lesions whose baseline pain cannot respond need not.

    A score whose date is not a whole one has no response.  ``flare`` marks a progression to
    ``flare_within_days`` after time zero: the published rules of both are the same.
    """
    found = {name: item for name, item in study.measures.items() if item.kind == "pain_response"}
    if not found:
        return records
    cohort = cohort_of(records, study)
    parts = [
        _responses(records, cohort, study, name, measure)
        for name, measure in found.items()
        if not list(measure_problems(records, study, name))
    ]
    if not parts:
        return records
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    return replace(records, tables={**records.tables, TABLE: table})


def with_tables_read(records: TrialRecords, study: Study) -> TrialRecords:
    """Return ``records`` with the table pain_responses where a filter of the study reads it."""
    filters = (study.components, study.intercurrent, study.censoring)
    read = {item.table for group in filters for item in group.values()}
    return with_pain_responses(records, study) if TABLE in read else records


def _responses(
    records: TrialRecords, cohort: Cohort, study: Study, name: str, measure: PainResponse
) -> pd.DataFrame:
    """Return the rows of one measure, by subject, lesion and date."""
    start = cohort.whole_days_of(cohort.frame, measure.time_zero or study.time_zero)
    scores = _scores(records, cohort, measure)
    doses = _Doses(records, cohort, measure.rules.omed_window_days)
    baseline = _baselines(scores, start, measure)
    rows = _later(scores, baseline, start)
    if measure.unit == "lesion":
        rows = _classified(rows, doses, start, measure)
    else:
        rows = _of_subjects(rows, baseline, doses, start, measure)
    return _finished(rows, start, name, measure)


def _scores(records: TrialRecords, cohort: Cohort, measure: PainResponse) -> pd.DataFrame:
    """Return the scores that the measure reads; ``site`` tells the lesions of a subject apart."""
    rows = answers_of(records, cohort, measure.instrument)
    rows = rows.loc[rows["item"] == measure.item].reset_index(drop=True)
    wrong = rows.loc[~rows["value"].between(0, 10)]
    if len(wrong):
        raise InvalidRecords(
            f"questionnaires: {len(wrong)} value(s) of {measure.instrument} {measure.item} outside 0 to 10 "
            f"(of {name_some(sorted(wrong['subject_id'].unique()))}). Correct them."
        )
    named = rows["lesion_id"].notna().to_numpy(dtype=np.bool_)
    if named.any():
        lesions = records["lesions"]
        mine = lesions.loc[matching(lesions, measure.lesions), ["subject_id", "lesion_id"]]
        pairs = pd.MultiIndex.from_frame(rows[["subject_id", "lesion_id"]])
        among = pairs.isin(pd.MultiIndex.from_frame(mine))
    else:
        among = named
    if measure.unit == "lesion":
        keep = named & among
    else:
        asked = np.zeros(cohort.size, dtype=np.bool_)
        asked[rows.loc[~named, "subject"]] = True
        keep = np.where(asked[rows["subject"].to_numpy()], ~named, among)
    rows = rows.loc[keep]
    rows = rows.sort_values(
        ["subject_id", "lesion_id", "day", "value", "source", "source_row"],
        ascending=[True, True, True, False, True, True],
        kind="stable",
    )
    site = rows.groupby(["subject", "lesion_id"], dropna=False, sort=False).ngroup()
    rows = rows.assign(site=site.to_numpy(dtype=np.int64))
    again = rows.duplicated(["site", "day"]) & (rows["day"] != MISSING)
    return rows.loc[~again].reset_index(drop=True)


def _baselines(scores: pd.DataFrame, start: IntArray, measure: PainResponse) -> pd.DataFrame:
    """Return ``pain`` and ``day`` of the baseline of each site that has one, with its ``subject``."""
    zero = start[scores["subject"].to_numpy()]
    day = scores["day"].to_numpy()
    inside = (day != MISSING) & (zero != MISSING) & (day <= zero)
    inside &= day >= zero - measure.rules.baseline_window_days
    last = pd.DataFrame(scores.loc[inside].drop_duplicates("site", keep="last").set_index("site"))
    return last[["subject", "value", "day"]].rename(columns={"value": "pain"})


def _later(scores: pd.DataFrame, baseline: pd.DataFrame, start: IntArray) -> pd.DataFrame:
    """Return the scores after time zero, and those without a day, with the baseline of their site."""
    zero = start[scores["subject"].to_numpy()]
    day = scores["day"].to_numpy()
    later = ((day > zero) & (zero != MISSING)) | (day == MISSING)
    rows = pd.DataFrame(scores.loc[later].reset_index(drop=True))
    own = baseline.reindex(rows["site"])
    return rows.assign(
        pain=rows["value"],
        baseline_pain=own["pain"].to_numpy(dtype=np.float64),
        baseline_day=own["day"].to_numpy(dtype=np.float64, na_value=MISSING).astype(np.int64),
    )


def _classified(rows: pd.DataFrame, doses: _Doses, start: IntArray, measure: PainResponse) -> pd.DataFrame:
    """Add the doses of the days and of the baseline, and the code of the response."""
    subject = rows["subject"].to_numpy(dtype=np.int64)
    day = rows["day"].to_numpy(dtype=np.int64)
    before = rows["baseline_day"].to_numpy(dtype=np.int64)
    omed = doses.nearest(subject, day, day + measure.rules.omed_window_days)
    baseline_omed = doses.nearest(subject, before, start[subject])
    pain = np.where(day == MISSING, np.nan, rows["pain"].to_numpy(dtype=np.float64))
    base = rows["baseline_pain"].to_numpy(dtype=np.float64)
    code = response_codes(pain, omed, base, baseline_omed, measure.rules)
    return rows.assign(omed_mg=omed, baseline_omed_mg=baseline_omed, code=code)


def _of_subjects(
    rows: pd.DataFrame, baseline: pd.DataFrame, doses: _Doses, start: IntArray, measure: PainResponse
) -> pd.DataFrame:
    """Return one row a subject and day."""
    by_subject = baseline.groupby("subject")
    expected = by_subject.size().reindex(np.arange(start.size), fill_value=0).to_numpy()
    subject = rows["subject"].to_numpy(dtype=np.int64)
    # Lesions without a baseline count only where no lesion of the subject has one.
    rows = rows.loc[(rows["baseline_day"] != MISSING).to_numpy() | (expected[subject] == 0)]
    days = rows.groupby(["subject", "day"])["site"].nunique()
    worst = rows.sort_values(["subject", "day", "pain"], ascending=[True, True, False], kind="stable")
    undated = worst["day"] == MISSING
    worst = worst.loc[undated | ~worst.duplicated(["subject", "day"])].reset_index(drop=True)
    who = worst["subject"].to_numpy(dtype=np.int64)
    keys = pd.MultiIndex.from_frame(worst[["subject", "day"]])
    scored_all = days.reindex(keys).to_numpy() >= expected[who]
    worst = worst.assign(
        baseline_pain=by_subject["pain"].max().reindex(who).to_numpy(dtype=np.float64),
        baseline_day=by_subject["day"].max().reindex(who).fillna(MISSING).to_numpy(dtype=np.int64),
        lesion_id=pd.array([pd.NA] * len(worst), dtype="string"),
    )
    if measure.rules.subject_pain == "worst":
        worst = worst.assign(pain=worst["pain"].where(scored_all))
        return _classified(worst, doses, start, measure)
    of_lesions = _classified(rows, doses, start, measure)
    code = _all_respond(of_lesions, measure).reindex(keys).fillna(-1).to_numpy(dtype=np.int64)
    progression = code == 2
    missing = (~scored_all & ~progression) | (worst["day"] == MISSING).to_numpy()
    return _classified(worst, doses, start, measure).assign(code=np.where(missing, -1, code))


def _all_respond(rows: pd.DataFrame, measure: PainResponse) -> pd.Series[Any]:
    """Return the code of each subject and day under "all", as if all of its lesions had been scored."""
    code = rows["code"]
    painful = rows["baseline_pain"] >= measure.rules.least_baseline_pain
    flags = rows.assign(
        progression=code == 2,
        unknown=code < 0,
        painful=painful,
        complete=(code == 0) | ~painful,
        responds=code.isin([0, 1]) | ~painful,
    ).groupby(["subject", "day"])
    some, every = flags[["progression", "unknown", "painful"]].any(), flags[["complete", "responds"]].all()
    conditions = [
        some["progression"],
        some["unknown"],
        ~some["painful"],
        every["complete"],
        every["responds"],
    ]
    return pd.Series(np.select(conditions, [2, -1, 3, 0, 1], default=3), index=some.index)


def _finished(rows: pd.DataFrame, start: IntArray, name: str, measure: PainResponse) -> pd.DataFrame:
    """Return the columns of the table."""
    response = pd.Series(response_words(rows["code"].to_numpy(dtype=np.int64)), index=rows.index)
    since = rows["day"] - start[rows["subject"].to_numpy(dtype=np.int64)]
    known = response.notna()
    flare = (response == "progression") & (since <= measure.flare_within_days)
    baseline = as_dates(rows["baseline_day"].to_numpy(dtype=np.int64)).dt.strftime("%Y-%m-%d")
    table = rows.assign(
        measure=pd.array([name] * len(rows), dtype="string"),
        response=response,
        date=rows["written"],
        baseline_date=baseline.astype("string").array,
        responder=response.isin(RESPONDERS).astype("boolean").where(known),
        flare=flare.astype("boolean").where(known),
        lesion_id=rows["lesion_id"].astype("string"),
        visit=rows["visit"].astype("string"),
    )
    order = ["subject_id", "lesion_id", "day", "source", "source_row"]
    return table.sort_values(order, kind="stable")[COLUMNS]


class _Doses:
    """The opioid dose of each subject on each day."""

    def __init__(self, records: TrialRecords, cohort: Cohort, window: int) -> None:
        self.window = window
        self.key = np.empty(0, dtype=np.int64)
        self.dose: FloatArray = np.empty(0, dtype=np.float64)
        if "analgesics" not in records:
            return
        frame = records["analgesics"]
        number, dose = cohort.subjects_of(frame), frame["omed_mg"].to_numpy(dtype=np.float64)
        if (negative := (dose < 0) & (number >= 0)).any():
            who = sorted(set(frame["subject_id"][negative]))
            raise InvalidRecords(
                f"analgesics: {int(negative.sum())} opioid dose(s) below 0 (of {name_some(who)}). "
                "Correct them."
            )
        day = cohort.whole_days_of(frame, "date")
        usable = (number >= 0) & ~np.isnan(dose) & (day != MISSING)
        key, dose = number[usable] * _APART + day[usable], dose[usable]
        order = np.lexsort((-dose, key))
        key, dose = key[order], dose[order]
        first = np.concatenate([[True], np.diff(key) != 0])[: key.size]
        self.key, self.dose = key[first], dose[first]

    def nearest(self, subject: IntArray, day: IntArray, latest: IntArray) -> FloatArray:
        """Return the dose of the nearest day in the window and not after ``latest``, NaN without one."""
        if not self.key.size:
            return np.full(day.size, np.nan)
        asked = subject * _APART + np.where(day == MISSING, -_APART // 2, day)
        after = np.searchsorted(self.key, asked, side="right")
        left, right = np.maximum(after - 1, 0), np.minimum(after, self.key.size - 1)
        behind, ahead = asked - self.key[left], self.key[right] - asked
        behind = np.where((after > 0) & (behind <= self.window), behind, _APART)
        ahead = np.where((ahead > 0) & (ahead <= self.window) & (day + ahead <= latest), ahead, _APART)
        dose = np.where(behind <= ahead, self.dose[left], self.dose[right])
        return np.where(np.minimum(behind, ahead) < _APART, dose, np.nan)
