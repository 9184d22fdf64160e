"""Occupation of the states that a subject's episodes and death make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skeletal.multistate import (
    state_occupation,
    time_in_state,
    time_in_state_contrast,
    transition_cox,
)
from skeletal.outcomes import multi_state
from skeletal.study.analysis import event_states

from .contrasts import horizon_of, of_each_arm, to_control
from .recurrent_regressions import named_ratio_rows
from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.data import MultiState
    from skeletal.results import Curve, Estimate, RegressionFit

    from .rows import Sample, Statistic


def states_of(sample: Sample, rows: pd.DataFrame) -> MultiState:
    """Return the stays of the subjects of ``rows``."""
    return multi_state(rows, event_states(sample.analysis.max_order or 1))


def occupation_curves(sample: Sample) -> dict[str, Curve]:
    """Probability of being in the state, of each arm."""
    analysis = sample.analysis
    options: dict[str, Any] = analysis.chosen("variance", "conf_level")
    if analysis.landmark is not None:
        options["landmark"] = float(analysis.landmark)
    if analysis.from_state is not None:
        options["given"] = analysis.from_state
    return {
        arm: state_occupation(states_of(sample, rows), _state(sample), **options)
        for arm, rows in sample.by_arm(sample.frame())
    }


def time_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the mean time in the state of each arm, up to the horizon."""
    horizon, conf_level = horizon_of(sample), sample.analysis.conf_level

    def run(rows: pd.DataFrame) -> Estimate:
        data = states_of(sample, rows)
        return time_in_state(data, _state(sample), horizon=horizon, conf_level=conf_level)

    yield from of_each_arm(sample, run, time=horizon, unit="days")


def time_contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of the mean times in the state of each experimental arm and the control."""
    horizon, control = horizon_of(sample), sample.study.control.name
    chosen = sample.analysis.chosen("conf_level", "kind")

    def run(rows: pd.DataFrame) -> Estimate:
        data, arms = states_of(sample, rows), sample.arm_of(rows)
        return time_in_state_contrast(data, arms, _state(sample), horizon=horizon, control=control, **chosen)

    unit = "" if chosen.get("kind") == "ratio" else "days"
    yield from to_control(sample, run, time=horizon, unit=unit)


def transition_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio of each experimental arm over the control for each transition."""
    frame = sample.frame()
    ties = sample.analysis.ties
    assert ties != "exact", "the study model refuses it"

    def run() -> RegressionFit:
        return transition_cox(
            states_of(sample, frame),
            sample.design(frame),
            strata=sample.strata(frame),
            ties=ties,
            **sample.analysis.chosen("effects", "clock"),
        )

    fit, reason = attempt(run, sample.not_comparable(frame))
    method = fit.method if fit else reason
    yield from sample.counts(frame, method=method)
    yield from named_ratio_rows(sample, fit, method)


STATES_BY_ARM: dict[str, Callable[[Sample], Iterator[Statistic]]] = {"time_in_state": time_rows}
STATES: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "time_in_state_contrast": time_contrast_rows,
    "transition_cox": transition_rows,
}


def _state(sample: Sample) -> str:
    assert sample.analysis.state is not None, "the study model asks for it"
    return sample.analysis.state
