"""What becomes of a comparison of two arms where the times between visits are made up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from scipy.special import ndtri

from .. import checks
from ..arm_contrast import from_log, named_arms, two_arms
from ..data import RightCensored
from ..errors import InvalidArgument, NotConverged, NotEstimable
from ..survival import cox, logrank
from .innermost import require_intervals
from .logrank import interval_logrank
from .regression import interval_regression
from .scores import Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import IntervalCensored
    from ..results import RegressionFit, TestResult

Result = TypeVar("Result")

SHARES = {"midpoint": 0.5, "right_end": 1.0}  # of an interval, at which its event is put
NOBODY = np.empty(0)


def imputation_comparison(
    data: IntervalCensored,
    arm: ArrayLike,
    *,
    control: object = None,
    scores: Scores = "logrank1",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Compare two arms by methods for intervals and, beside them, with event times that were made up.

    Taking the day of the film or the visit as the day of the event makes every event late, most where visits
    are far apart; the midpoint pretends to know it.  Where visits are as frequent in both arms this changes
    little; where they are not, the imputed answers can differ from the truth.  Read them as what an analysis
    that ignores the intervals would have said.

    Parameters
    ----------
    data : IntervalCensored
        n rows (left, right].
    arm : array_like of shape (n,)
        Labels of two arms.
    control : label, optional
        The reference; default the first in sorted order.
    scores : {"logrank1", "logrank2", "wmw"}
        Of the test for intervals.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    DataFrame
        Rows (index ``analysis``) ``weibull``, ``semiparametric`` (intervals), ``midpoint``, ``right_end``
        (imputed).  Columns ``ratio``, ``lower``, ``upper``, ``p_value``: hazard ratio, experimental over
        control, with Wald limits and p-value; ``z``, ``test_p_value``: the score test of the row's kind,
        positive for more events than expected on the experimental arm; ``n_imputed``: events given a time;
        ``mean_reach``, ``max_reach``: how far the truth can lie from that time, over these events, in
        ``time_unit``; ``method``.  NaN where an analysis has no answer, the reason in ``method``.

    Raises
    ------
    InvalidArgument
        Data of another type, other than two arms, a ``control`` that is none, labels that are missing or too
        few, unknown ``scores``, ``conf_level`` outside (0, 1).

    Notes
    -----
    The intervals are analysed by :func:`interval_regression` and :func:`interval_logrank` (permutation
    variance).  The imputed times are analysed by :func:`~skeletal.survival.cox` (Efron) and
    :func:`~skeletal.survival.logrank`; exact and right-censored rows stay as they are.  The reach is half
    the width of an interval for the midpoint, its width for the right end.

    R: ``icenReg::ic_par``, ``icenReg::ic_sp``, ``interval::ictest``; ``survival::coxph`` of
    ``(left + right)/2`` and of ``right``.  SAS: ``PROC ICPHREG``, ``PROC ICLIFETEST``, ``PROC PHREG``.

    References
    ----------
    Rucker and Messerer (1988), Stat Med 7, 1139-1145; Law and Brookmeyer (1992), Stat Med 11, 1569-1578.

    Examples
    --------
    >>> from skeletal.data import IntervalCensored
    >>> inf = float("inf")
    >>> data = IntervalCensored([0, 3, 3, 6, 6, 12, 12, 12], [3, 6, 12, inf, 12, inf, 24, inf])
    >>> table = imputation_comparison(data, list("AABBAABB"))
    >>> table["ratio"].round(3).tolist(), table["max_reach"].tolist()
    ([0.331, 0.227, 0.278, 0.244], [0.0, 0.0, 6.0, 12.0])
    """
    require_intervals(data)
    checks.option(scores, Scores, "scores")
    checks.probability(conf_level, "conf_level")
    codes, labels = two_arms(arm, data.n_subjects, control)
    arms, names = pd.DataFrame({"arm": codes}), named_arms(codes, labels)
    between = np.isfinite(data.right) & (data.right > data.left)
    width = np.where(between, data.right, data.left) - data.left
    test = _attempt(lambda: interval_logrank(data, names, control=labels[0], scores=scores))
    rows = {
        "weibull": _row(_attempt(lambda: interval_regression(data, arms)), test, NOBODY, conf_level),
        "semiparametric": _row(
            _attempt(lambda: interval_regression(data, arms, baseline="semiparametric")),
            test,
            NOBODY,
            conf_level,
        ),
    }
    for name, share in SHARES.items():
        reach = share * width
        made = RightCensored(data.left + reach, np.isfinite(data.right), time_unit=data.time_unit)
        fit = _attempt(partial(cox, made, arms))
        seen = _attempt(partial(logrank, made, names, control=labels[0]))
        row = _row(fit, seen, reach[between], conf_level)
        said = f"event times imputed by the {name.replace('_', ' ')} of their intervals"
        row["method"] = f"{said}; {row['method']}"
        rows[name] = row
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="analysis")
    return frame.assign(method=frame["method"] + f"; ratio of {labels[1]} over {labels[0]}")


def _attempt(analysis: Callable[[], Result]) -> Result | str:
    """Return the result of an analysis, or why it has none."""
    try:
        return analysis()
    except (InvalidArgument, NotConverged, NotEstimable) as error:  # a time of 0, no events, an arm without
        return f"not estimable: {error}"


def _row(
    fit: RegressionFit | str, test: TestResult | str, reach: FloatArray, conf_level: float
) -> dict[str, Any]:
    """Return the line of one analysis; ``reach`` has one entry an imputed event."""
    ratio = lower = upper = p_value = z = test_p = float("nan")
    if not isinstance(fit, str):
        middle, error = float(fit.coefficient[0]), float(fit.std_error[0])
        half = float(ndtri(0.5 + conf_level / 2)) * error
        ratio, p_value = float(fit.ratio[0]), float(fit.p_value[0])
        lower, upper, _reason = from_log(middle - half, middle + half)
    if not isinstance(test, str):
        z, test_p = test.z, test.p_value
    return {
        "ratio": ratio,
        "lower": lower,
        "upper": upper,
        "p_value": p_value,
        "z": z,
        "test_p_value": test_p,
        "n_imputed": reach.size,
        "mean_reach": float(reach.mean()) if reach.size else 0.0,
        "max_reach": float(reach.max(initial=0.0)),
        "method": "; ".join(part if isinstance(part, str) else part.method for part in (fit, test)),
    }
