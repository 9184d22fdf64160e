"""A proportion of things that come in clusters: its ratio estimate, standard error and limits."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from .results import Estimate

if TYPE_CHECKING:
    from .arrays import FloatArray


def ratio_limits(part: FloatArray, size: FloatArray, conf_level: float, what: str) -> Estimate:
    """Return sum(part)/sum(size) over clusters, with Wilson's limits for the effective size.

    Parameters
    ----------
    part, size : ndarray of shape (n_clusters,)
        Things with the property, and things, of each cluster.
    conf_level : float
        Two-sided level.
    what : str
        Words for the estimate, to which its method is added.

    Notes
    -----
    p = X/N; variance of the ratio v = sum (x - p m)^2/N^2 over clusters, without a small-sample factor, as
    in the robust covariances of the regressions.  Effective size N* = p (1 - p)/v, at most N; where p is 0
    or 1, v is 0 and N* is the number of clusters that have anything.  Wilson's limits are taken with N* in
    place of N.  With clusters of one thing each N* = N (p neither 0 nor 1), so that they are the ordinary
    ones; at 0 or 1 too.
    """
    total = float(size.sum())
    method = f"{what}, ratio estimate, Wilson limits with effective size"
    if total == 0:
        return Estimate(
            estimate=nan, std_error=nan, lower=nan, upper=nan, conf_level=conf_level, p_value=nan,
            method=f"{what}: not estimable, there are none",
        )  # fmt: skip
    p = float(part.sum()) / total
    variance = float(np.sum((part - p * size) ** 2)) / total**2
    if p in (0.0, 1.0):
        effective = float(np.count_nonzero(size))
    else:
        effective = min(total, p * (1 - p) / variance) if variance > 0 else total
    z = float(ndtri(0.5 + conf_level / 2))
    centre = (p + z**2 / (2 * effective)) / (1 + z**2 / effective)
    half = z * sqrt(p * (1 - p) / effective + (z / (2 * effective)) ** 2) / (1 + z**2 / effective)
    return Estimate(
        estimate=p,
        std_error=sqrt(variance),
        lower=0.0 if p == 0 else centre - half,
        upper=1.0 if p == 1 else centre + half,
        conf_level=conf_level,
        p_value=nan,
        method=f"{method} {effective:.1f} of {total:g}",
    )
