"""The outcomes of lesions against plain loops over one lesion at a time, on random records."""

from __future__ import annotations

import random

import pytest
from tests.support.lesion_trial import lesion_study, lesion_tables
from tests.support.naive_outcomes import lesions_of, naive_first, naive_recurrent
from tests.support.outcome_trial import rows

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records


@pytest.mark.parametrize("seed", range(3))
def test_every_lesion_of_random_records_is_as_the_plain_loops_say(seed: int) -> None:
    draw = random.Random(f"lesions {seed}")
    extra = '[intercurrent.crossover]\nlabel = "Crossover"\ntable = "procedures"\ndate = "indicated_date"\n'
    extra += 'where = { intent = "protocol" }\n[intercurrent.untreated]\nlabel = "Never treated"\n'
    extra += (
        'table = "procedures"\ndate = "indicated_date"\nwhere = { intent = "preventive" }\nabsent_by = 30\n'
    )
    strategies = ["hypothetical", "composite", "competing", "treatment_policy"]
    crossover, untreated = draw.choice(strategies), draw.choice(strategies)
    more = f'intercurrent = {{ crossover = "{crossover}", untreated = "{untreated}" }}'
    study = lesion_study(more=more, extra=extra)
    subjects, labels = [f"S{i}" for i in range(8)], ["L1", "L2", "L3"]
    n_rows = {"events": 30, "procedures": 20, "assessments": 25}
    tables = lesion_tables(
        lesions=[
            (who, label, draw.choice(["true", "true", "false"])) for who in subjects for label in labels[:2]
        ],
        subjects=subjects,
        start={"S0": None, "S1": 30},
        events=[
            (draw.choice(subjects), draw.choice(["cord", "fracture", "other"]), draw.randint(-5, 210))
            for _ in range(n_rows["events"])
        ],
        radiation=[
            (
                draw.choice(subjects),
                draw.randint(-5, 210),
                draw.choice(["palliative", "preventive", "protocol"]),
            )
            for _ in range(n_rows["procedures"])
        ],
        visits=[(draw.choice(subjects), draw.randint(-5, 210)) for _ in range(n_rows["assessments"])],
        status=[
            (who, draw.choice(["alive", "died", "withdrew"]), draw.randint(1, 210)) for who in subjects * 2
        ],
        of={table: [draw.choice([*labels, None]) for _ in range(n)] for table, n in n_rows.items()},
    )
    records = make_records(tables, study=study)
    outcomes, lesions = derive_outcomes(records, study), lesions_of(records, study, "lesion-sre")
    out = outcomes.exclusions.query("estimand == 'by-lesion' and lesion_id.notna()")
    excluded = {row[:2]: row[2] for row in rows(out, "subject_id", "lesion_id", "reason")}

    columns = ("time", "status", "component", "components", "censor_reason")
    found = {
        row[:2]: row[2:] for row in rows(outcomes.first("lesion-sre"), "subject_id", "lesion_id", *columns)
    }
    assert found | excluded == {key: naive_first(mine, study, "by-lesion") for key, mine in lesions.items()}
    spans: dict = {}
    columns = ("start", "stop", "status", "episode", "component", "components")
    for row in rows(outcomes.recurrent("lesion-sre"), "subject_id", "lesion_id", *columns):
        spans.setdefault(row[:2], []).append(row[2:])
    expected = {key: naive_recurrent(mine, study, "by-lesion-all") for key, mine in lesions.items()}
    assert spans | excluded == expected
