import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri
from tests.support.fine_gray_trials import COVARIATES, SITES, SMALL, melanoma, mgus
from tests.support.golden import cases
from tests.support.references_fine_gray import NaiveFineGray

from skeletal.competing import (
    cumulative_incidence,
    fine_gray,
    predicted_incidence,
    total_predicted_incidence,
)
from skeletal.data import CompetingRisks
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable, SkeletalWarning

GOLDEN = cases("fine_gray")
NEW = pd.DataFrame({"age": [60.0, 70.0], "treated": [1, 0]})
CAUSES = ["SSE", "death"]
ROWS = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 2), st.integers(-3, 3), st.integers(0, 1), st.integers(0, 1)),
    min_size=12,
    max_size=24,
)


JACKKNIFE_RTOL = 0.05  # the jackknife takes out whole subjects: about 1/sqrt(n) larger at 205


def fitted(data, x, **options):
    """Fit, or give the example up where there is nothing to fit or a coefficient is far out."""
    try:
        fit = fine_gray(data, x, "SSE", **options)
    except (NotEstimable, NotConverged):
        assume(False)
    assume(np.abs(fit.coefficient).max() < 4)
    return fit


def incidence(curves, times):
    return np.array([curve.at(times).estimate for curve in curves])


def test_as_crr():
    data, frame = melanoma()
    x, expected = frame[["male", "logthick"]], GOLDEN["predicted_melanoma"]
    curves = predicted_incidence(fine_gray(data, x, "1"), pd.DataFrame({"male": [1, 0], "logthick": [0, 1]}))
    assert_allclose(incidence(curves, expected["times"]), np.transpose(expected["cif"]), rtol=1e-9)


def test_changing_effects_as_crr():
    data, frame = melanoma()
    expected = GOLDEN["predicted_melanoma_changing"]
    fit = fine_gray(data, frame[["male", "logthick"]], "1", time_varying={"male": np.log})
    curves = predicted_incidence(fit, pd.DataFrame({"male": [1, 0, 1], "logthick": [0, 1, 1]}))
    assert_allclose(incidence(curves, expected["times"]), expected["incidence"], rtol=1e-8)


def test_censoring_strata_as_crr():
    data, frame = mgus()
    expected = GOLDEN["predicted_mgus_death"]
    fit = fine_gray(data, frame[["age", "male", "mspike"]], "2", censoring_strata=frame.sex)
    rows = pd.DataFrame({"age": [60, 80], "male": [1, 0], "mspike": [1, 2.5]})
    assert_allclose(
        incidence(predicted_incidence(fit, rows), expected["times"]), expected["incidence"], rtol=1e-9
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strata": "ulcer", "censoring_strata": "sex"},
    ],
    ids=["plain", "strata"],
)
def test_standard_errors_as_the_jackknife(options):
    data, frame = melanoma()
    rows, times = pd.DataFrame({"male": [1, 0], "logthick": [0, 1]}), [1000, 2000, 3000]

    def curves(keep):
        known = {k: frame[v][keep] if isinstance(v, str) else v for k, v in options.items()}
        part = CompetingRisks(data.time[keep], data.status[keep], data.causes)
        fit = fine_gray(part, frame[["male", "logthick"]][keep], "1", **known)
        labels = ["present"] * 2 if "strata" in options else None
        return predicted_incidence(fit, rows, strata=labels)

    n = len(frame)
    without = np.array([incidence(curves(np.arange(n) != i), times) for i in range(n)])
    expected = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    got = [curve.at(times).std_error for curve in curves(np.ones(n, dtype=bool))]
    assert_allclose(got, expected, rtol=JACKKNIFE_RTOL)


@settings(max_examples=15)
@given(rows=ROWS, stratified=st.booleans(), changing=st.booleans())
def test_influence_written_out(rows, stratified, changing):
    time, status, x, treated, site = np.array(rows).T
    data = CompetingRisks(time, status, CAUSES)
    frame = pd.DataFrame({"x": x / 2, "treated": treated})
    strata = site if stratified else np.zeros(len(rows), dtype=int)
    fit = fitted(
        data,
        frame,
        strata=strata,
        censoring_strata=treated,
        time_varying={"treated": np.sqrt} if changing else None,
    )
    matrix = frame.to_numpy()
    extra = (lambda z, t: [z[1] * np.sqrt(t)]) if changing else (lambda z, t: [])
    naive = NaiveFineGray(
        time, status, lambda i, t: np.append(matrix[i], extra(matrix[i], t)), group=treated, stratum=strata
    )
    new, label = np.array([0.5, 1.0]), int(strata.max())
    curve = predicted_incidence(fit, pd.DataFrame([new], columns=["x", "treated"]), strata=[label])[0]
    for horizon in (3, 7):
        hazard, influence = naive.hazard(
            fit.coefficient, lambda t: np.append(new, extra(new, t)), label, horizon
        )
        at = curve.at(horizon)
        assert_allclose(at.estimate, 1 - np.exp(-hazard), rtol=1e-9, atol=1e-14)
        expected = np.exp(-hazard) * np.sqrt((influence**2).sum())
        assert_allclose(at.std_error, expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=20)
@given(rows=ROWS, unit=st.floats(1e-2, 1e2))
def test_limits_hold_and_nothing_depends_on_units(rows, unit):
    time, status, x, treated, _ = np.array(rows).T
    frame = pd.DataFrame({"x": x / 2, "treated": treated})
    new = pd.DataFrame({"x": [0.0, 1.0], "treated": [1, 0]})
    curves = predicted_incidence(fitted(CompetingRisks(time, status, CAUSES), frame), new)
    moved = frame * [unit, 1] + [2, 0]
    others = predicted_incidence(
        fine_gray(CompetingRisks(time * unit, status, CAUSES), moved, "SSE"), new * [unit, 1] + [2, 0]
    )
    for curve, other in zip(curves, others, strict=True):
        known = np.isfinite(curve.lower)
        assert (curve.lower <= curve.estimate + 1e-12)[known].all()
        assert (curve.estimate <= curve.upper + 1e-12)[known].all()
        assert (np.diff(curve.estimate) >= 0).all()
        assert_allclose(other.estimate, curve.estimate, rtol=1e-5, atol=1e-9)
        assert_allclose(other.std_error, curve.std_error, rtol=1e-5, atol=1e-7)


def test_strata_are_predicted_apart():
    fit = fine_gray(SMALL, COVARIATES, "SSE", strata=SITES)
    a, b = predicted_incidence(fit, NEW.iloc[[0, 0]], strata=["a", "b"])
    own = np.array(SITES) == "b"
    assert_array_equal(b.time, np.unique(SMALL.time[own]))
    assert b.n_at_risk[0] == own.sum()
    assert b.n_events.sum() == (SMALL.status[own] == 1).sum()
    assert a.estimate[-1] != b.estimate[-1]


def test_rows_of_the_curve():
    fit = fine_gray(SMALL, COVARIATES, "SSE")
    curve = predicted_incidence(fit, NEW)[0]
    table = cumulative_incidence(SMALL, "SSE")
    for name in ("time", "n_at_risk", "n_events", "n_censored"):
        assert_array_equal(getattr(curve, name), getattr(table, name))
    assert curve.start == 0
    assert curve.time_unit == "weeks"
    assert_array_equal(np.diff(curve.estimate, prepend=0) > 0, curve.n_events > 0)
    for words in ("predicted by a Fine-Gray model", "influence", "log(-log(1 - F))", "Breslow"):
        assert words in curve.method


def test_columns_are_found_by_name():
    fit = fine_gray(SMALL, COVARIATES, "SSE")
    wider = NEW[["age", "treated"]].assign(other="x")
    for one, two in zip(
        predicted_incidence(fit, NEW[["treated", "age"]]), predicted_incidence(fit, wider), strict=True
    ):
        assert_array_equal(one.estimate, two.estimate)


def test_conf_level_widens_the_limits():
    fit = fine_gray(SMALL, COVARIATES, "SSE")
    narrow, wide = (predicted_incidence(fit, NEW, conf_level=level)[0].at(12) for level in (0.8, 0.99))
    assert wide.lower < narrow.lower < narrow.estimate < narrow.upper < wide.upper
    half = ndtri(0.9) * narrow.std_error / (-(1 - narrow.estimate) * np.log1p(-narrow.estimate))
    limits = np.log(-np.log1p(-narrow.estimate)) + np.array([-1, 1]) * half
    assert_allclose(np.append(narrow.lower, narrow.upper), 1 - np.exp(-np.exp(limits)), rtol=1e-9)


def test_many_values_of_a_changing_covariate_have_no_limits():
    data, frame = melanoma()
    fit = fine_gray(data, frame[["age"]], "1", time_varying={"age": np.log})
    curve = predicted_incidence(fit, pd.DataFrame({"age": [50]}))[0]
    assert np.isfinite(curve.estimate).all()
    later = curve.estimate > 0
    assert np.isnan(curve.std_error[later]).all()
    assert np.isnan(curve.lower[later]).all()
    assert "over 20 changing values" in curve.method


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": NEW[["age"]]}, r"1 absent or there twice \(treated\)"),
        ({"rows": NEW.assign(age=np.nan)}, "known and finite"),
        ({"conf_level": 1.0}, "conf_level must lie strictly between"),
        ({"strata": ["a", "b"]}, "the fit has no strata: leave strata out"),
    ],
)
def test_what_cannot_be_predicted_is_refused(options, message):
    fit = fine_gray(SMALL, COVARIATES, "SSE")
    with pytest.raises(InvalidArgument, match=message):
        predicted_incidence(**{"fit": fit, "rows": NEW, **options})


def test_strata_of_the_fit_must_be_named():
    fit = fine_gray(SMALL, COVARIATES, "SSE", strata=SITES)
    with pytest.raises(InvalidArgument, match=r"the fit has 2 strata \(a, b\): say which by strata="):
        predicted_incidence(fit, NEW)
    with pytest.raises(InvalidArgument, match=r"strata must be strata of the fit \(a, b\): 1 are not \(c\)"):
        predicted_incidence(fit, NEW, strata=["a", "c"])


def test_totals_above_one_are_told():
    data = CompetingRisks([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 1, 2, 2, 2, 2], CAUSES)
    x = pd.DataFrame({"x": [2.0, 0.5, 1.8, 1.0, -1.0, 0.0, 1.0, -1.0]})
    new = pd.DataFrame({"x": [0.0, 3.0]})
    curves = {cause: predicted_incidence(fine_gray(data, x, cause), new) for cause in CAUSES}
    sums = sum(incidence(curves[cause], data.time) for cause in CAUSES)
    above = (sums > 1).any(axis=1)
    assert above.any()
    with pytest.warns(SkeletalWarning, match=rf"2 causes.*more than 1 for {above.sum()} row\(s\)") as told:
        total = total_predicted_incidence(curves)
    assert f"from time {total['time'].min():g} on" in str(told[0].message)
    assert_allclose(total.largest, sums.max(axis=1))
    assert_array_equal(total["time"].notna(), above)
    first = data.time[np.argmax(sums[above] > 1, axis=1)]
    assert_array_equal(total["time"][above], first)


def test_totals_of_up_to_one_are_quiet():
    curves = {cause: predicted_incidence(fine_gray(SMALL, COVARIATES, cause), NEW[:1]) for cause in CAUSES}
    sums = sum(incidence(curves[cause], SMALL.time) for cause in CAUSES)
    assert sums.max() < 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert total_predicted_incidence(curves)["time"].isna().all()


def test_totals_need_as_many_curves_for_each_cause():
    curves = predicted_incidence(fine_gray(SMALL, COVARIATES, "SSE"), NEW)
    for wrong in ({"SSE": curves}, {"SSE": curves, "death": curves[:1]}):
        with pytest.raises(InvalidArgument, match="as many curves for each of two or more causes"):
            total_predicted_incidence(wrong)


def test_rows_far_from_the_data_are_certain_and_have_no_limits():
    fit = fine_gray(SMALL, COVARIATES[["age"]], "SSE")
    far = np.array([1e6, -1e6]) * np.sign(fit.coefficient[0])
    certain, never = (curve.at(20) for curve in predicted_incidence(fit, pd.DataFrame({"age": far})))
    assert certain.estimate == 1
    assert np.isnan([certain.std_error, certain.lower, certain.upper]).all()
    assert never.estimate == 0


def test_a_stratum_without_events_has_no_incidence():
    status = np.where((np.array(SITES) == "b") & (SMALL.status == 1), 0, SMALL.status)
    data = CompetingRisks(SMALL.time, status, SMALL.causes)
    fit = fine_gray(data, COVARIATES[["age"]], "SSE", strata=SITES)
    a, b = predicted_incidence(fit, NEW, strata=["a", "b"])
    assert a.estimate[-1] > 0
    assert_array_equal(b.estimate, 0)
    assert_array_equal(b.std_error, 0)
    assert_array_equal(b.upper, 0)
