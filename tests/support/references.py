"""Second implementations, as plain as the definitions: loops over times and subjects."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def naive_kaplan_meier(time, event, entry=None, weight=None):
    """Survival at each distinct time, by the product over event times."""
    time, event = np.asarray(time, float), np.asarray(event)
    entry = np.full(time.size, -np.inf) if entry is None else np.asarray(entry, float)
    weight = np.ones(time.size) if weight is None else np.asarray(weight, float)
    values, survival = [], 1.0
    for t in np.unique(time):
        at_risk = sum(w for w, a, b in zip(weight, entry, time, strict=True) if a < t <= b)
        died = sum(w for w, b, e in zip(weight, time, event, strict=True) if b == t and e == 1)
        survival *= 1 - died / at_risk
        values.append(survival)
    return np.array(values)


def jackknife_error(estimator, weight, cluster, *, step=1e-6):
    """Root of the sum over clusters of squared derivatives by their weights (central differences)."""
    total = 0.0
    for label in np.unique(cluster):
        change = step * weight * (cluster == label)
        total = total + ((estimator(weight + change) - estimator(weight - change)) / (2 * step)) ** 2
    return np.sqrt(total)


def naive_logrank(time, event, second, stratum=None, weight=None):
    """Observed, expected and variance of the second of two arms (unweighted over time)."""
    stratum = np.zeros(len(time)) if stratum is None else np.asarray(stratum)
    weight = np.ones(len(time)) if weight is None else np.asarray(weight)
    observed = expected = variance = 0.0
    for s in np.unique(stratum):
        for t in np.unique(time[(event == 1) & (stratum == s)]):
            at_risk = (time >= t) & (stratum == s)
            died = at_risk & (time == t) & (event == 1)
            n, n2 = weight[at_risk].sum(), weight[at_risk & second].sum()
            d = weight[died].sum()
            observed += weight[died & second].sum()
            expected += d * n2 / n
            if n > 1:
                variance += d * (n - d) / (n - 1) * n2 / n * (1 - n2 / n)
    return observed, expected, variance


def naive_partial_likelihood(beta, time, event, x, *, entry=None, stratum=None, weight=None, ties="efron"):
    """Log partial likelihood, summed tied event by tied event."""
    n = len(time)
    entry = np.full(n, -np.inf) if entry is None else entry
    stratum = np.zeros(n) if stratum is None else stratum
    weight = np.ones(n) if weight is None else weight
    linear, total = x @ beta, 0.0
    risk = weight * np.exp(linear)
    for s in np.unique(stratum):
        for t in np.unique(time[(event == 1) & (stratum == s)]):
            at_risk = (entry < t) & (t <= time) & (stratum == s)
            died = at_risk & (time == t) & (event == 1)
            total += weight[died] @ linear[died]
            if ties == "exact":
                subsets = combinations(np.flatnonzero(at_risk), int(died.sum()))
                total -= np.log(sum(np.exp(linear[list(subset)].sum()) for subset in subsets))
                continue
            for k in range(int(died.sum())):
                left = k / died.sum() if ties == "efron" else 0.0
                total -= weight[died].mean() * np.log(risk[at_risk].sum() - left * risk[died].sum())
    return total


def naive_information(beta, time, event, x, *, entry=None, stratum=None, weight=None, ties="efron"):
    """Information of the partial likelihood: the covariance of the covariates in each risk set."""
    n = len(time)
    entry = np.full(n, -np.inf) if entry is None else entry
    stratum = np.zeros(n) if stratum is None else stratum
    weight = np.ones(n) if weight is None else weight
    risk = weight * np.exp(x @ beta)
    total = np.zeros((x.shape[1], x.shape[1]))
    for s in np.unique(stratum):
        for t in np.unique(time[(event == 1) & (stratum == s)]):
            at_risk = (entry < t) & (t <= time) & (stratum == s)
            died = at_risk & (time == t) & (event == 1)
            for k in range(int(died.sum())):
                left = k / died.sum() if ties == "efron" else 0.0
                share = risk * at_risk - left * risk * died
                share = share / share.sum()
                apart = x - share @ x
                total += weight[died].mean() * (apart * share[:, None]).T @ apart
    return total


def gradient(function, place, *, step=1e-5):
    """Central differences."""
    place = np.asarray(place, float)
    return np.array(
        [(function(place + step * e) - function(place - step * e)) / (2 * step) for e in np.eye(place.size)]
    )
