"""Gray's test of equal cumulative incidence between arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..chi_square import RANK, chi_square_test, quadratic_form
from ..covariates import arm_codes, label_codes
from ..errors import InvalidArgument
from ..kernels.incidence import gray_sums
from ..kernels.sorting import order_by_stratum, time_order

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import CompetingRisks
    from ..results import TestResult


def gray_test(
    data: CompetingRisks,
    arm: ArrayLike,
    cause: str,
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> TestResult:
    """Test that the cumulative incidence of one cause is the same in all arms (Gray).

    Use it to compare risks where other events compete.  It compares incidences, not cause-specific
    hazards: an arm in which more subjects die first can have the lower incidence; show that of the
    competing cause beside it.

    Parameters
    ----------
    data : CompetingRisks
        n rows without delayed entry.
    arm : array_like of shape (n,)
        Labels of two or more arms.
    cause : str
        One of ``data.causes``; all others compete.
    control : label, optional
        The reference, which comes first in the result; default the first in sorted order.
    strata : array_like of shape (n,), optional
        One label a row: score and variance are summed over strata.
    rho : float
        Power of 1 - F(t-) in the weight, F the pooled incidence: positive for early differences,
        negative for late ones.

    Returns
    -------
    TestResult
        Chi-square ``statistic`` with one degree of freedom fewer than arms; ``z`` of two arms is that of
        the experimental arm: negative for a lower incidence.  ``observed`` and ``expected`` are
        weighted sums.  NaN where no event of the cause can tell the arms apart, and in tiny samples
        where the factors for ties make the variance negative, or where the pooled incidence reaches 1
        while arms are still compared.

    Raises
    ------
    InvalidArgument
        ``cause`` is none of ``data.causes``; fewer than two arms; a ``control`` that is none; labels
        that are missing or too few; delayed entry; ``rho`` not finite.

    Notes
    -----
    With Y_k at risk, h_k = Y_k/S_k(t-) and R_k = h_k (1 - F_k(t-)), the score of arm k sums
    W (d_k - d R_k/R) over event times, W = (1 - F(t-))^rho and dF = d/h; letters without k are sums over
    arms.  Its variance is Gray's with hypergeometric factors for ties: an arm counts the tied events of
    all arms against h S_k(t-), and its own competing events against Y_k.  The score of all arms is used
    with a generalised inverse, so that an arm never at risk adds no degree of freedom.

    Without competing events and with rho 0 the score is that of the log-rank test, but the variance uses the
    survival of each arm by itself: the statistics differ by some per cent.  The cost is that of sorting the
    rows, and k^2 at each time with an event of the cause.

    R: ``cmprsk::cuminc(time, status, arm, strata, rho)$Tests``.  SAS: ``PROC LIFETEST;
    TIME time*status(0) / EVENTCODE=1; STRATA s / GROUP=arm``.

    References
    ----------
    Gray (1988), Ann Stat 16, 1141-1154, sections 2 and 3.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9], [1, 2, 1, 1, 2, 0], ["SSE", "death"])
    >>> result = gray_test(data, ["A", "A", "A", "B", "B", "B"], "SSE")
    >>> result.observed, round(result.statistic, 4), round(result.p_value, 4)
    (array([2., 1.]), 2.1654, 0.1411)
    """
    code = data.code(cause)
    rho = checks.finite(rho, "rho")
    if data.entry is not None:
        raise InvalidArgument(
            f"Gray's test takes no delayed entry: {data.n_subjects} row(s) have entry times; "
            "incidence_contrast and years_lost_contrast take them"
        )
    codes, labels = arm_codes(arm, data.n_subjects, control)
    k = len(labels)
    order, starts = time_order(data.time), np.array([0, data.n_subjects])
    if strata is not None:
        stratum, names = label_codes(strata, data.n_subjects, "strata")
        order, starts = order_by_stratum(order, stratum, len(names))
    kind = 2 * (data.status > 0) - (data.status == code)  # 0 censored, 1 the cause, 2 another
    sums, variance = gray_sums(data.time[order], (4 * codes + kind)[order], starts, k, float(rho))
    observed, expected = sums
    score = observed - expected
    proper = _is_variance(variance)
    statistic, df = quadratic_form(score, variance) if proper else (float("nan"), 0)
    z = float("nan")
    if k == 2 and df == 1:
        z = float(score[1] / np.sqrt(variance[1, 1]))
    stratified = "" if strata is None else "stratified, "
    failed = "" if proper else "; not estimable: with so many ties the variance is not finite and positive"
    return chi_square_test(
        statistic,
        df,
        f"Gray's test of the cumulative incidence of {cause}, {stratified}rho {rho:g}, "
        f"reference {labels[0]}{failed}",
        z=z,
        observed=observed,
        expected=expected,
        variance=variance,
    )


def _is_variance(matrix: FloatArray) -> bool:
    """Whether a matrix is finite and, rounding apart, without negative eigenvalues."""
    if not np.isfinite(matrix).all() or (np.diag(matrix) < 0).any():
        return False
    values = np.linalg.eigvalsh(matrix)
    return bool(values[0] >= -RANK * values[-1])
