"""Measures by arm and visit: means and their differences, and responders."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtr, stdtrit

from skeletal.proportions import clustered_proportion, proportion

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from skeletal.arrays import FloatArray
    from skeletal.results import Estimate

    from .rows import Sample, Statistic

DESCRIBED = ("mean", "sd", "median", "q1", "q3")
CONTRASTED = ("difference", "std_error", "lower", "upper", "p_value")
RESPONSES = ("complete", "partial")


def mean_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the values of each arm at each visit, and each experimental arm's difference from the control."""
    for planned, at_visit in _visits(sample):
        valued: dict[str, FloatArray] = {}
        for arm, rows in sample.by_arm(at_visit):
            values = valued[arm] = _values(rows)
            method = f"quartiles interpolated; {_left_out(rows)}"
            common = {"arm": arm, "time": planned, "method": method}
            yield sample.statistic("n", values.size, unit="subjects", **common)
            for name, value in zip(DESCRIBED, _described(values), strict=True):
                yield sample.statistic(name, value, unit=_unit(sample), **common)
        for arm in sample.arms[1:]:
            yield from _difference_rows(sample, arm, planned, valued)


def responder_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the share of each arm with a complete or partial response at each visit.

    In the denominator: observed responses, indeterminate ones too, and deaths and intercurrent events to
    which the measure gives the worst value; they are no responses.  All others are left out and counted.
    """
    for planned, at_visit in _visits(sample):
        for arm, rows in sample.by_arm(at_visit):
            observed = (rows["status"] == "observed").to_numpy(dtype=np.bool_)
            worst = rows["status"].isin(["death", "intercurrent"]) & rows["value"].notna()
            known = rows.loc[observed | worst.to_numpy(dtype=np.bool_)]
            response = (known["status"] == "observed") & known["category"].isin(RESPONSES)
            found = _share(response.to_numpy(dtype=np.int64), known, sample.analysis.conf_level)
            method = f"{found.method if found else 'not estimable'}; {_left_out(rows, len(known))}"
            unit = "lesions" if "lesion_id" in rows else "subjects"
            common = {"arm": arm, "time": planned, "method": method}
            yield sample.statistic("n", len(known), unit=unit, **common)
            yield sample.statistic("responders", int(response.sum()), unit=unit, **common)
            for name in ("proportion", "lower", "upper"):
                value = getattr(found, "estimate" if name == "proportion" else name) if found else math.nan
                yield sample.statistic(name, value, unit="probability", **common)


def _unit(sample: Sample) -> str:
    return "days" if sample.study.measures[sample.analysis.measure].kind == "days_at_home" else "score"


def _visits(sample: Sample) -> Iterator[tuple[float, pd.DataFrame]]:
    """Yield each planned day of the measure with its rows, in order."""
    frame = sample.outcomes.measure(sample.analysis.measure)
    for planned in sorted(frame["planned_day"].unique()):
        yield float(planned), frame.loc[frame["planned_day"] == planned]


def _values(rows: pd.DataFrame) -> FloatArray:
    """Return the values that count: observed, or given to a death or intercurrent event."""
    values = rows["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values[~np.isnan(values)], dtype=np.float64)


def _left_out(rows: pd.DataFrame, n: int | None = None) -> str:
    """Say how many of the units of an arm and visit have no value, by what became of it."""
    n = int(_values(rows).size) if n is None else n
    counted = rows["value"].notna() | (rows["status"] == "observed")
    others = rows.loc[~counted, "status"].value_counts().sort_index()
    words = ", ".join(f"{count} {str(status).replace('_', ' ')}" for status, count in others.items())
    worst = int((rows["status"].isin(["death", "intercurrent"]) & rows["value"].notna()).sum())
    included = f", {worst} of them with the worst value" if worst else ""
    return f"{n} of {len(rows)} evaluable{included}" + (f"; left out: {words}" if words else "")


def _described(values: FloatArray) -> tuple[float, ...]:
    if not values.size:
        return (math.nan,) * len(DESCRIBED)
    spread = float(values.std(ddof=1)) if values.size > 1 else math.nan
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
    return float(values.mean()), spread, float(median), float(q1), float(q3)


def _difference_rows(
    sample: Sample, arm: str, planned: float, valued: dict[str, FloatArray]
) -> Iterator[Statistic]:
    """Yield the difference of the means of an arm and the control, by Welch."""
    nothing = np.empty(0, dtype=np.float64)
    ours, control = (valued.get(name, nothing) for name in (arm, sample.study.control.name))
    sizes = f"{ours.size} and {control.size} values"
    numbers = welch(ours, control, sample.analysis.conf_level)
    method = f"difference of means, Welch limits and test, {sizes}"
    if not numbers:
        method = f"not estimable: {sizes}, or none that differ"
        numbers = (math.nan,) * len(CONTRASTED)
    common: dict[str, Any] = {"arm": sample.contrast(arm), "time": planned, "method": method}
    for name, value in zip(CONTRASTED, numbers, strict=True):
        yield sample.statistic(name, value, unit="" if name == "p_value" else _unit(sample), **common)


def welch(experimental: FloatArray, control: FloatArray, conf_level: float) -> tuple[float, ...]:
    """Return difference, standard error, limits and p-value; empty where there is no spread to go by."""
    arms = (experimental, control)
    if min(values.size for values in arms) < 2:
        return ()
    means = [float(values.mean()) for values in arms]
    parts = [float(values.var(ddof=1)) / values.size for values in arms]
    variance = sum(parts)
    # R's t.test: data are essentially constant
    if not variance > (10 * np.finfo(float).eps * max(map(abs, means))) ** 2:
        return ()
    df = variance**2 / sum(part**2 / (values.size - 1) for part, values in zip(parts, arms, strict=True))
    difference, error = means[0] - means[1], math.sqrt(variance)
    half = float(stdtrit(df, (1 + conf_level) / 2)) * error
    p_value = float(2 * stdtr(df, -abs(difference) / error))
    return difference, error, difference - half, difference + half, p_value


def _share(response: Any, known: pd.DataFrame, conf_level: float) -> Estimate | None:
    if not response.size:
        return None
    if "lesion_id" in known:
        return clustered_proportion(response, known["subject_id"], conf_level=conf_level)
    return proportion(int(response.sum()), response.size, conf_level=conf_level)
