"""Events per time alive, up to a horizon."""

from __future__ import annotations

from math import isnan, log, nan, sqrt
from typing import TYPE_CHECKING, Literal

from scipy.special import ndtri

from .. import checks
from ..arm_contrast import arm_contrast, from_log, positive_time, two_arms, why_unknown
from ..data.checked import require_constant
from ..results import Estimate
from .mean_cumulative_counts import sample_histories
from .mean_cumulative_influence import without_error
from .while_alive_parts import while_alive_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..data import RecurrentEvents
    from .while_alive_parts import WhileAliveParts

RateContrastKind = Literal["ratio", "difference"]


def while_alive_rate(data: RecurrentEvents, *, horizon: float, conf_level: float = 0.95) -> Estimate:
    """Events per unit of time alive up to a horizon: mean number of events over mean time alive.

    Use it where subjects die and the rate while they live is wanted for all who started: it charges an arm
    with neither more nor fewer events because its subjects live longer.  It is a ratio of means, not a mean
    of the subjects' own rates.

    Parameters
    ----------
    data : RecurrentEvents
        Rows (start, stop]; status 1 an event, 2 death.  Gaps between the rows of a subject are time not at
        risk.
    horizon : float
        In the unit of the data.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        Events per unit of time of the data; ``std_error`` is that of the rate, the limits are symmetric on
        the log scale.  NaN, with the reason in ``method``, where nobody is followed to the horizon but
        somebody was alive at the last time; no limits without events.

    Raises
    ------
    InvalidArgument
        A ``horizon`` that is not a positive number; ``conf_level`` outside (0, 1).

    Notes
    -----
    E N(min(D, tau))/E min(D, tau): the mean number of :func:`mean_cumulative` at tau over the area under the
    Kaplan-Meier estimate S of being alive.  Variance: sum over subjects of
    (psi_N/mean number - psi_T/mean time)^2, on the log scale.  Where every subject is observed from 0 in one
    piece psi are the influences of the two means as averages weighted by the inverse of the probability of
    being observed (n times it is Y/S):
    psi_N = sum S(u-) dN/Y - mu(tau)/n + sum (mu(tau) - mu(s)) dM_censoring(s)/Y(s),
    psi_T = min(D, tau) S(u-)/Y(u) at the end u of a complete history - R/n + sum H(s) dM_censoring(s)/Y(s),
    with H(s) = s S(s) + area of S from s to tau; of censorings at one time every order counts alike.
    With late entries or gaps psi_N is that of :func:`mean_cumulative` and
    psi_T = - sum (area of S from u to tau) dM_death(u)/Y(u).

    R: ``mets::WA_recurrent`` (ratio of means).  SAS: none.

    References
    ----------
    Mao (2023), Biometrics 79, 1749-1760; Schmidli, Roger and Akacha (2023), Stat Biopharm Res 15, 238-248.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "b", "c"], [0, 3, 0, 0], [3, 9, 4, 10], [1, 1, 2, 0])
    >>> rate = while_alive_rate(data, horizon=9)
    >>> round(rate.estimate, 4), round(rate.lower, 4), round(rate.upper, 4)
    (0.0909, 0.0213, 0.3887)
    """
    checks.probability(conf_level, "conf_level")
    tau = positive_time(horizon, "horizon")
    parts = while_alive_parts(data, tau)
    method = _method("while-alive event rate", tau, data, [parts])
    reason = why_unknown(tau, [parts.end], ["the sample"], data.time_unit)
    if reason:
        return Estimate(
            estimate=nan, std_error=nan, lower=nan, upper=nan, conf_level=conf_level, p_value=nan,
            method=f"{method}; {reason}",
        )  # fmt: skip
    error, lower, upper = sqrt(parts.rate_variance), nan, nan
    if parts.rate == 0:
        reason = "no limits: there are no events"
    elif isnan(error):
        reason = "no standard error from one subject"
    else:
        half = float(ndtri(0.5 + conf_level / 2)) * error / parts.rate
        lower, upper, reason = from_log(log(parts.rate) - half, log(parts.rate) + half)
    means = f"{parts.events:.6g} events in {parts.time:.6g} {data.time_unit} per subject"
    return Estimate(
        estimate=parts.rate,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=nan,
        method=f"{method}, limits on the log scale: {means}" + (f"; {reason}" if reason else ""),
    )


def while_alive_contrast(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    horizon: float,
    control: object = None,
    kind: RateContrastKind = "ratio",
    conf_level: float = 0.95,
) -> Estimate:
    """Ratio or difference of the while-alive event rates of two arms up to a horizon.

    See :func:`while_alive_rate` for what the rates are and when to use them.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    arm : array_like of shape (n,)
        Labels of two arms, constant within a subject.
    horizon : float
        In the unit of the data.
    control : object, optional
        The reference; default the first in sorted order.
    kind : {"ratio", "difference"}
        Experimental over control; experimental less control, per unit of time of the data.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        With the two-sided test of no difference.  For the ratio ``std_error``, limits and test are on the log
        scale.  NaN, with the reason in ``method``, where an arm ends before the horizon with somebody alive,
        and for the ratio where a rate is 0.

    Raises
    ------
    InvalidArgument
        A ``horizon`` that is not a positive number; other than two arms; a ``control`` that is none; a
        subject in several arms; unknown ``kind``; ``conf_level`` outside (0, 1); labels missing or too few.

    Notes
    -----
    With r_k and v_k the rate of arm k and its variance, the variances are v_1/r_1^2 + v_0/r_0^2 and
    v_1 + v_0; the arms are independent.

    R: ``mets::WA_recurrent`` (by arm).  SAS: none.

    References
    ----------
    Mao (2023), Biometrics 79, 1749-1760; Schmidli, Roger and Akacha (2023), Stat Biopharm Res 15, 238-248.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "d", "e", "f"],
    ...     [0, 3, 0, 0, 0, 0, 0], [3, 9, 4, 10, 9, 5, 10], [1, 1, 2, 0, 1, 2, 0]
    ... )
    >>> effect = while_alive_contrast(data, list("ccccttt"), horizon=9)
    >>> round(effect.estimate, 4), round(effect.std_error, 4), round(effect.p_value, 4)
    (0.4783, 1.0585, 0.4859)
    """
    checks.option(kind, RateContrastKind, "kind")
    tau = positive_time(horizon, "horizon")
    codes, labels = two_arms(arm, data.stop.size, control, "while_alive_rate for each")
    require_constant(codes, data.subject_number, data.subject, "arm")
    parts = [while_alive_parts(sample_histories(data, codes == k), tau) for k in range(2)]
    variances = [own.rate_variance for own in parts]
    method = _method(f"{kind} of while-alive event rates", tau, data, parts) + f", reference {labels[0]}"
    return arm_contrast(
        [own.rate for own in parts],
        variances,
        kind=kind,
        conf_level=conf_level,
        method=method + without_error(variances, labels),
        names=[f"the rate of {label}" for label in labels],
        reason=why_unknown(tau, [own.end for own in parts], labels, data.time_unit),
    )


def _method(what: str, horizon: float, data: RecurrentEvents, parts: Sequence[WhileAliveParts]) -> str:
    unit = f"events per time alive in {data.time_unit}"
    variance = (
        "weighted by observation" if all(own.complete for own in parts) else "by deaths (late entry or gaps)"
    )
    return f"{what} to {horizon:.10g} {data.time_unit}, {unit}, variance from subjects' influence {variance}"
