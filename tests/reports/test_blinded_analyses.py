"""A masked report leaves out what would tell the control, and tests its families by the letters."""

from __future__ import annotations

from functools import cache

import pytest
from tests.support import report_trial as trial
from tests.support.declared_further import DECLARED_EVENTS, DECLARED_VALUES, MEASURE
from tests.support.declared_further import FAMILIES as DECLARED_FAMILIES

from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.records import cut_records
from skeletal.study import Analysis, Multiplicity, changed_study, load_study
from skeletal_reports import tables
from skeletal_reports.arm_terms import arm_terms, normalise, term_pattern
from skeletal_reports.blinded_analyses import blind_multiplicity
from skeletal_reports.blinding import blind_records, masked_arms
from skeletal_reports.narrative import masking_text
from skeletal_synthetic import simulate_trial

CONTRAST = "upfront-rt vs observational"
IMPUTED = {"measure": "worst-pain", "times": [183], "n_imputations": 2, "seed": 1}
ANALYSES = {
    "gap": Analysis(estimand="sse-recurrent", method="mean_cumulative_contrast", times=[365]),
    "ratio": Analysis(estimand="sse-recurrent", method="rate_ratio"),
    "plain": Analysis(method="imputed_contrast", **IMPUTED),
    "shifted": Analysis(method="imputed_contrast", delta=1, **IMPUTED),
    "both": Analysis(method="imputed_contrast", delta=1, delta_arm="both", **IMPUTED),
    "copied": Analysis(method="imputed_contrast", imputation="copy-reference", **IMPUTED),
    "tipping": Analysis(method="tipping_point", deltas=[0, 1], **IMPUTED),
    "tipping-both": Analysis(method="tipping_point", deltas=[0, 1], delta_arm="both", **IMPUTED),
}
FAMILIES = {
    "keys": Multiplicity(method="holm", hypotheses=[f"gap/{CONTRAST}/p_value@365", "ratio"]),
    "imputed": Multiplicity(method="holm", hypotheses=["shifted", "ratio"]),
    "all": Multiplicity(method="holm", hypotheses=["ratio", "gap/all/p_value"]),
}


@pytest.fixture(scope="module")
def study():
    return changed_study(load_study("hermes"), analyses=ANALYSES, multiplicity=FAMILIES)


@cache
def records():
    return simulate_trial(load_study("hermes"), seed=1, n_subjects=40)


def blinded(study, kind):
    return blind_records(records(), study, kind=kind)[1]


def test_what_shifts_or_copies_one_arm_is_left_out(study):
    assert list(blinded(study, "closed").analyses) == ["gap", "ratio", "plain", "both", "tipping-both"]
    text = masking_text(blinded(study, "closed"))
    assert "shifts of the imputed values of one arm, are left out" in text


def test_hypotheses_name_contrasts_by_letters_and_families_that_lack_one_are_gone(study):
    letters = masked_arms(study)
    first, second = sorted(letters.values())
    families = blinded(study, "closed").multiplicity
    assert list(families) == ["keys", "all"]
    assert families["keys"].hypotheses == (f"gap/{second} vs {first}/p_value@365", "ratio")
    assert families["all"].hypotheses == ("ratio", "gap/all/p_value")


def test_a_contrast_that_a_masked_report_does_not_have_takes_its_family_away():
    three = trial.three_arm_study()
    control, arms = three.control.name, three.arm_names[1:]
    families = {
        arm: Multiplicity(method="holm", hypotheses=[f"gap/{arm} vs {control}/p_value@365"]) for arm in arms
    }
    three = three.model_copy(update={"multiplicity": families})
    shown = blind_multiplicity(three, {control: "B", arms[0]: "A", arms[1]: "C"}, pooled=False)
    assert {name: family["hypotheses"] for name, family in shown.items()} == {
        arms[0]: ("gap/B vs A/p_value@365",)
    }


def test_an_open_report_tests_no_family(study):
    assert blinded(study, "open").multiplicity == {}


def test_no_table_of_a_masked_report_names_an_arm():
    declared = {name: Analysis(estimand=e, method=m, **o) for name, (e, m, o) in DECLARED_EVENTS.items()}
    declared |= {name: Analysis(measure=MEASURE, method=m, **o) for name, (m, o) in DECLARED_VALUES.items()}
    study = changed_study(load_study("hermes"), analyses=declared, multiplicity=DECLARED_FAMILIES)
    raw = cut_records(simulate_trial(study, seed=5), study.data_cutoff)
    shown_records, shown = blind_records(raw, study, kind="closed")
    results = analyse(derive_outcomes(shown_records, shown), shown)
    made = [
        tables.curves_table(results, shown),
        tables.effects_table(results, shown),
        tables.hypothesis_tests_table(results, shown),
        *tables.further_tables(results, shown),
    ]
    texts = [
        text for table in made for text in (*(cell for row in table.rows for cell in row.cells), *table.notes)
    ]
    assert {table.name for table in made} >= {"wins", "visits", "recurrent-answers", "multiplicity"}
    pattern = term_pattern(arm_terms(study))
    assert [text for text in texts if pattern.search(normalise(text))] == []
    assert not [text for text in texts if "(control)" in text]
