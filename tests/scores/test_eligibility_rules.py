"""Rules as data: Kleene logic against its truth tables, operators on unreadable values, refusals."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.eligibility_cases import frame

from skeletal.errors import InvalidArgument, InvalidRecords, InvalidStudy
from skeletal.records import make_records
from skeletal.scores import assess_eligibility
from skeletal.scores.eligibility_scores import MAKERS
from skeletal.study import ELIGIBILITY_SCORES, Criterion, Rule, load_study, lock_study, parse_study

HERMES = load_study("hermes")
LIBRARY = ("hermes", "perform", "rfa-ba", "rt-vertebroplasty")


def statuses(rule, rows, *, table="subjects"):
    """Return what a rule says of rows of columns, as T, F or ? for each."""
    base = {"arm": "observational", "randomised_date": "2025-03-01"}
    subjects = frame([base | {"subject_id": f"S{k:05}"} | row for k, row in enumerate(rows)])
    criterion = Criterion(id="X", label="X", kind="inclusion", rule=Rule.model_validate(rule))
    study = HERMES.model_copy(update={"eligibility": (criterion,), "eligibility_options": {}})
    found = assess_eligibility(make_records({"subjects": subjects}), study).criteria["status"]
    return "".join(found.map({"met": "T", "not_met": "F", "not_assessable": "?"}))


def flag(name):
    return {"column": name, "one_of": True}


def test_a_score_under_two_options_is_two_scores_and_the_first_is_shown():
    """KPS 60 is a point of the NRF with the cutoff <=60 and none with <60."""
    rules = {"usual": {}, "other": {"kps_cutoff": "<60"}, "again": {"kps_cutoff": "<60"}}
    criteria = tuple(
        Criterion(
            id=name,
            label=name,
            kind="inclusion",
            rule=Rule.model_validate({"score": "nrf", "using": using, "at_least": 1}),
        )
        for name, using in rules.items()
    )
    row = {"subject_id": "S1", "arm": "observational", "randomised_date": "2025-03-01", "kps": 60}
    subjects = frame([row | {"primary_tumour": "breast", "other_metastases": "no"}])
    study = HERMES.model_copy(update={"eligibility": criteria, "eligibility_options": {}})
    found = assess_eligibility(make_records({"subjects": subjects}), study)
    assert found.criteria["status"].tolist() == ["met", "not_met", "not_met"]
    assert found.subjects["nrf"].tolist() == [1]


VALUES = {"T": "yes", "F": "no", "?": None}
PAIRS = [dict(zip("ab", pair, strict=True)) for pair in product("TF?", repeat=2)]


@pytest.mark.parametrize(
    ("node", "table"),
    # Kleene (1952): rows a, columns b in the order T F ?.
    [("all", "TF?FFF?F?"), ("any", "TTTTF?T??"), ("none", "FFFFT?F??")],
)  # fmt: skip
def test_truth_tables(node, table):
    rows = [{name: VALUES[value] for name, value in pair.items()} for pair in PAIRS]
    assert statuses({node: [flag("a"), flag("b")]}, rows) == table


def kleene(rule, row):
    """Evaluate a rule with minimum and maximum of 0, 1/2 and 1."""
    if "column" in rule:
        return {"yes": 1, "no": 0, None: 0.5}[row[rule["column"]]]
    (node, parts), = rule.items()  # fmt: skip
    values = [kleene(part, row) for part in parts]
    if node == "all":
        return min(values)
    return max(values) if node == "any" else 1 - max(values)


RULES = st.recursive(
    st.sampled_from([flag(name) for name in "abc"]),
    lambda inner: st.builds(
        lambda node, parts: {node: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None)
@given(rule=RULES)
def test_any_tree_is_minimum_and_maximum(rule):
    rows = [dict(zip("abc", row, strict=True)) for row in product(["yes", "no", None], repeat=3)]
    expected = "".join({0: "F", 0.5: "?", 1: "T"}[kleene(rule, row)] for row in rows)
    assert statuses(rule, rows) == expected


@pytest.mark.parametrize(
    ("operator", "limit", "expected"),
    [("at_least", 5, "FTT??"), ("above", 5, "FFT??"), ("at_most", 5, "TTF??"), ("below", 5, "TFF??")],
)
def test_comparisons_at_the_limit(operator, limit, expected):
    rows = [{"x": value} for value in ("4.9", "5", "5.1", None, "five")]
    assert statuses({"column": "x", operator: limit}, rows) == expected


def test_a_limit_times_a_column_is_exact_in_decimals():
    # 1.5 x 1.2 is 1.7999999999999998 in binary, but 1.8 as written.
    rows = [{"x": x, "uln": uln} for x, uln in [(1.8, 1.2), (1.81, 1.2), (1.8, None), (None, 1.2), (1.8, 0)]]
    assert statuses({"column": "x", "at_most": 1.5, "times": "uln"}, rows) == "TF???"


def test_lists_of_parts():
    rows = [{"x": text} for text in ("a", "a, b", "c;a", "b+d", "", None, "e")]
    assert statuses({"column": "x", "includes": ["a", "b"]}, rows) == "TTTT??F"
    assert statuses({"column": "x", "only": ["a", "b"]}, rows) == "TTFF??F"
    known = {"among": ["a", "b", "c", "d"]}
    assert statuses({"column": "x", "includes": ["a"], **known}, rows) == "TTTF???"
    assert statuses({"column": "x", "only": ["a", "b"], **known}, rows) == "TTFF???"


def test_labels_and_what_they_can_be():
    rows = [{"x": text} for text in ("low", "high", "hgh", None)]
    assert statuses({"column": "x", "one_of": "high"}, rows) == "FTF?"
    assert statuses({"column": "x", "one_of": "high", "among": ["low", "high"]}, rows) == "FT??"


def test_flags_in_any_spelling():
    rows = [{"x": value} for value in ("yes", "Y", "1", "true", "no", "N", "0", "FALSE", "maybe", None)]
    assert statuses(flag("x"), rows) == "TTTTFFFF??"
    assert statuses({"column": "x", "one_of": False}, rows) == "FFFFTTTT??"


def test_an_absent_column_is_open_for_everybody_unless_the_rest_decides():
    rows = [{"x": "yes"}, {"x": "no"}]
    assert statuses(flag("gone"), rows) == "??"
    assert statuses({"any": [flag("gone"), flag("x")]}, rows) == "T?"
    assert statuses({"all": [flag("gone"), flag("x")]}, rows) == "?F"


def test_always():
    assert statuses({"always": True}, [{}]) == "T"
    assert statuses({"always": False}, [{}]) == "F"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "exactly one of all, any, none.*got none"),
        ({"column": "a", "score": "nrf", "at_least": 1}, "got column and score"),
        ({"column": "a"}, "exactly one of one_of, includes.*got none"),
        ({"column": "a", "at_least": 1, "below": 2}, "got at_least, below"),
        ({"score": "nrf", "one_of": 1}, "a score or count is compared by at_least"),
        (
            {"score": "nrf", "at_least": 1, "using": {"cutoff": "60"}},
            "using cutoff = '60' is not known.*kps_cutoff: <=60, <60",
        ),
        ({"score": "linden", "at_least": 1, "using": {"x": "1"}}, "allowed nothing"),
        ({"score": "pathfx", "at_least": 1}, "Input should be 'mirels'"),
        ({"score": "nrf", "at_least": 1, "times": "x"}, "times needs a column"),
        ({"column": "a", "at_least": 1, "among": [1, 2]}, "among goes with one_of"),
        ({"all": [], "at_least": 1}, "this rule has all"),
        ({"option": "x"}, "exactly one of"),
        ({"cases": {"a": {"always": True}}}, "option and cases go together"),
        ({"column": "a", "equals": 1}, "Extra inputs"),
        *[({node: []}, f"{node} is empty, which decides nothing") for node in ("all", "any", "none")],
        ({"option": "x", "cases": {}}, "cases is empty"),
        ({"column": "a", "one_of": "x", "among": ["y", "z"]}, "one_of names 'x', which among does not list"),
        ({"column": "a", "only": ["x", "y"], "among": ["y"]}, "only names 'x'"),
        ({"column": "a", "at_least": float("nan")}, "finite number"),
        ({"column": "", "at_least": 1}, "at least 1 character"),
    ],
)
def test_contradictory_rules_are_refused(rule, message):
    with pytest.raises(ValidationError, match=message):
        Rule.model_validate(rule)


def edited(**changes):
    """Return the text of HERMES with other criteria and options."""
    return lock_study(HERMES.model_copy(update=changes))


def criterion(rule, **fields):
    return Criterion.model_validate({"id": "X", "label": "X", "kind": "inclusion", "rule": rule} | fields)


OPTION = {"option": "sins_13", "cases": {"literal": {"always": True}, "other": {"always": False}}}


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ([criterion({"always": True})] * 2, "every eligibility criterion needs its own id, got X, X"),
        ([criterion(OPTION)], r"the cases \(literal, other\) must be the choices of the option 'sins_13'"),
        (
            [criterion(OPTION | {"option": "sins"})],
            "names the option 'sins', which eligibility_options does not have",
        ),
        (
            [criterion({"score": "mirels", "at_least": 9})],
            "unit subject; the score 'mirels' is one of a lesion",
        ),
        (
            [criterion({"score": "nrf", "at_least": 1}, unit="lesion")],
            "unit lesion; the score 'nrf' is one of a subject",
        ),
        (
            [criterion({"lesions": [], "at_least": 1}, unit="lesion")],
            "has unit lesion and cannot count lesions",
        ),
        ([criterion({"lesions": ["Y"], "at_least": 1})], "counts lesions by Y, no criterion of unit lesion"),
        (
            [criterion({"always": True}, unit="lesion")],
            "need a criterion of unit subject that counts lesions",
        ),
        ([criterion({"always": True})], "no eligibility criterion asks for the option 'nrf_kps_cutoff'"),
    ],
)
def test_contradictory_criteria_are_refused_when_the_study_is_read(criteria, message):
    with pytest.raises(InvalidStudy, match=message):
        parse_study(edited(eligibility=tuple(criteria)))


def test_an_option_must_choose_one_of_its_readings():
    text = edited().replace('chosen = "literal"', 'chosen = "strict"')
    with pytest.raises(InvalidStudy, match="chosen must be one of literal, unstable, got 'strict'"):
        parse_study(text)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_locked_study_keeps_its_criteria(name):
    study = load_study(name)
    again = parse_study(lock_study(study))
    assert again.eligibility == study.eligibility
    assert again.eligibility_options == study.eligibility_options


@pytest.mark.parametrize("name", LIBRARY)
def test_every_criterion_and_option_of_the_library_has_a_source(name):
    study = load_study(name)
    assert len(study.eligibility) > 8
    parts = [*study.eligibility, *study.eligibility_options.values()]
    assert [part for part in parts if len(part.source) < 10] == []
    assert [option for option in study.eligibility_options.values() if not option.note] == []


def test_every_score_of_the_study_file_can_be_made():
    assert set(MAKERS) == set(ELIGIBILITY_SCORES)


@pytest.mark.parametrize("name", LIBRARY)
def test_records_of_subjects_alone_make_nobody_eligible(name):
    study = load_study(name)
    subjects = frame([{"subject_id": "S1", "arm": study.arm_names[0], "randomised_date": "2025-03-01"}])
    result = assess_eligibility(make_records({"subjects": subjects}), study)
    assert result.subjects["status"].item() == "not assessable"
    of_subjects = result.criteria[result.criteria["lesion_id"].isna()]
    fixed = of_subjects["status"] != "not_assessable"
    assert of_subjects.loc[fixed, "criterion"].tolist() == []


def small_trial(order):
    rows = [
        {"subject_id": f"S{k}", "arm": "observational", "randomised_date": "2025-03-01", "age": 16 + k}
        for k in range(4)
    ]
    lesions = [{"subject_id": f"S{k % 4}", "lesion_id": f"L{k}", "pain_nrs": k % 5} for k in range(8)]
    subjects = frame(rows).iloc[order]
    return assess_eligibility(
        make_records(
            {"subjects": subjects, "lesions": frame(lesions).iloc[::-1] if order[0] else frame(lesions)}
        ),
        HERMES,
    )


def test_order_of_rows_changes_no_verdict():
    one, other = small_trial([0, 1, 2, 3]), small_trial([3, 1, 0, 2])
    for table, keys in [("criteria", ["subject_id", "lesion_id", "criterion"]), ("lesions", ["lesion_id"])]:
        left, right = (getattr(each, table).sort_values(keys, ignore_index=True) for each in (one, other))
        pd.testing.assert_frame_equal(left, right)
    assert other.subjects["subject_id"].tolist() == ["S3", "S1", "S0", "S2"]


def test_summary_counts_every_row_once():
    result = small_trial([0, 1, 2, 3])
    summary = result.summary()
    assert summary["criterion"].tolist() == [each.id for each in HERMES.eligibility]
    assert summary[["met", "not_met", "not_assessable"]].to_numpy().sum() == len(result.criteria)
    age = summary.set_index("criterion").loc["I4"]
    assert age[["kind", "unit", "met", "not_met", "not_assessable"]].tolist() == [
        "inclusion",
        "subject",
        2,
        2,
        0,
    ]
    pain = summary.set_index("criterion").loc["I2a"]
    assert pain[["unit", "met", "not_met", "not_assessable"]].tolist() == ["lesion", 6, 2, 0]


def test_records_are_not_changed():
    subjects = pd.DataFrame(
        {"subject_id": ["S1"], "arm": ["observational"], "randomised_date": ["2025-03-01"]}
    )
    records = make_records({"subjects": subjects})
    before = records.subjects.copy()
    assess_eligibility(records, HERMES)
    pd.testing.assert_frame_equal(records.subjects, before)


def test_lesions_of_unknown_subjects_are_refused():
    subjects = pd.DataFrame(
        {"subject_id": ["S1"], "arm": ["observational"], "randomised_date": ["2025-03-01"]}
    )
    lesions = pd.DataFrame({"subject_id": ["S1", "S9", "S9"], "lesion_id": ["a", "b", "c"]})
    with pytest.raises(
        InvalidRecords, match=r"lesions: 2 row\(s\) of subjects who are not in subjects \(S9\)"
    ):
        assess_eligibility(make_records({"subjects": subjects, "lesions": lesions}), HERMES)


def test_a_study_without_criteria_is_refused():
    study = HERMES.model_copy(update={"eligibility": ()})
    subjects = pd.DataFrame(
        {"subject_id": ["S1"], "arm": ["observational"], "randomised_date": ["2025-03-01"]}
    )
    with pytest.raises(InvalidArgument, match="study 'hermes' has no eligibility criteria"):
        assess_eligibility(make_records({"subjects": subjects}), study)


def test_a_clearance_at_the_limit_is_not_missed_by_rounding():
    # (140 - 50) x 72 x 0.85 / (72 x 1.7) is 45 exactly.
    row = {"age": 50, "sex": "female", "weight_kg": 72, "creatinine": 1.7, "creatinine_unit": "mg/dL"}
    rows = [row | {"creatinine": value} for value in np.round(np.arange(0.1, 3.4, 0.1), 1)]
    expected = ["T" if 45 * 10 * round(value["creatinine"] * 10) <= 90 * 85 else "F" for value in rows]
    assert statuses({"score": "cockcroft_gault", "at_least": 45}, rows) == "".join(expected)
