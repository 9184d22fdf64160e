"""Curves by arm, and their statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skeletal.competing import cumulative_incidence
from skeletal.outcomes import competing_risks, recurrent_events, right_censored
from skeletal.recurrent import mean_cumulative
from skeletal.survival import follow_up, kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.results import Curve

    from .rows import Sample, Statistic

READ = ("estimate", "std_error", "lower", "upper", "n_at_risk")
MEDIAN = {"estimate": "median", "lower": "median_lower", "upper": "median_upper"}
UNITS = {"kaplan_meier": "probability", "cumulative_incidence": "probability", "mean_cumulative": "events"}


def _options(sample: Sample) -> dict[str, Any]:
    options: dict[str, Any] = {"conf_level": sample.analysis.conf_level}
    if sample.analysis.conf_type is not None:
        options["conf_type"] = sample.analysis.conf_type
    return options


def survival(sample: Sample) -> dict[str, Curve]:
    """Kaplan-Meier curve of each arm."""
    options = _options(sample)
    return {
        arm: kaplan_meier(right_censored(frame), cluster=sample.cluster(frame), **options)
        for arm, frame in sample.by_arm(sample.frame())
    }


def incidence(sample: Sample) -> dict[str, Curve]:
    """Cumulative incidence (Aalen-Johansen) of the event in each arm, other causes competing."""
    causes = sample.causes
    options = _options(sample)
    return {
        arm: cumulative_incidence(
            competing_risks(frame, causes), causes[0], cluster=sample.cluster(frame), **options
        )
        for arm, frame in sample.by_arm(sample.frame())
    }


def mean_events(sample: Sample) -> dict[str, Curve]:
    """Mean cumulative number of events of each arm."""
    rows = sample.by_arm(sample.frame())
    return {arm: mean_cumulative(recurrent_events(frame), **_options(sample)) for arm, frame in rows}


def curve_rows(sample: Sample, curves: dict[str, Curve]) -> Iterator[Statistic]:
    """Yield the statistics of each arm's curve: counts, values at the declared times, medians."""
    frame = sample.frame()
    unit = UNITS[sample.analysis.method]
    for arm, curve in curves.items():
        rows = frame.loc[frame["arm"] == arm]
        common = {"arm": arm, "method": curve.method}
        yield from sample.counts(rows, **common)
        yield sample.statistic("n_events", float((rows["status"] == 1).sum()), unit="events", **common)
        yield sample.statistic("n_competing", float((rows["status"] > 1).sum()), unit="events", **common)
        for time in sample.analysis.times:
            read = curve.at([time])
            for name in READ:
                value = float(getattr(read, name)[0])
                units = sample.unit if name == "n_at_risk" else unit
                yield sample.statistic(name, value, time=float(time), unit=units, **common)
        if sample.analysis.method == "kaplan_meier":
            median = curve.quantile([0.5]).iloc[0]
            for column, name in MEDIAN.items():
                yield sample.statistic(name, float(median[column]), unit="days", **common)
            reverse = follow_up(right_censored(rows))
            yield sample.statistic(
                "median_follow_up",
                float(reverse.quantile([0.5])["estimate"].iloc[0]),
                arm=arm,
                unit="days",
                method=reverse.method,
            )
