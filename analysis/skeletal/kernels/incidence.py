"""Cumulative incidence of one cause with its variance, and Gray's test: one pass over sorted times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

TIES = 1e-12  # a factor for ties below this is 0: everybody at risk has the event
CANCELLED = 1e-13  # a variance below this share of what it was made from is 0 ...
PER_TIME = 4e-16  # ... and a little more for each time, whose rounding adds up
CERTAIN = 1e-12  # a pooled 1 - F nearer to 0 than this is 0

# Rows, with one column an arm, of ``counts`` (events of the cause, other events, rows that leave) and of
# ``state`` (at risk, S(t-), S(t), own incidence, h, REACH, what the arm adds to the variance at a time).
CAUSE, OTHER, LEAVING = range(3)
AT_RISK, BEFORE, AFTER, OWN, SIZE, REACH, FLOW, TWICE, ONCE = range(9)


@inner
def tie_factor(n_events: float, n_at_risk: float) -> float:
    """Return 1 - (d - 1)/(n - 1), and 1 for fewer than two events."""
    if n_events <= 1:
        return 1.0
    factor = 1 - (n_events - 1) / (n_at_risk - 1)
    return factor if abs(factor) > TIES else 0.0


@compiled("F F F b FF*")
def delta_incidence(
    at_risk: FloatArray, own: FloatArray, other: FloatArray, multinomial: bool, found: FloatArray
) -> None:
    """Write the incidence and its variance at every time to ``found`` of shape (2, m).

    The variance sums over times u up to t: direct (1 - g)^2 + other g^2 + 2 both g (1 - g), where
    g = (F(t) - F(u))/S(u) is a sum of steps after u.  ``multinomial`` takes the counts at one time as
    multinomial (Greenwood), else each as binomial with a factor for ties (Aalen).
    """
    survival, incidence, variance = 1.0, 0.0, 0.0
    constant, linear, square, slope = 0.0, 0.0, 0.0, 0.0
    per_linear, per_square = 0.0, 0.0
    for i in range(at_risk.size):
        n, d1, d2 = at_risk[i], own[i], other[i]
        if d1 + d2 > 0:
            share = survival / n
            scale = share * share
            if multinomial:
                direct, rival = scale * d1 * (n - d1) / n, scale * d2 * (n - d2) / n
                both = scale * d1 * d2 / n
            else:
                direct, rival = scale * d1 * tie_factor(d1, n), scale * d2 * tie_factor(d2, n)
                both = 0.0
            step = share * d1
            linear += step * per_linear
            square += step * (2 * slope + step * per_square)
            slope += step * per_square
            constant += direct
            incidence += step
            survival *= (n - (d1 + d2)) / n
            if survival > 0:
                per_linear += (both - direct) / survival
                per_square += (direct + rival - 2 * both) / (survival * survival)
            variance = constant + 2 * linear + square
            if variance < (CANCELLED + PER_TIME * i) * (constant + 2 * abs(linear) + square):
                variance = 0.0
        found[0, i], found[1, i] = incidence, variance


@compiled("F F F F F FF*")
def jackknife_incidence(
    at_risk: FloatArray,
    own: FloatArray,
    other: FloatArray,
    censored: FloatArray,
    width: FloatArray,
    found: FloatArray,
) -> None:
    """Write the sum of steps times ``width``, and over rows of its squared derivatives, to ``found`` (2, m).

    Nobody enters late, so that all who are still at risk have the same derivative.  Of those who have left
    it goes on by ``pace`` times each step: three sums of squares and products are enough.
    """
    survival, total = 1.0, 0.0
    staying, drift = 0.0, 0.0
    values, products, paces, moved = 0.0, 0.0, 0.0, 0.0
    for i in range(at_risk.size):
        n, d1, d2, lost = at_risk[i], own[i], other[i], censored[i]
        gain, end = 0.0, 0.0
        if d1 + d2 > 0:
            share = survival / n
            gain = share * width[i]
            step = gain * d1
            survival *= (n - (d1 + d2)) / n
            if survival > 0:
                end = share / survival
            total += step
            values += step * (2 * products + step * paces)
            moved += step * (2 * abs(products) + step * paces)
            products += step * paces
            staying += drift * step - gain * d1 / n
            drift += end * (d1 + d2) / n
        for count, value, pace in (
            (d1, staying + gain, drift - end),
            (d2, staying, drift - end),
            (lost, staying, drift),
        ):
            values += count * value * value
            moved += count * value * value
            products += count * value * pace
            paces += count * pace * pace
        variance = values + (n - d1 - d2 - lost) * staying * staying
        cancelled = variance <= (CANCELLED + PER_TIME * i) * moved
        found[0, i], found[1, i] = total, 0.0 if cancelled else variance


@compiled("F I I i f")
def gray_sums(
    time: FloatArray, code: IntArray, starts: IntArray, n_arms: int, rho: float
) -> tuple[FloatArray, FloatArray]:
    """Return observed and expected sums by arm (2, k), and the variance (k, k) of their difference.

    Parameters
    ----------
    time, code : ndarray of shape (n,)
        Sorted rows; code is 4 arm + kind, kind 0 a censoring, 1 an event of the cause, 2 another.
    starts : ndarray of shape (n_strata + 1,)
        First row of each stratum, and the end.
    n_arms : int
        Number of arms, k.
    rho : float
        Power of 1 - F(t-) in the weight W.

    Notes
    -----
    At a time with d events of the cause, arm j has the influence e_j = W h_j (1_j - h/h.) on the score, where
    h_j = Y_j/S_j(t-), h. is the sum over arms and 1_j the unit vector of arm j; and
    C_j = e_j d/(h. (1 - F(t-))) on what comes later.  With L_j(t) the sum of C_j after t, the variance sums

        spread_1 (e_j + (1 - lost_j) L_j)^2 + spread_2 (lost_j L_j)^2,    lost_j = (1 - F)/S_j

    over times and arms (the square of a vector is its outer product); spread_1 and spread_2 are the variances
    of the steps that the cause, and the arm's other events, make.  Summed by parts no later time is needed:
    L_j^2 is the sum after t of C_j^2 + C_j L_j' + L_j C_j'.  So C_j^2 is met by ``REACH``, the sum before t
    of spread_1 (1 - lost_j)^2 and spread_2 lost_j^2, and C_j alone by column j of ``earlier``.
    """
    sums, counts, state = np.zeros((2, n_arms)), np.zeros((3, n_arms)), np.empty((9, n_arms))
    earlier, variance = np.empty((n_arms, n_arms)), np.zeros((n_arms, n_arms))
    for s in range(starts.size - 1):
        row, end = starts[s], starts[s + 1]
        state[:], state[BEFORE], state[AFTER], earlier[:] = 0.0, 1.0, 1.0, 0.0
        for i in range(row, end):
            state[AT_RISK, code[i] >> 2] += 1
        pooled = 0.0
        while row < end:
            row, total, others = _count(time, code, (row, end), counts)
            weight, rate, whole, compared = 0.0, 0.0, 1.0, False
            if total > 0:
                weight, rate, whole, compared = _compare(counts, state, sums, total, 1 - pooled, rho)
                pooled += total / whole
            if total + others > 0:
                _step(counts, state)
            if compared:
                _spread(state, total, whole, 1 - pooled, weight, rate)
                _add(state, whole, earlier, variance)
            if others > 0:
                _spread_others(counts, state, 1 - pooled)
            for k in range(n_arms):
                state[AT_RISK, k] -= counts[LEAVING, k]
    return sums, variance + variance.T


@inner
def _count(
    time: FloatArray, code: IntArray, place: tuple[int, int], counts: FloatArray
) -> tuple[int, int, int]:
    """Count the rows at one time by arm; return where it ends, the events of the cause and all others."""
    row, end = place
    now, total, others = time[row], 0, 0
    for k in range(counts.shape[1]):
        counts[CAUSE, k] = counts[OTHER, k] = counts[LEAVING, k] = 0.0
    while row < end and time[row] == now:
        arm, kind = code[row] >> 2, code[row] & 3
        counts[LEAVING, arm] += 1
        if kind == 1:
            counts[CAUSE, arm] += 1
            total += 1
        elif kind == 2:
            counts[OTHER, arm] += 1
            others += 1
        row += 1
    return row, total, others


@inner
def _compare(
    counts: FloatArray, state: FloatArray, sums: FloatArray, total: int, free: float, rho: float
) -> tuple[float, float, float, bool]:
    """Add to the observed and expected events; return W, d/(h. (1 - F)), h. and whether arms are compared."""
    n_arms, whole, remaining, present = state.shape[1], 0.0, 0.0, 0
    for k in range(n_arms):
        state[SIZE, k] = 0.0
        if state[AT_RISK, k] > 0:
            state[SIZE, k] = state[AT_RISK, k] / state[AFTER, k]
            whole += state[SIZE, k]
            remaining += state[SIZE, k] * (1 - state[OWN, k])
            present += 1
    if abs(free) < CERTAIN:
        free = 0.0
    compared = present > 1  # with one arm left nothing is compared, and 1 - F can pass 0
    base = free if compared else max(free, 0.0)
    weight = 1.0 if rho == 0 else base**rho
    if not np.isfinite(weight):
        weight = np.nan if compared else 0.0
    rate = total / (whole * free) if compared else 0.0
    if not np.isfinite(rate):
        rate = np.nan
    for k in range(n_arms):
        sums[0, k] += weight * counts[CAUSE, k]
        sums[1, k] += weight * total * (state[SIZE, k] * (1 - state[OWN, k]) / remaining)
    return weight, rate, whole, compared


@inner
def _step(counts: FloatArray, state: FloatArray) -> None:
    """Move S and the own incidence of the arms with events beyond the time."""
    for k in range(state.shape[1]):
        state[BEFORE, k] = state[AFTER, k]
        failed = counts[CAUSE, k] + counts[OTHER, k]
        if failed > 0:
            state[OWN, k] += state[BEFORE, k] * counts[CAUSE, k] / state[AT_RISK, k]
            state[AFTER, k] *= (state[AT_RISK, k] - failed) / state[AT_RISK, k]


@inner
def _spread(state: FloatArray, total: int, whole: float, free: float, weight: float, rate: float) -> None:
    """Find what the arms add to the variance at a time with events of the cause; bring REACH beyond it."""
    for k in range(state.shape[1]):
        state[FLOW, k] = state[TWICE, k] = state[ONCE, k] = 0.0
        if state[AT_RISK, k] > 0:
            kept = 1 - (free / state[AFTER, k] if state[AFTER, k] > 0 else 0.0)
            spread = tie_factor(total, whole * state[BEFORE, k]) * total / (whole * state[SIZE, k])
            influence = weight * state[SIZE, k]
            flow = rate * influence
            state[FLOW, k] = flow
            state[TWICE, k] = spread * influence**2 + state[REACH, k] * flow**2
            state[ONCE, k] = spread * influence * kept + state[REACH, k] * flow
            state[REACH, k] += spread * kept**2


@inner
def _add(state: FloatArray, whole: float, earlier: FloatArray, variance: FloatArray) -> None:
    """Add to half of the variance, and to what later times meet."""
    n_arms, twice = state.shape[1], 0.0
    for k in range(n_arms):
        twice += state[TWICE, k]
    for i in range(n_arms):
        share, met = state[SIZE, i] / whole, 0.0
        for k in range(n_arms):
            met += earlier[i, k] * state[FLOW, k]
        for k in range(n_arms):
            part = state[SIZE, k] / whole
            variance[i, k] += earlier[i, k] * state[FLOW, k] - met * part
            variance[i, k] += (twice * share / 2 - state[TWICE, i]) * part
            earlier[i, k] -= state[ONCE, k] * share
        variance[i, i] += state[TWICE, i] / 2
        earlier[i, i] += state[ONCE, i]


@inner
def _spread_others(counts: FloatArray, state: FloatArray, free: float) -> None:
    """Bring REACH beyond the other events of the arms."""
    for k in range(state.shape[1]):
        d = counts[OTHER, k]
        if d > 0 and state[AFTER, k] > 0:
            share = state[BEFORE, k] / state[AT_RISK, k]
            state[REACH, k] += tie_factor(d, state[AT_RISK, k]) * share**2 * d * (free / state[AFTER, k]) ** 2
