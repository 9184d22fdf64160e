"""What a fitted Cox model says, once more and as plain as the definitions: loops over times and rows."""

from __future__ import annotations

import numpy as np


def naive_hazard(beta, times, rows, *, ties="efron"):
    """Cumulative hazard of a row with x = 0 at ``times``, and its variance with the coefficients known.

    ``rows``: dict of time, event, x, entry, weight, offset of one stratum.
    """
    hazard, variance = np.zeros(len(times)), np.zeros(len(times))
    for t, n, step, square in _steps(beta, rows, ties):
        assert n > 0
        hazard[times >= t] += step
        variance[times >= t] += square
    return hazard, variance


def naive_martingale(beta, rows, *, ties="efron"):
    """Event less the hazard that each row meets: a tied event meets each of Efron's steps in its share."""
    time, event, entry = rows["time"], rows["event"], rows["entry"]
    risk = np.exp(rows["x"] @ beta + rows["offset"])
    residual = event.astype(float)
    for i in range(time.size):
        for t in np.unique(time[event == 1]):
            if not entry[i] < t <= time[i]:
                continue
            fades = ties == "efron" and event[i] == 1 and time[i] == t
            for k, d, step, _ in _tied_steps(beta, rows, t, ties):
                residual[i] -= risk[i] * step * (1 - k / d if fades else 1.0)
    return residual


def _steps(beta, rows, ties):
    for t in np.unique(rows["time"][rows["event"] == 1]):
        for _, d, step, square in _tied_steps(beta, rows, t, ties):
            yield t, d, step, square


def _tied_steps(beta, rows, t, ties):
    time, event, weight = rows["time"], rows["event"], rows["weight"]
    risk = weight * np.exp(rows["x"] @ beta + rows["offset"])
    at_risk = (rows["entry"] < t) & (t <= time)
    died = at_risk & (time == t) & (event == 1)
    d = int(died.sum())
    for k in range(d):
        left = k / d if ties == "efron" else 0.0
        total = risk[at_risk].sum() - left * risk[died].sum()
        mean = weight[died].sum() / d
        yield k, d, mean / total, mean / total**2


def naive_augmented_likelihood(place, g, rows, stratum):
    """Efron's log likelihood, linear predictor x'b + g(t) x'c; ``place`` = (b, c), ``g`` by event time."""
    p = rows["x"].shape[1]
    total = 0.0
    for s in np.unique(stratum):
        own = {name: values[stratum == s] for name, values in rows.items()}
        time, event, weight = own["time"], own["event"], own["weight"]
        for t in np.unique(time[event == 1]):
            linear = own["x"] @ (place[:p] + g[t] * place[p:])
            risk = weight * np.exp(linear)
            at_risk = (own["entry"] < t) & (t <= time)
            died = at_risk & (time == t) & (event == 1)
            total += weight[died] @ linear[died]
            for k in range(int(died.sum())):
                left = risk[at_risk].sum() - k / died.sum() * risk[died].sum()
                total -= weight[died].mean() * np.log(left)
    return total


def naive_concordance(score, rows, stratum, *, cluster=None, uno=False):
    """Concordance and standard error by all pairs, the derivatives by the weights written out."""
    time, event, entry, weight = rows["time"], rows["event"], rows["entry"], rows["weight"]
    n = time.size
    agree, pairs = np.zeros(n), np.zeros(n)  # of each row, not multiplied by its own weight
    for i in np.flatnonzero(event):
        scale = _uno_weight(i, rows, stratum) if uno else 1.0
        for j in range(n):
            later = time[j] > time[i] or (time[j] == time[i] and event[j] == 0)
            if stratum[i] != stratum[j] or not later or entry[j] >= time[i]:
                continue
            sign = (score[i] > score[j]) + (score[i] == score[j]) / 2
            agree[i] += scale * weight[j] * sign
            agree[j] += scale * weight[i] * sign
            pairs[i] += scale * weight[j]
            pairs[j] += scale * weight[i]
    total = weight @ pairs / 2
    value = weight @ agree / 2 / total
    influence = weight * (agree - value * pairs) / total
    groups = np.arange(n) if cluster is None else cluster
    sums = [influence[groups == label].sum() for label in np.unique(groups)]
    return value, np.sqrt(np.sum(np.square(sums)))


def _uno_weight(i, rows, stratum):
    time, event, weight = rows["time"], rows["event"], rows["weight"]
    own = stratum == stratum[i]
    if event[own].sum() < 2:
        return 1.0
    stay = 1.0
    for u in np.unique(time[own & (event == 0)]):
        if u < time[i]:
            left = weight[own & (time > u)].sum() + weight[own & (time == u) & (event == 0)].sum()
            stay *= 1 - weight[own & (time == u) & (event == 0)].sum() / left
    return stay**-2
