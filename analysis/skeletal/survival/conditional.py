"""Survival of those who have come so far."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING

from ..errors import InvalidArgument, NotEstimable
from .fitted_hazard import sample_rows
from .kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    from ..curve_limits import ConfType
    from ..data import RightCensored
    from ..results import Curve


def conditional_survival(
    data: RightCensored, *, given: float, conf_level: float = 0.95, conf_type: ConfType = "log-log"
) -> Curve:
    """Probability of no event beyond each time of those without one up to ``given``: P(T > t | T > given).

    Use it for the outlook of a subject who has already lived for a while, or for a landmark analysis.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    given : float
        Time, in the unit of the data, that is known to have passed without the event.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits.

    Returns
    -------
    Curve
        One row a distinct observed time after ``given``, on the time scale of the data; 1 up to ``given``.

    Raises
    ------
    InvalidArgument
        ``given`` not a number of at least 0; ``conf_level`` outside (0, 1), an unknown ``conf_type``.
    NotEstimable
        Nobody is observed beyond ``given``.

    Notes
    -----
    S(t)/S(given), whose Greenwood sum takes the event times after ``given`` only: Kaplan-Meier of the rows
    that are observed beyond it.  A row with an event or a censoring at exactly ``given`` is not among them.

    R: ``survival::survfit(Surv(time, event) ~ 1, start.time = given)``, which counts events at exactly
    ``given`` as still to come.  SAS: ``PROC LIFETEST`` with ``WHERE time > given``.

    References
    ----------
    Klein and Moeschberger, Survival Analysis, 2nd edition, section 4.6 (left truncation at ``given``).

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([2, 3, 5, 6, 8, 9], [1, 1, 1, 0, 1, 0])
    >>> conditional_survival(data, given=3).estimate
    array([0.75 , 0.75 , 0.375, 0.375])
    """
    since = _time(given)
    beyond = data.time > since
    if not beyond.any():
        raise NotEstimable(
            f"nobody is observed beyond {since:.10g} {data.time_unit}: the last time is "
            f"{data.time.max():.10g}"
        )
    curve = kaplan_meier(sample_rows(data, beyond), conf_level=conf_level, conf_type=conf_type)
    return replace(curve, method=f"{curve.method}, given no event up to {since:.10g} {data.time_unit}")


def _time(given: float) -> float:
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        value = nan
    if not 0 <= value < inf:
        raise InvalidArgument(f"given must be a time of at least 0, got {given!r}")
    return value
