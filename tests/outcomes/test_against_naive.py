"""The vectorised derivation against plain loops over one subject at a time, on random records."""

from __future__ import annotations

import random
import re
from typing import Any

import pandas as pd
import pytest
from tests.support.naive_fates import naive_fates
from tests.support.naive_outcomes import naive_first, naive_recurrent, rows_of
from tests.support.outcome_trial import CENSORING, estimand_text, iso, rows, small_study, small_tables

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records

SUBJECTS = [f"S{number:02d}" for number in range(14)]
STRATEGIES = ("treatment_policy", "hypothetical", "composite", "competing", "while_on_treatment")
INTERCURRENT = """
[intercurrent.agent]
label = "New bone agent"
table = "events"
where = { component = "agent" }
[intercurrent.crossover]
label = "Crossover"
table = "procedures"
where = { intent = "protocol" }
date = "indicated_date"
arms = ["old"]
[intercurrent.untreated]
label = "Never treated"
table = "procedures"
where = { kind = "radiation" }
unless = { intent = ["palliative", "protocol"] }
date = "indicated_date"
absent_by = 30
[estimands.ignored]
endpoint = "sre"
label = "First SRE, death ignored"
paramcd = "TTIGN"
death = "ignored"
"""
DEATHS = {"first": ("competing", "composite", "censor", "ignored"), "recurrent": ("competing", "censor")}
VISITS = "".join(
    f'[[visits]]\nname = "V{day}"\nday = {day}\nwindow_before = 9\nwindow_after = 9\n'
    for day in (20, 50, 80, 110, 140)
)
CUTOFF = '[censoring.cutoff]\nlabel = "Data cutoff"\nrole = "limit"\ndata_cutoff = true\n'
MISSED = '[censoring.missed]\nlabel = "Two visits missed"\nrole = "limit"\nmissed_visits = 2\n'
END = '[censoring.end]\nlabel = "End"\nrole = "last_seen"\ntable = "subjects"\ndate = "end_date"\n'
LIMITS = CENSORING.split("[censoring.contact]")[0]
TAKE = CENSORING.replace('where = { status = "withdrew" }', 'where = { status = "withdrew" }\ntake = "last"')
TAKE = TAKE.replace('where = { status = "alive" }', 'where = { status = "alive" }\ntake = "first"')
CUT_DAY = f"data_cutoff = {iso(120)}"
STUDIES = [
    {},
    {"endpoint": "min_gap_days = 0"},
    {"endpoint": "min_gap_days = 1", "censoring": CENSORING + CUTOFF, "top": CUT_DAY},
    {"endpoint": 'gap_anchor = "any"\nyear_only_dates = "impute"'},
    {"endpoint": 'gap_anchor = "any"\nmin_gap_days = 0', "censoring": LIMITS},
    {"endpoint": 'gap_anchor = "any"\nmin_gap_days = 1', "censoring": TAKE},
    {"censoring": CUTOFF + CENSORING + MISSED, "top": CUT_DAY},
    {"censoring": MISSED + END, "top": CUT_DAY},
    {"censoring": END + CUTOFF, "top": CUT_DAY},
    {"endpoint": 'censoring = ["visit", "horizon"]', "death_endpoint": 'censoring = ["contact"]'},
]


def study_of(options: dict[str, Any], draw: random.Random):
    """Add estimands with one to three intercurrent events each, of any strategies and in any order."""
    extra = INTERCURRENT + VISITS
    for number in range(6):
        variable = draw.choice(["first", "recurrent"])
        named = [(event, draw.choice(STRATEGIES)) for event in ("agent", "crossover", "untreated")]
        draw.shuffle(named)
        death, order = draw.choice(DEATHS[variable]), draw.choice([1, 2, 3]) if variable == "first" else 1
        events = dict(named[: draw.choice([1, 2, 3])])
        extra += estimand_text(
            f"ice-{number}", f"ICE{number}", events, variable=variable, order=order, death=death
        )
    return small_study(**(options | {"extra": extra}))


def tables_of(draw: random.Random) -> dict[str, pd.DataFrame]:
    """Draw few distinct days, so that many records share one; some before time zero, some partial."""
    days = [*draw.sample(range(-8, 260), 14), -1, 0, 1, 120, 121, 200, 201]
    partial = ["2025", "2025-01", "2025-02", "2025-03", "2025-07", "2024-12", "2024", None]

    def day(share: float = 0.15) -> Any:
        return draw.choice(partial) if draw.random() < share else draw.choice(days)

    def many(most: int) -> list[str]:
        return [who for who in SUBJECTS for _ in range(draw.randint(0, most))]

    kinds = ["cord", "fracture", "fracture", "agent", "other", None]
    tables = small_tables(
        subjects=draw.sample(SUBJECTS, len(SUBJECTS)),
        start={SUBJECTS[0]: None, SUBJECTS[1]: "2025-01", SUBJECTS[2]: 15, SUBJECTS[3]: -20},
        events=[(who, draw.choice(kinds), day()) for who in [*many(5), "nobody"]],
        radiation=[(who, day(), draw.choice(["palliative", "preventive", "protocol"])) for who in many(2)],
        status=[
            (who, draw.choice(["alive", "alive", "died", "withdrew"]), day() or 90) for who in [*many(2), "x"]
        ],
        visits=[
            (who, day(), draw.choice(["true", "true", "false"]), draw.choice(["V50", "V80", "extra"]))
            for who in many(4)
        ],
    )
    ends = pd.Series([iso(day()) for _ in SUBJECTS], dtype="string")
    tables["subjects"] = tables["subjects"].assign(end_date=ends)
    return {name: frame.sample(frac=1, random_state=draw.randint(0, 9999)) for name, frame in tables.items()}


def compare(outcomes, subjects: dict[str, Any], name: str) -> None:
    study = outcomes.study
    estimand = study.estimands[name]
    out = outcomes.exclusions.loc[outcomes.exclusions["estimand"] == name]
    found: dict[str, Any] = dict(zip(out["subject_id"], out["reason"], strict=True))
    if estimand.variable == "first":
        naive, frame = naive_first, outcomes.first(estimand.endpoint, name)
        columns = ("time", "status", "component", "components", "censor_reason")
        found |= dict(zip(frame["subject_id"], rows(frame, *columns), strict=True))
    else:
        naive, frame = naive_recurrent, outcomes.recurrent(estimand.endpoint, name)
        columns = ("start", "stop", "status", "episode", "component", "components")
        found |= {str(who): rows(part, *columns) for who, part in frame.groupby("subject_id")}
    assert found == {who: naive(mine, study, name) for who, mine in subjects.items()}


def compare_fates(outcomes, audit: pd.DataFrame, subjects: dict[str, Any], name: str) -> None:
    """Compare the fate of every record; each has one row."""
    records = audit[(audit["estimand"] == name) & (audit["kind"] != "censoring")]
    records = records[records["subject_id"].isin(subjects) & records["table"].notna()]
    assert not records.duplicated(["table", "source_row"]).any()
    for who, mine in subjects.items():
        part = records[records["subject_id"] == who]
        keys = rows(part, "table", "source_row")
        assert dict(zip(keys, rows(part, "rule", "episode"), strict=True)) == naive_fates(
            mine, outcomes.study, name
        )


def check_sentences(outcomes, audit: pd.DataFrame) -> None:
    """Check every number in a sentence against the dates and rows that it speaks of."""
    starts = {name: item.facts.start for name, item in outcomes.observations.items()}
    ids = next(iter(outcomes.observations.values())).facts.cohort.ids
    day_zero = pd.Timestamp("1970-01-01")
    for row in audit.itertuples():
        if said := re.search(r" on (\S+) \(day (\d+)", row.sentence):
            start = day_zero + pd.Timedelta(days=int(starts[row.estimand][ids.get_loc(row.subject_id)]))
            assert said[1] == str(row.date.date())
            assert int(said[2]) == (row.date - start).days + 1
        if said := re.search(r"(\d+) days? after (it|the event before), fewer than (\d+)", row.sentence):
            mine = audit[(audit["estimand"] == row.estimand) & (audit["subject_id"] == row.subject_id)]
            mine = mine[mine["episode"] == row.episode]
            mine = mine if said[2] == "the event before" else mine[mine["rule"] == "counted"]
            assert (mine["date"] == row.date - pd.Timedelta(days=int(said[1]))).any()
            assert int(said[1]) < int(said[3])
        if said := re.match(r"Observation ends on (\S+) .*: (.+)\.$", row.sentence):
            estimand = outcomes.study.estimands[row.estimand]
            if estimand.variable == "first":
                frame = outcomes.frames[row.estimand].query("subject_id == @row.subject_id")
                assert rows(frame, "status", "censor_reason") == [(0, said[2])]
                assert str(frame["date"].item().date()) == said[1]
            else:
                frame = outcomes.frames[row.estimand].query("subject_id == @row.subject_id")
                start = day_zero + pd.Timedelta(days=int(starts[row.estimand][ids.get_loc(row.subject_id)]))
                assert (row.date - start).days + 1 == frame["stop"].max()


@pytest.mark.parametrize("options", STUDIES, ids=range(len(STUDIES)))
@pytest.mark.parametrize("seed", range(2))
def test_every_subject_of_random_records_is_as_the_plain_loops_say(options: dict, seed: int) -> None:
    draw = random.Random(f"{seed} {STUDIES.index(options)}")
    study = study_of(options, draw)
    records = make_records(tables_of(draw), study=study)
    outcomes, subjects = derive_outcomes(records, study), rows_of(records)
    audit = outcomes.full_audit()

    for name in study.estimands:
        compare(outcomes, subjects, name)
        compare_fates(outcomes, audit, subjects, name)
    check_sentences(outcomes, audit)
