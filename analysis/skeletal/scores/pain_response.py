"""Pain response to palliative treatment by the international consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..study import PainRules
from .points import aligned, numbers

if TYPE_CHECKING:
    from typing import Any

    from ..arrays import BoolArray, FloatArray, IntArray
    from .points import Items

RESPONSES = ("complete", "partial", "progression", "indeterminate")
RESPONDERS = RESPONSES[:2]
# Share of the dose by which two doses may differ and still be the same change, for rounding alone.
_ROUNDING = 1e-9


def pain_response(
    pain: Items, omed: Items, baseline_pain: Items, baseline_omed: Items, rules: PainRules | None = None
) -> pd.Series[Any]:
    """Pain response at one assessment: complete, partial, progression or indeterminate.

    Use it for the worst pain at a treated lesion, or of a subject, with the opioid dose of the same days.
    Do not use it across several assessments; :meth:`skeletal.outcomes.Outcomes.pain_course` does that.

    Parameters
    ----------
    pain, baseline_pain : scalar, array or Series, shape (n,)
        Worst pain, 0 (none) to 10.
    omed, baseline_omed : scalar, array or Series, shape (n,)
        Oral morphine equivalent, mg a day.
    rules : PainRules, optional
        The edge rules; the published ones by default.

    Returns
    -------
    Series of string
        One of ``RESPONSES``; missing where pain or its baseline is.  Responders are complete and partial.

    Raises
    ------
    InvalidArgument
        Pain outside 0 to 10, a negative dose, items of different length.

    Notes
    -----
    With the change of the dose relative to its baseline (``omed_change`` c, 25 %): more is a rise of at least
    c, less a fall of at least c, stable neither.  After a baseline dose of 0 any opioid is more
    (``any_opioid_from_none``; else stable) and no dose is less.

    1. complete: pain 0, dose not more.  Baseline pain below ``least_baseline_pain`` (1) cannot respond.
    2. partial: pain at least ``pain_change`` (2) points lower and dose not more; or dose less and pain not
       higher than at baseline.  Baseline pain below ``least_partial_baseline`` (2) can only be complete.
       With ``partial_rule = "half"``: at most half the pain, or half the dose, as older definitions say.
    3. progression: pain at least ``pain_change`` points higher and dose stable (or more, with
       ``rise_with_more_opioid = "progression"``); or dose more and pain from that of the baseline to
       ``progression_tolerance`` (1) points above it.
    4. indeterminate: anything else, and a dose that is not known (``missing_omed``; or taken as none).

    The first that applies is the response.  Only complete and partial overlap: both of them need a dose that
    is not more or less pain, each way of progression excludes that.  Pain that is lower by one point with
    more opioid is therefore indeterminate.  R, SAS: none.

    References
    ----------
    Chow E et al. (2012), Int J Radiat Oncol Biol Phys 82, 1730-1737, as reproduced in PMC6817531 (table 1)
    and NCT03831243; the rules for a baseline of no opioid or little pain are assumptions.

    Examples
    --------
    >>> pain_response([0, 5, 8, 7], [30, 20, 40, 60], [7, 7, 6, 7], [30, 20, 40, 40]).tolist()
    ['complete', 'partial', 'progression', 'progression']
    """
    items = aligned(pain=pain, omed=omed, baseline_pain=baseline_pain, baseline_omed=baseline_omed)
    codes = response_codes(
        numbers(items["pain"], 0, 10),
        numbers(items["omed"], 0, np.inf),
        numbers(items["baseline_pain"], 0, 10),
        numbers(items["baseline_omed"], 0, np.inf),
        rules or PainRules(),
    )
    return pd.Series(response_words(codes), index=items.index, name="response")


def response_words(codes: IntArray) -> Any:
    """Return the words of response codes; -1 is missing."""
    return pd.array(RESPONSES, dtype="string").take(codes, allow_fill=True)


def response_codes(
    pain: FloatArray, omed: FloatArray, baseline: FloatArray, baseline_omed: FloatArray, rules: PainRules
) -> IntArray:
    """Return the place of each response in ``RESPONSES``, -1 where pain or its baseline is missing."""
    if rules.missing_omed == "none":
        omed, baseline_omed = np.nan_to_num(omed), np.nan_to_num(baseline_omed)
    known = ~np.isnan(omed) & ~np.isnan(baseline_omed)
    half = rules.partial_rule == "half"
    some = baseline_omed > 0
    allowed = baseline_omed * (1 + rules.omed_change * (1 - _ROUNDING))
    more = np.where(some, omed >= allowed, (omed > 0) & rules.any_opioid_from_none)
    fallen = _fallen(omed, baseline_omed, rules.omed_change)
    less = _fallen(omed, baseline_omed, 0.5) if half else fallen
    change = pain - baseline
    lower = (pain <= baseline / 2) if half else change <= -rules.pain_change
    can_be_partial = baseline >= max(rules.least_partial_baseline, rules.least_baseline_pain)
    complete = (pain == 0) & ~more & (baseline >= rules.least_baseline_pain)
    partial = ((lower & ~more) | (less & (change <= 0))) & can_be_partial
    steady = ~fallen & (~more | (rules.rise_with_more_opioid == "progression"))
    progression = ((change >= rules.pain_change) & steady) | (
        more & (change >= 0) & (change <= rules.progression_tolerance)
    )
    conditions = [np.isnan(change), complete & known, partial & known, progression & known]
    return np.select(conditions, [-1, 0, 1, 2], default=3).astype(np.int64)


def _fallen(omed: FloatArray, baseline: FloatArray, share: float) -> BoolArray:
    """Return which doses are lower than a baseline above 0 by at least ``share`` of it."""
    return np.asarray((baseline > 0) & (omed <= baseline * (1 - share * (1 - _ROUNDING))), dtype=np.bool_)
