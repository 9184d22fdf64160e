"""Estimates at a time or up to a horizon: of each arm, and of each experimental arm against the control."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from skeletal.competing import incidence_contrast, years_lost, years_lost_contrast
from skeletal.outcomes import competing_risks, right_censored
from skeletal.survival import restricted_mean, restricted_mean_contrast, survival_contrast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.results import Estimate

    from .rows import Sample, Statistic


def survival_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of survival at each declared time."""

    def run(rows: pd.DataFrame, **more: Any) -> Estimate:
        return survival_contrast(right_censored(rows), sample.arm_of(rows), **more)

    yield from _at_times(sample, run, "kind")


def incidence_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of cumulative incidence at each declared time."""
    causes = sample.causes

    def run(rows: pd.DataFrame, **more: Any) -> Estimate:
        return incidence_contrast(competing_risks(rows, causes), sample.arm_of(rows), causes[0], **more)

    yield from _at_times(sample, run, "kind", "variance")


def restricted_mean_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the restricted mean of each arm."""

    def run(rows: pd.DataFrame) -> Estimate:
        return restricted_mean(right_censored(rows), **_horizon(sample))

    yield from of_each_arm(sample, run, **_to_horizon(sample))


def years_lost_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the time that each arm loses to the event, other causes competing."""
    causes = sample.causes

    def run(rows: pd.DataFrame) -> Estimate:
        return years_lost(competing_risks(rows, causes), causes[0], **_horizon(sample))

    yield from of_each_arm(sample, run, **_to_horizon(sample))


def restricted_mean_contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of restricted means."""

    def run(rows: pd.DataFrame) -> Estimate:
        return restricted_mean_contrast(
            right_censored(rows),
            sample.arm_of(rows),
            control=sample.study.control.name,
            strata=sample.strata(rows),
            **sample.analysis.chosen("kind"),
            **_horizon(sample),
        )

    yield from to_control(sample, run, **_to_horizon(sample))


def years_lost_contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the difference of the time lost to the event."""
    causes = sample.causes

    def run(rows: pd.DataFrame) -> Estimate:
        return years_lost_contrast(
            competing_risks(rows, causes),
            sample.arm_of(rows),
            causes[0],
            control=sample.study.control.name,
            **_horizon(sample),
        )

    yield from to_control(sample, run, **_to_horizon(sample))


BY_ARM: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "restricted_mean": restricted_mean_rows,
    "years_lost": years_lost_rows,
}
CONTRASTS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "survival_contrast": survival_rows,
    "incidence_contrast": incidence_rows,
    "restricted_mean_contrast": restricted_mean_contrast_rows,
    "years_lost_contrast": years_lost_contrast_rows,
}


def horizon_of(sample: Sample) -> float:
    """Return the day to which the means of the analysis are restricted."""
    assert sample.analysis.horizon is not None, "the study model asks for it"
    return float(sample.analysis.horizon)


def _horizon(sample: Sample) -> dict[str, Any]:
    return {"horizon": sample.analysis.horizon, "conf_level": sample.analysis.conf_level}


def _to_horizon(sample: Sample) -> dict[str, Any]:
    unit = "" if sample.analysis.kind in ("ratio", "lost_ratio") else "days"
    return {"time": horizon_of(sample), "unit": unit}


def _at_times(sample: Sample, run: Callable[..., Estimate], *options: str) -> Iterator[Statistic]:
    chosen = sample.analysis.chosen("conf_level", *options)
    unit = "probability" if chosen.get("kind", "difference") == "difference" else ""
    call = partial(run, control=sample.study.control.name, **chosen)
    yield from at_times(sample, sample.frame(), lambda rows, time: call(rows, time=time), unit=unit)


def at_times(
    sample: Sample, frame: pd.DataFrame, run: Callable[[pd.DataFrame, float], Estimate], **more: Any
) -> Iterator[Statistic]:
    """Yield the estimate of each experimental arm and the control at each declared time."""
    for arm, rows, reason in sample.pairs(frame):
        for time in sample.analysis.times:
            call = partial(run, rows, time)
            yield from sample.estimates(call, reason, arm=sample.contrast(arm), time=float(time), **more)


def of_each_arm(sample: Sample, run: Callable[[pd.DataFrame], Estimate], **more: Any) -> Iterator[Statistic]:
    """Yield the estimate of each arm."""
    for arm, rows in sample.by_arm(sample.frame()):
        yield from sample.estimates(partial(run, rows), arm=arm, **more)


def to_control(sample: Sample, run: Callable[[pd.DataFrame], Estimate], **more: Any) -> Iterator[Statistic]:
    """Yield the estimate of each experimental arm against the control."""
    for arm, rows, reason in sample.pairs(sample.frame()):
        yield from sample.estimates(partial(run, rows), reason, arm=sample.contrast(arm), **more)
