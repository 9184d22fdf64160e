"""Second implementations for competing risks and recurrent events: loops over times and subjects."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

STEP = 1e-30


def derivatives(estimator, n):
    """Return derivatives of ``estimator(weight)`` by each of n weights at 1, exact by a complex step."""
    columns = []
    for i in range(n):
        weight = np.ones(n, dtype=complex)
        weight[i] += 1j * STEP
        columns.append(np.imag(estimator(weight)) / STEP)
    return np.array(columns)


def naive_incidence(time, status, code, *, entry=None, weight=None):
    """Cumulative incidence at each distinct time, with any (even complex) weights."""
    n = len(time)
    entry = [-1.0] * n if entry is None else entry
    weight = np.ones(n) if weight is None else weight
    free, incidence, values = 1.0, 0.0, []
    for t in sorted(set(time)):
        at_risk = sum(weight[i] for i in range(n) if entry[i] < t <= time[i])
        own = sum(weight[i] for i in range(n) if time[i] == t and status[i] == code)
        all_causes = sum(weight[i] for i in range(n) if time[i] == t and status[i] > 0)
        incidence = incidence + free * own / at_risk
        free = free * (1 - all_causes / at_risk)
        values.append(incidence)
    return np.array(values)


def naive_jackknife_error(time, status, code, entry=None):
    """Root of the summed squares of the derivatives of the incidence by each row's weight."""
    slopes = derivatives(lambda w: naive_incidence(time, status, code, entry=entry, weight=w), len(time))
    return np.sqrt((slopes**2).sum(axis=0))


def naive_greenwood_error(time, status, code, n_causes, entry=None):
    """Greenwood's recursion for the covariance of the vector of state probabilities."""
    n = len(time)
    entry = [-1.0] * n if entry is None else entry
    states, covariance = np.eye(n_causes + 1)[0], np.zeros((n_causes + 1,) * 2)
    values = []
    for t in sorted(set(time)):
        at_risk = sum(entry[i] < t <= time[i] for i in range(n))
        moves = np.array(
            [sum(time[i] == t and status[i] == c for i in range(n)) for c in range(n_causes + 1)], dtype=float
        )
        moves[0] = at_risk - moves[1:].sum()
        share = moves / at_risk
        transition = np.eye(n_causes + 1)
        transition[0] = share
        multinomial = (np.diag(share) - np.outer(share, share)) / at_risk
        covariance = transition.T @ covariance @ transition + states[0] ** 2 * multinomial
        states = states @ transition
        values.append(covariance[code, code])
    return np.sqrt(np.maximum(values, 0.0))


def naive_aalen_error(time, status, code, entry=None):
    """Write out the double sum over times."""
    n_rows = len(time)
    entry = [-1.0] * n_rows if entry is None else entry
    times = sorted(set(time))
    at_risk = [sum(entry[i] < t <= time[i] for i in range(n_rows)) for t in times]
    own = [sum(b == t and s == code for b, s in zip(time, status, strict=True)) for t in times]
    other = [sum(b == t and s not in (0, code) for b, s in zip(time, status, strict=True)) for t in times]
    free, before, left = 1.0, [], []
    for n, d1, d2 in zip(at_risk, own, other, strict=True):
        before.append(free)
        free *= (n - d1 - d2) / n
        left.append(free)
    incidence = naive_incidence(time, status, code, entry=entry)
    values = []
    for j in range(len(times)):
        total = 0.0
        for i in range(j + 1):
            n = at_risk[i]
            g = (incidence[j] - incidence[i]) / left[i] if left[i] > 0 else 0.0
            for d, factor in ((own[i], (1 - g) ** 2), (other[i], g**2)):
                tied = 1 - (d - 1) / (n - 1) if d > 1 else 1.0
                total += before[i] ** 2 * factor * d * tied / n**2
        values.append(total)
    return np.sqrt(values)


def naive_time_lost(time, status, code, horizon, *, entry=None, weight=None):
    """Area under the incidence, one rectangle between two times after the other."""
    edges = [*sorted(set(time)), np.inf]
    incidence = naive_incidence(time, status, code, entry=entry, weight=weight)
    widths = [max(min(b, horizon) - min(a, horizon), 0) for a, b in pairwise(edges)]
    return sum(width * value for width, value in zip(widths, incidence, strict=True))


def naive_time_lost_error(time, status, code, horizon, entry=None):
    """Root of the summed squares of the derivatives of that area by each row's weight."""
    slopes = derivatives(
        lambda w: naive_time_lost(time, status, code, horizon, entry=entry, weight=w), len(time)
    )
    return float(np.sqrt((slopes**2).sum()))


def naive_gray(time, status, arm, code, *, rho=0.0):
    """Score (k,) and variance (k, k) of Gray's test in one stratum, every later effect summed anew."""
    arms = sorted(set(arm))
    times = sorted({t for t, s in zip(time, status, strict=True) if s > 0})
    rows = list(zip(time, status, arm, strict=True))
    free = dict.fromkeys(arms, 1.0)
    own = dict.fromkeys(arms, 0.0)
    pooled, history = 0.0, []
    score = np.zeros(len(arms))
    for t in times:
        at_risk = {a: sum(b >= t and c == a for b, _, c in rows) for a in arms}
        present = [a for a in arms if at_risk[a]]
        d1 = {a: sum(b == t and s == code and c == a for b, s, c in rows) for a in arms}
        d2 = {a: sum(b == t and s not in (0, code) and c == a for b, s, c in rows) for a in arms}
        size = {a: at_risk[a] / free[a] for a in present}
        whole, weighted = sum(size.values()), sum(size[a] * (1 - own[a]) for a in present)
        total = sum(d1.values())
        weight = (1 - pooled) ** rho if len(present) > 1 else 0.0
        for a in present:
            score[arms.index(a)] += weight * (d1[a] - total * size[a] * (1 - own[a]) / weighted)
        effect = np.zeros((len(arms), len(arms)))
        for a in present:
            for b in present:
                effect[arms.index(a), arms.index(b)] = weight * size[b] * ((a == b) - size[a] / whole)
        rate = total / (whole * (1 - pooled)) if len(present) > 1 else 0.0
        pooled += total / whole
        spread = {}
        for a in present:
            before = free[a]
            own[a] += before * d1[a] / at_risk[a]
            free[a] *= (at_risk[a] - d1[a] - d2[a]) / at_risk[a]
            c1 = 1 - (total - 1) / (whole * before - 1) if total > 1 else 1.0
            c2 = 1 - (d2[a] - 1) / (at_risk[a] - 1) if d2[a] > 1 else 1.0
            lost = (1 - pooled) / free[a] if free[a] > 0 else 0.0
            first = c1 * before * total / (whole * at_risk[a])
            spread[a] = (lost, first, c2 * before**2 * d2[a] / at_risk[a] ** 2)
        history.append((effect, rate, spread))
    variance = np.zeros((len(arms), len(arms)))
    for i, (effect, _, spread) in enumerate(history):
        later = sum((e * r for e, r, _ in history[i + 1 :]), np.zeros_like(effect))
        for a, (lost, first, second) in spread.items():
            k = arms.index(a)
            both = effect[:, k] + (1 - lost) * later[:, k]
            variance += first * np.outer(both, both) + second * lost**2 * np.outer(later[:, k], later[:, k])
    return score, variance


def naive_mean_cumulative(rows, t):
    """Mean number of events by ``t`` and its error from (subject, start, stop, status) rows, with death."""
    times = sorted({stop for _, _, stop, status in rows if status and stop <= t})
    alive, mean, table = 1.0, 0.0, []
    for u in times:
        at_risk = sum(start < u <= stop for _, start, stop, _ in rows)
        events = sum(stop == u and status == 1 for _, _, stop, status in rows)
        deaths = sum(stop == u and status == 2 for _, _, stop, status in rows)
        mean += alive * events / at_risk
        table.append((u, at_risk, events / at_risk, deaths / at_risk, alive, mean))
        alive *= 1 - deaths / at_risk
    total = 0.0
    for subject in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == subject]
        psi = 0.0
        for u, at_risk, rate, death_rate, living, reached in table:
            here = any(start < u <= stop for _, start, stop, _ in own)
            event = any(stop == u and status == 1 for _, _, stop, status in own)
            death = any(stop == u and status == 2 for _, _, stop, status in own)
            psi += living * (event - here * rate) / at_risk
            psi -= (mean - reached) * (death - here * death_rate) / at_risk
        total += psi**2
    return mean, np.sqrt(total)
