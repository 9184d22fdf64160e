import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.fine_gray_trials import COVARIATES, SMALL, melanoma, mgus
from tests.support.golden import cases

from skeletal.competing import absolute_risk, cause_specific_cox, cumulative_incidence
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable, SkeletalWarning
from skeletal.survival import cox

GOLDEN = cases("fine_gray")
RTOL = 1e-7  # both sides iterate; riskRegression keeps coxph's convergence at 1e-9 of the likelihood
NEW = pd.DataFrame({"age": [60.0, 70.0], "treated": [1, 0]})
PRODUCTS = {"exponential": "exponential", "product": "product-limit"}
ROWS = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2), st.integers(-3, 3)), min_size=12, max_size=25)


def values(curves, times, name):
    return np.array([getattr(curve.at(times), name) for curve in curves])


def test_as_risk_regression():
    data, frame = melanoma()
    expected, times = GOLDEN["absolute_melanoma"], [500, 1000, 2000, 3000]
    arguments = (data, frame[["male", "logthick"]], "1", pd.DataFrame({"male": [1, 0], "logthick": [0, 1]}))
    curves = absolute_risk(*arguments)
    assert_allclose(values(curves, times, "estimate"), expected["risk_exp"], rtol=RTOL)
    assert_allclose(values(curves, times, "std_error"), expected["se_exp"], rtol=RTOL)
    curves = absolute_risk(*arguments, product="product-limit")
    assert_allclose(values(curves, times, "estimate"), expected["risk_product_limit"], rtol=RTOL)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(
    ("name", "column", "covariates", "cause"),
    [
        ("absolute_mgus_death", "etime", ["age", "male", "mspike"], "2"),
        ("absolute_mgus_years", "year", ["age", "male"], "1"),
    ],
)
def test_ties_and_limits_as_risk_regression(name, column, covariates, cause, product):
    data, frame = mgus(column)
    expected = GOLDEN[f"{name}_{product}"]
    rows = pd.DataFrame({"age": [60, 80], "male": [1, 0], "mspike": [1, 2.5]})
    curves = absolute_risk(data, frame[covariates], cause, rows, product=PRODUCTS[product])
    for ours, theirs in zip(
        ("estimate", "std_error", "lower", "upper"), ("risk", "se", "lower", "upper"), strict=True
    ):
        assert_allclose(values(curves, expected["times"], ours), expected[theirs], rtol=RTOL)


def test_standard_errors_as_the_jackknife():
    data, frame = melanoma()
    x, rows, times = frame[["male", "logthick"]], pd.DataFrame({"male": [1], "logthick": [0.5]}), [1000, 3000]
    n = len(frame)

    def risk(keep):
        part = CompetingRisks(data.time[keep], data.status[keep], data.causes)
        return absolute_risk(part, x[keep], "1", rows)[0].at(times)

    without = np.array([risk(np.arange(n) != i).estimate for i in range(n)])
    expected = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    assert_allclose(risk(np.ones(n, dtype=bool)).std_error, expected, rtol=0.05)


def test_delayed_entry_as_the_jackknife():
    data, frame = melanoma()
    entry = np.where(np.arange(len(frame)) % 3 == 0, data.time * 0.4, 0.0)
    x, rows, times = frame[["male", "logthick"]], pd.DataFrame({"male": [1], "logthick": [0.5]}), [1000, 3000]
    n = len(frame)

    def risk(keep):
        part = CompetingRisks(data.time[keep], data.status[keep], data.causes, entry=entry[keep])
        return absolute_risk(part, x[keep], "1", rows)[0].at(times)

    without = np.array([risk(np.arange(n) != i).estimate for i in range(n)])
    expected = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    assert_allclose(risk(np.ones(n, dtype=bool)).std_error, expected, rtol=0.05)


def naive_risk(data, frame, z, code, product):
    """Loop over times; hazards by Efron's rule from the fits of both causes."""
    fits = {k: cause_specific_cox(data, frame, data.causes[k - 1]).coefficient for k in (1, 2)}
    free, hazard, risk, found = 1.0, 0.0, 0.0, []
    x = frame.to_numpy()
    for t in np.unique(data.time):
        step = {}
        for k, beta in fits.items():
            ratio = np.exp((x - z) @ beta)
            at_risk, events = ratio[data.time >= t].sum(), (data.time == t) & (data.status == k)
            d = events.sum()
            step[k] = sum(1 / (at_risk - j / d * ratio[events].sum()) for j in range(d))
        risk += free * step[code]
        hazard += sum(step.values())
        free = np.exp(-hazard) if product == "exponential" else free * max(1 - sum(step.values()), 0)
        found.append(risk)
    return np.array(found)


@settings(max_examples=25)
@given(
    rows=ROWS,
    product=st.sampled_from(["exponential", "product-limit"]),
    cause=st.sampled_from([1, 2]),
    random=st.randoms(use_true_random=False),
)
def test_steps_written_out_in_any_order_and_unit(rows, product, cause, random):
    time, status, x = np.array(rows).T
    data, frame = CompetingRisks(time, status, ["SSE", "death"]), pd.DataFrame({"x": x / 2})
    new = pd.DataFrame({"x": [0.0]})
    try:
        expected = naive_risk(data, frame, np.zeros(1), cause, product)
    except (NotEstimable, NotConverged):
        assume(False)
    assume(expected[-1] < 1)
    curve = absolute_risk(data, frame, data.causes[cause - 1], new, product=product)[0]
    assert_allclose(curve.estimate, expected, rtol=1e-9, atol=1e-13)
    known = np.isfinite(curve.lower)
    assert (curve.lower <= curve.estimate + 1e-12)[known].all()
    assert (curve.estimate <= curve.upper + 1e-12)[known].all()
    order = list(range(len(rows)))
    random.shuffle(order)
    moved = CompetingRisks(time[order] * 3.5, status[order], data.causes)
    other = absolute_risk(
        moved, frame.iloc[order] * 10 + 1, data.causes[cause - 1], new * 10 + 1, product=product
    )[0]
    assert_allclose(other.estimate, curve.estimate, rtol=1e-6, atol=1e-9)
    assert_allclose(other.std_error, curve.std_error, rtol=1e-5, atol=1e-8)


def test_one_cause_is_one_minus_the_product_of_its_steps():
    data = CompetingRisks(SMALL.time, SMALL.status % 2, ["SSE", "death"])
    beta = cox(RightCensored(data.time, data.status), COVARIATES).coefficient
    ratio = np.exp((COVARIATES.to_numpy() - NEW[["treated", "age"]].to_numpy()[0]) @ beta)
    free = 1.0
    for t in np.unique(data.time[data.status == 1]):
        events, at_risk = ratio[(data.time == t) & (data.status == 1)], ratio[data.time >= t].sum()
        free *= max(1 - sum(1 / (at_risk - k / events.size * events.sum()) for k in range(events.size)), 0)
    curve = absolute_risk(data, COVARIATES, "SSE", NEW[:1], product="product-limit")[0]
    assert_allclose(curve.estimate[-1], 1 - free, rtol=1e-9)


def test_causes_add_up_to_no_more_than_one():
    total = sum(
        absolute_risk(SMALL, COVARIATES, cause, NEW[:1], product="product-limit")[0].estimate
        for cause in SMALL.causes
    )
    assert (total <= 1 + 1e-12).all()


def test_counts_and_words_of_the_curve():
    curve = absolute_risk(SMALL, COVARIATES, "SSE", NEW)[0]
    table = cumulative_incidence(SMALL, "SSE")
    for name in ("time", "n_at_risk", "n_events", "n_censored"):
        assert_array_equal(getattr(curve, name), getattr(table, name))
    assert curve.time_unit == "weeks"
    for words in ("absolute risk of SSE", "Efron", "exp(-sum", "riskRegression", "log-log limits"):
        assert words in curve.method
    assert "product limit" in absolute_risk(SMALL, COVARIATES, "SSE", NEW, product="product-limit")[0].method


def test_each_argument_changes_the_answer():
    plain = absolute_risk(SMALL, COVARIATES, "SSE", NEW)[0].at(12)
    for other in (
        absolute_risk(SMALL, COVARIATES[["age"]], "SSE", NEW),
        absolute_risk(SMALL, COVARIATES, "death", NEW),
        absolute_risk(SMALL, COVARIATES, "SSE", NEW[1:]),
        absolute_risk(SMALL, COVARIATES, "SSE", NEW, product="product-limit"),
        absolute_risk(CompetingRisks(SMALL.time * 2, SMALL.status, SMALL.causes), COVARIATES, "SSE", NEW),
    ):
        assert abs(other[0].at(12).estimate - plain.estimate)[0] > 1e-4
    wide = absolute_risk(SMALL, COVARIATES, "SSE", NEW, conf_level=0.99)[0].at(12)
    assert wide.lower < plain.lower < plain.upper < wide.upper


def test_a_risk_above_one_is_told():
    data = CompetingRisks([1, 2, 3, 4, 5, 6], [1, 2, 1, 1, 2, 1], ["SSE", "death"])
    x = pd.DataFrame({"x": [2.0, 0.0, 1.0, 1.5, -1.0, 0.0]})
    with pytest.warns(
        SkeletalWarning, match=r"risk of SSE exceeds 1 for 1 row\(s\) \(0\): use product='product-limit'"
    ):
        curves = absolute_risk(data, x, "SSE", pd.DataFrame({"x": [4.0]}))
    assert curves[0].estimate[-1] > 1


def test_rows_far_from_the_data_are_told():
    new = pd.DataFrame({"age": [60.0, 1e5, -1e5], "treated": 1})
    with pytest.warns(SkeletalWarning, match=r"for 1 row\(s\) \([12]\): a step of a hazard exceeds 1"):
        curves = absolute_risk(SMALL, COVARIATES, "SSE", new, product="product-limit")
    assert curves[0].estimate[-1] <= 1


def test_one_step_beyond_certainty_ends_the_product():
    data = CompetingRisks([1, 2, 3, 4, 5, 6], [1, 2, 1, 1, 2, 1], ["SSE", "death"])
    x = pd.DataFrame({"x": [2.0, 0.0, 1.0, 1.5, -1.0, 0.0]})
    curve = absolute_risk(data, x, "SSE", pd.DataFrame({"x": [0.0]}), product="product-limit")[0]
    assert (np.diff(curve.estimate) >= 0).all()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cause": "fracture"}, InvalidArgument, "cause must be one of"),
        ({"product": "kaplan-meier"}, InvalidArgument, "product must be one of"),
        ({"conf_level": 0}, InvalidArgument, "conf_level must lie strictly between"),
        ({"rows": NEW[["age"]]}, InvalidArgument, r"absent or there twice \(treated\)"),
        ({"covariates": COVARIATES[:3]}, InvalidArgument, "covariates must have one entry a row"),
        (
            {"covariates": COVARIATES.assign(same=1.0), "rows": NEW.assign(same=1)},
            NotEstimable,
            "do not vary",
        ),
        (
            {"data": CompetingRisks(SMALL.time, SMALL.status * (SMALL.status == 2), SMALL.causes)},
            NotEstimable,
            r"no events of SSE among 12 row\(s\)",
        ),
        (
            {"covariates": COVARIATES.assign(treated=(SMALL.status != 2) * 1.0)},
            NotConverged,
            "no maximum.*treated",
        ),
    ],
)
def test_what_cannot_be_predicted_is_named(options, error, message):
    arguments = {"data": SMALL, "covariates": COVARIATES, "cause": "SSE", "rows": NEW, **options}
    with pytest.raises(error, match=message):
        absolute_risk(**arguments)
