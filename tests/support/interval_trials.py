"""Interval-censored trials, and their likeliest distributions by definition."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy.optimize import minimize
from tests.support.golden import read, read_shared

from skeletal.data import IntervalCensored


def sample(data, rows):
    """Return some rows of a sample."""
    return IntervalCensored(data.left[rows], data.right[rows], time_unit=data.time_unit)


def cosmesis():
    """Return deterioration after breast irradiation (months), by treatment."""
    frame = read_shared("bcos")
    return IntervalCensored(frame.left, frame.right, time_unit="months"), frame.treatment


def diabetes():
    """Return nephropathy of diabetics (years), some times exact, by gender."""
    frame = read_shared("IR_diabetes")
    return IntervalCensored(frame.left, frame.right, time_unit="years"), frame.gender


def infections():
    """Return first infections seen every 60 days, with the rows they come from."""
    frame = read("cgd_first")
    return IntervalCensored(frame.L, frame.R), frame


@st.composite
def intervals(draw, min_size=2, max_size=25):
    """Draw rows that are exact, between visits, left- and right-censored, on a grid that ties them."""
    row = st.tuples(st.integers(0, 12), st.integers(0, 5), st.integers(0, 9))
    left, width, kind = np.array(draw(st.lists(row, min_size=min_size, max_size=max_size)), float).T
    right = np.where(kind < 2, np.inf, left + width)
    return IntervalCensored(np.where(kind == 9, 0, left), right)


def naive_sets(data):
    """Return the innermost sets: a left end followed at once by a right end, points before right ends."""
    rows = list(zip(data.left, data.right, strict=True))
    ends = sorted({(low, 0 if low == high else 2) for low, high in rows} | {(high, 1) for high in data.right})
    pairs = [(one[0], two[0]) for one, two in pairwise(ends) if one[1] != 1 and two[1] == 1]
    return tuple(np.array(side, float) for side in zip(*pairs, strict=True))


def holds(data, left, right):
    """Return which of the sets lie in each row, by definition; shape (n, m)."""
    return np.array(
        [
            [
                (low == a == b) if low == high else (low <= a and b <= high)
                for a, b in zip(left, right, strict=True)
            ]
            for low, high in zip(data.left, data.right, strict=True)
        ],
        float,
    ) * [
        [not (a == b == low < high) for a, b in zip(left, right, strict=True)]
        for low, high in zip(data.left, data.right, strict=True)
    ]


def likelihood(mass, inside, ratio):
    """Return the log likelihood of masses, row by row, with hazard ratios."""
    total = 0.0
    for row, r in zip(inside, ratio, strict=True):
        first = int(np.argmax(row))
        last = first + int(row.sum())
        total += np.log(mass[first:].sum() ** r - (mass[last:].sum() ** r if last < mass.size else 0.0))
    return total


def self_consistent(inside, steps=20000):
    """Return the masses by Turnbull's own algorithm."""
    mass = np.full(inside.shape[1], 1 / inside.shape[1])
    for _ in range(steps):
        share = inside * mass
        mass = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
    return mass


def likeliest_by_search(inside, x, coefficient):
    """Return the largest likelihood at a coefficient, by a general optimiser on the logits of the masses."""

    def loss(logits):
        weight = np.exp(logits - logits.max())
        return -likelihood(weight / weight.sum(), inside, np.exp(coefficient * x))

    starts = (np.zeros(inside.shape[1]), np.log(self_consistent(inside, 200) + 1e-6))
    return max(-minimize(loss, s, method="BFGS", options={"gtol": 1e-9}).fun for s in starts)


def treated(labels, control):
    """Return one column, 1 off the control arm."""
    return pd.DataFrame({"treated": (labels != control).astype(int)})
