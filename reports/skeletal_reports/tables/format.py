"""The one place where a number becomes text.

Decimals are rounded half away from zero (as SAS; Python and R's ``round`` go to the even digit), on
the shortest decimal that stands for the number, so that 2.675 is 2.68.  What is not estimable is NE.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

NOT_ESTIMABLE = "NE"
HUGE = 1e15  # beyond it a double has no digits after the point


def _rounded(value: Decimal, decimals: int) -> str:
    quantum = Decimal(1).scaleb(-decimals)
    found = value.quantize(quantum, rounding=ROUND_HALF_UP)
    return f"{abs(found) if found == 0 else found:,f}"


def format_number(value: float, decimals: int = 0) -> str:
    """Write a number with so many decimals; NE where it is missing or not finite.

    Parameters
    ----------
    value : float
        The number.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        With a comma at the thousands, and never a negative zero.

    Notes
    -----
    SAS: the w.d formats round in the same way.

    Examples
    --------
    >>> format_number(2.675, 2), format_number(-0.04, 1), format_number(12345.5), format_number(float("nan"))
    ('2.68', '0.0', '12,346', 'NE')
    """
    value = float(value)
    if not math.isfinite(value):
        return NOT_ESTIMABLE
    return f"{value:.1e}" if abs(value) >= HUGE else _rounded(Decimal(repr(value)), decimals)


def format_percent(value: float, decimals: int = 1) -> str:
    """Write a probability as a percentage.

    Examples
    --------
    >>> format_percent(0.345), format_percent(0.0625), format_percent(float("nan"))
    ('34.5%', '6.3%', 'NE')
    """
    value = float(value)
    if not math.isfinite(value):
        return NOT_ESTIMABLE
    return f"{_rounded(Decimal(repr(value)) * 100, decimals)}%"


def format_count(count: float, total: float | None = None) -> str:
    """Write a count, with its percentage of ``total`` where that is given and not 0.

    The percentage is rounded from the exact quotient, not from its binary neighbour.

    Examples
    --------
    >>> format_count(29, 84), format_count(1, 16), format_count(0, 0), format_count(1200)
    ('29 (34.5%)', '1 (6.3%)', '0', '1,200')
    """
    text = format_number(count)
    if total is None or text == NOT_ESTIMABLE or not math.isfinite(float(total)) or float(total) == 0:
        return text
    quotient = Decimal(repr(float(count))) * 100 / Decimal(repr(float(total)))
    return f"{text} ({_rounded(quotient, 1)}%)"


def format_p_value(value: float) -> str:
    """Write a p-value with three decimals; ``<0.001`` and ``>0.999`` at the ends.

    Examples
    --------
    >>> format_p_value(0.0005), format_p_value(0.001), format_p_value(0.0345), format_p_value(0.9996)
    ('<0.001', '0.001', '0.035', '>0.999')
    """
    value = float(value)
    if not math.isfinite(value):
        return NOT_ESTIMABLE
    if value < 0.001:
        return "<0.001"
    return ">0.999" if value > 0.999 else _rounded(Decimal(repr(value)), 3)


def format_interval(estimate: float, lower: float, upper: float, decimals: int = 2) -> str:
    """Write an estimate with its limits; one NE where the estimate itself is not estimable.

    Examples
    --------
    >>> format_interval(0.25, 0.12, 0.54), format_interval(0.5, 0.2, float("nan"))
    ('0.25 (0.12 to 0.54)', '0.50 (0.20 to NE)')
    """
    if not math.isfinite(float(estimate)):
        return NOT_ESTIMABLE
    first, low, high = (format_number(value, decimals) for value in (estimate, lower, upper))
    return f"{first} ({low} to {high})"


def format_percent_interval(estimate: float, lower: float, upper: float) -> str:
    """Write a probability with its limits as percentages.

    Examples
    --------
    >>> format_percent_interval(0.345, 0.25, 0.458)
    '34.5% (25.0% to 45.8%)'
    """
    if not math.isfinite(float(estimate)):
        return NOT_ESTIMABLE
    first, low, high = (format_percent(value) for value in (estimate, lower, upper))
    return f"{first} ({low} to {high})"


def format_date(value: dt.date | None) -> str:
    """Write a day as ISO 8601; a dash where there is none.

    Examples
    --------
    >>> import datetime as dt
    >>> format_date(dt.date(2028, 2, 5)), format_date(None)
    ('2028-02-05', '-')
    """
    return "-" if value is None else value.strftime("%Y-%m-%d")
