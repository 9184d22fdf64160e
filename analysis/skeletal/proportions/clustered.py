"""One proportion of things that belong to subjects, such as lesions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import as_floats
from ..cluster_ratio import ratio_limits
from ..covariates import label_codes
from ..errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..results import Estimate


def clustered_proportion(event: ArrayLike, cluster: ArrayLike, *, conf_level: float = 0.95) -> Estimate:
    """Proportion of lesions (or other parts of subjects) with an event; limits allow for clustering.

    Use it where a subject has several lesions and every one of them was observed for as long as it takes.
    The lesions of a subject share fate: limits that take them as independent are too narrow.

    Parameters
    ----------
    event : array_like of shape (n,)
        1 for a lesion with the event, 0 without.
    cluster : array_like of shape (n,)
        Subject of each lesion.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        The share of all lesions; ``std_error`` is robust by cluster.

    Raises
    ------
    InvalidArgument
        No rows; unequal lengths; an event other than 0 or 1; a missing cluster; ``conf_level`` outside
        (0, 1).

    Notes
    -----
    With x of m lesions in each subject, N lesions and p = X/N: variance of the ratio
    v = sum (x - p m)^2/N^2 without a small-sample factor; effective number N* = p (1 - p)/v, at most N; N* =
    number of subjects where p is 0 or 1.  The limits are Wilson's with N* in place of N.  With one
    lesion a subject they are those of :func:`proportion`.

    R: the standard error is that of ``survfit(Surv(rep(1, n), event) ~ 1, cluster = id)`` at time 1.  SAS:
    PROC SURVEYFREQ (its variance has the factor n/(n - 1)) with CL(TYPE=WILSON).

    References
    ----------
    Cochran (1977), Sampling Techniques, section 3.12; Dean and Pagano (2015), J Surv Stat Methodol 3,
    484-503: Wilson limits with an effective sample size.

    Examples
    --------
    >>> result = clustered_proportion([1, 1, 0, 0, 0, 1], ["a", "a", "b", "b", "c", "d"])
    >>> result.estimate, round(result.std_error, 4)
    (0.5, 0.2635)
    """
    checks.probability(conf_level, "conf_level")
    events = as_floats(event, "event")
    if not events.size:
        raise InvalidArgument("event has no rows")
    checks.rows_where(~np.isin(events, [0, 1]), "event must be 0 or 1")
    codes, labels = label_codes(cluster, events.size, "cluster")
    part = np.bincount(codes, weights=events).astype(np.float64)
    size = np.bincount(codes).astype(np.float64)
    return ratio_limits(part, size, conf_level, f"proportion clustered by {len(labels)} subjects")
