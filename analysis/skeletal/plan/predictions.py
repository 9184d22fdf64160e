"""Predicted curves of each arm from regressions, at declared covariates and times."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.competing import absolute_risk, fine_gray, predicted_incidence, total_predicted_incidence
from skeletal.errors import SkeletalWarning
from skeletal.outcomes import competing_risks, right_censored
from skeletal.survival import cox, predicted_survival

from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skeletal.results import Curve

    from .rows import Sample, Statistic

READ = ("estimate", "std_error", "lower", "upper")


def survival_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield survival predicted by a Cox model of arm and covariates."""
    frame = sample.frame()
    options = sample.analysis.chosen("conf_level", "conf_type")

    def run(rows: pd.DataFrame) -> tuple[list[Curve], str]:
        fit = cox(right_censored(frame), sample.design(frame), ties=sample.analysis.ties)
        return predicted_survival(fit, rows, **options), ""

    yield from _predictions(sample, frame, run)


def incidence_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield cumulative incidence predicted by a Fine-Gray model of arm and covariates."""
    frame = sample.frame()
    causes = sample.causes
    options = sample.analysis.chosen("conf_level")

    def run(rows: pd.DataFrame) -> tuple[list[Curve], str]:
        data, design = competing_risks(frame, causes), sample.design(frame)
        strata = sample.labels(frame, sample.analysis.censoring_strata)
        curves = {
            cause: predicted_incidence(
                fine_gray(data, design, cause, censoring_strata=strata), rows, **options
            )
            for place, cause in enumerate(causes, start=1)
            if place == 1 or (data.status == place).any()
        }
        return curves[causes[0]], _excess(curves)

    yield from _predictions(sample, frame, run)


def risk_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the absolute risk that cause-specific Cox models of all causes imply."""
    frame = sample.frame()
    causes = sample.causes
    options = sample.analysis.chosen("conf_level", "product")

    def run(rows: pd.DataFrame) -> tuple[list[Curve], str]:
        data, design = competing_risks(frame, causes), sample.design(frame)
        return absolute_risk(data, design, causes[0], rows, **options), ""

    yield from _predictions(sample, frame, run)


PREDICTIONS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "predicted_survival": survival_rows,
    "predicted_incidence": incidence_rows,
    "absolute_risk": risk_rows,
}


def _excess(curves: dict[str, list[Curve]]) -> str:
    """Say whether the predictions of all causes add up to more than 1."""
    if len(curves) < 2:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkeletalWarning)  # the method of the numbers says it
        total = total_predicted_incidence(curves)
    if not (total["largest"] > 1).any():
        return ""
    return f"; predictions of {len(curves)} causes add up to {total['largest'].max():.3g}, more than 1"


def _predictions(
    sample: Sample,
    frame: pd.DataFrame,
    run: Callable[[pd.DataFrame], tuple[list[Curve], str]],
) -> Iterator[Statistic]:
    wanted: tuple[dict[str, float], ...] = sample.analysis.rows
    if not wanted:
        columns = sample.covariates(frame)
        wanted = ({name: float(np.mean(values)) for name, values in columns.items()},)
    arms = [arm for arm, _ in sample.by_arm(frame)]
    lines: list[dict[str, Any]] = [
        {**{name: float(name == arm) for name in arms[1:]}, **row} for arm in arms for row in wanted
    ]
    found, reason = attempt(lambda: run(pd.DataFrame(lines)), sample.not_comparable(frame))
    curves, excess = found or ([], "")
    at = [_words(row) for row in wanted]
    for place, (arm, words) in enumerate((arm, words) for arm in arms for words in at):
        method = reason or f"{curves[place].method}{excess}; {words or 'no covariates'}"
        label = f"[{words}]" if len(wanted) > 1 else ""
        for time in sample.analysis.times:
            read = None if reason else curves[place].at([time])
            for name in READ:
                value = math.nan if read is None else float(getattr(read, name)[0])
                yield sample.statistic(
                    f"{name}{label}", value, arm=arm, time=float(time), unit="probability", method=method
                )


def _words(row: dict[str, float]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in row.items())
