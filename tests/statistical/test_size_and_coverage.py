"""Every test keeps its size and every interval its coverage, where the truth is known in closed form."""

from __future__ import annotations

from functools import partial

import pytest
from tests.statistical.all_cases import CASES
from tests.statistical.curve_cases import curve_covers
from tests.statistical.harness import Case, simulate
from tests.statistical.samples import one_event, survival

from skeletal.survival import kaplan_meier, logrank


@pytest.mark.statistical
@pytest.mark.parametrize("case", CASES, ids=[f"{case.kind}: {case.name}" for case in CASES])
def test_observed_share_is_within_four_standard_errors_of_the_nominal_one(case):
    findings = simulate(case)
    assert [str(finding) for finding in findings if not finding.holds] == []


@pytest.mark.statistical
def test_a_wrong_level_is_found_out():
    def narrow(trial):
        return curve_covers(kaplan_meier(trial.data, conf_level=0.9), [0.8], [survival(0.8)])

    def unweighted(trial):
        return {"rows as subjects": logrank(trial.data, trial.arm).p_value}

    intervals = Case(name="narrow", kind="coverage", draw=one_event, run=narrow, n=150, reps=1000)
    copies = partial(one_event, rows_per_cluster=4)
    tests = Case(name="copies", kind="size", draw=copies, run=unweighted, n=200, reps=1000)
    for case in (intervals, tests):
        assert [finding.holds for finding in simulate(case)] == [False]
