"""First events that visits or films find: survival, tests and regression of times known in intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skeletal.intervals import imputation_comparison, interval_logrank, interval_regression, turnbull
from skeletal.outcomes import interval_censored

from .regressions import regression_rows
from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.intervals import TurnbullCurve
    from skeletal.results import RegressionFit, TestResult

    from .rows import Sample, Statistic

IMPUTED = {
    "ratio": "ratio",
    "ratio_lower": "lower",
    "ratio_upper": "upper",
    "p_value": "p_value",
    "test_p_value": "test_p_value",
    "n_imputed": "n_imputed",
    "mean_reach": "mean_reach",
}


def turnbull_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the share free of the event in each arm at the declared times: the bounds within an interval."""
    for arm, rows in sample.by_arm(sample.intervals()):

        def run(rows: pd.DataFrame = rows) -> TurnbullCurve:
            return turnbull(interval_censored(rows))

        found, reason = attempt(run)
        method = found.method if found else reason
        yield from sample.counts(rows, arm=arm, method=method)
        for time in sample.analysis.times:
            for edge in ("lower", "upper"):
                value = math.nan
                if found is not None:
                    value = float(found.at([time], edge=edge)["estimate"].iloc[0])
                yield sample.statistic(
                    f"estimate[{edge} edge]",
                    value,
                    arm=arm,
                    time=float(time),
                    unit="probability",
                    method=method,
                )
        if found is not None:
            yield sample.statistic("kkt_gap", found.kkt_gap, arm=arm, method=method)


def interval_test_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the score test of the arms."""
    frame = sample.intervals()
    options = {}
    if sample.analysis.kind is not None:
        options["scores"] = sample.analysis.kind
    if sample.analysis.formula is not None:
        options["method"] = sample.analysis.formula

    def run() -> TestResult:
        arm, control = sample.arm_of(frame), sample.study.control.name
        return interval_logrank(interval_censored(frame), arm, control=control, **options)  # type: ignore[arg-type]

    yield from sample.test(*attempt(run, sample.not_comparable(frame)))


def interval_regression_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio of each experimental arm over the control."""
    frame = sample.intervals()

    def run() -> RegressionFit:
        return interval_regression(
            interval_censored(frame), sample.design(frame), **sample.analysis.chosen("baseline")
        )

    yield from regression_rows(sample, frame, run)


def imputation_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio by interval methods and by times that are imputed."""
    for arm, rows, reason in sample.pairs(sample.intervals()):

        def run(rows: pd.DataFrame = rows) -> pd.DataFrame:
            control = sample.study.control.name
            return imputation_comparison(interval_censored(rows), sample.arm_of(rows), control=control)

        found, said = attempt(run, reason)
        contrast = sample.contrast(arm)
        if found is None:
            yield sample.statistic("ratio", math.nan, arm=contrast, method=said)
            continue
        for row in found.reset_index().to_dict("records"):
            for name, column in IMPUTED.items():
                label = f"{name}[{str(row['analysis']).replace('_', ' ')}]"
                yield sample.statistic(label, float(row[column]), arm=contrast, method=str(row["method"]))


INTERVALS_BY_ARM: dict[str, Callable[[Sample], Iterator[Statistic]]] = {"turnbull": turnbull_rows}
INTERVALS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "interval_logrank": interval_test_rows,
    "interval_regression": interval_regression_rows,
    "imputation_comparison": imputation_rows,
}
