"""Measures at visits by models of all visits: mixed models, estimating equations, responders, imputation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.longitudinal import (
    gee,
    imputed_contrast,
    missing_visits,
    mixed_model,
    responder_contrast,
    tipping_point,
    visits_of_measure,
)

from .contrasts import at_times
from .rows import ESTIMATE, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skeletal.arrays import FloatArray
    from skeletal.longitudinal import GeeFit, MixedFit, RepeatedMeasures, TippingPoint
    from skeletal.results import Estimate

    from .rows import Sample, Statistic

MEAN = ("estimate", "std_error", "lower", "upper")
LEAST_VALUES = 3  # of an arm at a visit: fewer say nothing of its variance
MISSING = "subjects by what became of their value: dropout and missed are due but without one"


def repeated(sample: Sample, rows: pd.DataFrame) -> RepeatedMeasures:
    """Return the values at visits; subjects without a baseline get the mean of all others."""
    return visits_of_measure(rows, control=sample.study.control.name, missing_baseline="mean")


def model_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield least-squares means by arm and visit, their differences at each visit, and the tests.

    Visits that hardly anybody has reached are left out of the model; their rows are NaN and say so.
    """
    functions: dict[str, tuple[Callable[..., MixedFit | GeeFit], tuple[str, ...]]] = {
        "mixed_model": (mixed_model, ("covariance", "df", "conf_level")),
        "gee": (gee, ("working", "family", "small_sample", "conf_level")),
    }
    function, options = functions[sample.analysis.method]
    chosen = sample.analysis.chosen(*options)
    for arm, rows, reason in sample.pairs(sample.measured()):

        def run(rows: pd.DataFrame = rows) -> tuple[MixedFit | GeeFit, FloatArray]:
            data = repeated(sample, rows)
            return function(data.at_visits_with(LEAST_VALUES), **chosen), data.visits

        found, said = attempt(run, reason)
        contrast = sample.contrast(arm)
        if found is None:
            yield sample.statistic("estimate", math.nan, arm=contrast, method=said)
            continue
        fit, visits = found
        every = pd.DataFrame({"visit": visits})
        for row in every.merge(fit.contrasts, how="left", on="visit").to_dict("records"):
            more: dict[str, Any] = {"arm": contrast, "time": float(row["visit"]), "method": fit.method}
            for name in ESTIMATE:
                yield sample.statistic(name, float(row[name]), unit=_unit(name), **more)
        cells = fit.means[["arm"]].drop_duplicates().merge(every, how="cross")
        for row in cells.merge(fit.means, how="left", on=["arm", "visit"]).to_dict("records"):
            for name in MEAN:
                yield sample.statistic(
                    f"{name}[mean of {row['arm']}]",
                    float(row[name]),
                    arm=contrast,
                    time=float(row["visit"]),
                    unit=_unit(name),
                    method=fit.method,
                )
        for words, test in (("all visits", fit.arm_test), ("arm by visit", fit.interaction_test)):
            for name in ("statistic", "df", "p_value"):
                value = float(getattr(test, name))
                yield sample.statistic(f"{name}[{words}]", value, arm=contrast, method=test.method)


def _unit(name: str) -> str:
    return "" if name == "p_value" else "score"


def missing_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield how many values of each arm and visit are there, and why the others are not."""
    shown: set[str] = set()
    for arm, rows, reason in sample.pairs(sample.measured()):

        def run(rows: pd.DataFrame = rows) -> pd.DataFrame:
            return missing_visits(repeated(sample, rows))

        table, said = attempt(run, reason)
        if table is None:
            yield sample.statistic("n_observed", math.nan, arm=arm, method=said)
            continue
        for row in table.loc[~table["arm"].isin(shown)].to_dict("records"):
            more: dict[str, Any] = {"arm": row["arm"], "time": float(row["visit"]), "method": MISSING}
            for name in table.columns.drop(["arm", "visit"]):
                unit = "" if name == "completeness" else "subjects"
                yield sample.statistic(str(name), float(row[name]), unit=unit, **more)
        shown |= set(table["arm"])


def responder_contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of responders of each experimental arm and the control at each declared visit."""
    chosen = sample.analysis.chosen("threshold", "direction", "of", "missing", "kind", "conf_level")
    if sample.analysis.dead is not None:
        chosen["death"] = sample.analysis.dead
    unit = "probability" if chosen.get("kind", "difference") == "difference" else ""

    def run(rows: pd.DataFrame, visit: float) -> Estimate:
        return responder_contrast(repeated(sample, rows), visit=visit, **chosen)

    yield from at_times(sample, sample.measured(), run, unit=unit)


def imputed_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the difference at each declared visit after multiple imputation."""
    chosen = _imputation(sample, "delta")

    def run(rows: pd.DataFrame, visit: float) -> Estimate:
        return imputed_contrast(repeated(sample, rows), visit=visit, **chosen)

    yield from at_times(sample, sample.measured(), run, unit="score")


def tipping_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the difference at each declared visit for each delta, and where significance is lost."""
    chosen = _imputation(sample)
    for arm, rows, reason in sample.pairs(sample.measured()):
        for visit in sample.analysis.times:

            def run(rows: pd.DataFrame = rows, visit: float = visit) -> TippingPoint:
                return tipping_point(
                    repeated(sample, rows), visit=visit, deltas=list(sample.analysis.deltas), **chosen
                )

            found, said = attempt(run, reason)
            more: dict[str, Any] = {"arm": sample.contrast(arm), "time": float(visit)}
            if found is None:
                yield sample.statistic("tipping_point", math.nan, method=said, **more)
                continue
            yield sample.statistic("tipping_point", found.delta, method=found.method, **more)
            for row in found.frame.to_dict("records"):
                for name in ESTIMATE:
                    label = f"{name}[delta {row['delta']:g}]"
                    yield sample.statistic(label, float(row[name]), method=found.method, **more)


def _imputation(sample: Sample, *more: str) -> dict[str, Any]:
    chosen = sample.analysis.chosen("n_imputations", "seed", "delta_arm", "conf_level", *more)
    if sample.analysis.imputation is not None:
        chosen["method"] = sample.analysis.imputation
    return chosen


REPEATED: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "missing_visits": missing_rows,
    "mixed_model": model_rows,
    "gee": model_rows,
    "responder_contrast": responder_contrast_rows,
    "imputed_contrast": imputed_rows,
    "tipping_point": tipping_rows,
}
