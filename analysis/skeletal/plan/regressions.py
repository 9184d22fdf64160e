"""Regressions on the arm and declared covariates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skeletal.competing import cause_specific_cox, fine_gray
from skeletal.outcomes import competing_risks, recurrent_events, right_censored
from skeletal.recurrent import andersen_gill
from skeletal.survival import (
    concordance,
    cox,
    parametric,
    piecewise_exponential,
    proportionality,
    restricted_mean_regression,
    subgroup_effects,
)

from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.results import Estimate, RegressionFit
    from skeletal.survival import ParametricFit, SubgroupEffects

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

    yield from _regression_rows(sample, frame, run)


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

    yield from _regression_rows(sample, frame, run)


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

    yield from _regression_rows(sample, frame, run)


def piecewise_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio of each experimental arm under hazards that are constant between the cuts."""
    frame = sample.frame()

    def run() -> RegressionFit:
        return piecewise_exponential(
            right_censored(frame), sample.design(frame), cuts=list(sample.analysis.cuts)
        )

    yield from _regression_rows(sample, frame, run)


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


def subgroup_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio in each subgroup of each declared column, and the interaction tests."""
    for arm, rows, reason in sample.pairs(sample.frame()):
        for column in sample.analysis.subgroups:

            def run(rows: pd.DataFrame = rows, column: str = column) -> SubgroupEffects:
                labels = sample.labels(rows, (column,))
                assert labels is not None
                return subgroup_effects(
                    right_censored(rows),
                    sample.arm_of(rows),
                    labels,
                    control=sample.study.control.name,
                    covariates=sample.covariate_frame(rows) if sample.analysis.covariates else None,
                    strata=sample.strata(rows),
                    ties=sample.analysis.ties,
                    conf_level=sample.analysis.conf_level,
                )

            found, said = attempt(run, reason)
            yield from _subgroup_rows(sample, column, sample.contrast(arm), (found, said))


def _subgroup_rows(
    sample: Sample, column: str, contrast: str, effects: tuple[SubgroupEffects | None, str]
) -> Iterator[Statistic]:
    found, reason = effects
    if found is None:
        yield sample.statistic(f"ratio[{column}]", math.nan, arm=contrast, method=reason)
        return
    for place, label in enumerate(found.labels):
        said = f"{found.method}; {found.reason[place]}" if found.reason[place] else found.method
        name = f"{column}={label}" if place < len(found.labels) - 1 else f"{column}, overall"
        values = {
            "n_subjects": found.n_subjects[place].sum(),
            "n_events": found.n_events[place].sum(),
            "ratio": found.hazard_ratio[place],
            "ratio_lower": found.lower[place],
            "ratio_upper": found.upper[place],
            "p_value": found.p_value[place],
        }
        for statistic, value in values.items():
            yield sample.statistic(f"{statistic}[{name}]", float(value), arm=contrast, method=said)
    test = found.likelihood_ratio_test
    for statistic in ("statistic", "df", "p_value"):
        value = float(getattr(test, statistic))
        name = f"interaction_{statistic}[{column}]"
        yield sample.statistic(name, value, arm=contrast, method=f"{found.method}; {test.method}")


REGRESSIONS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "cox": cox_rows,
    "cause_specific_cox": cause_specific_rows,
    "fine_gray": fine_gray_rows,
    "andersen_gill": andersen_gill_rows,
    "parametric": parametric_rows,
    "piecewise_exponential": piecewise_rows,
    "restricted_mean_regression": mean_regression_rows,
    "proportionality": proportionality_rows,
    "concordance": concordance_rows,
    "subgroup_effects": subgroup_rows,
}


def _regression_rows(sample: Sample, frame: pd.DataFrame, run: Callable[[], Any]) -> Iterator[Statistic]:
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
