"""Regression of the mean number of recurrent events where death ends them, alone or counted with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..chi_square import chi_square_test, quadratic_form
from ..competing.fine_gray_sample import maximise, moments
from ..covariates import covariate_matrix, label_codes
from ..cox_results import coefficient_fields, estimable, model_fields, sandwich
from ..errors import InvalidArgument, name_some
from ..partial_likelihood import invert
from ..results import RegressionFit
from .ghosh_lin_sample import ghosh_lin_sample, subject_scores

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..data import RecurrentEvents

LARGEST_WEIGHT = 1e12  # of a death, beyond which nothing is left of the other events


def ghosh_lin(
    data: RecurrentEvents,
    covariates: pd.DataFrame,
    *,
    censoring_strata: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> RegressionFit:
    """Log ratios of the mean number of recurrent events by any time, death ending them (Ghosh and Lin).

    Use it for the effect of an arm on the number of events of all who started, the dead included.  An arm in
    which more die early can have the lower mean: show survival beside it, or count death too
    (:func:`weighted_composite`).  For the rate of events while alive: :func:`andersen_gill`.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop] from time 0 on; status 1 an event, 2 death.  A subject whose last row does not
        end in death is censored there.  Interruptions between the rows of a subject are time not at risk of
        events, in which it is still followed.
    covariates : DataFrame of shape (n, p)
        Numeric columns, one entry a row; their names become those of the result.  After death those of the
        last row stay.
    censoring_strata : array_like of shape (n,), optional
        One label a row, the same within a subject: the distribution of censoring is estimated within them.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    RegressionFit
        ``std_error`` and all that comes from it are from the influence of each subject, that on the estimated
        weights included; ``naive_std_error`` is from the inverse information; ``n_events`` without deaths.

    Raises
    ------
    InvalidArgument
        A subject who enters after time 0 (delayed entry) or changes its censoring stratum; covariates that
        are not numeric, not known or of another number of rows; labels missing or too few; ``conf_level``
        outside (0, 1).
    NotEstimable
        No events; a covariate that does not vary within any risk set or that others determine.
    NotConverged
        The likelihood has no maximum, for instance with an arm without events.

    Notes
    -----
    E N(t) = mu(t) exp(x'b), with N constant after death.  Score: sum over events of x less the mean of x over
    w(t) exp(x'b), Breslow's rule for ties; w is 1 until death or censoring, after death at D it is
    G(t-)/G(D-), G the Kaplan-Meier estimate of no censoring (a death at the time of a censoring comes first).
    Covariance: I^-1 sum (eta + psi)(eta + psi)' I^-1 over subjects, with
    eta = int (x - mean) dM and psi = int q(u)/Y(u) dM_censoring(u), where q(u) adds what those who died by u
    take from the score after u.  Censorings at one time count as one after the other.
    ``score_test`` and ``likelihood_ratio_test`` take events as independent; ``robust_score_test`` and
    ``wald_test`` do not.  Without deaths it is :func:`andersen_gill` with ``ties="breslow"``.

    R: ``mets::recreg(Event(start, stop, status) ~ x + cluster(id), cause = 1, death.code = 2,
    cens.model = ~strata(z))``, which breaks ties of events.  SAS: none; by a data step with the weights and
    ``PROC PHREG; WEIGHT``, without psi.

    References
    ----------
    Ghosh and Lin, Statistica Sinica 12 (2002), 663-688, section 2.2 (inverse probability of censoring).

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "c", "d"], [0, 30, 0, 0, 20, 0], [30, 90, 40, 20, 70, 75], [1, 1, 2, 1, 0, 1]
    ... )
    >>> fit = ghosh_lin(data, pd.DataFrame({"treated": [0, 0, 1, 0, 0, 1]}))
    >>> fit.coefficient.round(4), fit.std_error.round(4), fit.n_subjects, fit.n_events
    (array([-1.0378]), array([0.6956]), 4, 4)
    """
    return _fit(data, covariates, censoring_strata, 0.0, conf_level)


def weighted_composite(
    data: RecurrentEvents,
    covariates: pd.DataFrame,
    *,
    death_weight: float = 1.0,
    censoring_strata: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> RegressionFit:
    """Log ratios of the mean of recurrent events plus a weight for death (Mao and Lin).

    Use it where an arm could have fewer events because more die: death counts as ``death_weight`` events.
    The weight is a judgement, to be made before the data are seen.

    Parameters
    ----------
    data, covariates, censoring_strata, conf_level
        As :func:`ghosh_lin`.
    death_weight : float
        What a death counts for, in events; more than 0.

    Returns
    -------
    RegressionFit
        As :func:`ghosh_lin`; ``n_events`` counts events and deaths, without weights.

    Raises
    ------
    InvalidArgument
        ``death_weight`` not above 0; else as :func:`ghosh_lin`.
    NotEstimable, NotConverged
        As :func:`ghosh_lin`.

    Notes
    -----
    E[N(t) + weight D(t)] = mu(t) exp(x'b), D(t) whether death has come by t; estimated as in
    :func:`ghosh_lin`, weights after death by the Kaplan-Meier estimate of no censoring (Mao and Lin use a Cox
    model of censoring).

    R: ``mets::recreg(..., cause = c(1, 2), death.code = 2, wcomp = c(1, weight))``; ``Wcompo::CompoML``
    models censoring by Cox regression and counts an event again at every other time of the data less than
    ``ep`` (1e-4) away: make its times whole numbers before comparing.  SAS: none.

    References
    ----------
    Mao and Lin, Biostatistics 17 (2016), 390-403.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "c", "d"], [0, 30, 0, 0, 20, 0], [30, 90, 40, 20, 70, 75], [1, 1, 2, 1, 0, 1]
    ... )
    >>> fit = weighted_composite(data, pd.DataFrame({"treated": [0, 0, 1, 0, 0, 1]}), death_weight=2)
    >>> fit.coefficient.round(4), fit.std_error.round(4), fit.n_events
    (array([0.0879]), array([0.2262]), 5)
    """
    weight = checks.finite(death_weight, "death_weight", least=0)
    if weight == 0:
        raise InvalidArgument("death_weight must be above 0: with 0 it is ghosh_lin")
    if weight > LARGEST_WEIGHT:
        raise InvalidArgument(f"death_weight must be at most {LARGEST_WEIGHT:g}, got {weight:g}")
    return _fit(data, covariates, censoring_strata, weight, conf_level)


def _fit(
    data: RecurrentEvents,
    covariates: pd.DataFrame,
    censoring_strata: ArrayLike | None,
    death_weight: float,
    conf_level: float,
) -> RegressionFit:
    """Maximise the weighted likelihood and sum the influences."""
    checks.probability(conf_level, "conf_level")
    n = data.stop.size
    names, matrix = covariate_matrix(covariates, n)
    group = None if censoring_strata is None else label_codes(censoring_strata, n, "censoring_strata")[0]
    sample = ghosh_lin_sample(data, matrix, group, death_weight)
    maximum, at = maximise(sample.rows, names)
    inverse = invert(maximum.at.information)
    covariance = estimable(sandwich(subject_scores(sample, at), inverse), inverse)
    null = subject_scores(sample, moments(sample.rows, np.zeros(len(names))))
    robust = chi_square_test(*quadratic_form(null.sum(axis=0), null.T @ null), "robust score test at 0")
    silent = [name for name, value in zip(names, np.diag(covariance), strict=True) if np.isnan(value)]
    return RegressionFit(
        **coefficient_fields(names, maximum.coefficient, covariance, inverse, conf_level),
        **model_fields(maximum, covariance, robust),
        n_subjects=sample.censored.size,
        n_events=sample.event_weight.size,
        method=_method(death_weight, group is not None, sample.censored.size)
        + f", {100 * conf_level:g} percent Wald limits and p-values"
        + (f"; no standard error of {name_some(silent)}: the scores of all subjects are 0" if silent else ""),
    )


def _method(death_weight: float, by_strata: bool, n_subjects: int) -> str:
    """Say what a reader must know to repeat the numbers."""
    what = "Ghosh-Lin model of the mean number of events, death ending them"
    if death_weight:
        what = f"Mao-Lin model of the mean of events plus {death_weight:g} times death"
    within = " within strata" if by_strata else ""
    return (
        f"{what}, Breslow's rule for ties, weights G(t-) after death by Kaplan-Meier of censoring{within}, "
        f"covariance by the influence of {n_subjects} subjects with the estimated weights"
    )
