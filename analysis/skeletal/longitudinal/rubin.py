"""Rubin's rules: one answer from the answers to several completed data sets."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import as_floats
from ..errors import InvalidArgument
from ..results import Estimate
from .visit_tables import t_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PooledEstimate(Estimate):
    """An estimate pooled over imputations.

    Attributes
    ----------
    df : float
        Degrees of freedom of limits and test.
    within, between : float
        Mean of the variances, and variance of the estimates.
    missing_share : float
        (1 + 1/m) between / total variance: the share of the variance that is due to missing values.
    n_imputations : int
    """

    df: float
    within: float
    between: float
    missing_share: float
    n_imputations: int


def rubin(
    estimates: ArrayLike,
    std_errors: ArrayLike,
    *,
    df_complete: float = inf,
    conf_level: float = 0.95,
    what: str = "estimate",
) -> PooledEstimate:
    """Estimate pooled over imputations by Rubin's rules, with limits and test by t.

    Use it on a scale on which the estimate is about normal: log odds, not odds.

    Parameters
    ----------
    estimates, std_errors : array_like of shape (m,)
        Of each completed data set, at least two.
    df_complete : float
        Degrees of freedom had nothing been missing; infinite for a normal estimate.
    conf_level : float
        Two-sided level of the limits.
    what : str
        What is pooled, for ``method``.

    Returns
    -------
    PooledEstimate
        ``p_value`` tests 0.

    Raises
    ------
    InvalidArgument
        Fewer than two, unequal lengths, missing or infinite numbers, negative errors, ``df_complete``
        not positive.

    Notes
    -----
    T = W + (1 + 1/m) B, lambda = (1 + 1/m) B/T, df = 1/(1/df_m + 1/df_obs) with df_m = (m - 1)/lambda^2 and
    df_obs = (df_complete + 1)/(df_complete + 3) df_complete (1 - lambda).  Where the estimates are all
    the same (nothing was missing) df is ``df_complete`` itself.

    R: ``mice::pool``, ``mitools::MIcombine(df.complete=)``.  SAS: ``PROC MIANALYZE EDF=``.

    References
    ----------
    Rubin, Multiple Imputation for Nonresponse in Surveys (1987), pages 76-77; Barnard and Rubin, Biometrika
    86 (1999), 948-955, equations 3 to 5.

    Examples
    --------
    >>> pooled = rubin([1.0, 1.2, 1.4], [0.5, 0.5, 0.5])
    >>> round(pooled.estimate, 3), round(pooled.std_error, 4), round(pooled.df, 1)
    (1.2, 0.5508, 64.7)
    """
    checks.probability(conf_level, "conf_level")
    values, errors = as_floats(estimates, "estimates"), as_floats(std_errors, "std_errors")
    m = values.size
    checks.same_length(m, std_errors=errors)
    if m < 2:
        raise InvalidArgument(f"estimates must come from at least two imputations, got {m}")
    checks.rows_where(~np.isfinite(values), "estimates must be known and finite")
    checks.rows_where(~(np.isfinite(errors) & (errors >= 0)), "std_errors must be known and not negative")
    if not (df_complete > 0):
        raise InvalidArgument(f"df_complete must be positive, got {df_complete}")
    same = bool(np.ptp(values) == 0)
    within, between = float(np.mean(errors**2)), 0.0 if same else float(np.var(values, ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    df = df_complete if share == 0 else _degrees(share, m, float(df_complete))
    numbers = t_numbers(float(values.mean()), sqrt(total), df, conf_level)
    return PooledEstimate(
        **{name: number for name, number in numbers.items() if name != "df"},
        conf_level=conf_level,
        method=f"{what}; pooled over {m} imputations by Rubin's rules, t with {df:.6g} degrees of freedom "
        "(Barnard and Rubin)",
        df=df,
        within=within,
        between=between,
        missing_share=share,
        n_imputations=m,
    )


def _degrees(share: float, m: int, df_complete: float) -> float:
    """Return the degrees of freedom of Barnard and Rubin."""
    between = (m - 1) / share**2
    if df_complete == inf:
        return between
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    return between * observed / (between + observed)
