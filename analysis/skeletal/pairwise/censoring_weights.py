"""Weights that stand for the pairs that censoring has hidden: inverse probabilities of being followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import BoolArray, FloatArray, IntArray
    from .plain import SameTime


def censoring_weights(
    times: FloatArray,
    events: IntArray,
    margins: Sequence[float],
    experimental: BoolArray,
    same_time: SameTime,
) -> FloatArray:
    """Return the weight of the pairs that each row loses, by priority; shape (k, n), 0 without an event.

    1/(G(t-) H(t + margin)) with the Kaplan-Meier curves of censoring G of the row's own arm and H of the
    other, H just before t + margin where a censoring at one time with an event counts as later.
    """
    follow_up = np.max(times, axis=0)
    complete = np.any((times == follow_up) & (events == 1), axis=0)
    side: Literal["left", "right"] = "right" if same_time == "undecided" else "left"
    weights = np.zeros(times.shape)
    curves = {arm: _censoring(follow_up[rows], complete[rows]) for arm, rows in _arms(experimental)}
    for arm, rows in _arms(experimental):
        own, other = curves[arm], curves[not arm]
        for p, (time, event, margin) in enumerate(zip(times, events, margins, strict=True)):
            lost = np.flatnonzero(rows & (event == 1))
            followed = own[1][np.searchsorted(own[0], time[lost], side="left")]
            followed *= other[1][np.searchsorted(other[0], time[lost] + margin, side=side)]
            np.divide(1.0, followed, out=followed, where=followed > 0)  # 0: nobody is there to win the pair
            weights[p, lost] = followed
    return weights


def _arms(experimental: BoolArray) -> tuple[tuple[bool, BoolArray], ...]:
    return (True, experimental), (False, ~experimental)


def _censoring(time: FloatArray, complete: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the times of censoring and the curve before the first and after each of them."""
    censored, count = np.unique(time[~complete], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), censored, side="left")
    return censored, np.append(1.0, np.cumprod(1 - count / at_risk))
