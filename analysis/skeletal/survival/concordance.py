"""Concordance of a fitted Cox model with the times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from .. import checks
from ..errors import InvalidArgument
from ..kernels.concordance import count_pairs
from ..results import Estimate
from ..risk_table import risk_table, sum_by
from .fitted_hazard import linear_predictor, sample_rows

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import RightCensored
    from .cox import CoxFit

ConcordanceWeight = Literal["harrell", "uno"]

NAMES = {"harrell": "Harrell's", "uno": "Uno's (pairs weighted by n/G^2)"}


def concordance(fit: CoxFit, *, weight: ConcordanceWeight = "harrell", conf_level: float = 0.95) -> Estimate:
    """Chance that of two subjects the one with the event first had the higher predicted risk.

    Use it for how well a model ranks subjects; on the data that the model was fitted to it is too high.
    0.5 is no better than chance.  Use ``uno`` to compare trials: with ``harrell`` the value depends on
    the censoring.

    Parameters
    ----------
    fit : CoxFit
        Result of :func:`cox`, ranked by its linear predictor with the offset.
    weight : {"harrell", "uno"}
        Every pair counts once, or 1/G(t-)^2 with G the Kaplan-Meier curve of the censoring (of the
        stratum) and t the earlier time.
    conf_level : float
        Two-sided level of the limits, normal on the scale of the concordance and cut at 0 and 1.

    Returns
    -------
    Estimate
        ``p_value`` is NaN: the tests of the fit say whether the model does better than chance.  NaN
        throughout where no pair can be compared.

    Raises
    ------
    InvalidArgument
        An unknown ``weight``; ``uno`` with delayed entry; ``conf_level`` outside (0, 1).

    Notes
    -----
    A pair is a subject with an event and one at risk just after it, in one stratum: two events at one time
    are no pair, an event and a censoring are.  With strata, pairs are added up.  Equal predictions count 1/2.
    Case weights multiply: those of both rows.  G leaves the events of a time out of those at risk of
    censoring then; a stratum with one event has the weight 1, as in R.

    The standard error is the infinitesimal jackknife: half the root of the sum of d^2, d_i = w_i (sum of
    (sign - D) over the pairs of row i)/(number of pairs), D = 2 C - 1, d summed by cluster where the fit is
    clustered; the coefficients and G count as known.

    R: ``survival::concordance(fit)``; ``uno``: ``concordance(fit, timewt = "n/G2")``.  SAS: ``PROC PHREG
    CONCORDANCE=HARRELL(SE)`` or ``UNO(SE)`` (other standard errors).

    References
    ----------
    Harrell, Lee and Mark (1996), Stat Med 15, 361-387; Uno et al. (2011), Stat Med 30, 1105-1117; Therneau
    and Watson (2015), Technical report 85, Mayo Clinic.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> from skeletal.survival import cox
    >>> data = RightCensored([5, 8, 8, 12, 20, 21], [1, 1, 0, 1, 1, 0])
    >>> result = concordance(cox(data, pd.DataFrame({"treated": [0, 1, 0, 0, 1, 1]})))
    >>> round(result.estimate, 4), round(result.std_error, 4)
    (0.625, 0.1466)
    """
    checks.option(weight, ConcordanceWeight, "weight")
    checks.probability(conf_level, "conf_level")
    data = fit.data
    if weight == "uno" and data.entry is not None:
        raise InvalidArgument("weight='uno' takes no delayed entry: use 'harrell'")
    n = data.n_subjects
    case_weight = np.ones(n) if data.weight is None else data.weight
    stratum = np.zeros(n, dtype=np.int64) if fit.stratum is None else fit.stratum
    event_weight = np.ones(n) if weight == "harrell" else _inverse_censoring(data, stratum)
    pairs = case_weight[:, None] * _pairs(data, linear_predictor(fit), stratum, case_weight, event_weight)
    balance, all_pairs = pairs.sum(axis=0) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        somers = balance / all_pairs
        influence = (pairs[:, 0] - somers * pairs[:, 1]) / (2 * all_pairs)
    if fit.cluster is not None:
        influence = sum_by(fit.cluster, influence, int(fit.cluster.max()) + 1)
    estimate, std_error = (1 + somers) / 2, float(np.sqrt(influence @ influence))
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    by = "rows" if fit.cluster is None else f"{influence.size} clusters"
    reason = "" if all_pairs > 0 else "; not estimable: no two rows can be compared"
    return Estimate(
        estimate=float(estimate),
        std_error=std_error,
        lower=float(np.maximum(estimate - half, 0.0)),
        upper=float(np.minimum(estimate + half, 1.0)),
        conf_level=conf_level,
        p_value=float("nan"),
        method=f"{NAMES[weight]} concordance, infinitesimal jackknife by {by}, Wald limits{reason}; "
        f"{fit.method}",
    )


def _pairs(
    data: RightCensored,
    score: FloatArray,
    stratum: IntArray,
    case_weight: FloatArray,
    event_weight: FloatArray,
) -> FloatArray:
    """Return for each row the pairs that agree less those that do not, and all its pairs; shape (n, 2)."""
    entry = np.full(data.n_subjects, -np.inf) if data.entry is None else data.entry
    order = np.lexsort((score, stratum))
    starts = np.searchsorted(stratum[order], np.arange(int(stratum.max()) + 2))
    distinct = np.cumsum(np.diff(score[order], prepend=np.nan) != 0)
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = distinct - distinct[starts[stratum[order]]]
    result = np.zeros((order.size, 2))
    count_pairs(
        np.stack([data.time, entry, case_weight, event_weight * data.event]),
        rank,
        np.lexsort((data.event, -data.time, stratum)),
        np.lexsort((-entry, stratum)),
        starts,
        result,
    )
    return result


def _inverse_censoring(data: RightCensored, stratum: IntArray) -> FloatArray:
    """Return 1/G(t-)^2 at each row's own time, G within strata; 1 in strata of fewer than two events."""
    weight = np.ones(data.n_subjects)
    for code in range(int(stratum.max()) + 1):
        rows = stratum == code
        if data.event[rows].sum() < 2:
            continue
        table = risk_table(sample_rows(data, rows))
        left = table.n_at_risk - table.n_events[0]
        stay = 1 - np.divide(table.n_censored, left, out=np.zeros_like(left), where=table.n_censored > 0)
        before = np.append(1.0, np.cumprod(stay)[:-1])
        weight[rows] = before[table.exit_index] ** -2.0
    return weight
