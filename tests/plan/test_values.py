"""Measures in the plan: every number equals a count by hand or the function behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from scipy import stats
from tests.support.lesion_trial import lesion_study

from skeletal.errors import InvalidStudy
from skeletal.plan import analyse
from skeletal.proportions import clustered_proportion
from skeletal.study import Study

if TYPE_CHECKING:
    from skeletal.plan import Results

MEASURES = """
[[visits]]
name = "Month 1"
day = 30
[[visits]]
name = "Month 3"
day = 90
[measures.function]
kind = "score"
label = "Function"
paramcd = "FUN"
instrument = "TESS"
scale = "total"
version = "lower"
{more}
[measures.pain]
kind = "pain_response"
label = "Pain response"
paramcd = "PAIN"
{pain}
[analyses.means]
measure = "function"
method = "mean"
[analyses.responses]
measure = "pain"
method = "responders"
conf_level = 0.9
"""


class Measured:
    """Outcomes of which only the measures are read."""

    def __init__(self, frame: pd.DataFrame, study: Study) -> None:
        self.frame, self.study = frame, study

    def measure(self, name: str) -> pd.DataFrame:
        return self.frame

    def accounting(self) -> pd.DataFrame:
        return pd.DataFrame({"estimand": []})


def measured(rows: list[tuple[Any, ...]], analysis: str, *, more: str = "", pain: str = "") -> Results:
    """Analyse rows (subject, arm, planned day, value, category, status[, lesion])."""
    study = lesion_study(extra=MEASURES.format(more=more, pain=pain))
    columns = ["subject_id", "arm", "planned_day", "value", "category", "status", "lesion_id"]
    frame = pd.DataFrame([(*row, None)[:7] for row in rows], columns=columns)
    frame = frame.astype({"category": "string", "status": "string", "value": "float64"})
    if frame["lesion_id"].isna().all():
        frame = frame.drop(columns="lesion_id")
    content = study.model_dump(mode="python")
    content["analyses"] = {analysis: content["analyses"][analysis]}
    chosen = Study.model_validate(content)
    return analyse(Measured(frame, chosen), chosen)  # type: ignore[arg-type]


OLD, NEW = [50.0, 60.0, 70.0, 90.0], [65.0, 75.0, 85.0]
FUNCTION = [
    *((f"o{i}", "old", 30, value, None, "observed") for i, value in enumerate(OLD)),
    *((f"n{i}", "new", 30, value, None, "observed") for i, value in enumerate(NEW)),
    ("o8", "old", 30, math.nan, None, "missing"),
    ("o9", "old", 30, math.nan, None, "structural"),
    ("n9", "new", 30, 0.0, None, "death"),
    ("o0", "old", 90, 40.0, None, "observed"),
    ("n0", "new", 90, math.nan, None, "not_due"),
]


def test_means_describe_the_values_that_count_by_arm_and_visit() -> None:
    """R quantile type 7 of 50, 60, 70, 90: 57.5, 65, 75."""
    value = measured(FUNCTION, "means").value
    names = ("n", "mean", "sd", "median", "q1", "q3")
    old = [value(f"means/old/{name}@30") for name in names]
    assert old == pytest.approx([4, 67.5, 17.078251276599, 65, 57.5, 75])
    assert value("means/new/n@30") == 4  # a death with the worst value counts
    assert value("means/new/mean@30") == pytest.approx(56.25)
    assert value("means/new/n@90") == 0
    assert math.isnan(value("means/new/mean@90"))
    assert math.isnan(value("means/old/sd@90"))


def test_the_difference_of_means_is_that_of_welch() -> None:
    results = measured(FUNCTION, "means")
    test = stats.ttest_ind([*NEW, 0.0], OLD, equal_var=False)
    limits = test.confidence_interval(0.95)
    found = [
        results.value(f"means/new vs old/{name}@30") for name in ("difference", "lower", "upper", "p_value")
    ]
    assert found == pytest.approx([-11.25, limits.low, limits.high, test.pvalue])
    row = results.select(arm="new vs old").query("time == 90")
    assert row["value"].isna().all()
    assert row["method"].str.contains("not estimable").all()
    assert set(results.frame["endpoint"]) == set(results.frame["estimand"]) == {"function"}


@pytest.mark.parametrize(("ours", "control"), [([0.1] * 10, [0.1] * 7), ([0.1 + 0.2, 0.3] * 3, [0.3] * 7)])
def test_values_that_differ_by_rounding_alone_have_no_test(ours: list[float], control: list[float]) -> None:
    """R 4.2.2, t.test(rep(.1, 10), rep(.1, 7)): data are essentially constant."""
    rows = [(f"n{i}", "new", 30, value, None, "observed") for i, value in enumerate(ours)]
    rows += [(f"o{i}", "old", 30, value, None, "observed") for i, value in enumerate(control)]
    row = measured(rows, "means").select(arm="new vs old")
    assert row["value"].isna().all()
    assert row["method"].str.contains("not estimable").all()


def test_one_constant_arm_has_a_test() -> None:
    """R 4.2.2: t.test(c(2, 3), c(1, 1)): difference 1.5, limits -4.853102 and 7.853102, p 0.2048328."""
    rows = [("n0", "new", 30, 2.0, None, "observed"), ("n1", "new", 30, 3.0, None, "observed")]
    rows += [("o0", "old", 30, 1.0, None, "observed"), ("o1", "old", 30, 1.0, None, "observed")]
    value = measured(rows, "means").value
    found = [value(f"means/new vs old/{name}@30") for name in ("difference", "lower", "upper", "p_value")]
    assert found == pytest.approx([1.5, -4.853102, 7.853102, 0.2048328], rel=1e-6)


def test_the_denominator_is_stated_with_what_was_left_out() -> None:
    results = measured(FUNCTION, "means")
    words = results.select(arm="old", statistic="mean").query("time == 30")["method"].item()
    assert "4 of 6 evaluable; left out: 1 missing, 1 structural" in words
    words = results.select(arm="new", statistic="mean").query("time == 30")["method"].item()
    assert "4 of 4 evaluable, 1 of them with the worst value" in words


PAIN = [
    ("o0", "old", 30, 2.0, "complete", "observed"),
    ("o1", "old", 30, 3.0, "partial", "observed"),
    ("o2", "old", 30, 6.0, "indeterminate", "observed"),
    ("o3", "old", 30, 9.0, "progression", "observed"),
    ("o4", "old", 30, 10.0, None, "death"),
    ("o5", "old", 30, math.nan, None, "death"),
    ("o6", "old", 30, math.nan, None, "missing"),
    ("o7", "old", 30, math.nan, None, "intercurrent"),
    ("n0", "new", 30, math.nan, None, "missing"),
]


def test_responders_count_complete_and_partial_among_the_evaluable() -> None:
    """Two of five: the death with the worst value is no response, the other is left out."""
    results = measured(PAIN, "responses")
    z = stats.norm.ppf(0.95)
    centre, half = (2 + z**2 / 2) / (5 + z**2), z / (5 + z**2) * math.sqrt(2 * 3 / 5 + z**2 / 4)
    names = ("n", "responders", "proportion", "lower", "upper")
    found = [results.value(f"responses/old/{name}@30") for name in names]
    assert found == pytest.approx([5, 2, 0.4, centre - half, centre + half])
    words = results.select(arm="old", statistic="proportion")["method"].item()
    assert "5 of 8 evaluable, 1 of them with the worst value" in words
    assert "left out: 1 death, 1 intercurrent, 1 missing" in words
    assert results.value("responses/new/n@30") == 0
    assert math.isnan(results.value("responses/new/proportion@30"))


def test_structurally_missing_subjects_are_no_failures() -> None:
    """By statsmodels 0.15, proportion_confint(2, 2, 0.1, "wilson"): lower 0.425031."""
    responses = [
        ("o0", "old", 30, 1.0, "complete", "observed"),
        ("o1", "old", 30, 1.0, "partial", "observed"),
    ]
    absent = [(f"x{i}", "old", 30, math.nan, None, "structural") for i in range(5)]
    results = measured([*responses, *absent], "responses")
    assert results.value("responses/old/proportion@30") == 1
    assert results.value("responses/old/lower@30") == pytest.approx(0.425031, abs=1e-6)
    words = results.select(arm="old", statistic="proportion")["method"].item()
    assert "2 of 7 evaluable; left out: 5 structural" in words


def test_responders_of_lesions_are_clustered_by_subject() -> None:
    rows = [
        ("a", "old", 30, 1.0, "complete", "observed", "L1"),
        ("a", "old", 30, 1.0, "partial", "observed", "L2"),
        ("b", "old", 30, 8.0, "progression", "observed", "L1"),
        ("b", "old", 30, 8.0, "progression", "observed", "L2"),
    ]
    results = measured(rows, "responses", pain='unit = "lesion"')
    expected = clustered_proportion([1, 1, 0, 0], list("aabb"), conf_level=0.9)
    assert results.value("responses/old/lower@30") == pytest.approx(expected.lower)
    assert set(results.select(statistic="n")["unit"]) == {"lesions"}


def test_means_of_lesions_are_refused() -> None:
    extra = MEASURES.format(more='unit = "lesion"', pain="").replace('"TESS"', '"NRS"')
    with pytest.raises(InvalidStudy, match="mean takes the lesions of a subject as independent"):
        lesion_study(extra=extra.replace('version = "lower"\n', ""))
