"""Tests, contrasts and answers of recurrent events, beside curves, rates and regressions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skeletal.outcomes import recurrent_events
from skeletal.recurrent import (
    mean_cumulative_contrast,
    mean_cumulative_test,
    recurrent_answers,
    while_alive_contrast,
    while_alive_rate,
    window_effect,
)

from .contrasts import at_times, horizon_of, of_each_arm, to_control
from .rows import ESTIMATE, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.recurrent import RecurrentAnswers
    from skeletal.results import Estimate, TestResult

    from .rows import Sample, Statistic

PER_DAY = "events per day alive"


def mean_test_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the test that the mean numbers of events of each experimental arm and the control are equal."""
    chosen = sample.analysis.chosen("variance")
    if sample.analysis.kind is not None:
        chosen["weight"] = sample.analysis.kind
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> TestResult:
            control = sample.study.control.name
            return mean_cumulative_test(
                recurrent_events(rows),
                sample.arm_of(rows),
                control=control,
                strata=sample.strata(rows),
                **chosen,
            )

        yield from sample.test(*attempt(run, reason), arm=sample.contrast(arm))


def mean_contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of the mean numbers of events by each declared time."""
    chosen = sample.analysis.chosen("conf_level", "kind")
    control = sample.study.control.name

    def run(rows: pd.DataFrame, time: float) -> Estimate:
        data, arms = recurrent_events(rows), sample.arm_of(rows)
        return mean_cumulative_contrast(data, arms, time=time, control=control, **chosen)

    unit = "events" if chosen.get("kind", "difference") == "difference" else ""
    yield from at_times(sample, sample.frame(), run, unit=unit)


def while_alive_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the rate of events of each arm while alive, up to the horizon."""
    horizon, conf_level = horizon_of(sample), sample.analysis.conf_level

    def run(rows: pd.DataFrame) -> Estimate:
        return while_alive_rate(recurrent_events(rows), horizon=horizon, conf_level=conf_level)

    yield from of_each_arm(sample, run, time=horizon, unit=PER_DAY)


def while_alive_contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of the rates while alive of each experimental arm and the control."""
    horizon, control = horizon_of(sample), sample.study.control.name
    chosen = sample.analysis.chosen("conf_level", "kind")

    def run(rows: pd.DataFrame) -> Estimate:
        data, arms = recurrent_events(rows), sample.arm_of(rows)
        return while_alive_contrast(data, arms, horizon=horizon, control=control, **chosen)

    unit = PER_DAY if chosen.get("kind") == "difference" else ""
    yield from to_control(sample, run, time=horizon, unit=unit)


def answers_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the four answers to how the events of each experimental arm and the control compare."""
    horizon = horizon_of(sample)
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> RecurrentAnswers:
            return recurrent_answers(
                recurrent_events(rows),
                sample.arm_of(rows),
                horizon=horizon,
                control=sample.study.control.name,
                conf_level=sample.analysis.conf_level,
            )

        found, said = attempt(run, reason)
        contrast = sample.contrast(arm)
        if found is None:
            yield sample.statistic("ratio", math.nan, arm=contrast, method=said)
            continue
        for answer in found.answers:
            method = f"{answer.estimand}; {answer.death}; {answer.result.method}"
            for name, field in RATIO.items():
                value = float(getattr(answer.result, field))
                yield sample.statistic(f"{name}[{answer.name}]", value, arm=contrast, method=method)
        gap = found.survival_difference
        for name in ESTIMATE:
            yield sample.statistic(
                f"{name}[time alive]",
                float(getattr(gap, name)),
                arm=contrast,
                time=horizon,
                unit="days",
                method=gap.method,
            )


def window_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield time at risk, rates and rate ratios with the days after an episode at risk and without them."""
    length = sample.window
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> pd.DataFrame:
            return window_effect(
                recurrent_events(rows), sample.arm_of(rows), length, control=sample.study.control.name
            )

        found, said = attempt(run, reason)
        contrast = sample.contrast(arm)
        if found is None:
            yield sample.statistic("ratio", math.nan, arm=contrast, method=said)
            continue
        for row in found.to_dict("records"):
            name, field = _window_name(str(row["statistic"]))
            of_arm = field in WINDOW_OF_ARM
            for at_risk in ("kept", "removed"):
                yield sample.statistic(
                    f"{field}[{name}{at_risk}]",
                    float(row[at_risk]),
                    arm=str(row["arm"]) if of_arm else contrast,
                    unit=WINDOW_OF_ARM.get(field, ""),
                    method=str(row["method"]),
                )


def _window_name(statistic: str) -> tuple[str, str]:
    """Return the model of a row of ``window_effect``, in words, and the statistic."""
    for model, words in (("andersen_gill_ratio", "Andersen-Gill, "), ("rate_ratio", "Poisson, ")):
        if statistic.startswith(model):
            ending = statistic.removeprefix(model)
            return words, "p_value" if ending == "_p_value" else f"ratio{ending}"
    return "", "estimate" if statistic == "rate" else statistic


RATIO = {"ratio": "estimate", "ratio_lower": "lower", "ratio_upper": "upper", "p_value": "p_value"}
WINDOW_OF_ARM = {"years": "years", "events": "events", "estimate": "events per subject-year"}
RECURRENT_BY_ARM: dict[str, Callable[[Sample], Iterator[Statistic]]] = {"while_alive_rate": while_alive_rows}
RECURRENT: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "mean_cumulative_test": mean_test_rows,
    "mean_cumulative_contrast": mean_contrast_rows,
    "while_alive_contrast": while_alive_contrast_rows,
    "recurrent_answers": answers_rows,
    "window_effect": window_rows,
}
