"""Win statistics against all pairs enumerated in R on further data, and arguments that are none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read, read_shared

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.pairwise import Priority, bone_priorities, recurrent_win_ratio, win_statistics

CASES = cases("more_winratio")
RTOL = 1e-9


def colon(arms):
    data = read("colon")
    data = data[data.rx.isin(arms)]
    death, recurrence = (data[data.etype == kind].set_index("id") for kind in (2, 1))
    return death, recurrence.loc[death.index]


def of(columns, margins):
    return [Priority(time, event, margin=m) for (time, event), m in zip(columns, margins, strict=True)]


def comparisons():
    death, recurrence = colon(["Obs", "Lev"])
    columns = [(death.time, death.status), (recurrence.time, recurrence.status)]
    arm = (death.rx, "Obs")
    yield "colon_lev_extent", of(columns, (0, 0)), *arm, {"strata": death.extent}
    yield "colon_lev_sex_equal", of(columns, (60, 0)), *arm, {"strata": death.sex, "stratum_weight": "equal"}
    death, recurrence = colon(["Lev", "Lev+5FU"])
    columns = [(recurrence.time, recurrence.status), (death.time, death.status)]
    yield "colon_reversed_margins", of(columns, (30, 10)), death.rx, "Lev", {}
    data = read("myeloid")
    columns = [(data[t].fillna(data.futime), data[t].notna()) for t in ("rltime", "txtime")]
    columns = [(data.futime, data.death), *columns]
    yield "myeloid_sex", of(columns, (30, 0, 5)), data.trt, "A", {"strata": data.sex}
    data = read("ovarian")
    yield "ovarian", of([(data.futime, data.fustat)], (0,)), data.rx, 1, {}
    data = read("mgus2")
    columns = [(data.ptime, data.pstat), (data.futime, data.death)]
    yield "mgus_sex", of(columns, (1, 12)), data.sex, "F", {}


def heart_failure():
    data = read_shared("hfaction_cpx9")
    subjects = data.groupby("patid")
    end, arm, old = subjects.time.max(), subjects.trt_ab.first(), subjects.age60.first()
    died = (data.status == 1).groupby(data.patid).any()
    first = data[data.status == 2].groupby("patid").time.min().reindex(end.index)
    return of([(end, died), (first.fillna(end), first.notna())], (0, 0.5)), arm, 0, {"strata": old}


def assert_as_enumerated(result, case):
    assert_array_equal(result.wins, np.atleast_1d(case["wins"]))
    assert_array_equal(result.losses, np.atleast_1d(case["losses"]))
    for name in ("win_ratio", "net_benefit", "win_odds"):
        estimate = getattr(result, name)
        assert_allclose([estimate.estimate, estimate.std_error], case[name], rtol=RTOL)
    test = result.finkelstein_schoenfeld
    assert_allclose([test.observed[1], test.variance[1, 1]], case["score"], rtol=RTOL)


@pytest.mark.parametrize("case", list(comparisons()), ids=lambda case: case[0])
def test_all_pairs_as_in_r(case):
    name, priorities, arm, control, options = case
    assert_as_enumerated(win_statistics(priorities, arm, control=control, **options), CASES[name])


def test_heart_failure_by_age_as_in_r():
    priorities, arm, control, options = heart_failure()
    result = win_statistics(priorities, arm, control=control, **options)
    assert_as_enumerated(result, CASES["hf_cpx9_age"])


def histories(name):
    if name == "cgd":
        data = read("cgd")
        return RecurrentEvents(data.id, data.tstart, data.tstop, data.status), data.treat, "placebo"
    if name == "bladder1":
        data = read("bladder1").query("start < stop and treatment != 'pyridoxine'")
        status = data.status.clip(upper=2)
        return RecurrentEvents(data.id, data.start, data.stop, status), data.treatment, "placebo"
    data = read_shared("readmission_gl")
    return RecurrentEvents(data.id, data.start, data.stop, data.status), data.chemo, 0


@pytest.mark.parametrize("kind", ["last-event", "first-event", "naive"])
@pytest.mark.parametrize("name", ["cgd", "bladder1", "readmission"])
def test_recurring_events_as_all_pairs_in_r(name, kind):
    data, arm, control = histories(name)
    result = recurrent_win_ratio(data, arm, control=control, kind=kind)
    expected = CASES[f"{name}_{kind.partition('-')[0]}"]
    found = [
        result.win_share,
        result.loss_share,
        np.log(result.win_ratio.estimate),
        result.win_ratio.std_error,
    ]
    assert_allclose(found, [expected[key] for key in ("win", "loss", "log_wr", "se")], rtol=RTOL)


@pytest.mark.parametrize("priorities", [None, 5, 1.5, "death", [Priority([1, 2], [1, 0]), None]])
def test_what_is_no_priority_is_refused(priorities):
    with pytest.raises(InvalidArgument, match="Priority objects"):
        win_statistics(priorities, [0, 1])


@pytest.mark.parametrize("outcomes", [None, 5, ["death"], "death"])
def test_outcomes_that_are_no_mapping_are_refused(outcomes):
    with pytest.raises(InvalidArgument, match="outcomes must be a mapping"):
        bone_priorities(outcomes)


def test_margins_that_are_no_mapping_are_refused():
    with pytest.raises(InvalidArgument, match="margins must be a mapping"):
        bone_priorities({"death": ([1, 2], [1, 0])}, margins=[1.0])
