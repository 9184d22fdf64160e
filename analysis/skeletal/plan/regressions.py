"""Regressions on the arm and declared covariates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skeletal.competing import cause_specific_cox, fine_gray
from skeletal.outcomes import competing_risks, right_censored
from skeletal.survival import (
    concordance,
    cox,
    parametric,
    piecewise_exponential,
    proportionality,
    restricted_mean_regression,
)

from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.results import Estimate, RegressionFit
    from skeletal.survival import ParametricFit

    from .rows import Sample, Statistic

REGRESSION = ("coefficient", "std_error", "ratio", "ratio_lower", "ratio_upper", "p_value")
MEAN_DIFFERENCE = ("coefficient", "std_error", "lower", "upper", "p_value")


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
            penalty=sample.analysis.penalty,
        )

    yield from regression_rows(sample, frame, run)


def cause_specific_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the cause-specific hazard ratio of each experimental arm over the control."""
    frame = sample.frame()
    causes = sample.causes

    def run() -> RegressionFit:
        return cause_specific_cox(
            competing_risks(frame, causes),
            sample.design(frame),
            causes[0],
            strata=sample.strata(frame),
            cluster=sample.cluster(frame),
            ties=sample.analysis.ties,
        )

    yield from regression_rows(sample, frame, run)


def fine_gray_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the subdistribution hazard ratio of each experimental arm over the control."""
    frame = sample.frame()
    causes = sample.causes

    def run() -> RegressionFit:
        return fine_gray(
            competing_risks(frame, causes),
            sample.design(frame),
            causes[0],
            strata=sample.strata(frame),
            censoring_strata=sample.labels(frame, sample.analysis.censoring_strata),
        )

    yield from regression_rows(sample, frame, run)


def parametric_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield each arm's coefficient on log time (spline: log hazard), and its exponential as the ratio."""
    frame = sample.frame()

    def run() -> ParametricFit:
        return parametric(
            right_censored(frame),
            sample.design(frame),
            cluster=sample.cluster(frame),
            **sample.analysis.chosen("distribution"),
        )

    yield from regression_rows(sample, frame, run)


def piecewise_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio of each experimental arm under hazards that are constant between the cuts."""
    frame = sample.frame()

    def run() -> RegressionFit:
        return piecewise_exponential(
            right_censored(frame), sample.design(frame), cuts=list(sample.analysis.cuts)
        )

    yield from regression_rows(sample, frame, run)


def mean_regression_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the adjusted contrast of restricted means of each experimental arm with the control."""
    horizon, chosen = sample.analysis.horizon, sample.analysis.chosen("kind")
    assert horizon is not None, "the study model asks for it"
    names = REGRESSION if chosen.get("kind", "difference") != "difference" else MEAN_DIFFERENCE
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> RegressionFit:
            covariates = sample.covariate_frame(rows)
            control = sample.study.control.name
            return restricted_mean_regression(
                right_censored(rows),
                sample.arm_of(rows),
                covariates,
                horizon=horizon,
                control=control,
                **chosen,
            )

        fit, said = attempt(run, reason)
        for name in names:
            value = math.nan if fit is None else float(getattr(fit, name)[fit.names.index("arm")])
            yield sample.statistic(
                name,
                value,
                arm=sample.contrast(arm),
                time=float(horizon),
                method=fit.method if fit else said,
            )


def proportionality_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the test that the hazard ratio of each experimental arm, and all together, do not change."""
    frame = sample.frame()

    def run() -> pd.DataFrame:
        return proportionality(
            right_censored(frame),
            sample.design(frame),
            strata=sample.strata(frame),
            **sample.analysis.chosen("transform"),
        )

    found, reason = attempt(run, sample.not_comparable(frame))
    transform = sample.analysis.transform or "km"
    method = (
        reason or f"score test of proportional hazards (cox.zph), Efron's rule, time transform {transform}"
    )
    for arm in (*sample.arms[1:], "GLOBAL"):
        label = "all" if arm == "GLOBAL" else sample.contrast(arm)
        for name in ("statistic", "df", "p_value"):
            known = found is not None and arm in found.index
            value = float(found[name][arm]) if found is not None and known else math.nan
            yield sample.statistic(name, value, arm=label, method=method)


def concordance_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the concordance of a Cox model of arm and covariates with the times."""
    frame = sample.frame()

    def run() -> Estimate:
        fit = cox(
            right_censored(frame),
            sample.design(frame),
            strata=sample.strata(frame),
            cluster=sample.cluster(frame),
            ties=sample.analysis.ties,
        )
        chosen = sample.analysis.chosen("kind")
        return concordance(fit, **({"weight": chosen["kind"]} if chosen else {}))

    yield from sample.estimates(run, sample.not_comparable(frame), unit="probability")


REGRESSIONS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "cox": cox_rows,
    "cause_specific_cox": cause_specific_rows,
    "fine_gray": fine_gray_rows,
    "parametric": parametric_rows,
    "piecewise_exponential": piecewise_rows,
    "restricted_mean_regression": mean_regression_rows,
    "proportionality": proportionality_rows,
    "concordance": concordance_rows,
}


def regression_rows(sample: Sample, frame: pd.DataFrame, run: Callable[[], Any]) -> Iterator[Statistic]:
    """Yield counts, and the ratio of each experimental arm with what comes with it."""
    fit, reason = attempt(run, sample.not_comparable(frame))
    method = fit.method if fit else reason
    yield from sample.counts(frame, method=method)
    yield sample.statistic("n_events", float((frame["status"] == 1).sum()), unit="events", method=method)
    for arm in sample.arms[1:]:
        known = fit is not None and arm in fit.names
        said = method if known or reason else f"not estimable: {arm} has no subjects"
        for name in REGRESSION:
            value = float(getattr(fit, name)[fit.names.index(arm)]) if fit and known else math.nan
            yield sample.statistic(name, value, arm=sample.contrast(arm), method=said)
