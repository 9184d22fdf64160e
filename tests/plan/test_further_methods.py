"""Methods beyond first events: the plan gives what the function of that name gives on the derived rows."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_equal
from tests.support.declared_further import (
    ALL,
    DECLARED_EVENTS,
    DECLARED_VALUES,
    FAMILIES,
    FIRST,
    LESION,
    MEASURE,
    PRIORITIES,
    further_trial,
)

from skeletal import intervals, lesions, longitudinal, multistate, pairwise, proportions, recurrent
from skeletal.data import IntervalCensored, RecurrentEvents
from skeletal.outcomes import competing_risks, horizon_outcome, multi_state, right_censored
from skeletal.plan import adjusted_p_values, graphical

CONTROL, NEW = "observational", "upfront-rt"
CONTRAST = f"{NEW} vs {CONTROL}"
ESTIMATE = ("estimate", "std_error", "lower", "upper", "p_value")
TEST = ("statistic", "df", "p_value")
RATIO = ("coefficient", "std_error", "ratio", "ratio_lower", "ratio_upper", "p_value")


def value(key):
    return further_trial()[1].value(key)


@cache
def rows_of(estimand):
    outcomes, _ = further_trial()
    reads = outcomes.first if outcomes.study.estimands[estimand].variable == "first" else outcomes.recurrent
    rows = reads(outcomes.study.estimands[estimand].endpoint, estimand)
    subjects = outcomes.subjects.set_index("subject_id").loc[rows["subject_id"]].reset_index()
    return rows, subjects


@cache
def events(*, window=False):
    """Return sample, arm, sex and design of the rows of all episodes, the window counted out by hand."""
    rows, subjects = rows_of(ALL)
    rows = rows.assign(sex=subjects["sex"], age=subjects["age"])
    if window:
        start = rows["start"] + np.where(rows.duplicated("subject_id"), 20, 0)
        dies = (rows["status"] == 2) & (start >= rows["stop"])
        rows = rows.assign(start=np.where(dies, np.nextafter(rows["stop"], 0), start))
        rows = rows[rows["start"] < rows["stop"]].reset_index(drop=True)
    data = RecurrentEvents(rows["subject_id"], rows["start"], rows["stop"], rows["status"])
    design = pd.DataFrame({NEW: (rows["arm"] == NEW).astype(float), "age": rows["age"].astype(float)})
    return data, rows["arm"].to_numpy(dtype=object), rows["sex"], design


def of_arm(arm):
    data, arms, _, _ = events()
    mine = arms == arm
    return RecurrentEvents(data.subject[mine], data.start[mine], data.stop[mine], data.status[mine])


def check(name, fields, result, arm=CONTRAST, time=None, of="", place=None):
    for field in fields:
        key = f"{name}/{arm}/{field}{of}" + ("" if time is None else f"@{time}")
        expected = getattr(result, field) if place is None else getattr(result, field)[place]
        assert_allclose(value(key), expected, rtol=1e-12, err_msg=key)


def test_every_declared_analysis_has_rows_and_says_how():
    results = further_trial()[1].frame
    assert {*DECLARED_EVENTS, *DECLARED_VALUES, *FAMILIES} <= set(results["analysis"])
    assert (results["method"].str.len() > 0).all()
    assert results["key"].is_unique
    assert results.groupby("analysis")["value"].apply(lambda values: values.notna().any()).all()


def test_the_window_after_an_episode_is_removed_where_asked():
    data, _, _, design = events(window=True)
    check("rate-model", RATIO, recurrent.andersen_gill(data, design[[NEW]]), place=0)
    counts = recurrent.rate_regression(data, design, model="quasi-poisson")
    check("counts", RATIO, counts, place=counts.names.index(NEW))
    said = further_trial()[1].frame.groupby("analysis")["method"].first()
    assert "the 20 days after an episode removed at risk" in said["rate-model"]
    assert "the 20 days after an episode kept at risk" in said["exact"]
    effect = recurrent.window_effect(*events()[:2], 20, control=CONTROL).set_index(["statistic", "arm"])
    for at_risk in ("kept", "removed"):
        found = value(f"window/{CONTRAST}/ratio_upper[Andersen-Gill, {at_risk}]")
        assert_equal(found, effect.loc[("andersen_gill_ratio_upper", NEW), at_risk])
        assert_equal(value(f"window/{NEW}/estimate[{at_risk}]"), effect.loc[("rate", NEW), at_risk])


def test_tests_and_contrasts_of_means_and_rates():
    data, arm, sex, design = events()
    for label in (CONTROL, NEW):
        curve = recurrent.mean_cumulative(of_arm(label), conf_type="plain").at([365])
        for field in ("estimate", "std_error", "lower", "upper", "n_at_risk"):
            assert_equal(value(f"mean/{label}/{field}@365"), getattr(curve, field)[0])
    test = recurrent.mean_cumulative_test(data, arm, control=CONTROL, strata=sex, weight="linear")
    check("mean-test", TEST, test)
    gap = recurrent.mean_cumulative_contrast(
        data, arm, time=365, control=CONTROL, kind="ratio", conf_level=0.9
    )
    check("mean-gap", ESTIMATE, gap, time=365)
    for label in (CONTROL, NEW):
        alive = recurrent.while_alive_rate(of_arm(label), horizon=365)
        check("alive", ESTIMATE[:4], alive, arm=label, time=365)
    alive = recurrent.while_alive_contrast(data, arm, horizon=365, control=CONTROL, kind="difference")
    check("alive-gap", ESTIMATE, alive, time=365)
    exact = recurrent.rate_ratio(data, arm, control=CONTROL, model="exact", conf_level=0.9)
    check("exact", ESTIMATE, exact)
    check("adjusted", ESTIMATE, recurrent.rate_ratio(data, arm, control=CONTROL, covariates=design[["age"]]))
    check("gap", ESTIMATE, recurrent.rate_difference(data, arm, control=CONTROL, method="wald"))


def test_the_four_answers():
    answers = recurrent.recurrent_answers(*events()[:2], horizon=365, control=CONTROL)
    for answer in answers.answers:
        assert_equal(value(f"answers/{CONTRAST}/ratio_lower[{answer.name}]"), answer.result.lower)
    difference = value(f"answers/{CONTRAST}/estimate[time alive]@365")
    assert_equal(difference, answers.survival_difference.estimate)


def test_regressions_of_recurrent_events():
    data, _, sex, design = events()
    pwp = recurrent.ordered_events(data, design[[NEW]], model="pwp-gap", max_order=2, effects="by_order")
    for order in (1, 2):
        check("pwp", RATIO, pwp, of=f"[{order}]", place=pwp.names.index(f"{NEW}:{order}"))
    check("wlw", RATIO, recurrent.ordered_events(data, design, model="wlw", max_order=2), place=0)
    check("means-model", RATIO, recurrent.ghosh_lin(data, design, censoring_strata=sex), place=0)
    frailty = recurrent.frailty_rate(data, design)
    check("frailty", ("coefficient", "std_error", "p_value"), frailty, place=0)
    assert_equal(value("frailty/all/frailty_variance"), frailty.frailty_variance)
    assert_allclose(value(f"frailty/{CONTRAST}/ratio_upper"), math.exp(frailty.upper[0]), rtol=1e-12)


def test_states():
    rows, _ = rows_of(ALL)
    names = ("event-free", "1 event", "2 or more events", "dead")
    for arm, part in rows.groupby("arm"):
        second = multistate.state_occupation(multi_state(part, names), "1 event").at([365])
        assert_equal(value(f"second/{arm}/std_error@365"), second.std_error[0])
        simple = multi_state(part, ("event-free", "1 or more events", "dead"))
        dead = multistate.state_occupation(simple, "dead", given="event-free", landmark=100).at([365])
        assert_equal(value(f"landmark/{arm}/estimate@365"), dead.estimate[0])
        free = multistate.time_in_state(simple, "event-free", horizon=365)
        check("free-time", ESTIMATE[:4], free, arm=arm, time=365)
    _, arm, _, design = events()
    simple = multi_state(rows, ("event-free", "1 or more events", "dead"))
    gap = multistate.time_in_state_contrast(
        simple, arm, "event-free", horizon=365, control=CONTROL, kind="ratio"
    )
    check("free-gap", ESTIMATE, gap, time=365)
    fit = multistate.transition_cox(simple, design, clock="reset")
    of = "event-free->dead"
    check("transitions", RATIO, fit, of=f"[{of}]", place=fit.names.index(f"{NEW}:{of}"))


def test_states_follow_the_episodes():
    rows = pd.DataFrame(
        {
            "subject_id": ["a", "a", "a", "b", "c"],
            "start": [0, 5, 9, 0, 0],
            "stop": [5, 9, 12, 7, 8],
            "status": [1, 1, 2, 0, 2],
        }
    )
    data = multi_state(rows, ["event-free", "1 or more events", "dead"])
    assert data.state.tolist() == [1, 2, 2, 1, 1]
    assert data.to.tolist() == [2, 0, 3, 0, 3]
    data = multi_state(rows, ["event-free", "1 event", "2 or more events", "dead"])
    assert data.state.tolist() == [1, 2, 3, 1, 1]
    assert data.to.tolist() == [2, 3, 4, 0, 4]


def test_times_known_in_intervals():
    outcomes, _ = further_trial()
    rows = outcomes.intervals("sse", FIRST)
    data, arm = IntervalCensored(rows["left"], rows["right"]), rows["arm"].to_numpy(dtype=object)
    design = pd.DataFrame({NEW: (arm == NEW).astype(float), "age": rows_of(FIRST)[1]["age"].astype(float)})
    for label in (CONTROL, NEW):
        mine = arm == label
        curve = intervals.turnbull(IntervalCensored(data.left[mine], data.right[mine]))
        for edge in ("lower", "upper"):
            found = value(f"turnbull/{label}/estimate[{edge} edge]@365")
            assert_equal(found, curve.at([365], edge=edge)["estimate"].iloc[0])
    test = intervals.interval_logrank(data, arm, control=CONTROL, scores="wmw", method="score")
    check("interval-test", TEST, test, arm="all")
    fit = intervals.interval_regression(data, design, baseline="exponential")
    check("interval-model", RATIO, fit, place=0)
    table = intervals.imputation_comparison(data, arm, control=CONTROL)
    assert_equal(value(f"imputed-times/{CONTRAST}/ratio[right end]"), table.loc["right_end", "ratio"])


def test_wins_compare_the_priorities_in_their_order():
    outcomes, _ = further_trial()
    parts = outcomes.by_component("sse", FIRST)
    frames = [outcomes.first("death", "overall-survival")]
    frames += [parts[parts["component_name"] == name] for name in PRIORITIES[1:]]
    priorities = [
        pairwise.Priority(frame["time"], frame["status"] == 1, margin=margin)
        for frame, margin in zip(frames, (0, 7, 0, 0, 0), strict=True)
    ]
    rows, subjects = rows_of(FIRST)
    found = pairwise.win_statistics(
        priorities, rows["arm"], control=CONTROL, strata=subjects["sex"], stratum_weight="size"
    )
    check("wins", ESTIMATE, found.win_ratio, of="[win ratio]")
    check("wins", ESTIMATE, found.net_benefit, of="[net benefit]")
    check("wins", TEST, found.finkelstein_schoenfeld, of="[Finkelstein-Schoenfeld]")
    assert_equal(value(f"wins/{CONTRAST}/losses[surgery]"), found.losses[2])
    assert_equal(value(f"wins/{CONTRAST}/ties"), found.ties)
    data, arm, sex, _ = events()
    last = pairwise.recurrent_win_ratio(data, arm, control=CONTROL, strata=sex, kind="naive")
    check("last-event", ESTIMATE, last.win_odds, of="[win odds]")


def test_lesions():
    rows, subjects = rows_of(LESION)
    outcome = horizon_outcome(rows, 365)
    known = rows[outcome != "unknown"]
    event = outcome[outcome != "unknown"] == "event"
    risk = lesions.lesion_risk(event, known["subject_id"], known["arm"], control=CONTROL, kind="ratio")
    check("lesions", ESTIMATE, risk.estimate("cluster-robust"), time=365, of="[cluster-robust]")
    causes = (further_trial()[0].study.endpoints["lesion_sse"].label, *further_trial()[0].causes(LESION)[1:])
    risks = competing_risks(rows, causes)
    incidence = lesions.lesion_incidence(
        risks, rows["arm"], rows["subject_id"], causes[0], time=365, control=CONTROL
    )
    check("lesion-risk", ESTIMATE, incidence.estimate("naive"), time=365, of="[naive]")
    times = lesions.lesion_times(
        right_censored(rows),
        rows["arm"],
        rows["subject_id"],
        control=CONTROL,
        covariates=subjects[["age"]].astype(float),
    )
    check("lesion-times", ESTIMATE, times.estimate("naive"), of="[naive]")
    effect = value(f"lesion-times/{CONTRAST}/design_effect[cluster-robust]")
    assert_allclose(effect, times.design_effect, rtol=1e-12)


def test_risks_in_subgroups():
    rows, subjects = rows_of(FIRST)
    outcome = horizon_outcome(rows, 365)
    known = outcome != "unknown"
    found = proportions.subgroup_risks(
        outcome[known] == "event",
        rows["arm"][known],
        subjects["sex"][known],
        control=CONTROL,
        kind="odds-ratio",
    )
    for place, label in enumerate(found.labels[:-1]):
        key = f"by-sex/{CONTRAST}/%s[sex={label}]@365"
        assert_equal(value(key % "upper"), found.upper[place])
        assert value(key % "n_subjects") == found.n_subjects[place].sum()
    assert_equal(value(f"by-sex/{CONTRAST}/estimate[sex, overall]@365"), found.estimate[-1])
    assert_equal(value(f"by-sex/{CONTRAST}/interaction_p_value[sex]@365"), found.interaction_test.p_value)


def test_measures_at_visits():
    outcomes, _ = further_trial()
    data = longitudinal.visits_of_measure(outcomes.measure(MEASURE), control=CONTROL, missing_baseline="mean")
    counts = longitudinal.missing_visits(data).set_index(["arm", "visit"])
    assert_equal(value(f"missing/{NEW}/n_structural@183"), counts.loc[(NEW, 183), "n_structural"])
    fits = {
        "mixed": longitudinal.mixed_model(data, covariance="heterogeneous-ar1", df="kenward-roger"),
        "equations": longitudinal.gee(data, working="ar1", small_sample="mancl-derouen"),
    }
    for name, fit in fits.items():
        at = fit.contrasts.set_index("visit").loc[183.0]
        means = fit.means.set_index(["arm", "visit"])
        for field in ESTIMATE:
            assert_equal(value(f"{name}/{CONTRAST}/{field}@183"), at[field])
        mean = value(f"{name}/{CONTRAST}/lower[mean of {CONTROL}]@183")
        assert_equal(mean, means.loc[(CONTROL, 183.0), "lower"])
        check(name, TEST, fit.arm_test, of="[all visits]")
    response = longitudinal.responder_contrast(data, visit=183, threshold=3, missing="observed")
    check("responses", ESTIMATE, response, time=183)
    imputed = longitudinal.imputed_contrast(data, visit=183, n_imputations=3, seed=1, delta=0.5)
    check("imputed", ESTIMATE, imputed, time=183)
    tipping = longitudinal.tipping_point(data, visit=183, deltas=[0, 1], n_imputations=3, seed=1)
    assert_equal(value(f"tipping/{CONTRAST}/upper[delta 1]@183"), tipping.frame["upper"].iloc[1])
    assert_equal(value(f"tipping/{CONTRAST}/tipping_point@183"), tipping.delta)


def test_families_adjust_the_p_values_of_their_analyses():
    keys = {"mean-test": CONTRAST, "interval-test": "all", "gap": CONTRAST}
    p_values = pd.Series({name: value(f"{name}/{arm}/p_value") for name, arm in keys.items()})
    adjusted = adjusted_p_values(p_values, method="holm")
    for place, (name, arm) in enumerate(keys.items()):
        assert_equal(value(f"holm/{arm}/p_value[{name}]"), p_values[name])
        assert_equal(value(f"holm/{arm}/adjusted_p_value[{name}]"), adjusted[place])
        assert value(f"holm/{arm}/rejected[{name}]") == (adjusted[place] <= 0.05)
    two = p_values[["mean-test", "interval-test"]]
    graph = graphical(two, [1, 0], [[0, 1], [0, 0]], alpha=0.1)
    assert_equal(value("graph/all/adjusted_p_value[interval-test]"), graph.adjusted_p_value[1])
    # the second of a fixed sequence is never easier than the first, the fallback keeps half the level for it
    first, second = (value(f"sequence/{CONTRAST}/adjusted_p_value[{name}]") for name in ("gap", "mean-test"))
    assert first == p_values["gap"]
    assert second == max(p_values[["gap", "mean-test"]])
    assert_allclose(value(f"fallback/{CONTRAST}/adjusted_p_value[gap]"), min(2 * p_values["gap"], 1))
