"""The closed test by enumeration of all intersections, for procedures that shorten it."""

from __future__ import annotations

from itertools import combinations

import numpy as np


def intersections(k):
    """Return every set of hypotheses but the empty one, as lists of numbers."""
    return [list(chosen) for size in range(1, k + 1) for chosen in combinations(range(k), size)]


def graph_weights(weights, transitions, kept):
    """Return the weights of an intersection of a graph: where a walk from each other hypothesis ends.

    A walk that starts at a hypothesis outside the set moves along the transitions until it meets one inside;
    the chance of each end is that of absorption of a Markov chain.  What can never get there is lost.
    """
    weights, transitions = np.asarray(weights, float), np.asarray(transitions, float)
    outside = [j for j in range(weights.size) if j not in kept]
    reach = set(kept)
    for _ in outside:
        reach |= {j for j in outside if any(transitions[j, m] > 0 for m in reach)}
    walking = [j for j in outside if j in reach]
    found = weights[kept].copy()
    if walking:
        inner = np.eye(len(walking)) - transitions[np.ix_(walking, walking)]
        ends = np.linalg.solve(inner, transitions[np.ix_(walking, kept)])
        found += weights[walking] @ ends
    return found


def closed_bonferroni(p, weights, transitions):
    """Return the adjusted p-values of the closed test with a weighted Bonferroni test of each intersection.

    A hypothesis without a p-value has p = 1 in every intersection; its own adjusted one is NaN.
    """
    p = np.asarray(p, float)
    known = np.where(np.isnan(p), 1.0, p)
    adjusted = np.zeros(p.size)
    for kept in intersections(p.size):
        share = graph_weights(weights, transitions, kept)
        value = min([1.0, *(known[j] / w for j, w in zip(kept, share, strict=True) if w > 0)])
        adjusted[kept] = np.maximum(adjusted[kept], value)
    return np.where(np.isnan(p), np.nan, adjusted)


def closed_simes(p):
    """Return the adjusted p-values of the closed test with Simes tests."""
    p = np.asarray(p, float)
    adjusted = np.zeros(p.size)
    for kept in intersections(p.size):
        ordered = np.sort(p[kept])
        value = min(ordered * len(kept) / np.arange(1, len(kept) + 1))
        adjusted[kept] = np.maximum(adjusted[kept], value)
    return adjusted
