"""Tests that the mean number of recurrent events does not differ between arms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from .. import checks
from ..chi_square import chi_square_test, quadratic_form
from ..covariates import arm_codes, label_codes
from ..data.checked import require_constant
from ..risk_table import sum_by
from .mean_cumulative_counts import recurrent_counts, sample_histories
from .mean_cumulative_influence import integral_influence, refuse_deaths

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import RecurrentEvents
    from ..results import TestResult
    from .mean_cumulative_counts import RecurrentCounts

MeanTestWeight = Literal["constant", "linear"]
MeanTestVariance = Literal["robust", "poisson"]

ROUNDING = 1e-20  # a variance below this share of the number of events is rounding


class _Part(NamedTuple):
    """A stratum: its counts, and by arm the counts at these times and the status and subject of the rows."""

    counts: RecurrentCounts
    arms: list[RecurrentCounts]
    status: list[IntArray]
    number: list[IntArray]


class _Sums(NamedTuple):
    """Sums over times, control first: of events (k,), and the variance of their difference (k, k)."""

    observed: FloatArray
    expected: FloatArray
    variance: FloatArray


def mean_cumulative_test(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    weight: MeanTestWeight = "constant",
    variance: MeanTestVariance = "robust",
) -> TestResult:
    """Test that the mean number of events per subject over time is the same in all arms.

    Use it for all events rather than the first.  Where subjects die, the means compared are those in which
    death stops accrual, so an arm in which more die early can have fewer events: show survival beside it.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    arm : array_like of shape (n,)
        Labels of two or more arms, constant within a subject.
    control : object, optional
        The reference; default the first in sorted order.
    strata : array_like of shape (n,), optional
        One label a row; arms are compared within strata.
    weight : {"constant", "linear"}
        ``constant`` is sensitive to means in proportion to each other; ``linear``, (tau - t)/tau with tau the
        last time at which two arms are at risk, to early differences.
    variance : {"robust", "poisson"}
        ``robust`` makes no assumption on how the events of one subject depend on each other; ``poisson``
        takes them as independent, and knows no deaths.

    Returns
    -------
    TestResult
        Chi-square with one degree of freedom less than arms; ``z`` (two arms) is positive where the
        experimental arm has more events.  ``observed`` and ``expected`` are sums by arm of weighted events;
        with deaths each event counts as the share of its arm that is alive.

    Raises
    ------
    InvalidArgument
        Fewer than two arms, a ``control`` that is none, labels that are missing or too few, a subject in
        several arms, an unknown ``weight`` or ``variance``, ``poisson`` with deaths.

    Notes
    -----
    With Y_k at risk in arm k, Y their sum and dmu_k = S_k(u-) d_k/Y_k (S the Kaplan-Meier estimate of being
    alive, 1 without deaths), U_j = sum a (Y_j dmu_j - Y_j/Y sum over k of Y_k dmu_k); in two arms
    U = sum a Y_0 Y_1/(Y_0 + Y_1) (dmu_1 - dmu_0).  Robust variance: the sum over subjects of the squares of
    their influence, with the mean of their own arm; with deaths that includes the estimate of S, as in
    :func:`mean_cumulative`.  Poisson: sum a^2 (1 - Y_1/Y)^2 d_1 + a^2 (1 - Y_0/Y)^2 d_0.  Sums and influences
    add up over strata, in which tau is that of all.  With at most one event a subject and the Poisson
    variance it is close to the log-rank test, whose variance is that of the pooled arms.

    R: ``reda::mcfDiff.test`` (control minus experimental).  SAS: ``PROC RELIABILITY; MCFPLOT ... / MCFDIFF``.

    References
    ----------
    Cook, Lawless and Nadeau (1996), Biometrics 52, 557-571; Ghosh and Lin (2000), Biometrics 56, 554-562,
    section 3.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "d", "d", "e", "f"],
    ...     [0, 3, 0, 0, 0, 4, 0, 0], [3, 9, 8, 7, 4, 9, 8, 9], [1, 1, 0, 1, 1, 0, 0, 0],
    ... )
    >>> result = mean_cumulative_test(data, list("cccctttt"))
    >>> result.observed, round(result.z, 4), round(result.p_value, 4)
    (array([3., 1.]), -2.0207, 0.0433)
    """
    checks.option(weight, MeanTestWeight, "weight")
    checks.option(variance, MeanTestVariance, "variance")
    codes, labels = arm_codes(arm, data.stop.size, control)
    number = data.subject_number
    require_constant(codes, number, data.subject, "arm")
    dies = bool((data.status == 2).any())
    if variance == "poisson":
        refuse_deaths(data)
    stratum = np.zeros(codes.size, dtype=np.int64)
    if strata is not None:
        stratum = label_codes(strata, codes.size, "strata")[0]
    parts = [_part(data, number, codes, len(labels), stratum == s) for s in range(int(stratum.max()) + 1)]
    sums = _sums(parts, int(number.max()) + 1, weight, robust=variance == "robust")
    difference = sums.observed - sums.expected
    statistic, df = quadratic_form(difference, sums.variance)
    z = float("nan")
    if len(labels) == 2 and df == 1:
        z = float(difference[1] / np.sqrt(sums.variance[1, 1]))
    return chi_square_test(
        statistic,
        df,
        _method(labels, weight, variance, stratified=strata is not None, dies=dies),
        z=z,
        observed=sums.observed,
        expected=sums.expected,
        variance=sums.variance,
        otherwise="no event while two arms are at risk, or no two subjects of an arm that differ",
    )


def _part(data: RecurrentEvents, number: IntArray, codes: IntArray, k: int, rows: BoolArray) -> _Part:
    """Count a stratum and its arms."""
    counts = recurrent_counts(data, number) if rows.all() else recurrent_counts(sample_histories(data, rows))
    inside, status = codes[rows], data.status[rows]
    members = [inside == g for g in range(k)]
    return _Part(
        counts=counts,
        arms=[counts.of(own, status) for own in members],
        status=[status[own] for own in members],
        number=[number[rows][own] for own in members],
    )


def _sums(parts: list[_Part], n_subjects: int, weight: str, *, robust: bool) -> _Sums:
    """Add up the strata."""
    k = len(parts[0].arms)
    observed, expected, poisson = np.zeros(k), np.zeros(k), np.zeros((k, k))
    influence = np.zeros((n_subjects, k))
    for part, scale in zip(parts, _scales(parts, weight), strict=True):
        events = np.array([arm.alive * arm.n_events for arm in part.arms])
        share = np.array([arm.n_at_risk for arm in part.arms]) / part.counts.n_at_risk
        observed += events @ scale
        expected += share @ (scale * events.sum(axis=0))
        for g, arm in enumerate(part.arms):
            pull = scale * (np.eye(k)[g][:, None] - share)
            poisson += (pull * (arm.alive * events[g])) @ pull.T
            if robust:
                for j in range(1, k):
                    own = integral_influence(arm, part.status[g], pull[j] * arm.n_at_risk)
                    influence[:, j] += sum_by(part.number[g], own, n_subjects)
    influence[:, 0] = -influence.sum(axis=1)
    variance = influence.T @ influence if robust else poisson
    rounding = np.diag(variance) <= ROUNDING * np.diag(poisson)
    return _Sums(observed, expected, np.where(rounding[:, None] | rounding, 0.0, variance))


def _scales(parts: list[_Part], weight: str) -> list[FloatArray]:
    """Return the weight of each time of each stratum."""
    if weight == "constant":
        return [np.ones(part.counts.time.size) for part in parts]
    shared = [
        part.counts.time[np.sum([arm.n_at_risk > 0 for arm in part.arms], axis=0) > 1] for part in parts
    ]
    tau = max((float(time[-1]) for time in shared if time.size), default=1.0)
    return [np.maximum(tau - part.counts.time, 0.0) / tau for part in parts]


def _method(labels: tuple[object, ...], weight: str, variance: str, *, stratified: bool, dies: bool) -> str:
    name = "test of equal mean cumulative numbers of events (Cook, Lawless and Nadeau)"
    if dies:
        name = "test of equal mean numbers of events in which death stops accrual (Ghosh and Lin)"
    over = ", stratified" if stratified else ""
    words = "linear weight (tau - t)/tau" if weight == "linear" else "constant weight"
    spread = "robust variance by subject" if variance == "robust" else "Poisson variance"
    return f"{name}{over}, {words}, {spread}, reference {labels[0]}"
