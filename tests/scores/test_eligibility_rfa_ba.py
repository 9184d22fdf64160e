"""NCT07090122: each criterion met, not met and missing; laboratory limits; conversions of creatinine."""

from __future__ import annotations

import pytest
from tests.support.eligibility_cases import Trial

TRIAL = Trial(
    "rfa-ba",
    {
        "age": 60,
        "sex": "male",
        "histology_confirmed": "yes",
        "laboratory_date": "2025-06-10",
        "neutrophils_10e9_l": 3.0,
        "platelets_10e9_l": 200,
        "haemoglobin_g_dl": 12,
        "transfused_within_14_days": "no",
        "ast": 20,
        "ast_uln": 40,
        "alt": 20,
        "alt_uln": 40,
        "liver_metastases": "no",
        "bilirubin": 0.5,
        "bilirubin_uln": 1.0,
        "gilbert_syndrome": "no",
        "albumin_g_l": 40,
        "creatinine": 1.0,
        "creatinine_uln": 1.2,
        "creatinine_unit": "mg/dL",
        "weight_kg": 72,
        "contraception_agreed": "yes",
        "partner_childbearing_potential": "no",
        "sterilised": "no",
        "amenorrhoea_months": None,
        "amenorrhoea_other_cause": None,
        "written_consent": "yes",
        "pregnant": "no",
        "breastfeeding": "no",
    },
    {
        "bone": "vertebra",
        "vertebral_level": "L1",
        "pain_nrs": 5,
        "sre_predictors": "no",
        "cord_compression": "no",
        "radicular_pain": "no",
        "prior_radiotherapy": "no",
        "stabilisation_candidate": "no",
        "matrix": "lytic",
        "posterior_elements": "no",
        "rfa_ineligible": "no",
        "rfa_unsafe": "no",
    },
)
WOMAN = {"sex": "female", "contraception_agreed": "no"}
LIVER = {"liver_metastases": "yes"}
# (140 - 60) * 72 / 72 = 80: clearance is 80 / creatinine for a man; creatinine 2 is above 1.5 x 1.2.
UMOL = {"creatinine_unit": "umol/L", "creatinine_uln": 100}

FLAGS = [
    (name, {column: value}, status)
    for name, column in [
        ("E3", "prior_radiotherapy"),
        ("E4", "stabilisation_candidate"),
        ("E6", "rfa_unsafe"),
    ]
    for value, status in [("yes", "met"), ("no", "not_met"), (None, "not_assessable")]
]
LIMITS = [
    (name, {column: value}, status)
    for name, column, least, below in [
        ("I4.1", "neutrophils_10e9_l", 1.5, 1.49),
        ("I4.2", "platelets_10e9_l", 50, 49),
        ("I4.3", "haemoglobin_g_dl", 10, 9.9),
        ("I4.6", "albumin_g_l", 30, 29.9),
        ("I3", "age", 18, 17),
    ]
    for value, status in [(least, "met"), (below, "not_met"), (None, "not_assessable")]
]
CASES = [
    *FLAGS,
    *LIMITS,
    ("I1a", {}, "met"),
    ("I1a", {"histology_confirmed": "no"}, "not_met"),
    ("I1a", {"histology_confirmed": None}, "not_assessable"),
    *[("I1b", {"vertebral_level": level}, "met") for level in ("T5", "T12", "L1", "L5")],
    *[("I1b", {"vertebral_level": level}, "not_met") for level in ("C7", "T4", "S1")],
    ("I1b", {"vertebral_level": "D5"}, "not_assessable"),
    ("I1b", {"vertebral_level": None}, "not_assessable"),
    ("I2", {"pain_nrs": 1}, "met"),
    ("I2", {"pain_nrs": 0}, "not_met"),
    ("I2", {"pain_nrs": 0, "sre_predictors": "yes"}, "met"),
    ("I2", {"pain_nrs": None}, "not_assessable"),
    ("I2", {"pain_nrs": None, "sre_predictors": "yes"}, "met"),
    ("I4", {"laboratory_date": "2025-06-15"}, "met"),
    ("I4", {"laboratory_date": "2025-06-01"}, "met"),
    ("I4", {"laboratory_date": "2025-05-31"}, "not_met"),
    ("I4", {"laboratory_date": "2025-06-16"}, "not_met"),
    ("I4", {"laboratory_date": "2025-06"}, "not_assessable"),
    ("I4", {"laboratory_date": "2025-05"}, "not_met"),
    ("I4", {"laboratory_date": None}, "not_assessable"),
    ("I4.3", {"transfused_within_14_days": "yes"}, "not_met"),
    ("I4.3", {"transfused_within_14_days": None}, "not_assessable"),
    ("I4.4", {"ast": 120, "alt": 120}, "met"),
    ("I4.4", {"ast": 121}, "not_met"),
    ("I4.4", {"alt": 121}, "not_met"),
    ("I4.4", {"ast": 121, "liver_metastases": None}, "not_assessable"),
    ("I4.4", {"ast": 120, "liver_metastases": None}, "met"),
    ("I4.4", LIVER | {"ast": 200, "alt": 200}, "met"),
    ("I4.4", LIVER | {"ast": 201}, "not_met"),
    ("I4.4", {"ast": 201, "liver_metastases": None}, "not_met"),
    ("I4.4", {"ast_uln": None}, "not_assessable"),
    ("I4.4", {"ast_uln": 0}, "not_assessable"),
    ("I4.4", {"alt": None}, "not_assessable"),
    ("I4.5", {"bilirubin": 1.5}, "met"),
    ("I4.5", {"bilirubin": 1.6}, "not_met"),
    ("I4.5", {"bilirubin": 1.6, "gilbert_syndrome": "yes"}, "met"),
    ("I4.5", {"bilirubin": 2.0, "gilbert_syndrome": "yes"}, "not_met"),
    ("I4.5", {"bilirubin": 1.6, "gilbert_syndrome": None}, "not_assessable"),
    ("I4.5", {"bilirubin": 2.0, "gilbert_syndrome": None}, "not_met"),
    ("I4.7", {"creatinine": 1.8, "weight_kg": None}, "met"),
    ("I4.7", {"creatinine": 1.9}, "not_met"),
    ("I4.7", {"creatinine": 1.9, "weight_kg": 90}, "met"),
    ("I4.7", {"creatinine": 2.0, "weight_kg": 81}, "met"),
    ("I4.7", {"creatinine": 2.0, "weight_kg": 80.9}, "not_met"),
    ("I4.7", {"creatinine": 1.9, "weight_kg": None}, "not_assessable"),
    ("I4.7", {"creatinine": 1.9, "creatinine_unit": None}, "not_assessable"),
    ("I4.7", {"creatinine": 1.9, "creatinine_unit": "mg"}, "not_assessable"),
    ("I4.7", {"creatinine": 1.9, "sex": "M"}, "not_assessable"),
    ("I4.7", {"creatinine": 1.0, "creatinine_uln": None}, "met"),
    ("I4.7", {"creatinine": None}, "not_assessable"),
    ("I5", {}, "met"),
    ("I5", {"contraception_agreed": "no"}, "met"),
    ("I5", {"contraception_agreed": "no", "partner_childbearing_potential": "yes"}, "not_met"),
    ("I5", {"contraception_agreed": "no", "partner_childbearing_potential": None}, "not_assessable"),
    ("I5", WOMAN | {"amenorrhoea_months": 0}, "not_met"),
    ("I5", WOMAN | {"amenorrhoea_months": 12, "amenorrhoea_other_cause": "no"}, "met"),
    ("I5", WOMAN | {"amenorrhoea_months": 12, "amenorrhoea_other_cause": "yes"}, "not_met"),
    ("I5", WOMAN | {"amenorrhoea_months": 12}, "not_assessable"),
    ("I5", WOMAN | {"sterilised": "yes"}, "met"),
    ("I6", {}, "met"),
    ("I6", {"written_consent": "no"}, "not_met"),
    ("I6", {"written_consent": None}, "not_assessable"),
    ("E1", {"pregnant": "yes"}, "not_met"),
    ("E1", {"sex": "female"}, "not_met"),
    ("E1", {"sex": "female", "pregnant": "yes"}, "met"),
    ("E1", {"sex": "female", "breastfeeding": "yes", "pregnant": None}, "met"),
    ("E1", {"sex": "female", "pregnant": None}, "not_assessable"),
    ("E2", {}, "not_met"),
    ("E2", {"cord_compression": "yes"}, "met"),
    ("E2", {"radicular_pain": "yes", "cord_compression": None}, "met"),
    ("E2", {"radicular_pain": None}, "not_assessable"),
    ("E5", {"matrix": "mixed"}, "not_met"),
    ("E5", {"matrix": "blastic"}, "met"),
    ("E5", {"posterior_elements": "yes"}, "met"),
    ("E5", {"rfa_ineligible": "yes", "matrix": None}, "met"),
    ("E5", {"matrix": None}, "not_assessable"),
]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][0]}-{number}")
def test_criterion(number):
    assert TRIAL.statuses(CASES)[number] == CASES[number][2], CASES[number]


def test_every_criterion_has_a_case_of_each_status():
    seen = {(criterion, status) for criterion, _, status in CASES}
    ids = {criterion.id for criterion in TRIAL.study.eligibility} - {"I1c", "I1d"}
    assert seen == {(name, status) for name in ids for status in ("met", "not_met", "not_assessable")}


@pytest.mark.parametrize(
    ("levels", "status"),
    [
        (["L1"], "eligible"),
        (["T5", "L5"], "eligible"),
        (["T5", "L1", "L5"], "not eligible"),
        (["T4", "L1", "L5", "S1"], "eligible"),
        (["T4"], "not eligible"),
        (["T5", "L5", None], "not assessable"),
    ],
)
def test_up_to_two_levels_from_t5_to_l5(levels, status):
    assert TRIAL.verdict(lesions=[{"vertebral_level": level} for level in levels]) == status


def test_umol_per_litre_in_each_conversion():
    # (140 - 60) * weight * f / creatinine with f = 88.4/72 = 1.2278, 1.23 and 1/0.81 = 1.2346.
    # Weight 72 and creatinine 157.4: 44.93, 45.01, 45.18; so only the first is below 45.
    change = UMOL | {"creatinine": 157.4}
    name = "cockcroft_gault_conversion"
    assert [
        TRIAL.status_of("I4.7", change, readings={name: choice}) for choice in ("88.4", "1.04-1.23", "0.81")
    ] == ["not_met", "met", "met"]
    assert TRIAL.status_of("I4.7", change) == "not_met"


@pytest.mark.parametrize("choice", ["1.04-1.23", "0.81"])
def test_a_conversion_changes_nothing_in_mg_per_dl(choice):
    found = TRIAL.statuses(CASES, (("cockcroft_gault_conversion", choice),))
    assert found == [case[2] for case in CASES]


def test_the_clearance_and_its_conversion_stand_in_the_reason():
    result = TRIAL.assess(subject=UMOL | {"creatinine": 160.0})
    row = result.criteria.set_index("criterion").loc["I4.7"]
    assert row["status"] == "not_met"
    assert "Cockcroft-Gault clearance 44.2 mL/min (umol/L, conversion 88.4, actual weight)" in row["reason"]
