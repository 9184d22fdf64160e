"""Restricted means once more, as plain as their definitions: loops over times and subjects."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def naive_restricted_mean(time, event, horizon, *, entry=None, weight=None):
    """Area under Kaplan-Meier and its variance, each area summed anew; NaN where the curve ends too early."""
    time, event = np.asarray(time, float), np.asarray(event)
    entry = np.full(time.size, -np.inf) if entry is None else np.asarray(entry, float)
    weight = np.ones(time.size) if weight is None else np.asarray(weight, float)

    def counts(t):
        at_risk = sum(w for w, a, b in zip(weight, entry, time, strict=True) if a < t <= b)
        return at_risk, sum(w for w, b, e in zip(weight, time, event, strict=True) if b == t and e == 1)

    def survival(t):
        value = 1.0
        for u in np.unique(time[event == 1]):
            if u <= t:
                n, d = counts(u)
                value *= 1 - d / n
        return value

    def area(start):
        steps = [start, *(u for u in np.unique(time[event == 1]) if start < u < horizon), horizon]
        return sum(survival(a) * (b - a) for a, b in pairwise(steps))

    if horizon > time.max() and survival(time.max()) > 1e-12:
        return np.nan, np.nan
    variance = 0.0
    for u in np.unique(time[(event == 1) & (time <= horizon)]):
        n, d = counts(u)
        if n > d:
            variance += area(u) ** 2 * d / (n * (n - d))
    return area(0.0), variance


def naive_weights(time, event, arm, horizon):
    """Restricted time, whether it is known, and 1/G at it where it is; G of censoring within the arm."""
    restricted = np.minimum(time, horizon)
    known = (event == 1) | (time >= horizon)
    weight = np.zeros(time.size)
    for i in np.flatnonzero(known):
        left = 1.0
        for u in np.unique(restricted[~known & (arm == arm[i])]):
            if u <= restricted[i]:
                at_risk = (restricted >= u) & (arm == arm[i])
                left *= 1 - (at_risk & ~known & (restricted == u)).sum() / at_risk.sum()
        weight[i] = 1 / left
    return restricted, known, weight


def naive_influence(scores, restricted, known, arm):
    """Scores less the integral of the mean score at risk over each row's martingale of censoring."""
    influence = scores.copy()
    for i in range(len(scores)):
        for u in np.unique(restricted[~known & (arm == arm[i])]):
            if u <= restricted[i]:
                at_risk = (restricted >= u) & (arm == arm[i])
                censored = at_risk & ~known & (restricted == u)
                jump = float(censored[i]) - censored.sum() / at_risk.sum()
                influence[i] += scores[at_risk].mean(axis=0) * jump
    return influence
