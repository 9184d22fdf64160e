"""Limits of hazard ratios from the profile of the partial likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import checks
from ..firth import curvature_of, penalised
from ..likelihood_profile import Profile
from ..partial_likelihood import evaluate
from .fitted_hazard import fitted_sample

if TYPE_CHECKING:
    from .cox import CoxFit


def profile_limits(fit: CoxFit, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Limits of log hazard ratios by the profile of the likelihood, and likelihood ratio tests of each.

    Use them where events are few or a Wald interval is in doubt: they do not depend on how the effect is
    coded, and agree with the likelihood ratio test.  Do not use them with clusters, or with case weights that
    stand for sampling: the likelihood takes rows as independent, also where ``fit`` has a robust covariance.

    Parameters
    ----------
    fit : CoxFit
        A fit of :func:`cox`, also with ``penalty="firth"``: then of the penalised likelihood.
    conf_level : float
        Two-sided level.

    Returns
    -------
    DataFrame
        Columns ``lower``, ``upper`` on the scale of the coefficients and ``p_value`` against 0; index: names
        of the coefficients.  NaN where the likelihood does not fall far enough.

    Raises
    ------
    InvalidArgument
        A level that is not between 0 and 1.

    Notes
    -----
    The limits of b_j are where 2 (l_max - l(b_j)) equals the quantile of chi-square with one degree of
    freedom, l(b_j) being the largest log likelihood with b_j held.

    R: a search over ``coxph(..., offset = b * x)``; ``coxphf::coxphf(..., pl = TRUE)``.  SAS:
    ``PROC PHREG; MODEL time*event(0) = x / RISKLIMITS=PL``.

    References
    ----------
    Venzon and Moolgavkar, Applied Statistics 37 (1988), 87-94; Heinze and Schemper, Biometrics 57 (2001),
    114-119.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> from skeletal.survival import cox
    >>> data = RightCensored([5, 8, 8, 12, 20, 21], [1, 1, 0, 1, 1, 0])
    >>> fit = cox(data, pd.DataFrame({"treated": [0, 1, 0, 0, 1, 1]}))
    >>> profile_limits(fit).round(4).loc["treated"].to_list()
    [-4.1533, 1.2926, 0.3677]
    """
    checks.probability(conf_level, "conf_level")
    sample = fitted_sample(fit)
    if fit.penalty == "firth":
        likelihood = penalised(sample, fit.ties)
        curvature = curvature_of(likelihood, sample.spread)
    else:
        likelihood, curvature = (lambda beta: evaluate(sample, beta, fit.ties)), None
    profile = Profile(
        likelihood=likelihood,
        coefficient=fit.coefficient,
        at=likelihood(fit.coefficient),
        names=fit.names,
        scale=sample.spread,
        curvature=curvature,
    )
    return pd.DataFrame(
        dict(zip(("lower", "upper", "p_value"), profile.limits(conf_level), strict=True)),
        index=pd.Index(fit.names),
    )
