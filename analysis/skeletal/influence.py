"""Variance of incidence and mean curves from the influence of each subject, in one pass over rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .kernels.influence import squares_of_rows, squares_over_time
from .risk_table import from_the_end

if TYPE_CHECKING:
    from .arrays import FloatArray, IntArray

ROUNDING = 1e-13  # a sum of squares below this share of what it was made from is 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class InfluenceRows:
    """Rows that are at risk from one position of a time grid to another.

    Attributes
    ----------
    subject : ndarray of shape (n,)
        Number of the subject (or cluster) of each row, from 0.
    first, last : ndarray of shape (n,)
        First and last position of the grid at which the row is at risk; ``first > last`` where none.
    gains, ends : ndarray of shape (n,)
        1 where the row adds to the curve at ``last``; 1 where it takes part in what slows the curve.
    """

    subject: IntArray
    first: IntArray
    last: IntArray
    gains: FloatArray
    ends: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class InfluenceSteps:
    """What happens to a curve at each position of the time grid; every array has shape (m,).

    Attributes
    ----------
    step : ndarray
        Step of the curve.
    gain_rate, end_rate : ndarray
        Gains, and ends, divided by the number at risk.
    gain_scale, end_scale : ndarray
        Influence of one gain on the curve, and of one end on the log of its pace.
    """

    step: FloatArray
    gain_rate: FloatArray
    end_rate: FloatArray
    gain_scale: FloatArray
    end_scale: FloatArray


def influence_variance(rows: InfluenceRows, steps: InfluenceSteps) -> FloatArray:
    """Return the sum over subjects of their squared influence on a curve, at every position.

    Notes
    -----
    With dM = dN - Y d rate, a subject's influence is
    U(t) = sum over u up to t of gain_scale(u) dM_gain(u) - E(u-) step(u), where
    E(u) = sum over v up to u of end_scale(v) dM_end(v).
    With ``left`` = what the curve still gains after t, U(t) = r P(t) + c + s left(t): r, c and s change
    only where a row begins or ends, so their squares and products are summed over subjects once and
    read off at all times.  In ``left`` no large numbers cancel.
    """
    left = np.append(from_the_end(steps.step)[1:], 0.0)
    drift = np.cumsum(steps.end_scale * steps.end_rate)
    path = np.cumsum(np.append(0.0, drift[:-1]) * steps.step - steps.gain_scale * steps.gain_rate)
    active = rows.first <= rows.last
    return squares_of_rows(
        rows.subject[active],
        rows.first[active],
        rows.last[active],
        np.stack([rows.gains[active], rows.ends[active]]),
        np.stack([path, left, drift]),
        np.stack([steps.gain_scale, steps.end_scale]),
        ROUNDING,
    )


def summed_squares(changes: FloatArray, at: IntArray, who: IntArray, scale: FloatArray) -> FloatArray:
    """Return the sum over subjects of (running totals @ scale)^2 at each position of a grid.

    Parameters
    ----------
    changes : ndarray of shape (n, k)
        Changes of a subject's k running totals; each applies from its own position on.
    at, who : ndarray of shape (n,)
        Position and subject of each change.
    scale : ndarray of shape (k, m)
        What each total counts for at each of m positions.

    Notes
    -----
    The products of the totals are summed over subjects as they change, so what is left of a sum that
    cancels is rounding: a result below ``ROUNDING`` of all that was added and taken away is 0.
    """
    return squares_over_time(
        np.ascontiguousarray(changes),
        np.ascontiguousarray(at),
        np.ascontiguousarray(who),
        np.ascontiguousarray(scale),
        ROUNDING,
    )
