import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.references_fine_gray import NaiveFineGray

from skeletal.competing import fine_gray
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import NotConverged, NotEstimable
from skeletal.survival import cox

CAUSES = ["SSE", "death"]
ROWS = st.lists(
    st.tuples(
        st.integers(1, 7),  # time
        st.integers(0, 2),  # status
        st.integers(-3, 3),  # x
        st.integers(0, 1),  # treated
        st.integers(0, 1),  # site
        st.integers(0, 2),  # censoring stratum
    ),
    min_size=12,
    max_size=30,
)


def columns(rows):
    time, status, x, treated, site, group = np.array(rows).T
    frame = pd.DataFrame({"x": x / 2, "treated": treated, "site": site, "group": group})
    return CompetingRisks(time, status, CAUSES), frame


def fitted(data, frame, **options):
    """Fit, or give the example up where there is nothing to fit or a coefficient is far out."""
    try:
        fit = fine_gray(data, frame[["x", "treated"]], "SSE", **options)
    except (NotEstimable, NotConverged):
        assume(False)
    assume(np.abs(fit.coefficient).max() < 5)
    return fit


def check_naive(fit, data, covariates, **strata):
    naive = NaiveFineGray(data.time, data.status, covariates, **strata)
    value, score, information = naive.evaluate(fit.coefficient)
    assert_allclose(fit.log_likelihood, value, rtol=1e-10, atol=1e-12)
    assert_allclose(score / np.sqrt(np.diag(information)), 0, atol=1e-7)
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(np.linalg.inv(information))), rtol=1e-8)
    expected = naive.covariance(fit.coefficient)
    assert_allclose(fit.covariance, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max())


@settings(max_examples=25)
@given(rows=ROWS, stratified=st.booleans(), grouped=st.booleans())
def test_risk_sets_written_out(rows, stratified, grouped):
    data, frame = columns(rows)
    x = frame[["x", "treated"]].to_numpy()
    zero = np.zeros(len(frame), dtype=int)
    strata = frame.site.to_numpy() if stratified else zero
    groups = frame.group.to_numpy() if grouped else strata
    options = {"strata": strata} if stratified else {}
    fit = fitted(data, frame, censoring_strata=groups, **options)
    check_naive(fit, data, lambda i, t: x[i], group=groups, stratum=strata)


@settings(max_examples=25)
@given(rows=ROWS, changing=st.sampled_from(["x", "treated"]), stratified=st.booleans())
def test_effects_that_change_written_out(rows, changing, stratified):
    data, frame = columns(rows)
    x, column = frame[["x", "treated"]].to_numpy(), ["x", "treated"].index(changing)
    strata = frame.site.to_numpy() if stratified else np.zeros(len(frame), dtype=int)
    fit = fitted(
        data,
        frame,
        strata=strata,
        censoring_strata=frame.group,
        time_varying={changing: lambda t: np.sqrt(t) - 1.5},
    )
    check_naive(
        fit,
        data,
        lambda i, t: np.append(x[i], x[i, column] * (np.sqrt(t) - 1.5)),
        group=frame.group.to_numpy(),
        stratum=strata,
    )


@settings(max_examples=25)
@given(rows=ROWS)
def test_without_competing_events_it_is_cox(rows):
    data, frame = columns(rows)
    data = CompetingRisks(data.time, data.status % 2, CAUSES)
    fit = fitted(data, frame, strata=frame.site, censoring_strata=frame.group)
    right = RightCensored(data.time, data.status)
    x = frame[["x", "treated"]]
    same = cox(right, x, strata=frame.site, ties="breslow")
    robust = cox(right, x, strata=frame.site, cluster=np.arange(len(x)), ties="breslow")
    assert_allclose(fit.coefficient, same.coefficient, rtol=1e-7, atol=1e-9)
    assert_allclose(fit.naive_std_error, same.std_error, rtol=1e-7)
    assert_allclose(fit.log_likelihood, same.log_likelihood, rtol=1e-10)
    assert_allclose(fit.score_test.statistic, same.score_test.statistic, rtol=1e-8, atol=1e-12)
    keep = np.isfinite(robust.covariance)
    assert_allclose(fit.covariance[keep], robust.covariance[keep], rtol=1e-6, atol=1e-9)


@settings(max_examples=25)
@given(rows=ROWS, random=st.randoms(use_true_random=False), unit=st.floats(1e-3, 1e3))
def test_order_of_rows_and_units_do_not_matter(rows, random, unit):
    data, frame = columns(rows)
    fit = fitted(data, frame, censoring_strata=frame.group)
    order = list(range(len(frame)))
    random.shuffle(order)
    moved = CompetingRisks(data.time[order] * unit, data.status[order], CAUSES)
    again = frame.iloc[order]
    scaled = again[["x", "treated"]] * [unit, 1] + [3, -1]
    other = fine_gray(moved, scaled, "SSE", censoring_strata=again.group)
    assert_allclose(other.coefficient * [unit, 1], fit.coefficient, rtol=1e-6, atol=1e-8)
    scale = np.array([unit, 1])
    assert_allclose(other.covariance * np.outer(scale, scale), fit.covariance, rtol=1e-6, atol=1e-9)
    assert_allclose(other.log_likelihood, fit.log_likelihood, rtol=1e-9)


@settings(max_examples=25)
@given(rows=ROWS)
def test_doubled_data_halve_the_variance(rows):
    data, frame = columns(rows)
    fit = fitted(data, frame)
    twice = fine_gray(
        CompetingRisks(np.tile(data.time, 2), np.tile(data.status, 2), CAUSES),
        pd.concat([frame, frame])[["x", "treated"]],
        "SSE",
    )
    assert_allclose(twice.coefficient, fit.coefficient, rtol=1e-6, atol=1e-8)
    assert_allclose(2 * twice.covariance, fit.covariance, rtol=1e-6, atol=1e-9)
    assert_allclose(np.sqrt(2) * twice.naive_std_error, fit.naive_std_error, rtol=1e-6)


@settings(max_examples=25)
@given(rows=ROWS)
def test_limits_hold_the_estimate_and_one_stratum_is_none(rows):
    data, frame = columns(rows)
    fit = fitted(data, frame)
    assert (fit.lower <= fit.coefficient).all()
    assert (fit.coefficient <= fit.upper).all()
    assert (fit.ratio_lower <= fit.ratio).all()
    assert (fit.ratio <= fit.ratio_upper).all()
    one = fitted(data, frame, strata=["only"] * len(frame))
    assert_array_equal(one.coefficient, fit.coefficient)
    assert_array_equal(one.covariance, fit.covariance)


def test_censoring_strata_of_one_subject_each():
    rng = np.random.default_rng(3)
    time, status = rng.integers(1, 30, 40), rng.integers(0, 3, 40)
    x = rng.normal(size=(40, 2)).round(1)
    data = CompetingRisks(time, status, CAUSES)
    fit = fine_gray(data, pd.DataFrame(x, columns=["a", "b"]), "SSE", censoring_strata=np.arange(40))
    check_naive(fit, data, lambda i, t: x[i], group=np.arange(40))


def test_highly_stratified_with_pooled_censoring():
    rng = np.random.default_rng(4)
    time, status = rng.integers(1, 30, 60), rng.integers(0, 3, 60)
    x, pair = rng.normal(size=(60, 2)).round(1), np.arange(60) // 4
    data = CompetingRisks(time, status, CAUSES)
    fit = fine_gray(
        data, pd.DataFrame(x, columns=["a", "b"]), "SSE", strata=pair, censoring_strata=np.zeros(60)
    )
    check_naive(fit, data, lambda i, t: x[i], stratum=pair)
