"""Occupation of states by its definition: loops over times and rows, derivatives by a complex step."""

from __future__ import annotations

import numpy as np

STEP = 1e-30


def occupied(rows, size, start, times, weight, *, after=-np.inf):
    """Return p at each of ``times``; rows (subject, start, stop, state, to), states from 0, -1 for none."""
    p, result = np.array(start, dtype=complex), []
    events = sorted({stop for _, _, stop, _, to in rows if to >= 0 and stop > after})
    for t in times:
        while events and events[0] <= t:
            p = p @ move(rows, size, events.pop(0), weight)
        result.append(p.copy())
    return np.array(result)


def move(rows, size, u, weight):
    """Return I + dA(u) of weighted subjects."""
    matrix = np.eye(size, dtype=complex)
    for h in range(size):
        at_risk = [row for row in rows if row[3] == h and row[1] < u <= row[2]]
        total = sum(weight[row[0]] for row in at_risk)
        for subject, _, stop, _, to in at_risk:
            if stop == u and to >= 0:
                matrix[h, to] += weight[subject] / total
                matrix[h, h] -= weight[subject] / total
    return matrix


def shares(rows, size, weight, there):
    """Return the weighted distribution of the states of the rows that are ``there``."""
    counts = np.zeros(size, dtype=complex)
    for row in rows:
        if there(row):
            counts[row[3]] += weight[row[0]]
    return counts / counts.sum()


def jackknife(curve, subjects):
    """Return a curve of weights at weights 1, and the sum over subjects of its squared derivatives."""
    value = curve(dict.fromkeys(subjects, 1.0))
    squared = np.zeros(value.shape)
    for subject in subjects:
        weight = dict.fromkeys(subjects, 1.0 + 0j)
        weight[subject] += 1j * STEP
        squared += (curve(weight).imag / STEP) ** 2
    return value.real, squared


def area(curve_times, values, start, horizon, first):
    """Return the area under a step curve of columns from ``start`` to ``horizon``."""
    knots = [start, *[t for t in curve_times if start < t < horizon], horizon]
    heights = [first, *[v for t, v in zip(curve_times, values, strict=True) if start < t < horizon]]
    return sum(np.diff(knots)[:, None] * np.array(heights))


def greenwood(rows, size, start, times):
    """Return the variance: over times u, gradients of p(t) times the multinomial covariance at u."""
    ones = {row[0]: 1.0 for row in rows}
    events = sorted({stop for _, _, stop, _, to in rows if to >= 0})
    result = []
    for t in times:
        used = [u for u in events if u <= t]
        steps = [move(rows, size, u, ones).real for u in used]
        total = np.zeros(size)
        for k, u in enumerate(used):
            before = np.array(start, dtype=float)
            for step in steps[:k]:
                before = before @ step
            later = np.eye(size)
            for step in steps[k + 1 :]:
                later = later @ step
            for h in range(size):
                n = sum(row[3] == h and row[1] < u <= row[2] for row in rows)
                if n:
                    q = steps[k][h]
                    spread = (np.diag(q) - np.outer(q, q)) / n
                    total += before[h] ** 2 * np.diag(later.T @ spread @ later)
        result.append(total)
    return np.array(result)


def poisson(rows, size, start, times):
    """Return Aalen's variance: as :func:`greenwood`, moves as independent counts, occupation after them."""
    ones = {row[0]: 1.0 for row in rows}
    events = sorted({stop for _, _, stop, _, to in rows if to >= 0})
    after = occupied(rows, size, start, events, ones).real
    result = []
    for t in times:
        total, later = np.zeros(size), np.eye(size)
        for k in reversed(range(sum(u <= t for u in events))):
            there = [row for row in rows if row[1] < events[k] <= row[2]]
            for _, _, stop, h, to in there:
                if stop == events[k] and to >= 0:
                    n = sum(row[3] == h for row in there)
                    total += (after[k][h] / n * (later[to] - later[h])) ** 2
            later = move(rows, size, events[k], ones).real @ later
        result.append(total)
    return np.array(result)
