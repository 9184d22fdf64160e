"""Win ratio, net benefit and win odds against other software, and what each option changes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read, read_shared

from skeletal.errors import InvalidArgument, NotEstimable
from skeletal.pairwise import Priority, win_statistics

CASES = cases("winratio")
RTOL = 1e-7
WINS = {"win_ratio": "Win_Ratio", "net_benefit": "Net_Benefit", "win_odds": "Win_Odds"}
WINS_ERRORS = {
    "wr": 2e-3,
    "nb": 0.04,
    "wo": 0.02,
}  # WINS has other standard errors: relative difference of them


@pytest.fixture(scope="module")
def colon():
    data = read("colon")
    data = data[data.rx.isin(["Obs", "Lev+5FU"])]
    death, recurrence = (data[data.etype == kind].set_index("id") for kind in (2, 1))
    recurrence = recurrence.loc[death.index]
    priorities = (
        Priority(death.time, death.status, label="death"),
        Priority(recurrence.time, recurrence.status, label="recurrence"),
    )
    return priorities, death.rx.to_numpy(), death.node4.to_numpy()


def hf_action():
    data = read_shared("hfactioncpx12")
    subjects = data.groupby("id")
    end, died, arm = subjects.time.max(), subjects.status.max() == 2, subjects.treatment.first()
    first = data[data.status == 1].groupby("id").time.min().reindex(end.index)
    return (Priority(end, died), Priority(first.fillna(end), first.notna())), arm.to_numpy()


def assert_as_enumerated(result, case):
    assert_array_equal(result.wins, [row["wins"] for row in case["by_outcome"]])
    assert_array_equal(result.losses, [row["losses"] for row in case["by_outcome"]])
    assert (result.ties, result.n_pairs) == (case["ties"], case["pairs"])
    for name in ("win_ratio", "net_benefit", "win_odds"):
        assert_allclose(getattr(result, name).estimate, case[name], rtol=RTOL)
    errors = [result.win_ratio.std_error, result.net_benefit.std_error, result.win_odds.std_error]
    assert_allclose(errors, [case["se_log_wr"], case["se_net_benefit"], case["se_log_win_odds"]], rtol=RTOL)
    assert_allclose([result.win_ratio.lower, result.win_ratio.upper], case["wr_ci"], rtol=RTOL)
    assert_allclose(result.win_ratio.p_value, case["p"], rtol=RTOL)
    test, expected = result.finkelstein_schoenfeld, case["finkelstein_schoenfeld"]
    values = [test.observed[1], test.variance[1, 1], test.z, test.p_value]
    assert_allclose(values, [expected[key] for key in ("T", "V", "z", "p")], rtol=RTOL)


def test_colon_as_all_pairs_in_r(colon):
    priorities, arm, _ = colon
    assert_as_enumerated(win_statistics(priorities, arm, control="Obs"), CASES["colon"])


def test_one_outcome_as_all_pairs_in_r():
    lung = read("lung")
    assert_as_enumerated(win_statistics([Priority(lung.time, lung.status == 2)], lung.sex), CASES["lung"])


def test_death_and_hospitalisation_as_all_pairs_in_r():
    assert_as_enumerated(win_statistics(*hf_action()), CASES["hf_action"])


def others():
    """Priorities, arm and options of the further enumerations in R."""
    rotterdam, veteran = read("rotterdam"), read("veteran")
    pbc = read("pbc").dropna(subset=["trt"])
    death, recurrence = ("dtime", "death"), ("rtime", "recur")

    def of(data, *columns):
        return [Priority(data[time], data[event], margin=margin) for (time, event), margin in columns]

    both = of(rotterdam, (death, 0), (recurrence, 0))
    four = [
        Priority(pbc.time, pbc.status == 2, margin=90),
        Priority(pbc.time, pbc.status == 1),
        Priority(pbc.platelet.fillna(0), np.ones(len(pbc)), margin=20),
        Priority(pbc.albumin, np.ones(len(pbc))),
    ]
    return {
        "rotterdam_margins": (of(rotterdam, (death, 180), (recurrence, 60)), rotterdam.hormon, {}),
        "rotterdam_grade": (both, rotterdam.hormon, {"strata": rotterdam.grade}),
        "rotterdam_grade_size": (
            both,
            rotterdam.hormon,
            {"strata": rotterdam.grade, "stratum_weight": "size"},
        ),
        "rotterdam_meno_equal": (
            of(rotterdam, (recurrence, 0), (death, 365)),
            rotterdam.hormon,
            {"strata": rotterdam.meno, "stratum_weight": "equal", "same_time": "event-first"},
        ),
        "pbc_four": (four, pbc.trt, {"strata": pbc.sex}),
        "veteran_one": (
            [Priority(veteran.time, veteran.status, margin=10)],
            veteran.trt,
            {"strata": veteran.celltype},
        ),
    }


@pytest.mark.parametrize("name", list(others()))
def test_margins_strata_and_weights_as_all_pairs_in_r(name):
    priorities, arm, options = others()[name]
    case, result = CASES[name], win_statistics(priorities, arm, **options)
    assert_array_equal(result.wins, np.atleast_1d(case["wins"]))
    assert_array_equal(result.losses, np.atleast_1d(case["losses"]))
    assert result.ties == case["ties"]
    for key in ("win_ratio", "net_benefit", "win_odds"):
        estimate = getattr(result, key)
        assert_allclose([estimate.estimate, estimate.std_error], case[key], rtol=1e-11)
    test = result.finkelstein_schoenfeld
    assert_allclose(
        [test.observed[1], test.variance[1, 1], test.z], case["finkelstein_schoenfeld"], rtol=1e-11
    )


def assert_near_wins(result, case):
    """Estimates to the digit; WINS' standard errors, from its z, only as near as they are to projections."""
    for field, name in WINS.items():
        estimate, key = getattr(result, field), "".join(word[0] for word in name.split("_"))
        assert_allclose(estimate.estimate, case["statistics"][name][key], rtol=RTOL)
        distance = estimate.estimate if field == "net_benefit" else np.log(estimate.estimate)
        error = distance / case["z"][f"zstat_{key}"]
        assert_allclose(estimate.std_error, error, rtol=WINS_ERRORS[key.lower()])


def test_estimates_of_wins(colon):
    priorities, arm, _ = colon
    result, case = win_statistics(priorities, arm, control="Obs"), CASES["colon_wins"]
    shares = case["win_prop"]
    assert_allclose([result.win_share, result.loss_share], [shares["P_trt"], shares["P_con"]], rtol=RTOL)
    assert_near_wins(result, case)


@pytest.mark.parametrize(("weight", "key"), [("mantel-haenszel", "mh"), ("size", "wt1"), ("equal", "equal")])
def test_stratified_estimates_of_wins(colon, weight, key):
    priorities, arm, strata = colon
    result = win_statistics(priorities, arm, control="Obs", strata=strata, stratum_weight=weight)
    case = CASES["colon_wins_node4"][key]
    assert_allclose(result.by_stratum["win_share"], case["win_prop"]["P_trt"], rtol=RTOL)
    assert_allclose(result.by_stratum["loss_share"], case["win_prop"]["P_con"], rtol=RTOL)
    if key == "wt1":  # the z of WINS belong to another variance there
        for field, name in WINS.items():
            assert_allclose(
                getattr(result, field).estimate, next(iter(case["statistics"][name].values())), rtol=RTOL
            )
    else:
        assert_near_wins(result, case)


def assert_as_buysetest(result, case, rtol):
    benefit, ratio = case["netBenefit"], case["winRatio"]
    frame = result.to_frame()
    assert_allclose(frame["net_benefit"], benefit["estimate"], rtol=rtol)
    assert_allclose(frame["net_benefit_std_error"], benefit["se"], rtol=rtol)
    assert_allclose(frame["win_ratio"], ratio["estimate"], rtol=rtol)
    assert_allclose(frame["log_win_ratio_std_error"] * frame["win_ratio"], ratio["se"], rtol=rtol)
    limits = [result.win_ratio.lower, result.win_ratio.upper, result.win_ratio.p_value]
    assert_allclose(limits, [ratio[key][-1] for key in ("lower", "upper", "p")], rtol=rtol)


def test_buysetest_where_events_come_first(colon):
    priorities, arm, _ = colon
    result = win_statistics(priorities, arm, control="Obs", same_time="event-first")
    assert_as_buysetest(result, CASES["colon_buysetest_gehan"], RTOL)


def test_buysetest_with_expected_scores_and_the_variance_of_the_curves(colon):
    priorities, arm, _ = colon
    result = win_statistics(priorities, arm, control="Obs", scoring="peron")
    assert_as_buysetest(result, CASES["colon_buysetest_peron"], RTOL)


ARM = ["old", "old", "old", "new", "new", "new"]
DEATH = Priority([3, 5, 8, 4, 8, 9], [1, 1, 0, 1, 0, 1], label="death")
PAIN = Priority([2, 5, 1, 4, 6, 2], [1, 0, 1, 0, 1, 1], label="pain")


def test_frame_has_what_each_priority_leaves():
    result = win_statistics([DEATH, PAIN], ARM, control="old")
    frame = result.to_frame()
    assert list(frame["priority"]) == ["death", "pain"]
    assert_array_equal(frame["ties_left"], [9 - frame.wins[0] - frame.losses[0], result.ties])
    assert_allclose(frame["net_benefit"].iloc[-1], result.net_benefit.estimate)


def test_control_swaps_the_arms():
    new, old = (win_statistics([DEATH, PAIN], ARM, control=label) for label in ("new", "old"))
    assert_array_equal(new.wins, old.losses)
    assert "old against new (reference)" in new.method


def test_margin_leaves_pairs_to_the_next_priority():
    wide = Priority(DEATH.time, DEATH.event, margin=2, label="death")
    result, plain = (win_statistics([first, PAIN], ARM, control="old") for first in (wide, DEATH))
    assert (result.wins + result.losses)[0] < (plain.wins + plain.losses)[0]
    assert "death (margin 2) > pain" in result.method


def test_pair_exactly_a_margin_apart_is_undecided():
    result = win_statistics([Priority([1, 3], [1, 1], margin=2)], [0, 1])
    assert result.ties == 1
    assert win_statistics([Priority([1, 3.5], [1, 1], margin=2)], [0, 1]).wins[0] == 1


@pytest.mark.parametrize(("rule", "wins"), [("undecided", 0), ("event-first", 1)])
def test_event_and_censoring_at_one_time(rule, wins):
    result = win_statistics([Priority([4, 4], [1, 0])], [0, 1], same_time=rule)
    assert result.wins[0] == wins
    assert ("undecided" if rule == "undecided" else "event comes first") in result.method


def test_strata_keep_pairs_apart():
    result = win_statistics([DEATH], ARM, control="old", strata=[1, 1, 2, 1, 2, 2])
    assert result.n_pairs == 2 * 1 + 1 * 2
    assert_array_equal(result.by_stratum["stratum"], [1, 2])
    assert "strata weighted by 1/size" in result.method


def test_stratum_weight_changes_the_answer():
    values = {
        weight: win_statistics(
            [DEATH, PAIN], ARM, control="old", strata=[1, 1, 2, 1, 1, 2], stratum_weight=weight
        ).win_odds.estimate
        for weight in ("mantel-haenszel", "size", "equal")
    }
    assert len(set(values.values())) == 3


def test_stratum_of_one_arm_has_no_pairs():
    result = win_statistics([DEATH], ARM, control="old", strata=[1, 1, 1, 1, 1, 2])
    assert result.n_pairs == 6
    assert "1 strata with one arm only have no pairs" in result.method


def test_conf_level_widens_the_limits():
    narrow, wide = (win_statistics([DEATH, PAIN], ARM, conf_level=level) for level in (0.5, 0.9))
    assert wide.net_benefit.upper > narrow.net_benefit.upper
    assert wide.win_ratio.lower < narrow.win_ratio.lower
    assert wide.win_odds.conf_level == 0.9


def test_without_losses_the_ratio_is_infinite_and_the_rest_is_given():
    result = win_statistics([Priority([1, 2, 5, 6, 1.5], [1, 1, 1, 0, 0])], [0, 0, 1, 1, 1])
    assert result.win_ratio.estimate == np.inf
    assert np.isnan([result.win_ratio.lower, result.win_ratio.upper, result.win_ratio.p_value]).all()
    assert "infinite: there are no losses" in result.win_ratio.method
    assert_allclose(result.net_benefit.estimate, 5 / 6)
    assert_allclose(result.win_odds.estimate, 11)
    assert 0 < result.win_odds.std_error < np.inf


def test_without_wins_the_ratio_is_zero():
    result = win_statistics([Priority([1, 2, 5, 6, 1.5], [1, 1, 1, 0, 0])], [1, 1, 0, 0, 0])
    assert result.win_ratio.estimate == 0
    assert "there are no wins" in result.win_ratio.method


def test_all_won_has_infinite_odds():
    result = win_statistics([Priority([1, 2, 5, 6], [1, 1, 1, 0])], [0, 0, 1, 1])
    assert (result.win_odds.estimate, result.net_benefit.estimate) == (np.inf, 1)
    assert np.isnan(result.net_benefit.p_value)


@pytest.mark.parametrize("scoring", ["gehan", "ipcw", "peron"])
def test_nothing_decided(scoring):
    result = win_statistics([Priority([1, 1, 1, 1], [0, 0, 0, 0])], [0, 0, 1, 1], scoring=scoring)
    assert np.isnan(result.win_ratio.estimate)
    assert "not estimable: no pair" in result.win_ratio.method
    assert (result.net_benefit.estimate, result.win_odds.estimate, result.ties) == (0, 1, 4)
    assert np.isnan([result.net_benefit.p_value, result.finkelstein_schoenfeld.p_value]).all()


@pytest.mark.parametrize("scoring", ["gehan", "ipcw", "peron"])
def test_priority_that_nobody_reached_decides_nothing(scoring):
    nobody = Priority([9] * 6, [0] * 6, label="surgery")
    result = win_statistics([nobody, DEATH, nobody, PAIN], ARM, scoring=scoring)
    plain = win_statistics([DEATH, PAIN], ARM, scoring=scoring)
    if scoring != "ipcw":  # the follow-up of the empty priority is follow-up
        assert_allclose(result.wins, [0, plain.wins[0], 0, plain.wins[1]])
        assert_allclose(result.net_benefit.std_error, plain.net_benefit.std_error)
        assert_allclose(
            result.cumulative_net_benefit_std_error[1:3], plain.cumulative_net_benefit_std_error[0]
        )
    assert_array_equal(result.wins[[0, 2]], 0)
    assert "nobody reached surgery, surgery, which decides nothing" in result.method


def test_one_subject_an_arm_has_no_test():
    result = win_statistics([Priority([1, 2], [1, 1])], ["a", "b"])
    assert result.net_benefit.estimate == 1
    assert "no subject differs" in result.net_benefit.method


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], ARM), {}, "at least one"),
        (([DEATH, (1, 2)], ARM), {}, "must be Priority"),
        (([DEATH, Priority([1], [1])], ARM), {}, "as many rows"),
        (([DEATH], ARM[:5]), {}, "one entry a row"),
        (([DEATH], ["a"] * 6), {}, "at least two labels"),
        (([DEATH], list("aabbcc")), {}, "two labels, got 3"),
        (([DEATH], [*ARM[:5], None]), {}, "must not be missing"),
        (([DEATH], ARM), {"control": "none"}, "control must be one of"),
        (([DEATH], ARM), {"strata": [1, 2]}, "strata must have one entry"),
        (([DEATH], ARM), {"scoring": "best"}, "scoring must be one of"),
        (([DEATH], ARM), {"same_time": "later"}, "same_time must be one of"),
        (([DEATH], ARM), {"stratum_weight": "n"}, "stratum_weight must be one of"),
        (([DEATH], ARM), {"conf_level": 95}, "conf_level must lie"),
    ],
)
def test_refusals(arguments, options, message):
    with pytest.raises(InvalidArgument, match=message):
        win_statistics(*arguments, **options)


def test_no_stratum_with_both_arms():
    with pytest.raises(NotEstimable, match="no stratum has subjects of both arms"):
        win_statistics([DEATH], ARM, strata=ARM)
