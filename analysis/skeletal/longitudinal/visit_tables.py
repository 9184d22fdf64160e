"""Means and contrasts of arms at visits, with limits and tests."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import fdtrc, ndtr, ndtri, stdtr, stdtrit

from ..chi_square import NO_MATRIX, NOTHING
from ..results import TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..arrays import FloatArray, IntArray
    from .visits import RepeatedMeasures

    Judge = Callable[[FloatArray], tuple[float, float, float]]  # row -> estimate, std_error, df

NUMBERS = ("estimate", "std_error", "df", "lower", "upper", "p_value")


def t_numbers(estimate: float, error: float, df: float, conf_level: float) -> dict[str, float]:
    """Return estimate, std_error, df, limits and the two-sided p-value against 0; normal where df is inf."""
    normal = df == inf
    half = error * float(ndtri(0.5 + conf_level / 2) if normal else stdtrit(df, 0.5 + conf_level / 2))
    p_value = nan
    if error > 0:
        ratio = -abs(estimate / error)
        p_value = 2 * float(ndtr(ratio) if normal else stdtr(df, ratio))
    return dict(zip(NUMBERS, (estimate, error, df, estimate - half, estimate + half, p_value), strict=True))


def mean_table(data: RepeatedMeasures, cell: IntArray, p: int, judge: Judge, level: float) -> pd.DataFrame:
    """Return one row an arm and visit, control first; NaN where the arm has no value at the visit."""
    rows = []
    for code, arm in enumerate(data.arms):
        for j, visit in enumerate(data.visits):
            numbers = dict.fromkeys(NUMBERS, nan)
            if cell[code, j] >= 0:
                row = np.zeros(p)
                row[cell[code, j]] = 1
                numbers = t_numbers(*judge(row), level)
            rows.append({"arm": arm, "visit": float(visit), **numbers})
    return pd.DataFrame(rows).drop(columns="p_value")


def contrast_table(
    data: RepeatedMeasures, cell: IntArray, p: int, judge: Judge, level: float
) -> pd.DataFrame:
    """Return one row a visit: experimental less control; NaN where an arm has no value."""
    contrasts = dict(contrast_rows(cell, p))
    rows = []
    for j, visit in enumerate(data.visits):
        numbers = t_numbers(*judge(contrasts[j]), level) if j in contrasts else dict.fromkeys(NUMBERS, nan)
        rows.append({"visit": float(visit), **numbers})
    return pd.DataFrame(rows)


def contrast_rows(cell: IntArray, p: int) -> Iterator[tuple[int, FloatArray]]:
    """Yield each visit at which both arms have values, with its contrast of the fixed effects."""
    for j, (control, experimental) in enumerate(cell.T):
        if control >= 0 and experimental >= 0:
            row = np.zeros(p)
            row[[control, experimental]] = -1, 1
            yield j, row


def f_result(statistic: float, df: float, other: float, what: str) -> TestResult:
    """Return the result of an F test (chi-square over its df where ``other`` is infinite)."""
    known = df > 0 and other > 0 and bool(np.isfinite(statistic))
    words = f"{what}, F with {df:g} and {other:.6g} degrees of freedom"
    if not known:
        words = what if df == 0 else f"{what}; not estimable: too few subjects for its degrees of freedom"
    p_value = float(fdtrc(df, min(other, 1e12), max(statistic, 0.0))) if known else nan
    return TestResult(
        statistic=float(statistic) if known else nan,
        df=float(df) if known else nan,
        p_value=p_value,
        alternative="two-sided",
        z=nan,
        observed=NOTHING,
        expected=NOTHING,
        variance=NO_MATRIX,
        method=words,
    )


def unestimable(data: RepeatedMeasures, cell: IntArray) -> str:
    """Say at which visits an arm has no value."""
    absent = [f"{visit:g}" for j, visit in enumerate(data.visits) if (cell[:, j] < 0).any()]
    return f"not estimable at {', '.join(absent)}: an arm has no value there" if absent else ""
