from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skeletal.competing import (
    absolute_risk,
    cause_specific_cox,
    cumulative_incidence,
    fine_gray,
    gray_test,
    incidence_contrast,
    naive_incidence,
    predicted_incidence,
    years_lost,
    years_lost_contrast,
)
from skeletal.data import CompetingRisks
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable, SkeletalWarning

FIELDS = ("estimate", "coefficient", "statistic", "lower", "upper", "ratio_upper")
REASONS = "not estimable|limits are NaN|no test|no limits|no standard error|too large"
CAUSES = ("SSE", "death")
TIME, STATUS = [4.0, 7, 7, 9, 12, 15, 15, 20], [1, 2, 0, 1, 0, 1, 2, 0]
ARM = list("ABABABAB")
X = pd.DataFrame({"x": [0.3, -1, 2, 0.5, 1, -0.2, 0.1, 1.4]})
SAMPLES = {
    "no events": (TIME, [0] * 8),
    "no other cause": (TIME, [1, 0] * 4),
    "only the other cause": (TIME, [2, 0] * 4),
    "all censored at the first time": ([1.0] * 7 + [5], [0] * 7 + [1]),
    "all fail at one time": ([7.0] * 8, [1, 2] * 4),
    "two times": ([1.0, 2] * 4, STATUS),
    "short": (np.array(TIME) * 1e-9, STATUS),
    "long": (np.array(TIME) * 1e9, STATUS),
    "short and long": (np.array(TIME) * np.array([1e-9, 1e9] * 4), STATUS),
    "an event at 0": ([0.0, *TIME[1:]], STATUS),
    "all events at 0": ([0.0] * 8, [1, 2] * 4),
    "one": ([5.0], [1]),
    "one censored": ([5.0], [0]),
    "two": ([5.0, 6], [1, 2]),
}


def models(data, _):
    rows = X.iloc[: data.n_subjects]
    fit = fine_gray(data, rows, "SSE")
    return [fit, *predicted_incidence(fit, X.iloc[:2]), *predicted_incidence(fit, X.iloc[:2] * 1e4)]


def risks(data, _):
    rows = X.iloc[: data.n_subjects]
    near = absolute_risk(data, rows, "SSE", X.iloc[:2], product="product-limit")
    return [*near, *absolute_risk(data, rows, "SSE", X.iloc[:2] * 1e4, product="product-limit")]


FUNCTIONS = {
    "aalen": lambda data, _: cumulative_incidence(data, "SSE"),
    "greenwood": lambda data, _: cumulative_incidence(data, "SSE", variance="greenwood"),
    "jackknife": lambda data, _: cumulative_incidence(data, "SSE", variance="jackknife"),
    "naive": lambda data, _: naive_incidence(data, "SSE"),
    "gray": lambda data, arm: gray_test(data, arm, "SSE"),
    "gray strata": lambda data, arm: gray_test(data, arm, "SSE", strata=range(data.n_subjects), rho=-1),
    "contrast": lambda data, arm: incidence_contrast(data, arm, "SSE", time=8, kind="log-log"),
    "contrast ratio": lambda data, arm: incidence_contrast(data, arm, "SSE", time=8, kind="ratio"),
    "years_lost": lambda data, _: years_lost(data, "SSE", horizon=8),
    "years_lost_contrast": lambda data, arm: years_lost_contrast(data, arm, "SSE", horizon=8),
    "fine_gray": models,
    "fine_gray tiny": lambda data, _: fine_gray(data, X.iloc[: data.n_subjects] * 1e-9, "SSE"),
    "cause_specific": lambda data, _: cause_specific_cox(data, X.iloc[: data.n_subjects], "SSE"),
    "absolute_risk": risks,
}


@pytest.mark.filterwarnings("ignore::skeletal.errors.SkeletalWarning")
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_degenerate_samples_give_finite_numbers_or_a_reason(name, sample):
    time, status = SAMPLES[sample]
    try:
        found = FUNCTIONS[name](CompetingRisks(time, status, CAUSES), ARM[: len(status)])
    except (InvalidArgument, NotEstimable, NotConverged):
        return
    for result in found if isinstance(found, list) else [found]:
        values = np.concatenate([np.ravel(getattr(result, field, [])) for field in FIELDS])
        assert not np.isinf(values).any()
        if np.isnan(values).any():
            assert re.search(REASONS, result.method)


@pytest.mark.parametrize(
    "status", [None, 1, {"a": 1}, [[1], [1, 0]], STATUS[1:], [3, *STATUS[1:]], [0.5] * 8]
)
def test_what_is_no_status_is_refused(status):
    with pytest.raises(InvalidArgument, match="status"):
        CompetingRisks(TIME, status, CAUSES)


@pytest.mark.parametrize("cause", ["other", 1, None, ["SSE"], np.array(["SSE", "death"]), pd.NA])
def test_what_is_no_cause_is_refused(cause):
    data = CompetingRisks(TIME, STATUS, CAUSES)
    for function in (
        cumulative_incidence,
        lambda d, c: gray_test(d, ARM, c),
        lambda d, c: fine_gray(d, X, c),
        lambda d, c: years_lost(d, c, horizon=8),
    ):
        with pytest.raises(InvalidArgument, match="cause must be one of 'SSE', 'death'"):
            function(data, cause)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), None, "1", [1], 10**400])
def test_what_is_no_rho_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"rho must be (a finite number|finite), got"):
        gray_test(CompetingRisks(TIME, STATUS, CAUSES), ARM, "SSE", rho=value)


@pytest.mark.parametrize("form", ["Int64", "uint8", "float32", "object"])
def test_every_form_of_status_is_taken_by_position(form):
    status = pd.Series(STATUS, dtype=form, index=[5, 2, 7, 0, 1, 6, 3, 4])
    assert_array_equal(CompetingRisks(TIME, status, CAUSES).status, STATUS)


def test_a_row_far_from_the_data_is_missing_and_says_so():
    data = CompetingRisks(TIME, STATUS, CAUSES)
    with pytest.warns(SkeletalWarning, match="exceeds 1"):
        curve = absolute_risk(data, X, "SSE", X.iloc[:1] * -1e6, product="product-limit")[0]
    assert not np.isinf(curve.estimate).any()
    assert np.isnan(curve.estimate).any()
    assert "not estimable: the row lies too far from the data" in curve.method
