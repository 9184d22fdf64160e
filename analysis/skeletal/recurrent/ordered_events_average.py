"""One effect from the effects on the first, second, ... event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from .. import checks
from ..errors import InvalidArgument, NotEstimable, name_some
from ..results import Estimate, freeze_arrays

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..results import RegressionFit


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AverageEffect(Estimate):
    """A weighted mean of effects by order.

    Attributes
    ----------
    names : tuple of str
        Coefficients that were combined.
    weights : ndarray of shape (m,)
        Of each, summing to 1; a strongly correlated later effect can have a negative one.
    """

    names: tuple[str, ...]
    weights: FloatArray

    def __post_init__(self) -> None:
        Estimate.__post_init__(self)
        freeze_arrays(self)


def average_effect(fit: RegressionFit, covariate: str, *, conf_level: float = 0.95) -> AverageEffect:
    """Average log hazard ratio of a covariate over the orders of events, with the smallest variance.

    Use it after ``ordered_events(..., model="wlw", effects="by_order")`` for one number and one test with all
    the power there is against effects of one sign.  The joint test of all orders is ``fit.wald_test``.

    Parameters
    ----------
    fit : RegressionFit
        Of :func:`ordered_events` with ``effects="by_order"``.
    covariate : str
        Name of the covariate without the order.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    AverageEffect
        An ``Estimate`` on the log scale, with ``weights`` of the orders.

    Raises
    ------
    InvalidArgument
        No coefficients ``covariate:order`` in the fit; ``conf_level`` outside (0, 1).
    NotEstimable
        The covariance has no inverse: fewer subjects than orders tell about it.

    Notes
    -----
    With b the effects and V their covariance, robust by subject: sum c b with c = V^-1 1/(1'V^-1 1), variance
    1/(1'V^-1 1).  As a linear combination it estimates a common effect, where there is none a mean of the
    effects whose weights depend on the data.

    R: ``w <- solve(V, J)/sum(solve(V, J))`` after ``coxph(..., cluster = id)``.  SAS: ``PROC PHREG
    COVS(AGGREGATE); TEST x1, x2, x3 / AVERAGE``.

    References
    ----------
    Wei, Lin and Weissfeld, J Am Stat Assoc 84 (1989), 1065-1073, section 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> from skeletal.recurrent import ordered_events
    >>> data = RecurrentEvents(
    ...     list("aabbcddee"),
    ...     [0, 30, 0, 20, 0, 0, 25, 0, 50],
    ...     [30, 90, 20, 70, 80, 25, 95, 50, 85],
    ...     [1, 1, 1, 0, 1, 1, 0, 1, 1],
    ... )
    >>> x = pd.DataFrame({"treated": [0, 0, 0, 0, 1, 1, 1, 1, 1]})
    >>> fit = ordered_events(data, x, model="wlw", effects="by_order")
    >>> average = average_effect(fit, "treated")
    >>> average.names, round(average.estimate, 4), round(average.std_error, 4)
    (('treated:1', 'treated:2'), -0.8931, 0.3623)
    """
    checks.probability(conf_level, "conf_level")
    known = isinstance(covariate, str)
    chosen = [k for k, name in enumerate(fit.names) if known and name.rpartition(":")[0] == covariate]
    chosen = [k for k in chosen if fit.names[k].rpartition(":")[2].isdigit()]
    if not chosen:
        raise InvalidArgument(
            f"covariate must be one with effects by order ({name_some(fit.names)}), got {covariate!r}"
        )
    covariance = fit.covariance[np.ix_(chosen, chosen)]
    if not np.isfinite(covariance).all() or np.linalg.matrix_rank(covariance, hermitian=True) < len(chosen):
        raise NotEstimable(
            f"the covariance of {len(chosen)} effect(s) of {covariate} has no inverse: take a smaller "
            "max_order"
        )
    solved = np.linalg.solve(covariance, np.ones(len(chosen)))
    weights = solved / solved.sum()
    estimate, std_error = float(weights @ fit.coefficient[chosen]), float(1 / np.sqrt(solved.sum()))
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    return AverageEffect(
        estimate=estimate,
        std_error=std_error,
        lower=estimate - half,
        upper=estimate + half,
        conf_level=conf_level,
        p_value=float(2 * ndtr(-abs(estimate / std_error))),
        method=f"average log ratio of {covariate} over {len(chosen)} order(s), weights of smallest variance "
        "from the covariance of the fit, normal limits, p-value against 0",
        names=tuple(fit.names[k] for k in chosen),
        weights=weights,
    )
