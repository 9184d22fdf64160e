"""Curves by arm, and their statistics."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from skeletal.competing import cumulative_incidence, naive_incidence
from skeletal.outcomes import competing_risks, recurrent_events, right_censored
from skeletal.recurrent import mean_cumulative
from skeletal.survival import (
    conditional_survival,
    follow_up,
    kaplan_meier,
    nelson_aalen,
    simultaneous_band,
)

from .states import occupation_curves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skeletal.results import Curve

    from .rows import Sample, Statistic

READ = ("estimate", "std_error", "lower", "upper", "n_at_risk")
MEDIAN = {"estimate": "median", "lower": "median_lower", "upper": "median_upper"}
UNITS = {"mean_cumulative": "events", "nelson_aalen": "cumulative hazard"}


def survival(sample: Sample) -> dict[str, Curve]:
    """Kaplan-Meier curve of each arm."""
    options = sample.analysis.chosen("conf_level", "conf_type")
    return {
        arm: kaplan_meier(right_censored(frame), cluster=sample.cluster(frame), **options)
        for arm, frame in sample.by_arm(sample.frame())
    }


def incidence(sample: Sample) -> dict[str, Curve]:
    """Cumulative incidence (Aalen-Johansen) of the event in each arm, other causes competing."""
    causes = sample.causes
    options = sample.analysis.chosen("conf_level", "conf_type", "variance")
    return {
        arm: cumulative_incidence(
            competing_risks(frame, causes), causes[0], cluster=sample.cluster(frame), **options
        )
        for arm, frame in sample.by_arm(sample.frame())
    }


def naive(sample: Sample) -> dict[str, Curve]:
    """One minus Kaplan-Meier with competing causes censored, as a contrast."""
    causes = sample.causes
    options = sample.analysis.chosen("conf_level", "conf_type")
    return {
        arm: naive_incidence(competing_risks(frame, causes), causes[0], **options)
        for arm, frame in sample.by_arm(sample.frame())
    }


def mean_events(sample: Sample) -> dict[str, Curve]:
    """Mean cumulative number of events of each arm."""
    options = sample.analysis.chosen("conf_level", "conf_type", "variance")
    rows = sample.by_arm(sample.frame())
    return {arm: mean_cumulative(recurrent_events(frame), **options) for arm, frame in rows}


def _plain(function: Callable[..., Curve], *options: str) -> Callable[[Sample], dict[str, Curve]]:
    """Return the curves by arm of a function of right-censored data and these options."""

    def by_arm(sample: Sample) -> dict[str, Curve]:
        chosen = sample.analysis.chosen(*options)
        rows = sample.by_arm(sample.frame())
        return {arm: function(right_censored(frame), **chosen) for arm, frame in rows}

    return by_arm


CURVES: Mapping[str, Callable[[Sample], dict[str, Curve]]] = MappingProxyType(
    {
        "kaplan_meier": survival,
        "nelson_aalen": _plain(nelson_aalen, "conf_level"),
        "follow_up": _plain(follow_up),
        "simultaneous_band": _plain(simultaneous_band, "kind", "conf_level", "conf_type"),
        "conditional_survival": _plain(conditional_survival, "given", "conf_level", "conf_type"),
        "cumulative_incidence": incidence,
        "naive_incidence": naive,
        "mean_cumulative": mean_events,
        "state_occupation": occupation_curves,
    }
)


def curve_rows(sample: Sample, curves: dict[str, Curve]) -> Iterator[Statistic]:
    """Yield the statistics of each arm's curve: counts, values at the declared times, medians."""
    frame = sample.frame()
    unit = UNITS.get(sample.analysis.method, "probability")
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
