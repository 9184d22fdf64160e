from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases
from tests.support.interval_trials import cosmesis, infections, treated

from skeletal.data import IntervalCensored, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.intervals import imputation_comparison, interval_logrank, interval_regression

INTERVAL = cases("interval")
INF = float("inf")
DATA = IntervalCensored([0, 3, 3, 6, 6, 12, 12, 12], [3, 6, 12, INF, 12, INF, 24, INF])
ARM = list("AABBAABB")


def trial(case):
    if case == "impute_bcos":
        return *cosmesis(), "Rad"
    data, frame = infections()
    return data, frame.treat, "placebo"


@pytest.mark.parametrize("case", ["impute_bcos", "impute_cgd"])
def test_imputed_times_as_coxph_and_survdiff(case):
    data, arm, control = trial(case)
    table = imputation_comparison(data, arm, control=control)
    for name, expected in INTERVAL[case].items():
        row = table.loc[name]
        assert_allclose(row.ratio, expected["ratio"], rtol=1e-8)
        assert_allclose([row.lower, row.upper], expected["limits"], rtol=1e-8)
        assert_allclose(row.p_value, expected["p"], rtol=1e-7)
        assert_allclose(row.z**2, expected["chisq"], rtol=1e-9)
        assert row.n_imputed == expected["n"]
        assert_allclose(row.mean_reach, expected["reach"])


def test_rows_for_intervals_are_those_methods():
    data, frame = infections()
    table = imputation_comparison(data, frame.treat, control="placebo", scores="wmw", conf_level=0.9)
    test = interval_logrank(data, frame.treat, control="placebo", scores="wmw")
    for baseline in ("weibull", "semiparametric"):
        fit = interval_regression(data, treated(frame.treat, "placebo"), baseline=baseline, conf_level=0.9)
        row = table.loc[baseline]
        assert_allclose(
            [row.ratio, row.lower, row.upper], [fit.ratio[0], fit.ratio_lower[0], fit.ratio_upper[0]]
        )
        assert_allclose([row.p_value, row.z, row.test_p_value], [fit.p_value[0], test.z, test.p_value])
        assert row.n_imputed == row.max_reach == 0
    assert table.method.str.endswith("ratio of rIFN-g over placebo").all()


def test_swapping_arms_inverts_ratios_and_turns_z():
    table = imputation_comparison(DATA, ARM)
    swapped = imputation_comparison(DATA, ARM, control="B")
    assert_allclose(swapped.ratio, 1 / table.ratio, rtol=1e-6)
    assert_allclose(swapped.lower, 1 / table.upper, rtol=1e-5)
    assert_allclose(swapped.z, -table.z, rtol=1e-6)


def test_exact_and_right_censored_rows_are_not_imputed():
    data = IntervalCensored([2, 3, 4, 5, 1, 6], [4, 3, INF, 5, 8, 6])
    table = imputation_comparison(data, list("ABABAB"))
    assert table.n_imputed.tolist() == [0, 0, 2, 2]
    assert table.max_reach.tolist() == [0, 0, 3.5, 7]
    assert table.mean_reach.tolist() == [0, 0, 2.25, 4.5]


def test_what_cannot_be_estimated_is_said_row_by_row():
    data = IntervalCensored([0, 5, 6, 7], [5, 6, INF, INF])
    table = imputation_comparison(data, list("AABB"))
    assert table[["ratio", "lower", "upper", "p_value"]].isna().all(axis=None)
    assert table.method.str.contains("not estimable: .*grow without end").all()
    assert np.isfinite(table.z).all()
    nobody = imputation_comparison(IntervalCensored([1, 2, 3, 4], [INF] * 4), list("AABB"))
    assert nobody[["ratio", "z", "test_p_value"]].isna().all(axis=None)
    assert (nobody.n_imputed == 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": RightCensored([1], [1])}, "data must be IntervalCensored"),
        ({"arm": list("AABBCCAB")}, "arm must have two labels, got 3"),
        ({"control": "Z"}, "control must be one of the arms"),
        ({"scores": "sun"}, "scores must be one of"),
        ({"conf_level": 0}, "conf_level must lie strictly between 0 and 1"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InvalidArgument, match=message):
        imputation_comparison(**{"data": DATA, "arm": ARM} | options)
