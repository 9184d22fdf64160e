"""Regressions of recurrent events on the arm and declared covariates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skeletal.outcomes import recurrent_events
from skeletal.recurrent import andersen_gill, frailty_rate, ghosh_lin, ordered_events, rate_regression

from .regressions import REGRESSION, regression_rows
from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skeletal.recurrent import RateFit
    from skeletal.results import RegressionFit
    from skeletal.survival import FrailtyFit

    from .rows import Sample, Statistic

FRAILTY = {"coefficient": "coefficient", "std_error": "std_error", "p_value": "p_value"}
FRAILTY_RATIO = {"ratio": "coefficient", "ratio_lower": "lower", "ratio_upper": "upper"}


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

    yield from regression_rows(sample, frame, run)


def ordered_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the ratio of each experimental arm over the control, one, or one an order of the events."""
    frame = sample.frame()

    def run() -> RegressionFit:
        return ordered_events(
            recurrent_events(frame),
            sample.design(frame),
            strata=sample.strata(frame),
            **sample.analysis.chosen("model", "max_order", "effects", "ties"),
        )

    fit, reason = attempt(run, sample.not_comparable(frame))
    method = fit.method if fit else reason
    yield from sample.counts(frame, method=method)
    yield from named_ratio_rows(sample, fit, method)


def named_ratio_rows(sample: Sample, fit: RegressionFit | None, method: str) -> Iterator[Statistic]:
    """Yield the ratios of each arm, those named ``arm:of`` by what they are of."""
    for arm in sample.arms[1:]:
        contrast = sample.contrast(arm)
        mine = [] if fit is None else [name for name in fit.names if name in (arm, f"{arm}:{_of(name)}")]
        if fit is None or not mine:
            yield sample.statistic("ratio", math.nan, arm=contrast, method=method)
            continue
        for name in mine:
            of = "" if name == arm else f"[{_of(name)}]"
            for statistic in REGRESSION:
                value = float(getattr(fit, statistic)[fit.names.index(name)])
                yield sample.statistic(f"{statistic}{of}", value, arm=contrast, method=method)


def _of(name: str) -> str:
    return name.rpartition(":")[2]


def ghosh_lin_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the ratio of means of each experimental arm over the control, death stopping accrual."""
    frame = sample.frame()

    def run() -> RegressionFit:
        return ghosh_lin(
            recurrent_events(frame),
            sample.design(frame),
            censoring_strata=sample.labels(frame, sample.analysis.censoring_strata),
        )

    yield from regression_rows(sample, frame, run)


def rate_regression_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the rate ratio of each experimental arm over the control from a regression of counts."""
    frame = sample.frame()

    def run() -> RateFit:
        return rate_regression(
            recurrent_events(frame), sample.design(frame), **sample.analysis.chosen("model")
        )

    yield from regression_rows(sample, frame, run)


def frailty_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the rate ratio of each experimental arm within subjects, and the variance of the frailty."""
    frame = sample.frame()
    ties = sample.analysis.ties
    assert ties != "exact", "the study model refuses it"

    def run() -> FrailtyFit:
        return frailty_rate(recurrent_events(frame), sample.design(frame), ties=ties)

    fit, reason = attempt(run, sample.not_comparable(frame))
    method = fit.method if fit else reason
    yield from sample.counts(frame, method=method)
    for arm in sample.arms[1:]:
        place = fit.names.index(arm) if fit is not None and arm in fit.names else None
        for fields, scale in ((FRAILTY, float), (FRAILTY_RATIO, math.exp)):
            for name, field in fields.items():
                value = math.nan
                if fit is not None and place is not None:
                    value = scale(float(getattr(fit, field)[place]))
                yield sample.statistic(name, value, arm=sample.contrast(arm), method=method)
    variance = math.nan if fit is None else fit.frailty_variance
    yield sample.statistic("frailty_variance", variance, method=method)


RECURRENT_REGRESSIONS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "andersen_gill": andersen_gill_rows,
    "ordered_events": ordered_rows,
    "ghosh_lin": ghosh_lin_rows,
    "rate_regression": rate_regression_rows,
    "frailty_rate": frailty_rows,
}
