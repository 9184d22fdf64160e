"""Proportions with the event by a time, of each arm and between arms."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.outcomes import horizon_outcome
from skeletal.proportions import (
    clustered_proportion,
    cmh_test,
    fisher_test,
    marginal_contrast,
    noninferiority_test,
    odds_ratio,
    proportion,
    proportions_test,
    risk_difference,
    risk_ratio,
    stratified_odds_ratio,
    stratified_risk_difference,
)

from .rows import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skeletal.results import Estimate, TestResult

    from .rows import Sample, Statistic

TEST = ("statistic", "z", "p_value")
ESTIMATES: dict[str, Callable[..., Estimate]] = {
    "risk_difference": risk_difference,
    "risk_ratio": risk_ratio,
    "odds_ratio": odds_ratio,
    "stratified_odds_ratio": stratified_odds_ratio,
    "stratified_risk_difference": stratified_risk_difference,
}
TESTS: dict[str, Callable[..., TestResult]] = {
    "proportions_test": proportions_test,
    "fisher_test": fisher_test,
    "noninferiority_test": noninferiority_test,
    "cmh_test": cmh_test,
}
FORMULA = {"fisher_test": "p"}  # the argument that the option `formula` is; else `method`


def proportion_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the proportion of each arm with the event by each declared time.

    A subject (or lesion) is evaluable at a time when the event or a competing cause came before it, or
    observation lasted to it; those censored earlier are left out and counted.
    """
    for arm, rows in sample.by_arm(sample.frame()):
        for horizon in sample.analysis.times:
            known, left_out = evaluable(rows, horizon)
            found = _share(known) if len(known) else None
            method = f"{found.method}; {left_out}" if found else f"not estimable: {left_out}"
            common = {"arm": arm, "time": float(horizon), "method": method}
            yield sample.statistic("n_events", int(known["event"].sum()), unit=sample.unit, **common)
            yield sample.statistic("n_evaluable", len(known), unit=sample.unit, **common)
            for name in ("estimate", "lower", "upper"):
                value = getattr(found, name) if found else math.nan
                yield sample.statistic(name, value, unit="probability", **common)


def contrast_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast or test of each experimental arm's proportion with the control's.

    Those censored before a time are left out there and counted, as in :func:`proportion_rows`.
    """
    for arm, rows, reason in sample.pairs(sample.frame()):
        for horizon in sample.analysis.times:
            known, left_out = evaluable(rows, horizon)
            known, uninformative = _informative(sample, known)
            found, said = attempt(partial(_compare, sample, known), reason or _nobody(sample, known, arm))
            method = f"{found.method if found else said}; {left_out}{uninformative}"
            common = {"arm": sample.contrast(arm), "time": float(horizon), "method": method}
            yield sample.statistic("n_evaluable", len(known), unit=sample.unit, **common)
            unit = "probability" if _is_difference(sample) else ""
            for name in _fields(sample):
                value = math.nan if found is None else float(getattr(found, name))
                yield sample.statistic(name, value, unit=unit, **common)


PROPORTIONS: dict[str, Callable[[Sample], Iterator[Statistic]]] = dict.fromkeys(
    (*ESTIMATES, *TESTS, "marginal_contrast"), contrast_rows
)


def _is_difference(sample: Sample) -> bool:
    method = sample.analysis.method
    if method == "marginal_contrast":
        return sample.analysis.kind in (None, "difference")
    return method in ("risk_difference", "stratified_risk_difference")


def _fields(sample: Sample) -> tuple[str, ...]:
    return TEST if sample.analysis.method in TESTS else ("estimate", "std_error", "lower", "upper", "p_value")


def _nobody(sample: Sample, known: pd.DataFrame, arm: str) -> str:
    absent = [name for name in (sample.study.control.name, arm) if not (known["arm"] == name).any()]
    return f"not estimable: {' and '.join(absent)} without evaluable {sample.unit}" if absent else ""


def _compare(sample: Sample, known: pd.DataFrame) -> Estimate | TestResult:
    """Call the function of the method on the counts, by stratum where it has strata."""
    method, analysis = sample.analysis.method, sample.analysis
    if method == "marginal_contrast":
        return marginal_contrast(
            known["event"].to_numpy(dtype=np.float64),
            sample.arm_of(known),
            sample.covariate_frame(known) if analysis.covariates else None,
            control=sample.study.control.name,
            **analysis.chosen("kind", "variance"),
        )
    options: dict[str, Any] = analysis.chosen("margin", "alternative")
    if analysis.formula is not None:
        options[FORMULA.get(method, "method")] = analysis.formula
    if method == "noninferiority_test" and analysis.kind is not None:
        options["scale"] = analysis.kind
    if method in TESTS:
        return TESTS[method](*_counts(sample, known), **options)
    return ESTIMATES[method](*_counts(sample, known), conf_level=analysis.conf_level, **options)


def _informative(sample: Sample, known: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Leave out strata with one arm only, which say nothing of the contrast, and say how many."""
    strata = sample.strata(known)
    if strata is None:
        return known, ""
    both = known.groupby(strata)["arm"].transform("nunique") == 2
    alone = len(known) - int(both.sum())
    words = f"; {alone} in strata of one arm only left out" if alone else ""
    return known.loc[both], words


def _counts(sample: Sample, known: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    """Return events and totals as (control, experimental), one row a stratum where there are strata."""
    strata = sample.strata(known)
    table = pd.DataFrame(
        {
            "stratum": 0 if strata is None else strata,
            "arm": (known["arm"] != sample.study.control.name).to_numpy(),
            "event": known["event"].to_numpy(dtype=np.int64),
        }
    )
    counts = table.pivot_table(index="stratum", columns="arm", values="event", aggfunc=["sum", "count"])
    events, totals = counts["sum"].to_numpy().tolist(), counts["count"].to_numpy().tolist()
    return (events[0], totals[0]) if strata is None else (events, totals)


def evaluable(rows: pd.DataFrame, horizon: int) -> tuple[pd.DataFrame, str]:
    """Return the rows of known outcome by a time, with a column ``event``, and how many are left out."""
    outcome = horizon_outcome(rows, horizon)
    known = rows.assign(event=outcome == "event").loc[outcome != "unknown"]
    return known, f"{len(rows) - len(known)} of {len(rows)} censored before day {horizon} left out"


def _share(known: pd.DataFrame) -> Estimate:
    event = known["event"].to_numpy(dtype=np.bool_)
    if "lesion_id" in known:
        return clustered_proportion(event, known["subject_id"])
    return proportion(int(event.sum()), event.size)
