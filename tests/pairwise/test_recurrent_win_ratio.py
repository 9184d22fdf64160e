"""Win ratio of death and recurring events against R's WR, enumeration, and its options."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read_shared
from tests.support.naive_pairs import naive_recurrent, share_covariance

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument, NotEstimable
from skeletal.pairwise import Priority, recurrent_win_ratio, win_statistics

CASES = cases("winratio")
KINDS = {"last-event": "lwr", "first-event": "fwr", "naive": "nwr"}
RTOL = 1e-7


def trial_of(table):
    """Rows (start, stop] and arm of one row an event, death (2) or censoring (0); all a unit later than 0."""
    table = table.sort_values(["subject", "time"]).drop_duplicates(["subject", "time"])
    stop = table["time"] + 1  # an event at time 0 is none of a row (start, stop]
    start = stop.groupby(table["subject"]).shift().fillna(0)
    return RecurrentEvents(table["subject"], start, stop, table["status"]), table["arm"].to_numpy()


def hf_action():
    table = read_shared("hfactioncpx12")
    return table.rename(columns={"id": "subject", "treatment": "arm"})


def hf_action_cpx9():
    table = read_shared("hfaction_cpx9").rename(columns={"patid": "subject", "trt_ab": "arm"})
    return table.assign(status=table["status"].map({0: 0, 1: 2, 2: 1}))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(
    ("table", "name"), [(hf_action, "hf_action_recurrent"), (hf_action_cpx9, "hf_action_cpx9_recurrent")]
)
def test_as_wr(table, name, kind):
    case = CASES[name][KINDS[kind]]
    result = recurrent_win_ratio(*trial_of(table()), kind=kind)
    ratio = result.win_ratio
    assert_allclose([result.win_share, result.loss_share], [case["win"], case["loss"]], rtol=RTOL)
    assert_allclose([np.log(ratio.estimate), ratio.std_error], [case["log_wr"], case["se"]], rtol=RTOL)
    if "p" in case:
        assert_allclose(ratio.p_value, case["p"], rtol=RTOL)


@st.composite
def histories(draw):
    n = draw(st.integers(3, 9))
    rows, events, ends, died = [], [], [], []
    for i in range(n):
        end = draw(st.integers(2, 8))
        times = draw(st.lists(st.integers(1, end - 1), max_size=3, unique=True))
        dies = draw(st.booleans())
        stops = [*sorted(times), end]
        for start, stop in zip([0, *stops], stops, strict=False):
            rows.append((i, start, stop, (2 if dies else 0) if stop == end else 1))
        events.append(times)
        ends.append(end)
        died.append(dies)
    arm = np.array([*draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2)), 0, 1])
    return pd.DataFrame(rows, columns=["subject", "start", "stop", "status"]), ends, died, events, arm


@pytest.mark.parametrize("kind", list(KINDS))
@settings(max_examples=30, deadline=None)
@given(history=histories())
def test_by_enumeration(kind, history):
    table, ends, died, events, arm = history
    data = RecurrentEvents(table.subject, table.start, table.stop, table.status)
    result = recurrent_win_ratio(data, arm[table.subject], kind=kind)
    wins, losses = naive_recurrent(ends, died, events, arm == 1, kind)
    k = len(result.labels)
    assert_array_equal(result.wins, wins.sum(axis=(1, 2))[:k])
    assert_array_equal(result.losses, losses.sum(axis=(1, 2))[:k])
    shares, covariance = share_covariance(wins.sum(axis=0), losses.sum(axis=0))
    assert_allclose(result.net_benefit.estimate, shares[0] - shares[1], atol=1e-14)
    error = np.sqrt(max(np.array([1, -1]) @ covariance @ np.array([1, -1]), 0))
    assert_allclose(result.net_benefit.std_error, error, atol=1e-9)
    other = recurrent_win_ratio(data, arm[table.subject], kind=kind, control=1)
    assert_array_equal(other.wins, result.losses)
    assert_allclose(other.finkelstein_schoenfeld.z, -result.finkelstein_schoenfeld.z)


@settings(max_examples=15, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_unit_of_time_and_order_of_rows(history, random):
    table, *_, arm = history
    order = list(range(len(table)))
    random.shuffle(order)
    moved = table.iloc[order]
    one = RecurrentEvents(table.subject, table.start, table.stop, table.status)
    two = RecurrentEvents(moved.subject, moved.start * 8, moved.stop * 8, moved.status)
    result = recurrent_win_ratio(one, arm[table.subject])
    other = recurrent_win_ratio(two, arm[moved.subject])
    assert_array_equal(result.wins, other.wins)
    assert_allclose(result.net_benefit.std_error, other.net_benefit.std_error, atol=1e-14)


def test_without_recurrence_first_event_is_the_two_outcome_win_ratio():
    rng = np.random.default_rng(3)
    death, event, end = rng.exponential(9, 60), rng.exponential(5, 60), rng.uniform(1, 12, 60)
    stop, arm = np.minimum(death, end), np.repeat([0, 1], 30)
    hit = event < stop
    rows = [(i, 0.0, event[i], 1) for i in np.flatnonzero(hit)]
    rows += [(i, event[i] if hit[i] else 0.0, stop[i], 2 if death[i] <= end[i] else 0) for i in range(60)]
    subject, start, until, status = zip(*rows, strict=True)
    data = RecurrentEvents(subject, start, until, status)
    result = recurrent_win_ratio(data, arm[list(subject)], kind="first-event")
    both = win_statistics([Priority(stop, death <= end), Priority(np.where(hit, event, stop), hit)], arm)
    assert (result.wins.sum(), result.losses.sum()) == (both.wins.sum(), both.losses.sum())
    assert_allclose(result.win_ratio.std_error, both.win_ratio.std_error)


DATA = RecurrentEvents(
    ["a", "a", "b", "c", "c", "d", "e", "e"],
    [0, 3, 0, 0, 2, 0, 0, 1],
    [3, 8, 5, 2, 9, 7, 1, 6],
    [1, 0, 2, 1, 0, 0, 1, 2],
)
ARM = ["x", "x", "x", "y", "y", "y", "x", "x"]


def test_kind_changes_the_priorities():
    labels = {kind: recurrent_win_ratio(DATA, ARM, kind=kind).labels for kind in KINDS}
    assert labels["naive"] == ("death", "number of events")
    assert labels["last-event"][-1] == "last event"
    assert recurrent_win_ratio(DATA, ARM, kind="naive").ties > recurrent_win_ratio(DATA, ARM).ties


def test_strata_weights_and_level():
    strata = [1, 1, 2, 1, 1, 2, 1, 1]
    plain = recurrent_win_ratio(DATA, ARM)
    result = recurrent_win_ratio(DATA, ARM, strata=strata)
    assert (plain.n_pairs, result.n_pairs) == (6, 3)
    assert "strata weighted by 1/size" in result.method
    sized = recurrent_win_ratio(DATA, ARM, strata=strata, stratum_weight="size", conf_level=0.5)
    assert sized.net_benefit.estimate != result.net_benefit.estimate
    assert sized.net_benefit.conf_level == 0.5


def test_a_subject_without_death_survives_who_dies_at_the_same_time():
    data = RecurrentEvents(["a", "b"], [0, 0], [5, 5], [2, 0])
    assert recurrent_win_ratio(data, ["old", "new"], control="old").wins[0] == 1


@pytest.mark.parametrize(
    ("arm", "options", "message"),
    [
        (ARM[:3], {}, "one entry a row"),
        (["x", "y", *ARM[2:]], {}, r"arm must be one label a subject: 1 subject\(s\) \(a\)"),
        (ARM, {"strata": [1, 2, 1, 1, 1, 1, 1, 1]}, "strata must be one label a subject"),
        (["x"] * 8, {}, "at least two labels"),
        (ARM, {"kind": "second"}, "kind must be one of"),
        (ARM, {"stratum_weight": "n"}, "stratum_weight must be one of"),
        (ARM, {"conf_level": 1}, "conf_level must lie"),
        (ARM, {"control": "z"}, "control must be one of"),
    ],
)
def test_refusals(arm, options, message):
    with pytest.raises(InvalidArgument, match=message):
        recurrent_win_ratio(DATA, arm, **options)


def test_no_stratum_with_both_arms():
    with pytest.raises(NotEstimable, match="no stratum"):
        recurrent_win_ratio(DATA, ARM, strata=ARM)
