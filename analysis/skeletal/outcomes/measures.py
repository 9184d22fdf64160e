"""Values of a measure at each planned visit, and for each value that is not there the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.study import DaysAtHome

from .answers import score_assessments, worst_value
from .days_at_home import days_at_home_frame
from .filters import MISSING
from .measure_facts import by_unit, dated_columns, deciding_events, measure_facts, unit_columns
from .pain import with_pain_responses, with_tables_read
from .row_frames import row_numbers, text_or_missing
from .visit_windows import BASELINE, Plan, has_day_zero, place_assessments, planned_visits

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import PainResponse, Score, Study

    from .measure_facts import MeasureFacts
    from .observation import Observation
    from .visit_windows import Placed


def measure_frame(
    name: str, *, records: TrialRecords, study: Study, collected_until: Observation | None = None
) -> pd.DataFrame:
    """Return the frame of :meth:`skeletal.outcomes.Outcomes.measure` for the measure called ``name``.

    ``collected_until`` is the reading of the endpoint whose first event ends collection, where there is one.
    """
    measure = study.measures[name]
    if isinstance(measure, DaysAtHome):
        records = with_tables_read(records, study)
        return days_at_home_frame(records, measure_facts(records, study, name, collected_until))
    derive = with_pain_responses if measure.kind == "pain_response" else with_tables_read
    records = derive(records, study)
    facts = measure_facts(records, study, name, collected_until)
    assessments = assessments_of(records, study, name, facts)
    plan = plan_of(study, measure, facts)
    return _filled(facts, assessments, plan, place_assessments(assessments, plan))


def plan_of(study: Study, measure: PainResponse | Score, facts: MeasureFacts) -> Plan:
    """Return when the measure is collected; a score has a baseline unless a visit of day 0 is its."""
    visits, others = planned_visits(study.visits, measure.visits)
    baseline = None
    if measure.kind == "score" and not has_day_zero(study.visits):
        baseline = measure.baseline_window_days
    return Plan(
        visits=visits,
        other_names=others,
        baseline_window_days=baseline,
        start=facts.start,
        ends=facts.ends,
        collected_for_days=measure.collected_for_days,
    )


def assessments_of(records: TrialRecords, study: Study, name: str, facts: MeasureFacts) -> pd.DataFrame:
    """Return the assessments with a value: ``unit day visit value category source source_row``.

    Those after the data cutoff are not among them.
    """
    measure = study.measures[name]
    if measure.kind == "score":
        subjects = getattr(facts.cohort, "subjects", facts.cohort)
        found = score_assessments(records, subjects, facts.cohort, measure)
    else:
        found = _pain_assessments(records, name, facts)
    by_cutoff = (found["day"] <= facts.cutoff).to_numpy(dtype=np.bool_)
    return pd.DataFrame(found.loc[by_cutoff].reset_index(drop=True))


def _pain_assessments(records: TrialRecords, name: str, facts: MeasureFacts) -> pd.DataFrame:
    """Return the pain responses of a measure, as :func:`assessments_of` has them."""
    rows = records["pain_responses"]
    rows = rows.loc[(rows["measure"] == name) & rows["response"].notna()].reset_index(drop=True)
    days = facts.cohort.days_of(rows, "date")
    responder = rows["responder"].to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.DataFrame(
        {
            "unit": facts.cohort.units_in(rows),
            "day": days["earliest"],
            "visit": rows["visit"],
            "value": responder,
            "category": rows["response"],
            "source": rows["source"],
            "source_row": rows["source_row"],
        }
    )


def _filled(facts: MeasureFacts, assessments: pd.DataFrame, plan: Plan, placed: Placed) -> pd.DataFrame:
    """Return one row an analysed unit and visit."""
    parts = []  # the study declares visits, or there would be nothing to read
    if plan.baseline_window_days is not None:
        parts.append(_at_visit(facts, assessments, placed.row[:, -1], BASELINE, 0, facts.start))
    for number, visit in enumerate(plan.visits):
        closes = facts.start + visit.day + visit.window_after
        forward = placed.brought_forward == number
        due_forward = forward & ~placed.forward_done
        closes = np.where(due_forward, plan.ends + plan.collected_for_days, closes)
        frame = _at_visit(facts, assessments, placed.row[:, number], visit.name, visit.day, closes)
        after_end = (facts.start + visit.day > plan.ends) & ~due_forward
        structural = (frame["status"] == "missing").to_numpy() & after_end
        parts.append(frame.assign(status=frame["status"].mask(structural, "structural")))
    return by_unit(parts, facts)


def _at_visit(
    facts: MeasureFacts, assessments: pd.DataFrame, row: IntArray, name: str, planned: int, closes: IntArray
) -> pd.DataFrame:
    """Return one row a unit for one visit; ``closes`` is the last day on which it could be done.

    A visit that has no assessment and was still open at the cutoff is not due, whatever happened to the
    subject: else the dead alone would be known at visits that the living have not reached.  A death or an
    intercurrent event counts where it comes before the assessment, or, without one, by the end of the
    window; of both the earlier, death first on one day.
    """
    has = row >= 0
    taken = assessments.reindex(np.where(has, row, -1))
    day = taken["day"].to_numpy(dtype=np.float64, na_value=MISSING).astype(np.int64)
    known = has & (day != MISSING)
    decides, first = deciding_events(facts)
    stopped = np.where(known, first < day, ~has & (first <= closes))
    not_due = ~has & (closes > facts.cutoff)
    status = np.select(
        [not_due, stopped & (decides == 0), stopped, has],
        ["not_due", "death", "intercurrent", "observed"],
        default="missing",
    )
    shown = status == "observed"
    worst = stopped & ~not_due & worst_after(facts)[decides]
    value = taken["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    value = np.select([shown, worst], [value, worst_of(facts)], np.nan)
    texts = {name: taken[name].to_numpy(dtype=object, na_value="") for name in ("category", "source")}
    source_row = taken["source_row"].to_numpy(dtype=np.float64, na_value=-1)
    return pd.DataFrame(
        {
            **unit_columns(facts),
            **dated_columns(facts, name, planned, np.where(shown & known, day, MISSING)),
            "value": value,
            "category": text_or_missing(np.where(shown, texts["category"], "")),
            "status": pd.array(status, dtype="string"),
            "source": text_or_missing(np.where(shown, texts["source"], "")),
            "source_row": row_numbers(np.where(shown, source_row, -1)),
        }
    )


def worst_of(facts: MeasureFacts) -> float:
    """Return the worst value of the measure: of a pain response 0, no response."""
    return worst_value(facts.measure) if facts.measure.kind == "score" else 0.0


def worst_after(facts: MeasureFacts) -> BoolArray:
    """Return whether the worst value counts after a death, a composite and a dropping event."""
    return np.array([getattr(facts.measure, "death", "") == "worst", True, False])
