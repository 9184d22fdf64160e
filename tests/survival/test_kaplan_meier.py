from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import SURVFIT, cases, read, read_shared
from tests.support.references import jackknife_error, naive_kaplan_meier

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import follow_up, kaplan_meier, nelson_aalen

KM = cases("km")
RTOL = 1e-10
LEVELS = [0.1, 0.25, 0.5, 0.75]


def lung():
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2)


def by(frame, column, make):
    return [make(part) for _, part in frame.groupby(column)]


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def check_at(expected, samples, **options):
    labels = np.array(expected.get("strata", ["all"] * len(expected["time"])))
    for label, sample in zip(dict.fromkeys(labels), samples, strict=True):
        rows = labels == label
        times = np.array(expected["time"])[rows]
        curve, hazard = kaplan_meier(sample, **options).at(times), nelson_aalen(sample).at(times)
        for theirs, ours in SURVFIT.items():
            assert_allclose(getattr(curve, ours), np.array(expected[theirs])[rows], rtol=RTOL, err_msg=theirs)
        assert_allclose(hazard.estimate, np.array(expected["cumhaz"])[rows], rtol=RTOL)
        assert_allclose(hazard.std_error, np.array(expected["std.chaz"])[rows], rtol=RTOL)


def check_quantiles(expected, curves, skip=()):
    for k, curve in enumerate(curves):
        ours = curve.quantile(LEVELS)
        for theirs, name in (("quantile", "estimate"), ("lower", "lower"), ("upper", "upper")):
            if (k, theirs) not in skip:
                values = expected[theirs]
                row = values["values"][k] if "values" in values else list(values.values())
                assert_allclose(ours[name], numbers(row), rtol=1e-12, err_msg=f"{k} {theirs}")


@pytest.mark.parametrize(("name", "conf_type"), [("by_sex_log_log", "log-log"), ("by_sex_plain", "plain")])
def test_two_groups_as_r(name, conf_type):
    samples = by(read("lung"), "sex", lambda part: RightCensored(part.time, part.status == 2))
    check_at(KM[name]["at"], samples, conf_type=conf_type)
    check_quantiles(KM[name]["quantiles"], [kaplan_meier(s, conf_type=conf_type) for s in samples])


def test_logit_limits_as_r():
    check_at(KM["logit"]["at"], [lung()], conf_type="logit")
    check_quantiles(KM["logit"]["quantiles"], [kaplan_meier(lung(), conf_type="logit")])


def test_arcsine_limits_as_r():
    expected = KM["arcsine"]
    curve = kaplan_meier(lung(), conf_type="arcsine").at(expected["time"])
    for theirs, ours in (("surv", "estimate"), ("lower", "lower"), ("upper", "upper")):
        assert_allclose(getattr(curve, ours), expected[theirs], rtol=RTOL)


def test_level_of_90_percent_as_r():
    samples = by(read("veteran"), "trt", lambda part: RightCensored(part.time, part.status))
    check_at(KM["level_90"]["at"], samples, conf_level=0.9)
    check_quantiles(KM["level_90"]["quantiles"], [kaplan_meier(s, conf_level=0.9) for s in samples])


def test_whole_curve_with_counts_as_r():
    expected = KM["whole_curve"]["full"]
    samples = by(read("ovarian"), "rx", lambda part: RightCensored(part.futime, part.fustat))
    curves = [kaplan_meier(sample) for sample in samples]
    names = {"time": "time", "n.risk": "n_at_risk", "n.event": "n_events", "n.censor": "n_censored"}
    for theirs, ours in {**names, "surv": "estimate", "lower": "lower", "upper": "upper"}.items():
        together = np.concatenate([getattr(curve, ours) for curve in curves])
        assert_allclose(together, numbers(expected[theirs]), rtol=RTOL, err_msg=theirs)
    together = np.concatenate([curve.std_error for curve in curves])
    assert_allclose(together, KM["whole_curve"]["std_err_of_S"], rtol=RTOL)


def test_delayed_entry_as_r():
    frame = read("mgus2").query("futime > 0")
    # In months, so that times that are equal are equal; R merges them within 1e-8.
    samples = by(
        frame, "sex", lambda part: RightCensored(part.age * 12 + part.futime, part.death, entry=part.age * 12)
    )
    expected = dict(KM["delayed_entry"]["at"])
    expected["time"] = [12 * time for time in expected["time"]]
    check_at(expected, samples)
    medians = np.array(KM["delayed_entry"]["table"]["values"])[:, 6:9]
    ours = [kaplan_meier(sample).quantile(0.5).iloc[0, 1:].to_numpy(float) / 12 for sample in samples]
    assert_allclose(ours, medians, rtol=1e-12)


def test_prostate_by_bone_metastasis_as_r():
    frame = read_shared("prostate")
    samples = by(frame, "bm", lambda part: RightCensored(part.dtime, part.status != "alive"))
    check_at(KM["prostate_by_bone_metastasis"]["at"], samples)
    check_quantiles(KM["prostate_by_bone_metastasis"]["quantiles"], [kaplan_meier(s) for s in samples])


def test_case_weights_as_r():
    samples = by(
        read("lung"),
        "sex",
        lambda part: RightCensored(part.time, part.status == 2, weight=1 + (part.age > 65)),
    )
    check_at(KM["weighted_log"]["at"], samples, conf_type="log")


def test_subjects_with_time_zero_as_r():
    frame = read("mgus2")
    sample = RightCensored(frame.futime, frame.death)
    check_at(KM["time_zero"]["at"], [sample])
    check_quantiles(KM["time_zero"]["quantiles"], [kaplan_meier(sample)])


def test_quantile_on_a_flat_piece_is_its_midpoint_as_r():
    curve = kaplan_meier(RightCensored([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 1, 0, 1]))
    check_quantiles(KM["flat_half"]["quantiles"], [curve])


def test_clusters_as_r():
    frame, expected = read("retinopathy"), KM["clustered"]
    curve = kaplan_meier(RightCensored(frame.futime, frame.status), cluster=frame.id).at(expected["time"])
    for theirs, ours in (("surv", "estimate"), ("std_error",) * 2, ("lower",) * 2, ("upper",) * 2):
        assert_allclose(getattr(curve, ours), expected[theirs], rtol=RTOL)


def test_clusters_with_weights_as_r():
    frame, expected = read("lung").dropna(subset=["inst"]), KM["clustered_weighted"]
    sample = RightCensored(frame.time, frame.status == 2, weight=1 + (frame.age > 65))
    curve = kaplan_meier(sample, cluster=frame.inst).at(expected["time"])
    assert_allclose(curve.estimate, expected["surv"], rtol=RTOL)
    assert_allclose(curve.std_error, expected["std_error"], rtol=RTOL)


def test_follow_up_as_r():
    frame = read("colon").query("etype == 2")
    samples = by(frame, "rx", lambda part: RightCensored(part.time, part.status))
    check_quantiles(KM["follow_up"]["quantiles"], [follow_up(sample) for sample in samples])


def test_fleming_harrington_hazard_as_r():
    expected = KM["fleming_harrington_hazard"]
    curve = nelson_aalen(lung(), ties="fleming-harrington").at(expected["time"])
    assert_allclose(curve.estimate, expected["cumhaz"], rtol=RTOL)
    assert_allclose(curve.std_error, expected["std_error"], rtol=RTOL)


rows = st.lists(
    st.tuples(st.integers(1, 8), st.integers(0, 1), st.integers(1, 3), st.integers(0, 3)),
    min_size=1,
    max_size=25,
)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_weights_and_entry_as_the_naive_product(sample):
    time, event, weight, late = (np.array(column) for column in zip(*sample, strict=True))
    entry = time - 1 - late
    curve = kaplan_meier(RightCensored(time, event, entry=entry, weight=weight))
    assert_allclose(curve.estimate, naive_kaplan_meier(time, event, entry, weight), atol=1e-12)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_integer_weights_are_repeated_rows(sample):
    time, event, weight, _ = (np.array(column) for column in zip(*sample, strict=True))
    weighted = kaplan_meier(RightCensored(time, event, weight=weight))
    repeated = kaplan_meier(RightCensored(np.repeat(time, weight), np.repeat(event, weight)))
    for name in ("estimate", "std_error", "lower", "upper", "n_at_risk", "n_events", "n_censored"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-12)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_every_row_a_cluster_gives_greenwood(sample):
    time, event, _, _ = (np.array(column) for column in zip(*sample, strict=True))
    data = RightCensored(time, event)
    robust = kaplan_meier(data, cluster=np.arange(time.size))
    # The jackknife is a difference of sums; its square root magnifies rounding where it is 0.
    assert_allclose(robust.std_error, kaplan_meier(data).std_error, atol=1e-7)
    assert_allclose(robust.std_error**2, kaplan_meier(data).std_error ** 2, atol=1e-12)


def test_clusters_with_entry_and_weights_are_the_derivative_by_weights():
    rng = np.random.default_rng(4)
    time, event = rng.integers(2, 9, 40), rng.integers(0, 2, 40)
    entry, weight = time - rng.integers(1, 4, 40), rng.uniform(0.5, 2, 40)
    cluster = rng.integers(0, 12, 40)
    curve = kaplan_meier(RightCensored(time, event, entry=entry, weight=weight), cluster=cluster)
    error = jackknife_error(lambda w: naive_kaplan_meier(time, event, entry, w), weight, cluster)
    known = ~np.isnan(curve.std_error)
    assert known.sum() > 3
    assert_allclose(curve.std_error[known], error[known], rtol=1e-6)


def test_result_does_not_depend_on_the_order_of_rows():
    frame = read("lung").sample(frac=1, random_state=1)
    shuffled = kaplan_meier(RightCensored(frame.time, frame.status == 2))
    assert_array_equal(shuffled.estimate, kaplan_meier(lung()).estimate)


def test_limits_are_missing_once_the_curve_is_zero():
    curve = kaplan_meier(RightCensored([1, 2, 3], [1, 1, 1], weight=[0.1, 0.2, 0.7]))
    assert curve.estimate[-1] == 0
    assert np.isnan([curve.std_error[-1], curve.lower[-1], curve.upper[-1]]).all()


def test_all_censored_stays_at_one_without_error():
    curve = kaplan_meier(RightCensored([3, 5], [0, 0]))
    for name in ("estimate", "lower", "upper"):
        assert_array_equal(getattr(curve, name), [1, 1])
    assert_array_equal(curve.std_error, [0, 0])
    assert np.isnan(curve.quantile(0.5)["estimate"].item())


def test_one_subject_with_an_event_at_time_zero():
    curve = kaplan_meier(RightCensored([0], [1]))
    assert_array_equal(curve.time, [0])
    assert_array_equal(curve.estimate, [0])
    assert curve.at([0]).n_at_risk.item() == 1


def test_conf_type_and_level_change_the_limits():
    usual = kaplan_meier(lung()).at([365])
    lowers = {
        kaplan_meier(lung(), conf_type=kind).at([365]).lower.item() for kind in ("log", "plain", "logit")
    }
    assert len(lowers | {usual.lower.item()}) == 4
    assert kaplan_meier(lung(), conf_level=0.8).at([365]).lower.item() > usual.lower.item()
    narrow = nelson_aalen(lung(), conf_level=0.8).at([365])
    assert narrow.lower.item() > nelson_aalen(lung()).at([365]).lower.item()


def test_method_names_what_was_done():
    assert kaplan_meier(lung()).method == "Kaplan-Meier, Greenwood variance, log-log limits"
    assert "228 clusters" in kaplan_meier(lung(), cluster=range(228)).method


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conf_level": 95}, "conf_level must lie strictly between 0 and 1, got 95"),
        ({"conf_type": "loglog"}, "conf_type must be one of 'log-log'"),
        ({"cluster": [1, 2]}, r"cluster must have one entry a row \(3\), got 2"),
        ({"cluster": [1, 2, np.nan]}, r"cluster must not be missing: 1 row\(s\) \(2\)"),
    ],
)
def test_options_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        kaplan_meier(RightCensored([1, 2, 3], [1, 0, 1]), **options)


def test_unknown_ties_are_refused():
    with pytest.raises(InvalidArgument, match="ties must be one of 'nelson-aalen', 'fleming-harrington'"):
        nelson_aalen(lung(), ties="efron")
