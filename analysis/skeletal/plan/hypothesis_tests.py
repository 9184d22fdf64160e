"""Tests that the arms do not differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skeletal.competing import gray_test
from skeletal.outcomes import competing_risks, right_censored
from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    TaroneWare,
    Unweighted,
    logrank,
    logrank_permutation,
    logrank_trend,
    max_combo,
    restricted_mean_test,
)

from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.results import MaxComboResult, TestResult
    from skeletal.study import Weight
    from skeletal.survival import LogrankWeight

    from .rows import Sample, Statistic

SIMPLE: dict[str, Callable[[], LogrankWeight]] = {
    "unweighted": Unweighted,
    "gehan": Gehan,
    "tarone-ware": TaroneWare,
    "peto-peto": PetoPeto,
}


def log_rank_weight(weight: Weight | None) -> LogrankWeight:
    """Return the weight that a study declares; none is weight 1."""
    if weight is None:
        return Unweighted()
    if weight.name == "fleming-harrington":
        return FlemingHarrington(rho=weight.rho or 0.0, gamma=weight.gamma or 0.0)
    if weight.name == "modestly-weighted":
        return ModestlyWeighted(t_star=weight.t_star, s_star=weight.s_star)
    return SIMPLE[weight.name]()


def logrank_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the log-rank test of the arms, with observed and expected events of each."""
    frame = sample.frame()

    def run() -> TestResult:
        return logrank(
            right_censored(frame),
            sample.arm_of(frame),
            control=sample.study.control.name,
            strata=sample.strata(frame),
            weight=log_rank_weight(sample.analysis.weight),
        )

    test, reason = attempt(run, sample.not_comparable(frame))
    yield from sample.test(test, reason)
    if test is not None:
        present = [arm for arm, _ in sample.by_arm(frame)]
        control = sample.study.control.name
        order = [control, *sorted(arm for arm in present if arm != control)]
        for name in ("observed", "expected"):
            for arm, value in zip(order, getattr(test, name), strict=True):
                yield sample.statistic(name, float(value), arm=arm, unit="events", method=test.method)


def logrank_trend_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the log-rank test for a trend over the arms' scores."""
    frame = sample.frame()
    score = dict(zip(sample.arms, sample.analysis.scores, strict=True))

    def run() -> TestResult:
        present = sorted(arm for arm, _ in sample.by_arm(frame))
        return logrank_trend(
            right_censored(frame),
            sample.arm_of(frame),
            [score[arm] for arm in present],
            strata=sample.strata(frame),
            weight=log_rank_weight(sample.analysis.weight),
        )

    yield from sample.test(*attempt(run, sample.not_comparable(frame)))


def logrank_permutation_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the permutation log-rank test of the arms."""
    frame = sample.frame()
    options = sample.analysis.chosen("distribution")
    if sample.analysis.tie_scores is not None:
        options["ties"] = sample.analysis.tie_scores

    def run() -> TestResult:
        arm, control = sample.arm_of(frame), sample.study.control.name
        return logrank_permutation(right_censored(frame), arm, control=control, **options)

    yield from sample.test(*attempt(run, sample.not_comparable(frame)))


def max_combo_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the MaxCombo test of each experimental arm against the control, with its components."""
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> MaxComboResult:
            return max_combo(
                right_censored(rows),
                sample.arm_of(rows),
                [log_rank_weight(weight) for weight in sample.analysis.weights],
                control=sample.study.control.name,
                strata=sample.strata(rows),
                **sample.analysis.chosen("alternative"),
            )

        test, said = attempt(run, reason)
        yield from sample.test(test, said, arm=sample.contrast(arm))
        for place, _ in enumerate(sample.analysis.weights, start=1):
            z = math.nan if test is None else float(test.component_z[place - 1])
            yield sample.statistic(
                f"z{place}", z, arm=sample.contrast(arm), method=test.method if test else said
            )


def gray_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield Gray's test of the arms for the event, other causes competing."""
    frame = sample.frame()
    causes = sample.causes

    def run() -> TestResult:
        return gray_test(
            competing_risks(frame, causes),
            sample.arm_of(frame),
            causes[0],
            control=sample.study.control.name,
            strata=sample.strata(frame),
            **sample.analysis.chosen("rho"),
        )

    yield from sample.test(*attempt(run, sample.not_comparable(frame)))


def restricted_mean_test_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the test that the restricted means of all arms are equal."""
    frame = sample.frame()
    horizon = sample.analysis.horizon
    assert horizon is not None, "the study model asks for it"

    def run() -> TestResult:
        return restricted_mean_test(
            right_censored(frame),
            sample.arm_of(frame),
            horizon=horizon,
            control=sample.study.control.name,
            strata=sample.strata(frame),
        )

    yield from sample.test(*attempt(run, sample.not_comparable(frame)))


TESTS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "logrank": logrank_rows,
    "logrank_trend": logrank_trend_rows,
    "logrank_permutation": logrank_permutation_rows,
    "max_combo": max_combo_rows,
    "gray_test": gray_rows,
    "restricted_mean_test": restricted_mean_test_rows,
}
