"""Log-rank sums, scores and normal probabilities a second time: loops over times, rows and directions."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc


def naive_weighted_logrank(time, event, arm, k, *, weight=None, stratum=None, entry=None, rho=0.0, gamma=0.0):
    """Observed, expected (k,) and variance (k, k) under S(t-)^rho (1 - S(t-))^gamma within strata."""
    n = len(time)
    entry = np.full(n, -np.inf) if entry is None else entry
    stratum = np.zeros(n) if stratum is None else stratum
    weight = np.ones(n) if weight is None else weight
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for s in np.unique(stratum):
        survival = 1.0
        for t in np.unique(time[(event == 1) & (stratum == s)]):
            at_risk = (entry < t) & (t <= time) & (stratum == s)
            died = at_risk & (time == t) & (event == 1)
            total, d = weight[at_risk].sum(), weight[died].sum()
            share = np.array([weight[at_risk & (arm == i)].sum() for i in range(k)]) / total
            w = survival**rho * (1 - survival) ** gamma
            observed += w * np.array([weight[died & (arm == i)].sum() for i in range(k)])
            expected += w * d * share
            if total > 1:
                spread = d * (total - d) / (total - 1)
                variance += w**2 * spread * (np.diag(share) - np.outer(share, share))
            survival *= 1 - d / total
    return observed, expected, variance


def outside_by_directions(correlation, limit, *, one_sided=False, n=400):
    """P(max |Z| > limit) or P(max Z > limit) of rank 2 or 3, as a mean over all directions."""
    values, vectors = np.linalg.eigh(correlation)
    kept = values > 1e-9
    factor = vectors[:, kept] * np.sqrt(values[kept])
    rank = factor.shape[1]
    if rank == 2:
        angle = (np.arange(n**2) + 0.5) * 2 * np.pi / n**2
        return _mean_over(factor, np.vstack([np.cos(angle), np.sin(angle)]), limit, one_sided).mean()
    heights, shares = np.polynomial.legendre.leggauss(n)
    angle = (np.arange(2 * n) + 0.5) * np.pi / n
    total = 0.0
    for height, share in zip(heights, shares / 2, strict=True):
        ring = np.sqrt(1 - height**2)
        around = np.vstack([ring * np.cos(angle), ring * np.sin(angle), np.full(angle.size, height)])
        total += share * _mean_over(factor, around, limit, one_sided).mean()
    return total


def _mean_over(factor, directions, limit, one_sided):
    reach = factor @ directions
    reach = reach.max(axis=0) if one_sided else np.abs(reach).max(axis=0)
    return chdtrc(factor.shape[1], (limit / np.maximum(reach, 1e-9)) ** 2)
