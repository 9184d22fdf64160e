"""Measures against plain loops over subjects and days, on random records, at every option."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest
from tests.support.measured_trial import CROSSOVER, measured_records, measured_study, without_horizon
from tests.support.naive_measures import (
    at_visits,
    cutoff_of,
    days_at_home,
    pain_answers,
    pain_course,
    score_answers,
    unit_of,
)
from tests.support.naive_outcomes import passes, rows_of
from tests.support.outcome_trial import iso

from skeletal.outcomes import derive_outcomes

SUBJECTS = [f"S{number:02d}" for number in range(16)]
AGENT = """
[intercurrent.agent]
label = "New agent"
table = "events"
where = { component = "agent" }
"""
OVERLAPPING = """
[[visits]]
name = "Month 2"
day = 60
window_before = 30
window_after = 30
"""
DAY_ZERO = """
[[visits]]
name = "Start"
day = 0
window_before = 14
window_after = 3
"""
MEASURES = """
[measures.pain]
kind = "pain_response"
label = "Pain response"
paramcd = "PAIN"
{pain}
[measures.pain.rules]
{rules}
[measures.nrs]
kind = "score"
label = "Worst pain"
paramcd = "NRS"
instrument = "NRS"
scale = "pain"
{nrs}
[measures.home]
kind = "days_at_home"
label = "Days at home"
paramcd = "DAH"
{home}
"""
UNTIL = 'collected_until_first = "sre"\ncollected_for_days = {}\n'
LESION = 'unit = "lesion"\n'
WORST = 'death = "worst"\n'
ICE = 'intercurrent = {{ crossover = "{}", agent = "{}" }}\n'
CUT = f"data_cutoff = {iso(150)}"
OPTIONS: list[dict[str, Any]] = [
    {},
    {"rules": "pain_change = 3\nomed_change = 0.5\nprogression_tolerance = 2", "top": CUT},
    {"rules": 'any_opioid_from_none = false\nmissing_omed = "none"', "pain": LESION, "nrs": LESION},
    {"rules": 'rise_with_more_opioid = "progression"\npartial_rule = "half"', "visits": OVERLAPPING},
    {"rules": "least_baseline_pain = 3\nleast_partial_baseline = 5", "pain": LESION + WORST, "nrs": WORST},
    {"rules": "omed_window_days = 0\nbaseline_window_days = 0", "nrs": "baseline_window_days = 0"},
    {"rules": "omed_window_days = 12\nbaseline_window_days = 60", "nrs": "baseline_window_days = 60"},
    {"rules": 'subject_pain = "all"', "pain": "flare_within_days = 25", "visits": DAY_ZERO},
    {"rules": 'subject_pain = "all"\nmissing_omed = "none"\nleast_baseline_pain = 3', "top": CUT},
    {"rules": "omed_window_days = 30", "until": 0, "visits": OVERLAPPING},
    {"rules": "omed_window_days = 30", "until": 9, "top": CUT},
    {"rules": "omed_window_days = 30", "until": 40, "pain": LESION + WORST, "nrs": LESION + WORST},
    {"ice": ("composite", "hypothetical"), "rules": "omed_window_days = 30"},
    {"ice": ("while_on_treatment", "composite"), "nrs": "worst_value = 7.0\n" + WORST, "top": CUT},
    {"ice": ("treatment_policy", "composite"), "until": 9, "rules": 'missing_omed = "none"'},
    {"pain": 'visits = ["Month 3"]', "nrs": 'visits = ["Month 6", "Month 1"]', "visits": OVERLAPPING},
    {"pain": "lesions = { target = false }", "nrs": LESION + "lesions = { target = false }"},
    {"home": 'after_death = "zero"\nsame_day_stay = 0', "top": CUT, "censoring": without_horizon()},
    {"home": 'away = ["hospital"]\nhorizons = [1, 20, 150]', "censoring": without_horizon()},
    {"home": "horizons = [14, 60, 120]\nsame_day_stay = 0", "ice": ("hypothetical", "composite"), "until": 5},
]


def study_of(options: dict[str, Any]):
    shared = UNTIL.format(options["until"]) if "until" in options else ""
    shared += ICE.format(*options["ice"]) if "ice" in options else ""
    parts = {name: options.get(name, "") for name in ("pain", "nrs", "home", "rules")}
    parts |= {name: parts[name] + "\n" + shared for name in ("pain", "nrs", "home")}
    extra = CROSSOVER + AGENT + options.get("visits", "") + MEASURES.format(**parts)
    kinds = {key: options[key] for key in ("top", "censoring") if key in options}
    kinds.setdefault("top", "")
    return measured_study("", extra=extra, **kinds)


def records_of(study, draw: random.Random):
    """Draw records: scores of subjects and lesions, doses, overlapping stays, deaths, partial dates."""

    def many(most: int) -> list[str]:
        return [who for who in SUBJECTS for _ in range(draw.randint(0, most))]

    def day(low: int = -5, high: int = 210, share: float = 0.1) -> Any:
        if draw.random() < share:
            return draw.choice(["2025-01", "2025-03", "2025-06", "2024-12", "2025"])
        return draw.choice([draw.randint(low, high), draw.randint(2, 30), 1, 6, 11, 26, 31, 36, 41, 90, 120])

    def score() -> int:
        return draw.choice([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])

    def visit(when: Any) -> Any:
        """Name a visit by the day, so that scores of one day name one visit."""
        return [None, None, None, "Month 1", "Month 3", "Unscheduled"][hash_of(when) % 6]

    lesions = [(who, f"L{n}", draw.random() < 0.8) for who in SUBJECTS for n in range(draw.randint(0, 3))]
    named = {who: [lesion for mine, lesion, _ in lesions if mine == who] for who in SUBJECTS}
    rows: dict[Any, tuple[Any, ...]] = {}
    for number, who in enumerate(SUBJECTS):
        often = draw.choice([0, 2, 9])
        for instrument, item in (("BPI", "worst_pain"), ("NRS", "pain")):
            for when in [draw.randint(-20, 1), 1, *(day() for _ in range(often))]:
                of = [None] if number % 2 and instrument == "BPI" else [*named[who], None]
                if number % 4 == 0:
                    of = named[who]
                for lesion in of:
                    if draw.random() < 0.85:
                        key = (who, when, lesion, instrument)
                        rows[key] = (who, when, score(), lesion, visit(when), item, instrument)
    columns = ["subject_id", "date", "value", "lesion_id", "visit", "item", "instrument"]
    answers = pd.DataFrame(list(rows.values()), columns=columns)
    # several scores of one lesion on one day: the pain response takes the highest
    again = answers.loc[answers["instrument"] == "BPI"].sample(frac=0.1, random_state=draw.randint(0, 999))
    again = again.assign(value=[score() for _ in range(len(again))])
    answers = pd.concat([answers, again], ignore_index=True)
    answers["date"] = [iso(when) for when in answers["date"]]
    stays = []
    for who in many(6):
        came = draw.choice([draw.randint(-40, 200), draw.randint(1, 60), "2025-01", "2024-12"])
        if isinstance(came, int):
            left = draw.choice([came, came + draw.randint(0, 40), None, "2025-12"])
        else:
            left = draw.choice([draw.randint(1, 40), None]) if came == "2025-01" else draw.randint(-1, 30)
        stays.append((who, came, left, draw.choice(["hospital", "rehabilitation", "nursing_home"])))
    start = {SUBJECTS[0]: None, SUBJECTS[1]: "2025-01", SUBJECTS[2]: 15, SUBJECTS[3]: -10, SUBJECTS[5]: 4}
    return measured_records(
        study,
        answers=answers.sample(frac=1, random_state=draw.randint(0, 9999)),
        doses=[(who, day(-25), draw.choice([0, 0, 10, 20, 25, 30, 40, 60, None])) for who in many(24)],
        lesions=lesions,
        stays=stays,
        subjects=SUBJECTS,
        start=start,
        events=[(who, draw.choice(["cord", "fracture", "agent"]), day(1)) for who in many(1)],
        radiation=[(who, day(1), draw.choice(["palliative", "preventive"])) for who in many(1)],
        status=[
            (who, draw.choice(["alive", "alive", "alive", "died", "withdrew"]), day(30, 260))
            for who in many(2)
        ],
        visits=[(who, day(20)) for who in many(3)],
    )


def hash_of(when: Any) -> int:
    return sum(ord(letter) for letter in str(when))


def plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.toordinal() if isinstance(value, pd.Timestamp) else value


def units(everybody, study, name):
    """Yield each unit's label, its rows and its deciding days; those of excluded ones are None."""
    cutoff, measure = cutoff_of(everybody, study), study.measures[name]
    for who, mine in everybody.items():
        if getattr(measure, "unit", "subject") == "subject":
            yield (who,), mine, unit_of(mine, study, name, cutoff)
            continue
        for lesion in mine["lesions"]:
            if passes(lesion, measure.lesions):
                yield (who, lesion["lesion_id"]), mine, unit_of(mine, study, name, cutoff)


def expected_of(everybody, study, name):
    for label, mine, unit in units(everybody, study, name):
        lesion = label[1] if len(label) > 1 else None
        if unit is None:
            yield label, None, None
        elif name == "home":
            yield label, days_at_home(mine, unit, study, name), None
        elif name == "nrs":
            yield label, at_visits(score_answers(mine, study, name, lesion), unit, study, name), None
        else:
            answers = pain_answers(mine, study, name, lesion)
            visits = at_visits(answers, unit, study, name)
            yield label, visits, pain_course(answers, unit, study, name)


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_measures_equal_a_plain_loop(number):
    draw = random.Random(900 + number)
    study = study_of(OPTIONS[number])
    records = records_of(study, draw)
    outcomes = derive_outcomes(records, study)
    everybody = rows_of(records)
    seen = set()
    for name in study.measures:
        frame = outcomes.measure(name)
        key = [column for column in ("subject_id", "lesion_id") if column in frame]
        found: dict[Any, Any] = {}
        for row in frame.to_dict("records"):
            label = tuple(row[column] for column in key)
            shown = tuple(plain(row[column]) for column in ("date", "value", "category", "status"))
            found.setdefault(label, {})[row["visit"]] = shown
        course = {}
        if name == "pain":
            columns = ["best_response", "response_time", "duration", "ended", "end_reason", "flare"]
            for row in outcomes.pain_course(name).to_dict("records"):
                course[tuple(row[column] for column in key)] = [plain(row[column]) for column in columns]
        out = outcomes.exclusions.query("estimand == @name")
        excluded = set(out[key].itertuples(index=False, name=None))
        for label, visits, expected in expected_of(everybody, study, name):
            if visits is None:
                assert label in excluded
                assert label not in found
                continue
            assert label not in excluded
            assert found.pop(label) == {visit: tuple(shown) for visit, shown in visits.items()}, label
            seen |= {(name, shown.status) for shown in visits.values()}
            if expected is not None:
                assert course.pop(label) == list(expected.values()), label
        assert not found
        assert not course
    assert {("home", "observed"), ("nrs", "observed"), ("nrs", "missing")} <= seen
