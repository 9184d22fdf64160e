import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.fine_gray_trials import COVARIATES, SITES, SMALL, melanoma, mgus, transplants
from tests.support.golden import cases

from skeletal.competing import fine_gray
from skeletal.data import CompetingRisks
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable

GOLDEN = cases("fine_gray")
RTOL = 1e-8  # both sides iterate; the open references ask for 1e-7
THICKNESS = ["male", "age", "logthick"]
GAMMOPATHY = ["age", "male", "mspike"]
TRANSPLANT = ["platelet", "age", "tcell"]


def check(fit, expected):
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=RTOL)
    assert_allclose(fit.std_error, np.sqrt(np.diag(expected["var"])), rtol=RTOL)
    naive = expected["naive_var" if "naive_var" in expected else "naive_var_inverse_information"]
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(naive)), rtol=RTOL)
    assert_allclose(fit.log_likelihood, expected["loglik"], rtol=1e-12)
    assert_allclose(fit.log_likelihood_null, expected["loglik_null"], rtol=1e-12)
    gain = 2 * (expected["loglik"] - expected["loglik_null"])
    assert_allclose(fit.likelihood_ratio_test.statistic, gain, rtol=1e-9)
    wald = np.dot(expected["coef"], np.linalg.solve(expected["var"], expected["coef"]))
    assert_allclose(fit.wald_test.statistic, wald, rtol=1e-7)
    assert fit.n_subjects == expected["n"]


@pytest.mark.parametrize(
    ("name", "trial", "columns", "cause", "options"),
    [
        ("melanoma", melanoma, ["male", "age", "ulcered", "logthick"], "1", {}),
        ("tbmt", transplants, TRANSPLANT, "1", {}),
        ("tbmt_censoring_by_tcell", transplants, TRANSPLANT, "1", {"censoring_strata": "tcell"}),
        ("tbmt_relapse_by_tcell", transplants, TRANSPLANT, "2", {"censoring_strata": "tcell"}),
        ("mgus_months", mgus, GAMMOPATHY, "1", {}),
        ("mgus_death_months", mgus, GAMMOPATHY, "2", {}),
        ("melanoma_other_deaths_by_ulcer", melanoma, THICKNESS, "2", {"censoring_strata": "ulcer"}),
        ("melanoma_censoring_by_invasion", melanoma, THICKNESS, "1", {"censoring_strata": "invasion"}),
        ("melanoma_ulcer_log", melanoma, ["ulcered"], "1", {"time_varying": {"ulcered": np.log}}),
        (
            "melanoma_two_changing",
            melanoma,
            ["male", "ulcered", "decades"],
            "1",
            {"time_varying": {"male": np.log, "ulcered": lambda t: t / 1000}},
        ),
        (
            "melanoma_changing_continuous_by_sex",
            melanoma,
            ["logthick", "decades"],
            "1",
            {"censoring_strata": "sex", "time_varying": {"logthick": lambda t: np.sqrt(t / 365.25)}},
        ),
    ],
)
def test_as_crr(name, trial, columns, cause, options):
    data, frame = trial()
    options = {key: frame[value] if isinstance(value, str) else value for key, value in options.items()}
    check(fine_gray(data, frame[columns], cause, **options), GOLDEN[name])


def test_heavy_ties_as_crr():
    data, frame = mgus("year")
    fit = fine_gray(data, frame[GAMMOPATHY], "1", censoring_strata=frame.sex)
    check(fit, GOLDEN["mgus_years_by_sex"])
    fit = fine_gray(
        data,
        frame[["age", "male", "high"]],
        "2",
        censoring_strata=frame.dxyr // 10,
        time_varying={"male": np.log, "high": lambda t: t / 10},
    )
    check(fit, GOLDEN["mgus_years_changing_by_decade"])
    assert fit.names == ("age", "male", "high", "male:time", "high:time")


def test_coefficients_as_weighted_cox_on_finegray_rows():
    data, frame = melanoma()
    fit = fine_gray(data, frame[["male", "age", "ulcered", "logthick"]], "1")
    expected = GOLDEN["melanoma_finegray"]["breslow"]
    assert_allclose(fit.coefficient, list(expected["coef"].values()), rtol=1e-7)
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(expected["naive_var"])), rtol=1e-7)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=1e-10)
    assert np.abs(fit.covariance / expected["var"] - 1).max() > 1e-4  # finegray takes the weights as known


def test_strata_as_crrs_with_censoring_estimated_within_them():
    data, frame = transplants()
    expected = GOLDEN["tbmt_strata"]
    for options in ({}, {"censoring_strata": frame.tcell}):
        fit = fine_gray(data, frame[["platelet", "age"]], "1", strata=frame.tcell, **options)
        assert_allclose(fit.coefficient, expected["coef"], rtol=1e-7)
        assert_allclose(fit.covariance, expected["var"], rtol=1e-7)
    pooled = fine_gray(
        data, frame[["platelet", "age"]], "1", strata=frame.tcell, censoring_strata=[0] * len(frame)
    )
    assert np.abs(pooled.coefficient - expected["coef"]).min() > 1e-6


def test_score_test_is_that_of_the_likelihood():
    data, frame = mgus()
    x = frame[["age", "male"]]
    fit = fine_gray(data, x, "1")
    small = fine_gray(data, x / 1e4, "1")  # a quadratic likelihood near 0 has the same score test
    assert_allclose(fit.score_test.statistic, small.score_test.statistic, rtol=1e-9)
    assert fit.score_test.statistic == pytest.approx(fit.likelihood_ratio_test.statistic, rel=0.2)
    assert fit.score_test.df == 2


def test_each_argument_changes_the_answer():
    plain = fine_gray(SMALL, COVARIATES, "SSE")
    others = [
        fine_gray(SMALL, COVARIATES[["age"]], "SSE"),
        fine_gray(SMALL, COVARIATES, "death"),
        fine_gray(SMALL, COVARIATES, "SSE", strata=SITES),
        fine_gray(SMALL, COVARIATES, "SSE", censoring_strata=SITES),
        fine_gray(SMALL, COVARIATES, "SSE", time_varying={"treated": np.log}),
        fine_gray(CompetingRisks(SMALL.time, SMALL.status % 2, ["SSE"]), COVARIATES, "SSE"),
    ]
    for fit in others:
        assert abs(fit.coefficient[-1] - plain.coefficient[-1]) > 1e-4


def test_method_names_the_choices():
    fit = fine_gray(SMALL, COVARIATES, "SSE", strata=SITES)
    for words in ("Fine-Gray", "SSE", "Breslow", "2 strata", "G(t-)", "crr", "Wald"):
        assert words in fit.method
    assert "within" not in fine_gray(SMALL, COVARIATES, "SSE").method


def test_the_fit_keeps_its_rows():
    fit = fine_gray(SMALL, COVARIATES, "death", strata=SITES)
    assert fit.data is SMALL
    assert fit.cause == "death"
    assert fit.strata == ("a", "b")
    assert_array_equal(fit.covariates, COVARIATES.to_numpy())
    assert_array_equal(fit.stratum, fit.censoring_stratum)
    assert_array_equal([fit.n_subjects, fit.n_events], [12, 3])


def test_a_function_may_take_one_time_or_many():
    one = fine_gray(SMALL, COVARIATES, "SSE", time_varying={"treated": lambda t: 1.0 if t > 9 else 0.0})
    many = fine_gray(SMALL, COVARIATES, "SSE", time_varying={"treated": lambda t: np.where(t > 9, 1, 0)})
    assert_array_equal(one.coefficient, many.coefficient)
    assert_array_equal(one.covariance, many.covariance)
    other = fine_gray(SMALL, COVARIATES, "SSE", time_varying={"treated": np.log})
    assert abs(other.coefficient[-1] - one.coefficient[-1]) > 1e-3


def test_a_constant_function_of_time_is_determined_by_its_covariate():
    with pytest.raises(NotEstimable, match="treated:time is determined by those before it"):
        fine_gray(SMALL, COVARIATES, "SSE", time_varying={"treated": lambda t: 2.0})


def test_delayed_entry_is_refused():
    data = CompetingRisks(SMALL.time, SMALL.status, SMALL.causes, entry=np.ones(12))
    with pytest.raises(InvalidArgument, match="no delayed entry: the data have entry times"):
        fine_gray(data, COVARIATES, "SSE")


def test_unknown_cause_is_refused():
    with pytest.raises(InvalidArgument, match="cause must be one of 'SSE', 'death', got 'fracture'"):
        fine_gray(SMALL, COVARIATES, "fracture")


def test_no_events_of_the_cause_cannot_be_fitted():
    data = CompetingRisks(SMALL.time, np.where(SMALL.status == 1, 0, SMALL.status), SMALL.causes)
    with pytest.raises(NotEstimable, match=r"no events of SSE among 12 row\(s\)"):
        fine_gray(data, COVARIATES, "SSE")


def test_one_subject_cannot_be_fitted():
    with pytest.raises(NotEstimable, match="do not vary within any risk set"):
        fine_gray(CompetingRisks([3], [1], ["SSE"]), pd.DataFrame({"x": [1.0]}), "SSE")


def test_constant_covariates_are_named():
    with pytest.raises(NotEstimable, match=r"1 covariate\(s\) do not vary within any risk set \(same\)"):
        fine_gray(SMALL, COVARIATES.assign(same=0.1), "SSE")


def test_collinear_covariates_are_named():
    with pytest.raises(NotEstimable, match="covariate both is determined by those before it"):
        fine_gray(SMALL, COVARIATES.assign(both=COVARIATES.age - 3 * COVARIATES.treated), "SSE")


def test_separation_is_named():
    x = pd.DataFrame({"treated": (SMALL.status != 1).astype(float)})
    with pytest.raises(NotConverged, match=r"no maximum.*treated") as caught:
        fine_gray(SMALL, x, "SSE")
    assert "firth" not in str(caught.value)
    assert str(caught.value).endswith("leave it out")


def test_one_subject_a_stratum_cannot_be_fitted():
    with pytest.raises(NotEstimable, match="do not vary within any risk set"):
        fine_gray(SMALL, COVARIATES, "SSE", strata=range(12))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strata": ["a"]}, "strata must have one entry a row"),
        ({"strata": [None] * 12}, "strata must not be missing"),
        ({"censoring_strata": ["a"]}, "censoring_strata must have one entry a row"),
        ({"time_varying": {"dose": np.log}}, r"none of the columns \(dose\)"),
        ({"time_varying": {"age": 3.0}}, r"functions of time \(age"),
        ({"time_varying": {"age": lambda t: np.log(t - 5)}}, r"not finite at 2 event time\(s\) \(2.0, 5.0\)"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(InvalidArgument, match=message):
        fine_gray(SMALL, COVARIATES, "SSE", **options)


def test_a_name_that_is_taken_is_refused():
    x = COVARIATES.assign(**{"age:time": COVARIATES.treated})
    with pytest.raises(InvalidArgument, match="already have the name"):
        fine_gray(SMALL, x, "SSE", time_varying={"age": np.log})


def test_covariates_must_be_known():
    with pytest.raises(InvalidArgument, match="covariates must be known and finite"):
        fine_gray(SMALL, COVARIATES.assign(age=np.nan), "SSE")


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_tiny_and_huge_times_are_times(unit):
    data = CompetingRisks(SMALL.time * unit, SMALL.status, SMALL.causes)
    fit, plain = fine_gray(data, COVARIATES, "SSE"), fine_gray(SMALL, COVARIATES, "SSE")
    assert_allclose(fit.coefficient, plain.coefficient, rtol=1e-12)
    assert_allclose(fit.covariance, plain.covariance, rtol=1e-12)
