"""The small trial with measures: scores, opioid doses, lesions and stays by study day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from tests.support.outcome_trial import CENSORING, iso, small_study, small_tables

from skeletal.outcomes import derive_outcomes
from skeletal.outcomes.measures import measure_frame
from skeletal.records import make_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skeletal.outcomes import Outcomes
    from skeletal.records import TrialRecords
    from skeletal.study import Study

VISITS = """
[[visits]]
name = "Month 1"
day = 30
window_before = 10
window_after = 10
[[visits]]
name = "Month 3"
day = 90
window_before = 20
window_after = 20
[[visits]]
name = "Month 6"
day = 180
window_before = 20
window_after = 20
"""
PAIN = """
[measures.pain]
kind = "pain_response"
label = "Pain response"
paramcd = "PAINRESP"
{more}
[measures.pain.rules]
{rules}
"""
NRS = """
[measures.nrs]
kind = "score"
label = "Worst pain"
paramcd = "NRS"
instrument = "NRS"
scale = "pain"
{more}
"""
HOME = """
[measures.home]
kind = "days_at_home"
label = "Days at home"
paramcd = "DAH"
{more}
"""
CROSSOVER = """
[intercurrent.crossover]
label = "Crossover"
table = "procedures"
where = { kind = "radiation", intent = "preventive" }
date = "indicated_date"
"""
UNTIL = 'collected_until_first = "sre"\ncollected_for_days = 7'
LATE_CUTOFF = "data_cutoff = 2026-12-31"


def measured_study(measure: str, *, more: str = "", rules: str = "", extra: str = "", **kinds: str) -> Study:
    """Build the small study with visits and one measure; ``extra`` holds further tables."""
    kinds.setdefault("top", LATE_CUTOFF)
    text = measure.format(more=more, rules=rules) + VISITS + extra
    return small_study(extra=text, **kinds)


def answer_rows(rows: Sequence[tuple[Any, ...]], instrument: str, item: str) -> pd.DataFrame:
    """Build questionnaires from (subject, day, value, lesion, visit, item); the last ones may be left out."""
    filled = [(*row, None, None, None)[:6] for row in rows]
    frame = pd.DataFrame(filled, columns=["subject_id", "date", "value", "lesion_id", "visit", "item"])
    frame["date"] = [iso(day) for day in frame["date"]]
    frame["item"] = frame["item"].astype("string").fillna(item)
    return frame.assign(instrument=instrument)


def measured_records(
    study: Study,
    *,
    answers: pd.DataFrame | None = None,
    doses: Sequence[tuple[Any, ...]] | None = None,
    lesions: Sequence[tuple[Any, ...]] = (),
    stays: Sequence[tuple[Any, ...]] | None = None,
    **tables: Any,
) -> TrialRecords:
    """Build records from rows of study days.

    Doses are (subject, day, mg), lesions (subject, lesion, target), stays (subject, in, out, place).
    """
    frames = small_tables(**tables)
    if answers is not None:
        frames["questionnaires"] = answers
    if doses is not None:
        frame = pd.DataFrame(doses, columns=["subject_id", "date", "omed_mg"])
        frames["analgesics"] = frame.assign(date=[iso(day) for day in frame["date"]])
    if lesions:
        frames["lesions"] = pd.DataFrame(lesions, columns=["subject_id", "lesion_id", "target"])
    if stays is not None:
        filled = [(*row, None, None)[:4] for row in stays]
        frame = pd.DataFrame(
            filled, columns=["subject_id", "admission_date", "discharge_date", "place"], dtype=object
        )
        for name in ("admission_date", "discharge_date"):
            frame[name] = [iso(day) for day in frame[name]]
        frames["stays"] = frame.assign(place=frame["place"].fillna("hospital")).astype("string")
    return make_records(frames, study=study)


def measured_outcomes(study: Study, **tables: Any) -> Outcomes:
    """Derive outcomes from tables as :func:`measured_records` takes them."""
    return derive_outcomes(measured_records(study, **tables), study)


def measured_frame(study: Study, name: str, **tables: Any) -> pd.DataFrame:
    """Return the frame of a measure, without the endpoints where none of them ends collection."""
    if study.measures[name].collected_until_first:
        return measured_outcomes(study, **tables).measure(name)
    return measure_frame(name, records=measured_records(study, **tables), study=study)


def by_visit(frame: pd.DataFrame, *columns: str) -> dict[Any, Any]:
    """Return the given column(s) of each visit of the only unit, missing as None."""
    assert not frame["visit"].duplicated().any()
    shown = frame.set_index("visit")[list(columns)].astype(object)
    rows = {
        key: tuple(None if pd.isna(value) else value for value in row)
        for key, row in zip(shown.index, shown.to_numpy(), strict=True)
    }
    return {key: row[0] for key, row in rows.items()} if len(columns) == 1 else rows


def without_horizon() -> str:
    """Return the censoring rules without the horizon of day 200."""
    head, _, tail = CENSORING.partition("[censoring.horizon]")
    return head + "[censoring.contact]" + tail.partition("[censoring.contact]")[2]


def scored(*values: tuple[Any, ...]) -> pd.DataFrame:
    """Build questionnaires of the NRS."""
    return answer_rows(values, "NRS", "pain")


def nrs(
    *values: tuple[Any, ...],
    more: str = "",
    extra: str = "",
    top: str = LATE_CUTOFF,
    **tables: Any,
) -> pd.DataFrame:
    """Return the frame of the score of pain of the given (subject, day, value, lesion, visit)."""
    study = measured_study(NRS, more=more, extra=extra, top=top)
    return measured_frame(study, "nrs", answers=scored(*values), **tables)


def values_of(*scores: tuple[Any, ...], **options: Any) -> dict[Any, Any]:
    """Return the value at each visit of the only subject."""
    return by_visit(nrs(*scores, **options), "value")


def statuses(*scores: tuple[Any, ...], **options: Any) -> dict[Any, Any]:
    """Return the status of each visit of the only subject."""
    return by_visit(nrs(*scores, **options), "status")
