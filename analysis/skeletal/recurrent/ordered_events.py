"""Regression of the first, second, ... event (Prentice, Williams and Peterson; Wei, Lin and Weissfeld)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..covariates import covariate_matrix, label_codes
from ..cox_results import coefficient_fields, cox_fields
from ..errors import InvalidArgument, NotConverged, NotEstimable
from ..partial_likelihood import cox_sample, invert, maximise
from ..results import RegressionFit
from .ordered_events_rows import OrderedRows, ordered_rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RecurrentEvents

OrderModel = Literal["pwp-total", "pwp-gap", "wlw"]
OrderEffects = Literal["common", "by_order"]
OrderTies = Literal["efron", "breslow"]

MODELS = {
    "pwp-total": "Prentice-Williams-Peterson model, total time",
    "pwp-gap": "Prentice-Williams-Peterson model, gap time",
    "wlw": "Wei-Lin-Weissfeld marginal model",
}
RULES = {"efron": "Efron's", "breslow": "Breslow's"}


def ordered_events(  # noqa: PLR0913  (a sample, a model and its options)
    data: RecurrentEvents,
    covariates: pd.DataFrame,
    *,
    model: OrderModel,
    max_order: int | None = None,
    effects: OrderEffects = "common",
    strata: ArrayLike | None = None,
    ties: OrderTies = "efron",
    conf_level: float = 0.95,
) -> RegressionFit:
    """Log hazard ratios of the first, second, ... event, with a baseline hazard of each order.

    Use ``pwp-total`` or ``pwp-gap`` for the hazard of the k-th event among those who have had k - 1, on the
    clock of the trial or since the event before; ``wlw`` for the time to the k-th event counted from the
    start by everybody.  With the first two, the arm has a part in who is at risk of a later event: from the
    second order on the comparison is no longer randomised, and a coefficient no effect of the arm alone.
    ``wlw`` keeps the randomised groups, at the price that somebody is at risk of the third event before the
    first; effects on later events repeat those on earlier ones.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    covariates : DataFrame of shape (n, p)
        Numeric columns, one entry a row; their names become those of the result.
    model : {"pwp-total", "pwp-gap", "wlw"}
        Who is at risk of the k-th event, on which clock.
    max_order : int, optional
        Rows at risk of later events are left out; default: the largest number of events of a subject.
    effects : {"common", "by_order"}
        One coefficient a covariate, or one a covariate and order, named ``covariate:order``.
    strata : array_like of shape (n,), optional
        One label a row; every stratum has its own baselines.
    ties : {"efron", "breslow"}
        Rule for tied events.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    RegressionFit
        ``std_error`` and all that comes from it are robust by subject, ``naive_std_error`` is from the
        inverse information; ``n_subjects`` counts distinct subjects, ``n_events`` events up to ``max_order``.

    Raises
    ------
    InvalidArgument
        Unknown ``model``, ``effects`` or ``ties``; ``max_order`` no whole number from 1; covariates that are
        not numeric, not known or of another number of rows; labels missing or too few; ``conf_level`` outside
        (0, 1).
    NotEstimable
        No events; with ``by_order`` an order without events; a covariate that does not vary among those at
        risk (the message names the order), or that others determine.
    NotConverged
        The likelihood has no maximum, for instance with an arm without events (of an order).

    Notes
    -----
    The order of a row is one more than the subject's events before it.  Cox's partial likelihood has a
    baseline for each order.  ``pwp-total``: rows as they are.  ``pwp-gap``: time since the subject came under
    risk of that event, the start of its first row after the event before; gaps closer to each other than
    1.5e-8 of their mean are tied, since a difference of times is not exact.  ``wlw``: a subject is at risk of
    each event up to ``max_order`` from its entry until that event or the end of its follow-up; interruptions
    stay out.  Death ends the time at risk like a censoring.  The covariance is the sandwich of score
    residuals summed by subject over all orders, without a small-sample factor, so that ``wald_test`` with
    ``by_order`` is the joint test of Wei, Lin and Weissfeld, and :func:`average_effect` their combined one.

    R: ``survival::coxph(Surv(start, stop, status) ~ x + strata(enum), cluster = id)``, with
    ``Surv(stop - start, status)`` for gaps, ``x:strata(enum)`` by order; rows of WLW as in
    ``survival::bladder``.  SAS: ``PROC PHREG COVS(AGGREGATE); STRATA enum; ID id``.

    References
    ----------
    Prentice, Williams and Peterson, Biometrika 68 (1981), 373-379; Wei, Lin and Weissfeld, J Am Stat Assoc
    84 (1989), 1065-1073; Therneau and Grambsch, Modeling Survival Data (2000), section 8.5.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "c", "d"], [0, 30, 0, 0, 20, 0], [30, 90, 80, 20, 70, 75], [1, 0, 1, 1, 1, 0]
    ... )
    >>> fit = ordered_events(data, pd.DataFrame({"age": [50, 50, 45, 60, 60, 61]}), model="wlw")
    >>> fit.coefficient.round(4), fit.std_error.round(4), fit.n_subjects, fit.n_events
    (array([0.0792]), array([0.0789]), 4, 4)
    """
    checks.option(model, OrderModel, "model")
    checks.option(effects, OrderEffects, "effects")
    checks.option(ties, OrderTies, "ties")
    checks.probability(conf_level, "conf_level")
    n = data.stop.size
    names, matrix = covariate_matrix(covariates, n)
    stratum = None if strata is None else label_codes(strata, n, "strata")[0]
    rows = ordered_rows(data, matrix, stratum, model, _highest(max_order))
    if effects == "by_order":
        names, matrix = _by_order(rows, names)
    else:
        matrix = rows.covariates
    sample = cox_sample(rows.stop, rows.event, matrix, entry=rows.start, stratum=rows.stratum)
    try:
        maximum = maximise(sample, names, ties)
    except (NotEstimable, NotConverged) as error:
        raise type(error)(_explained(str(error), effects)) from None
    subject = np.unique(rows.subject, return_inverse=True)[1].astype(np.int64)
    method = (
        f"{MODELS[model]}, {rows.n_orders} order(s), {_effect_text(effects)}, {RULES[ties]} rule for ties"
        f"{'' if strata is None else ', stratified'}, robust covariance by "
        f"{int(subject.max()) + 1} subjects, "
        f"{100 * conf_level:g} percent Wald limits and p-values; death ends the time at risk"
    )
    fields = cox_fields(
        names, sample, maximum, ties, cluster=subject, n_subjects=data.n_subjects, method=method
    )
    limits = coefficient_fields(
        names, maximum.coefficient, fields["covariance"], invert(maximum.at.information), conf_level
    )
    return RegressionFit(**fields | limits)


def _highest(max_order: int | None) -> int | None:
    """Return ``max_order``, checked."""
    if max_order is None:
        return None
    number = checks.finite(max_order, "max_order")
    if number < 1 or number != int(number):
        raise InvalidArgument(f"max_order must be a whole number from 1 on, got {max_order}")
    return int(number)


def _by_order(rows: OrderedRows, names: tuple[str, ...]) -> tuple[tuple[str, ...], FloatArray]:
    """Return names and columns of one effect a covariate and order, orders running fastest."""
    events = np.bincount(rows.order[rows.event == 1], minlength=rows.n_orders + 1)[1:]
    reached = int(np.count_nonzero(events))
    if 0 < reached < rows.n_orders:
        raise NotEstimable(
            f"no events of order {reached + 1} or later: effects by order need events of each, take "
            f"max_order={reached}"
        )
    orders = np.arange(1, rows.n_orders + 1)
    mark = rows.order[:, None] == orders
    columns = rows.covariates[:, :, None] * mark[:, None, :]
    both = tuple(f"{name}:{order}" for name in names for order in orders)
    return both, np.ascontiguousarray(columns.reshape(rows.order.size, len(both)))


def _explained(message: str, effects: OrderEffects) -> str:
    """Say what a name means and what can be done."""
    message = message.partition("; use penalty")[0]
    if effects == "common":
        return message
    return (
        f"{message}. A name covariate:k is the effect on the k-th event: take a smaller max_order, or "
        "effects='common'"
    )


def _effect_text(effects: OrderEffects) -> str:
    return "one effect for all orders" if effects == "common" else "an effect for each order"
