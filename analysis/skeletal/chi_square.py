"""Chi-square tests of a vector against its covariance matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from .results import TestResult

if TYPE_CHECKING:
    from .arrays import FloatArray

RANK = 1e-9  # eigenvalues of the correlation matrix below this are 0

NOTHING = np.empty(0)
NO_MATRIX = np.empty((0, 0))


def quadratic_form(vector: FloatArray, covariance: FloatArray) -> tuple[float, int]:
    """Return ``vector' covariance^- vector`` and the rank of ``covariance``; NaN and 0 without rank."""
    scale = np.sqrt(np.diag(covariance))
    used = scale > 0
    if not used.any() or not np.isfinite(covariance).all():
        return float("nan"), 0
    correlation = covariance[np.ix_(used, used)] / np.outer(scale[used], scale[used])
    values, vectors = np.linalg.eigh(correlation)
    kept = values > RANK
    projected = vectors[:, kept].T @ (vector[used] / scale[used])
    return float(np.sum(projected**2 / values[kept])), int(kept.sum())


def chi_square_test(  # noqa: PLR0913  (the fields of the result, and why they may be NaN)
    statistic: float,
    df: int,
    method: str,
    *,
    z: float = float("nan"),
    observed: FloatArray = NOTHING,
    expected: FloatArray = NOTHING,
    variance: FloatArray = NO_MATRIX,
    otherwise: str = "the statistic has no variance",
) -> TestResult:
    """Return the two-sided result of a chi-square statistic; NaN, and why, where it is not estimable."""
    known = df > 0 and np.isfinite(statistic)
    if not known and otherwise and "not estimable" not in method:
        method = f"{method}; not estimable: {otherwise}"
    return TestResult(
        statistic=max(statistic, 0.0) if known else float("nan"),
        df=float(df) if known else float("nan"),
        p_value=float(chdtrc(df, max(statistic, 0.0))) if known else float("nan"),
        alternative="two-sided",
        z=z,
        observed=observed,
        expected=expected,
        variance=variance,
        method=method,
    )


def no_test(method: str) -> TestResult:
    """Return the result of a test that does not exist here."""
    return chi_square_test(float("nan"), 0, method, otherwise="")
