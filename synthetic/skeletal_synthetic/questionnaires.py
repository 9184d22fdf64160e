"""Rows of questionnaires and opioid doses, as the measures of the study will read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .collection import collection_of, draw_habits, rows_of
from .pain import dose_rows, draw_pain, pain_rows, worst_of_subject
from .records import stack
from .scenarios import by_arm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import Measure, Scenario, Study
    from skeletal.study.scenario_parts import ScoreCourse

    from .collection import Collection
    from .hazards import Courses
    from .visits import Visits

Columns = dict[str, Any]
# Scales of a Score that are pain at its worst, so that the course of pain gives their values.
PAIN_SCALES = ("pain", "worst_pain")


def questionnaire_tables(
    study: Study,
    scenario: Scenario,
    courses: Courses,
    visits: Visits,
    lesions: Columns,
    tables: Mapping[str, Columns],
    rng: Mapping[str, np.random.Generator],
) -> dict[str, Columns]:
    """Return the tables questionnaires and analgesics; dates are days from randomisation."""
    if scenario.pain is None and not scenario.scores:
        return {}
    habits = draw_habits(courses.arm.size, rng["collection"])
    collections = {
        name: collection_of(study, measure, tables, courses, visits, habits)
        for name, measure in study.measures.items()
        if measure.kind != "days_at_home"
    }
    answers: Columns = {}
    doses: Columns = {}
    if scenario.pain:
        course = draw_pain(study, scenario.pain, courses, lesions, rng["pain"])
        events = symptomatic_events(study, tables)
        for name, (instrument, item, of_lesion) in pain_items(study, scenario).items():
            rows = pain_rows(scenario.pain, course, collections[name], courses, events)
            answers = stack(
                answers, _labelled(rows if of_lesion else worst_of_subject(rows), instrument, item)
            )
        if pain := [name for name, each in study.measures.items() if each.kind == "pain_response"]:
            doses = dose_rows(course, collections[pain[0]])
    for name, each in scenario.scores.items():
        measure = study.measures[name]
        assert measure.kind == "score"
        rows = _score_rows(study, each, courses, collections[name], tables, rng["scores"])
        answers = stack(answers, _labelled(rows, measure.instrument, measure.scale))
    return {"questionnaires": answers, "analgesics": doses}


def pain_items(study: Study, scenario: Scenario) -> dict[str, tuple[str, str, bool]]:
    """Return, for a measure of each item of pain, the instrument, the item and whether lesions are asked.

    Of the measures of one item that is used which asks for lesions, else that with the most visits.
    """
    found: dict[tuple[str, str], tuple[bool, int, str]] = {}
    for name, measure in study.measures.items():
        item = _pain_item(measure) if name not in scenario.scores else None
        if item is not None:
            n_visits = len(measure.visits or study.visits)
            candidate = (measure.kind != "days_at_home" and measure.unit == "lesion", n_visits, name)
            found[item] = max(found.get(item, (False, -1, "")), candidate)
    return {name: (*item, of_lesion) for item, (of_lesion, _, name) in found.items()}


def _pain_item(measure: Measure) -> tuple[str, str] | None:
    if measure.kind == "pain_response":
        return measure.instrument, measure.item
    if measure.kind == "score" and measure.scale in PAIN_SCALES:
        return measure.instrument, measure.scale
    return None


def symptomatic_events(study: Study, tables: Mapping[str, Columns]) -> pd.DataFrame:
    """Return owner, day and lesion of the rows that a component takes, but for those that a film found."""
    parts = []
    for component in study.components.values():
        columns = tables.get(component.table)
        if not columns or component.date not in columns or component.table == "stays":
            continue
        n = len(columns["owner"])
        found = columns.get("detection", np.full(n, None, dtype=object)) == "imaging"
        frame = pd.DataFrame(
            {
                "owner": columns["owner"],
                "day": columns[component.date],
                "lesion_id": columns.get("lesion_id", np.full(n, None, dtype=object)),
            }
        )
        rows = rows_of(component, columns) & ~found
        if rows.any():
            parts.append(frame.loc[rows])
    if not parts:
        return pd.DataFrame({"owner": np.zeros(0, dtype=np.int64), "day": np.zeros(0), "lesion_id": []})
    together: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return together.loc[together["day"].notna()]


def _score_rows(
    study: Study,
    score: ScoreCourse,
    courses: Courses,
    collection: Collection,
    tables: Mapping[str, Columns],
    rng: np.random.Generator,
) -> Columns:
    """Draw a score: a straight line to the arm's mean, a subject's own level, and noise, within bounds."""
    owner, day = collection.subject, collection.day
    since = np.clip((day - courses.start[owner]) / score.reached_days, 0, 1)
    later = by_arm(study, score.later, courses.arm)[owner]
    mean = score.baseline + (later - score.baseline) * since
    if score.event_change:
        events = symptomatic_events(study, tables)
        first = np.full(courses.arm.size, np.inf)
        np.minimum.at(
            first, events["owner"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=np.float64)
        )
        mean = mean + np.where(day >= first[owner], score.event_change, 0.0)
    own = rng.standard_normal(courses.arm.size)[owner] * score.between_sd
    value = mean + own + rng.standard_normal(owner.size) * score.within_sd
    return {
        "owner": owner,
        "date": day.astype(np.float64),
        "visit": collection.visit,
        "value": np.round(np.clip(value, *score.bounds), score.digits),
    }


def _labelled(rows: Columns, instrument: str, item: str) -> Columns:
    size = len(rows["owner"])
    return rows | {
        "instrument": np.full(size, instrument, dtype=object),
        "item": np.full(size, item, dtype=object),
    }
