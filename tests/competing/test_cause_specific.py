import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.fine_gray_trials import COVARIATES, SITES, SMALL, melanoma, mgus
from tests.support.golden import cases

from skeletal.competing import cause_specific_cox
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.survival import cox

GOLDEN = cases("fine_gray")
RTOL = 1e-10
COXPH_RTOL = 1e-7  # coxph at its own convergence


def check(fit, expected):
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=1e-10)
    assert_allclose(fit.score_test.statistic, expected["score"], rtol=RTOL)
    assert_array_equal([fit.n_subjects, fit.n_events], [expected["n"], expected["n_events"]])


def test_both_causes_as_coxph():
    data, frame = melanoma()
    x = frame[["male", "age", "ulcered", "logthick"]]
    for cause in "12":
        fit, expected = cause_specific_cox(data, x, cause), GOLDEN["cause_specific_melanoma"][f"cause{cause}"]
        assert_allclose(fit.coefficient, list(expected["coef"].values()), rtol=COXPH_RTOL)
        scale = np.outer(fit.std_error, fit.std_error)  # one covariance is nearly 0
        assert_allclose(fit.covariance / scale, expected["var"] / scale, atol=COXPH_RTOL)
        assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=1e-10)
        assert_array_equal([fit.n_subjects, fit.n_events], [expected["n"], expected["nevent"]])


def test_breslow_with_strata_as_coxph():
    data, frame = mgus()
    fit = cause_specific_cox(data, frame[["age", "mspike"]], "1", strata=frame.sex, ties="breslow")
    check(fit, GOLDEN["cause_specific_breslow_strata"])


def test_exact_as_coxph():
    data, frame = mgus()
    check(cause_specific_cox(data, frame[["age", "male"]], "1", ties="exact"), GOLDEN["cause_specific_exact"])


def test_clusters_as_coxph():
    data, frame = melanoma()
    expected = GOLDEN["cause_specific_cluster"]
    fit = cause_specific_cox(data, frame[["age", "logthick"]], "2", cluster=frame.ici)
    check(fit, expected)
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(expected["naive_var"])), rtol=RTOL)
    assert_allclose(fit.robust_score_test.statistic, expected["robust_score"], rtol=RTOL)


def test_delayed_entry_as_coxph():
    data, frame = melanoma()
    entry = 5.0 * ((np.arange(len(frame)) + 1) % 2)
    data = CompetingRisks(data.time, data.status, data.causes, entry=entry)
    check(cause_specific_cox(data, frame[["age", "logthick"]], "1"), GOLDEN["cause_specific_delayed"])


@settings(max_examples=25)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 7), st.integers(0, 2), st.integers(-3, 3)), min_size=8, max_size=25
    ),
    unit=st.floats(1e-3, 1e3),
)
def test_it_is_cox_with_the_other_causes_censored(rows, unit):
    time, status, x = np.array(rows).T
    frame = pd.DataFrame({"x": x})
    try:
        expected = cox(RightCensored(time, status == 2), frame)
    except (NotEstimable, NotConverged):
        assume(False)
    fit = cause_specific_cox(CompetingRisks(time * unit, status, ["SSE", "death"]), frame, "death")
    assert_array_equal(fit.coefficient, expected.coefficient)
    assert_array_equal(fit.covariance, expected.covariance)
    assert (fit.lower <= fit.coefficient).all()
    assert (fit.coefficient <= fit.upper).all()


def test_each_argument_changes_the_answer():
    plain = cause_specific_cox(SMALL, COVARIATES, "SSE")
    for other in (
        cause_specific_cox(SMALL, COVARIATES[["age"]], "SSE"),
        cause_specific_cox(SMALL, COVARIATES, "death"),
        cause_specific_cox(SMALL, COVARIATES, "SSE", strata=SITES),
        cause_specific_cox(SMALL, COVARIATES, "SSE", cluster=SITES * 1),
        cause_specific_cox(
            CompetingRisks(np.minimum(SMALL.time, 11), SMALL.status, SMALL.causes), COVARIATES, "SSE"
        ),
    ):
        assert abs(other.std_error[-1] - plain.std_error[-1]) > 1e-5
    tied = CompetingRisks(SMALL.time // 4, SMALL.status, SMALL.causes)
    by_rule = {
        rule: cause_specific_cox(tied, COVARIATES, "SSE", ties=rule) for rule in ("efron", "breslow", "exact")
    }
    assert len({fit.coefficient[0].round(6) for fit in by_rule.values()}) == 3


def test_method_names_the_choices():
    fit = cause_specific_cox(SMALL, COVARIATES, "SSE", strata=SITES, cluster=range(12), ties="breslow")
    for words in ("cause-specific", "SSE", "Breslow", "stratified", "12 clusters"):
        assert words in fit.method
    assert "observed information" in cause_specific_cox(SMALL, COVARIATES, "SSE").method


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cause": "fracture"}, InvalidArgument, "cause must be one of"),
        ({"ties": "average"}, InvalidArgument, "ties must be one of"),
        ({"strata": ["a"]}, InvalidArgument, "strata must have one entry a row"),
        ({"cluster": ["a"]}, InvalidArgument, "cluster must have one entry a row"),
        ({"ties": "exact", "cluster": range(12)}, InvalidArgument, "no robust covariance"),
        ({"covariates": COVARIATES[:3]}, InvalidArgument, "covariates must have one entry a row"),
        ({"covariates": COVARIATES.assign(same=1.0)}, NotEstimable, "do not vary within any risk set"),
        ({"covariates": COVARIATES.assign(twice=2 * COVARIATES.age)}, NotEstimable, "twice is determined"),
        (
            {"covariates": pd.DataFrame({"free": (SMALL.status != 1) * 1.0})},
            NotConverged,
            "no maximum.*free",
        ),
        (
            {"data": CompetingRisks(SMALL.time, SMALL.status * (SMALL.status == 2), SMALL.causes)},
            NotEstimable,
            "no events",
        ),
    ],
)
def test_what_cannot_be_fitted_is_named(options, error, message):
    with pytest.raises(error, match=message):
        cause_specific_cox(**{"data": SMALL, "covariates": COVARIATES, "cause": "SSE", **options})
