"""Regression of the rate of events on covariates of the subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..covariates import covariate_matrix
from ..errors import InvalidArgument
from .rate_regression_fit import INTERCEPT, CountModel, RateFit, fit_rates
from .rate_regression_totals import subject_totals

if TYPE_CHECKING:
    import pandas as pd

    from ..data import RecurrentEvents


def rate_regression(
    data: RecurrentEvents,
    covariates: pd.DataFrame | None,
    *,
    model: CountModel = "negative-binomial",
    conf_level: float = 0.95,
) -> RateFit:
    """Rate of events per subject-year, and rate ratios of covariates, from the counts of the subjects.

    Use it where the number of events in the time at risk is the outcome (skeletal morbidity rate) and the
    rate may be taken as constant over that time; where it changes, ``andersen_gill`` asks for less.  Death
    ends the time at risk like a censoring: the ratio is one of rates while alive.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.  Only the totals of a subject matter.
    covariates : DataFrame of shape (n, p) or None
        Numeric columns, one entry a row (start, stop], constant within a subject.  None: the intercept only
        (rate and dispersion of one sample).
    model : {"negative-binomial", "poisson-robust", "quasi-poisson", "poisson"}
        ``negative-binomial``: subjects differ in their rates by a gamma factor, whose variance is the
        dispersion (the default for a trial).  ``poisson-robust``: Poisson estimates, covariance from the
        scores of the subjects, valid whatever the variance of the counts.  ``quasi-poisson``: Poisson
        estimates, variance a multiple of the mean.  ``poisson``: all events independent, which recurrent
        skeletal events are not: standard errors too small.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    RateFit
        Coefficients with ``intercept`` first, the log rate per subject-year where all covariates are 0.

    Raises
    ------
    InvalidArgument
        Covariates that are not numeric, not known, of another number of rows, that vary within a subject or
        are called ``intercept``; an unknown ``model``; ``conf_level`` outside (0, 1).
    NotEstimable
        No events; a covariate that is constant or that others determine.
    NotConverged
        The likelihood has no maximum, for instance with an arm without events.

    Notes
    -----
    log E(events) = log(years) + x'b with years = sum of stop - start over 365.25 days.  negative-binomial:
    variance mu + a mu^2, maximum likelihood over (b, a); covariance = inverse of the observed information
    over (b, log a).  R's ``glm.nb`` takes theta = 1/a as known and the expected information: its standard
    errors differ by some percent.  Counts that vary no more than Poisson counts have their maximum at a = 0:
    the result is then that of the Poisson model with ``dispersion`` 0, and ``method`` says so (SAS warns and
    prints a dispersion near 0; ``glm.nb`` stops short at some large theta).  poisson-robust: HC0 by
    subject, without a small-sample factor.  quasi-poisson: Pearson statistic over n - p; limits normal where
    R's summary uses t.

    R: ``MASS::glm.nb(y ~ x + offset(log(years)))``; ``glm(..., family = poisson)`` with
    ``sandwich::vcovHC(type = "HC0")``; ``family = quasipoisson``.  SAS: ``PROC GENMOD; MODEL y = x /
    DIST=NEGBIN OFFSET=logyears`` (for ``poisson-robust``: ``DIST=POISSON`` with ``REPEATED SUBJECT=id``).

    References
    ----------
    Lawless (1987), Can J Stat 15, 209-225; Cook and Lawless (2007), The Statistical Analysis of Recurrent
    Events, chapters 2 and 3; Keene et al. (2007), Pharm Stat 6, 89-97.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "a", "b", "c", "c", "d"],
    ...     [0, 1, 2, 0, 0, 1, 0],
    ...     [1, 2, 4, 4, 1, 4, 4],
    ...     [1, 1, 1, 0, 1, 0, 0],
    ...     time_unit="years",
    ... )
    >>> treated = pd.DataFrame({"treated": [0, 0, 0, 0, 1, 1, 1]})
    >>> fit = rate_regression(data, treated, model="poisson-robust")
    >>> fit.names, fit.ratio.round(4), fit.std_error.round(4)
    (('intercept', 'treated'), array([0.375 , 0.3333]), array([0.7071, 1.    ]))
    """
    checks.option(model, CountModel, "model")
    checks.probability(conf_level, "conf_level")
    totals = subject_totals(data)
    if covariates is None:
        return fit_rates(totals, (INTERCEPT,), np.empty((totals.events.size, 0)), model, conf_level)
    names, rows = covariate_matrix(covariates, data.stop.size)
    if INTERCEPT in names:
        raise InvalidArgument(
            f"covariates must not have a column {INTERCEPT!r}: the model has one of its own; leave it out"
        )
    return fit_rates(totals, (INTERCEPT, *names), totals.values_of(rows, names), model, conf_level)
