"""Tests and contrasts of the arms, and proportions by arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skeletal.competing import gray_test
from skeletal.errors import NotConverged, NotEstimable
from skeletal.outcomes import competing_risks, horizon_outcome, recurrent_events, right_censored
from skeletal.proportions import clustered_proportion, proportion
from skeletal.recurrent import andersen_gill
from skeletal.survival import cox, logrank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.arrays import BoolArray
    from skeletal.results import Estimate, RegressionFit, TestResult

    from .rows import Sample, Statistic

TEST = ("statistic", "df", "p_value")
REGRESSION = ("coefficient", "std_error", "ratio", "ratio_lower", "ratio_upper", "p_value")
FAILURES = (NotEstimable, NotConverged)


def _present(sample: Sample, frame: pd.DataFrame) -> list[str]:
    return [arm for arm, _ in sample.by_arm(frame)]


def _one_arm(sample: Sample, frame: pd.DataFrame) -> str:
    """Say why arms cannot be compared; empty where they can."""
    present = _present(sample, frame)
    if sample.study.control.name not in present or len(present) < 2:
        return "not estimable: " + (f"only {', '.join(present)} has subjects" if present else "no subjects")
    return ""


def _test_rows(
    sample: Sample, frame: pd.DataFrame, run: Callable[[], TestResult]
) -> Iterator[tuple[TestResult | None, Statistic]]:
    reason, test = _one_arm(sample, frame), None
    if not reason:
        try:
            test = run()
        except FAILURES as error:
            reason = f"not estimable: {error}"
    for name in TEST:
        value = math.nan if test is None else float(getattr(test, name))
        yield test, sample.statistic(name, value, method=reason or (test.method if test else ""))


def logrank_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the log-rank test of the arms, with observed and expected events of each."""
    frame = sample.frame()

    def run() -> TestResult:
        return logrank(
            right_censored(frame),
            frame["arm"].to_numpy(dtype=object),
            control=sample.study.control.name,
            strata=sample.strata(frame),
        )

    test = None
    for found, row in _test_rows(sample, frame, run):
        test = found
        yield row
    if test is not None:
        control = sample.study.control.name
        order = [control, *sorted(arm for arm in _present(sample, frame) if arm != control)]
        for name in ("observed", "expected"):
            for arm, value in zip(order, getattr(test, name), strict=True):
                yield sample.statistic(name, float(value), arm=arm, unit="events", method=test.method)


def gray_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield Gray's test of the arms for the event, other causes competing."""
    frame = sample.frame()
    causes = sample.causes

    def run() -> TestResult:
        return gray_test(
            competing_risks(frame, causes),
            frame["arm"].to_numpy(dtype=object),
            causes[0],
            control=sample.study.control.name,
            strata=sample.strata(frame),
        )

    for _, row in _test_rows(sample, frame, run):
        yield row


def cox_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio of each experimental arm over the control."""
    frame = sample.frame()

    def run() -> RegressionFit:
        return cox(
            right_censored(frame),
            sample.design(frame),
            strata=sample.strata(frame),
            cluster=sample.cluster(frame),
            ties=sample.analysis.ties,
        )

    yield from _regression_rows(sample, frame, run)


def andersen_gill_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the rate ratio of each experimental arm over the control, robust by subject."""
    frame = sample.frame()
    ties = sample.analysis.ties
    assert ties != "exact", "the study model refuses it"

    def run() -> RegressionFit:
        return andersen_gill(
            recurrent_events(frame),
            sample.design(frame),
            strata=sample.strata(frame),
            cluster=sample.cluster(frame),
            ties=ties,
        )

    yield from _regression_rows(sample, frame, run)


def _regression_rows(
    sample: Sample, frame: pd.DataFrame, run: Callable[[], RegressionFit]
) -> Iterator[Statistic]:
    reason, fit = _one_arm(sample, frame), None
    if not reason:
        try:
            fit = run()
        except FAILURES as error:
            reason = f"not estimable: {error}"
    method = fit.method if fit else reason
    yield from sample.counts(frame, method=method)
    yield sample.statistic("n_events", float((frame["status"] == 1).sum()), unit="events", method=method)
    for arm in sample.arms[1:]:
        known = fit is not None and arm in fit.names
        said = method if known or reason else f"not estimable: {arm} has no subjects"
        for name in REGRESSION:
            value = float(getattr(fit, name)[fit.names.index(arm)]) if fit and known else math.nan
            yield sample.statistic(name, value, arm=sample.contrast(arm), method=said)


def proportion_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the proportion of each arm with the event by each declared time.

    A subject (or lesion) is evaluable at a time when the event or a competing cause came before it, or
    observation lasted to it; those censored earlier are left out and counted.
    """
    for arm, rows in sample.by_arm(sample.frame()):
        for horizon in sample.analysis.times:
            outcome = horizon_outcome(rows, horizon)
            event, evaluable = outcome == "event", outcome != "unknown"
            n_events, n_evaluable = int(np.sum(event)), int(np.sum(evaluable))
            found = _share(event[evaluable], rows.loc[evaluable]) if n_evaluable else None
            left_out = f"{len(rows) - n_evaluable} of {len(rows)} censored before day {horizon} left out"
            method = f"{found.method}; {left_out}" if found else f"not estimable: {left_out}"
            common = {"arm": arm, "time": float(horizon), "method": method}
            yield sample.statistic("n_events", n_events, unit=sample.unit, **common)
            yield sample.statistic("n_evaluable", n_evaluable, unit=sample.unit, **common)
            for name in ("estimate", "lower", "upper"):
                value = getattr(found, name) if found else math.nan
                yield sample.statistic(name, value, unit="probability", **common)


def _share(event: BoolArray, rows: pd.DataFrame) -> Estimate:
    if "lesion_id" in rows:
        return clustered_proportion(event, rows["subject_id"])
    return proportion(int(np.sum(event)), event.size)
