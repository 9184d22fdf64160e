"""NCT07146074: each criterion met, not met and missing; counts of lesions; unclear places."""

from __future__ import annotations

import pytest
from tests.support.eligibility_cases import DROP, Trial

TRIAL = Trial(
    "hermes",
    {
        "age": 66,
        "sex": "female",
        "solid_tumour": "yes",
        "n_metastases": 3,
        "primary_tumour": "breast",
        "other_metastases": "yes",
        "kps": 80,
        "consent_by": "self",
        "pregnant": "no",
        "childbearing_potential": "no",
        "contraception_agreed": "no",
        "radiotherapy_precluded": "no",
        "interfering_trial": "no",
    },
    {
        "bone": "pelvis",
        "region": "acetabulum",
        "pain_nrs": 2,
        "diameter_cm": 1.5,
        "vertebral_level": None,
        "cortical_involvement": None,
        "pain_pattern": "mild",
        "matrix": "lytic",
        "alignment": "normal",
        "collapse": "none",
        "posterolateral": "none",
        "posterior_elements": "no",
        "bilsky": "0",
        "prior_radiotherapy": "no",
    },
)
FEMUR = {"bone": "femur", "region": "shaft"}
LONG_BONES = ("humerus", "radius", "ulna", "clavicle", "femur", "tibia", "fibula", "metacarpal", "phalanx")
SPINE = {"bone": "vertebra", "region": "thoracic", "vertebral_level": "T8"}
# T8 1, mechanical 3, lytic 2, subluxation 4, over half 3, none 0: 13.
SINS_13 = SPINE | {
    "pain_pattern": "mechanical",
    "alignment": "subluxation",
    "collapse": "over_half",
}

CASES = [
    ("I1", {}, "met"),
    ("I1", {"n_metastases": 2}, "not_met"),
    ("I1", {"solid_tumour": "no"}, "not_met"),
    ("I1", {"n_metastases": None}, "not_assessable"),
    ("I1", {"solid_tumour": "no", "n_metastases": None}, "not_met"),
    ("I2a", {"pain_nrs": 2}, "met"),
    ("I2a", {"pain_nrs": 3}, "not_met"),
    ("I2a", {"pain_nrs": None}, "not_assessable"),
    ("I2b", {}, "met"),
    ("I2b", {"region": "ilium", "diameter_cm": 1.9}, "not_met"),
    ("I2b", {"region": "ilium", "diameter_cm": 2}, "met"),
    ("I2b", {"region": "ilium", "diameter_cm": None}, "not_assessable"),
    ("I2b", {"region": "ilium", "bone": None}, "not_assessable"),
    ("I2b", {"region": "ilium", "bone": "Pelvis"}, "not_assessable"),
    *[
        ("I2b", {"bone": bone, "region": region, "cortical_involvement": 0}, "met")
        for bone, region in [
            ("pelvis", "acetabulum"),
            ("femur", "femoral_head"),
            ("femur", "femoral_neck"),
            ("scapula", "acromion"),
            ("scapula", "glenoid"),
            ("humerus", "humeral_head"),
            ("pelvis", "SI_joint"),
        ]
    ],
    *[
        ("I2b", {"bone": bone, "region": "shaft", "cortical_involvement": size}, status)
        for bone in LONG_BONES
        for size, status in [
            ("0.34", "met"),
            (1 / 3, "not_met"),
            ("<1/3", "not_met"),
            ("1/3-2/3", "met"),
            (">2/3", "met"),
            (None, "not_assessable"),
            ("much", "not_assessable"),
        ]
    ],
    ("I2b", {"bone": "rib", "region": "shaft", "cortical_involvement": 0.9}, "not_met"),
    *[
        ("I2b", SPINE | {"vertebral_level": level}, status)
        for status, levels in {
            "met": ("C1", "C2", "C7", "T1", "T12", "L1", "L5", "S1"),
            "not_met": ("C3", "C6", "T2", "T11", "L2", "L4", "S2"),
        }.items()
        for level in levels
    ],
    ("I2b", SPINE | {"vertebral_level": None}, "not_assessable"),
    ("I2b", SPINE | {"posterior_elements": "yes"}, "met"),
    ("I2b", SPINE | {"posterior_elements": None}, "not_assessable"),
    ("I2b", SPINE | {"posterior_elements": None, "posterolateral": "unilateral"}, "met"),
    ("I2b", SPINE | {"bilsky": "1a"}, "met"),
    ("I2b", SPINE | {"bilsky": "3"}, "met"),
    ("I2b", SPINE | {"bilsky": "1"}, "not_assessable"),
    ("I3", {"kps": 60}, "met"),
    ("I3", {"kps": 60, "primary_tumour": "lung"}, "not_met"),
    ("I3", {"kps": None}, "not_assessable"),
    ("I3", {"kps": 65}, "not_assessable"),
    ("I3", {"primary_tumour": "Breast"}, "not_assessable"),
    ("E2", {"kps": 60}, "not_met"),
    ("E2", {"kps": 60, "primary_tumour": "lung"}, "met"),
    ("E2", {"other_metastases": None}, "not_assessable"),
    ("I4", {"age": 18}, "met"),
    ("I4", {"age": 17.9}, "not_met"),
    ("I4", {"age": None}, "not_assessable"),
    ("I5", {"consent_by": "self"}, "met"),
    ("I5", {"consent_by": "representative"}, "met"),
    ("I5", {"consent_by": "none"}, "not_met"),
    ("I5", {"consent_by": None}, "not_assessable"),
    ("I5", {"consent_by": "yes"}, "not_assessable"),
    ("I6", {}, "met"),
    ("I6", {"sex": "male", "pregnant": None, "childbearing_potential": None}, "met"),
    ("I6", {"pregnant": "yes"}, "not_met"),
    ("I6", {"childbearing_potential": "yes"}, "not_met"),
    ("I6", {"childbearing_potential": "yes", "contraception_agreed": "yes"}, "met"),
    ("I6", {"pregnant": None}, "not_assessable"),
    ("E1", {"prior_radiotherapy": "yes"}, "met"),
    ("E1", {}, "not_met"),
    ("E1", {"prior_radiotherapy": None}, "not_assessable"),
    ("E3", {"radiotherapy_precluded": "yes"}, "met"),
    ("E3", {}, "not_met"),
    ("E3", {"radiotherapy_precluded": "unclear"}, "not_assessable"),
    # lower limb 2, mild 1, lytic 3, two thirds 2: 8; more 9.
    ("E4", FEMUR | {"cortical_involvement": "0.6"}, "not_met"),
    ("E4", FEMUR | {"cortical_involvement": "0.7"}, "met"),
    ("E4", FEMUR | {"cortical_involvement": None}, "not_assessable"),
    ("E4", FEMUR | {"cortical_involvement": "0.6", "region": None}, "not_assessable"),
    ("E4", FEMUR | {"cortical_involvement": "0.6", "region": "intertrochanteric"}, "met"),
    ("E4", {"bone": "humerus", "region": "shaft", "cortical_involvement": "0.7"}, "not_met"),
    ("E4", {"bone": "phalanx", "region": "shaft", "cortical_involvement": "0.7"}, "not_assessable"),
    ("E4", FEMUR | {"cortical_involvement": None, "mirels": 9}, "met"),
    ("E4", FEMUR | {"cortical_involvement": None, "mirels": 8}, "not_met"),
    ("E4", FEMUR | {"cortical_involvement": None, "mirels": 13}, "not_assessable"),
    ("E4", FEMUR | {"cortical_involvement": "0.7", "mirels": 8}, "not_assessable"),
    ("E4", SPINE, "not_met"),
    ("E5", SINS_13, "not_met"),
    ("E5", SINS_13 | {"posterolateral": "unilateral"}, "met"),
    ("E5", SINS_13 | {"alignment": None}, "not_assessable"),
    ("E5", SINS_13 | {"alignment": None, "sins": 14}, "met"),
    ("E5", SINS_13 | {"sins": 12}, "not_assessable"),
    ("E5", FEMUR, "not_met"),
    ("E7", {"interfering_trial": "yes"}, "met"),
    ("E7", {}, "not_met"),
    ("E7", {"interfering_trial": None}, "not_assessable"),
]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][0]}-{number}")
def test_criterion(number):
    assert TRIAL.statuses(CASES)[number] == CASES[number][2], CASES[number]


def test_every_criterion_has_a_case_of_each_status():
    seen = {(criterion, status) for criterion, _, status in CASES}
    ids = {criterion.id for criterion in TRIAL.study.eligibility} - {"I2", "E6"}
    assert seen >= {(name, status) for name in ids for status in ("met", "not_met", "not_assessable")}


def test_the_subject_of_the_cases_is_eligible():
    result = TRIAL.assess()
    assert result.subjects["status"].item() == "eligible"
    assert result.subjects["reasons"].item() == "Meets every inclusion criterion and no exclusion criterion."
    assert result.lesions["status"].tolist() == ["qualifying"]


GOOD, BAD, OPEN = {}, {"pain_nrs": 3}, {"pain_nrs": None}


@pytest.mark.parametrize(
    ("lesions", "inclusion", "exclusion", "status"),
    [
        ([GOOD], "met", "not_met", "eligible"),
        ([BAD], "not_met", "not_met", "not eligible"),
        ([OPEN], "not_assessable", "not_met", "not assessable"),
        ([GOOD, OPEN, BAD], "met", "not_met", "eligible"),
        ([BAD, OPEN], "not_assessable", "not_met", "not assessable"),
        ([GOOD] * 5, "met", "not_met", "eligible"),
        ([GOOD] * 6, "met", "met", "not eligible"),
        ([GOOD] * 5 + [OPEN], "met", "not_assessable", "not assessable"),
        ([GOOD] * 5 + [BAD] * 3, "met", "not_met", "eligible"),
        # A lesion irradiated before does not qualify but is one of the high-risk lesions.
        ([GOOD] * 5 + [{"prior_radiotherapy": "yes"}], "met", "met", "not eligible"),
    ],
)
def test_one_lesion_must_qualify_and_no_more_than_five_be_high_risk(lesions, inclusion, exclusion, status):
    result = TRIAL.assess(lesions=lesions)
    found = result.criteria[result.criteria["lesion_id"].isna()].set_index("criterion")["status"]
    assert (found["I2"], found["E6"]) == (inclusion, exclusion)
    assert result.subjects["status"].item() == status
    assert result.subjects["n_lesions"].item() == len(lesions)


def test_a_trial_without_records_of_lesions_is_not_assessable():
    result = TRIAL.assess(lesion_table=False)
    assert result.subjects["status"].item() == "not assessable"
    assert "table lesions is not there" in result.subjects["reasons"].item()
    assert result.subjects[["n_lesions", "n_qualifying_lesions"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("option", "choice", "criterion", "change", "literal", "other"),
    [
        ("nrf_kps_cutoff", "below_60", "I3", {"kps": 60, "primary_tumour": "lung"}, "not_met", "met"),
        ("nrf_kps_cutoff", "below_60", "E2", {"kps": 60, "primary_tumour": "lung"}, "met", "not_met"),
        ("sins_13", "unstable", "E5", SINS_13, "not_met", "met"),
        (
            "mirels_femoral_neck",
            "peritrochanteric",
            "E4",
            FEMUR | {"region": "femoral_neck", "cortical_involvement": "0.5"},
            "not_met",
            "met",
        ),
    ],
)
def test_a_reading_changes_its_criteria(option, choice, criterion, change, literal, other):
    assert TRIAL.status_of(criterion, change) == literal
    assert TRIAL.status_of(criterion, change, readings={option: choice}) == other


@pytest.mark.parametrize(
    ("option", "choice", "criteria"),
    [
        ("nrf_kps_cutoff", "below_60", {"I3", "E2"}),
        ("sins_13", "unstable", {"E5"}),
        ("mirels_femoral_neck", "peritrochanteric", {"E4"}),
    ],
)
def test_a_reading_changes_nothing_else(option, choice, criteria):
    found = TRIAL.statuses(CASES, ((option, choice),))
    changed = {case[0] for case, status in zip(CASES, found, strict=True) if status != case[2]}
    assert changed <= criteria


def test_reasons_are_sentences_with_the_values():
    result = TRIAL.assess(subject={"age": 17}, lesions=[{"pain_nrs": 3}])
    assert result.lesions["reasons"].item() == (
        'Does not meet "Lesion without or with few symptoms (pain at most 2)": pain score 3.'
    )
    assert result.subjects["reasons"].item() == (
        'Does not meet "At least one lesion that meets every criterion of lesions": qualifying lesions: 0. '
        'Does not meet "Aged 18 years or more": age 17. '
        'Lesion L1: Does not meet "Lesion without or with few symptoms (pain at most 2)": pain score 3.'
    )


def test_the_reason_of_a_score_has_its_points_and_the_reading():
    reasons = TRIAL.assess(lesions=[SINS_13 | {"posterolateral": "bilateral"}]).lesions["reasons"].item()
    assert reasons == (
        'Excluded by "Unstable spine that needs stabilisation: SINS above 13": bone vertebra; '
        "SINS 16 (location 1, pain 3, lesion 2, alignment 4, collapse 3, posterolateral 3) "
        "(reading of sins_13: literal)."
    )


def test_the_reason_of_an_open_score_names_what_is_missing():
    lesion = FEMUR | {"cortical_involvement": None, "pain_pattern": "severe"}
    rows = TRIAL.assess(lesions=[lesion]).criteria.set_index("criterion")
    assert rows.loc["E4", "reason"] == (
        '"Fracture or impending fracture of a limb: Mirels score of 9 or more" cannot be assessed: '
        "Mirels score cannot be made: pain pattern severe is not one of none, mild, moderate, functional, "
        "cortical involvement not recorded (reading of mirels_femoral_neck: lower_limb)."
    )


def test_scores_are_columns_of_the_tables():
    result = TRIAL.assess(lesions=[SINS_13, FEMUR | {"cortical_involvement": "0.7"}])
    assert result.lesions["sins"].tolist()[0] == 13
    assert result.lesions["mirels"].tolist()[1] == 9
    assert result.lesions["sins"].isna().tolist() == [False, True]
    assert result.subjects["nrf"].item() == 1


@pytest.mark.parametrize(
    "column",
    ["age", "solid_tumour", "n_metastases", "primary_tumour", "kps", "consent_by", "interfering_trial"],
)
def test_an_absent_column_of_subjects_leaves_everybody_open(column):
    result = TRIAL.assess(subject={column: DROP})
    assert result.subjects["status"].item() == "not assessable"
    assert f"column '{column}' of subjects is not there" in result.subjects["reasons"].item()


@pytest.mark.parametrize("column", ["bone", "pain_nrs", "prior_radiotherapy"])
def test_an_absent_column_of_lesions_leaves_everybody_open(column):
    result = TRIAL.assess(lesions=[{column: DROP}])
    assert result.subjects["status"].item() == "not assessable"
    assert f"column '{column}' of lesions is not there" in result.subjects["reasons"].item()
