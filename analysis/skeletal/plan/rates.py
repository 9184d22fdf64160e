"""Rates of recurrent events by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.arrays import DAYS_PER_YEAR
from skeletal.outcomes import recurrent_events
from skeletal.recurrent import event_rate, period_rate, rate_difference, rate_ratio

from .contrasts import to_control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.results import Estimate

    from .rows import Sample, Statistic

LIMITS = ("estimate", "std_error", "lower", "upper")


def event_rate_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the rate of events of each arm, with its subjects, episodes and years at risk."""
    for arm, rows in sample.by_arm(sample.frame()):
        years = float((rows["stop"] - rows["start"]).sum()) / DAYS_PER_YEAR
        analysis = sample.analysis
        found = event_rate(recurrent_events(rows), kind=analysis.rate, conf_level=analysis.conf_level)
        common = {"arm": arm, "method": found.method}
        yield sample.statistic("n_subjects", rows["subject_id"].nunique(), unit="subjects", **common)
        yield sample.statistic("n_events", int((rows["status"] == 1).sum()), unit="events", **common)
        yield sample.statistic("subject_years", years, unit="years", **common)
        yield from _limits(sample, found, "events per subject-year", common)


def period_rate_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the share of periods with an event of each arm, with its subjects and periods."""
    days = sample.analysis.period_days
    frame = sample.outcomes.periods(sample.estimand.endpoint, days, sample.analysis.estimand)
    for arm, rows in sample.by_arm(frame):
        counts = rows["n_periods_with_event"].to_numpy(), rows["n_periods"].to_numpy()
        found = period_rate(*counts, conf_level=sample.analysis.conf_level)
        last = "the last period counts if observed to its end or with an event"
        common = {"arm": arm, "method": f"{found.method}; periods of {days} days, {last}"}
        yield sample.statistic("n_subjects", len(rows), unit="subjects", **common)
        for name in ("n_periods", "n_periods_with_event"):
            yield sample.statistic(name, int(rows[name].sum()), unit="periods", **common)
        yield from _limits(sample, found, "share of periods", common)


def rate_ratio_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the ratio of the rate of each experimental arm to the control's."""
    chosen = sample.analysis.chosen("model", "conf_level")
    control, adjusted = sample.study.control.name, bool(sample.analysis.covariates)

    def run(rows: pd.DataFrame) -> Estimate:
        covariates = sample.covariate_frame(rows) if adjusted else None
        data, arms = recurrent_events(rows), sample.arm_of(rows)
        return rate_ratio(data, arms, control=control, covariates=covariates, **chosen)

    yield from to_control(sample, run)


def rate_difference_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the difference of the rate of each experimental arm and the control's, per subject-year."""
    chosen = sample.analysis.chosen("conf_level")
    if sample.analysis.formula is not None:
        chosen["method"] = sample.analysis.formula
    control = sample.study.control.name

    def run(rows: pd.DataFrame) -> Estimate:
        return rate_difference(recurrent_events(rows), sample.arm_of(rows), control=control, **chosen)

    yield from to_control(sample, run, unit="events per subject-year")


RATE_CONTRASTS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "rate_ratio": rate_ratio_rows,
    "rate_difference": rate_difference_rows,
}


def _limits(sample: Sample, found: Estimate, unit: str, common: dict[str, str]) -> Iterator[Statistic]:
    for name in LIMITS:
        yield sample.statistic(name, getattr(found, name), unit=unit, **common)
