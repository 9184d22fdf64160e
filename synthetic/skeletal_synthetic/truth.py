"""The true values that a simulated trial estimates, by numerical integration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from skeletal.arrays import DAYS_PER_YEAR, FloatArray, as_floats
from skeletal.checks import rows_where
from skeletal.errors import NotConverged

from .kinds import check_kinds, counts, event_kinds, has_closed_form
from .scenarios import check_time_zero, find_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from skeletal.study import Endpoint, Scenario, Study

TOLERANCE = 1e-10
QUANTITIES = (
    "cumulative_incidence",
    "event_free_survival",
    "risk_without_death",
    "mean_cumulative_events",
    "survival",
)


def true_values(study: Study, scenario: str, times: ArrayLike) -> pd.DataFrame:
    """Integrate the true probabilities and mean numbers of each endpoint and arm, without dropout.

    Use it to check estimators and simulations, and to choose the rates of a scenario.

    Parameters
    ----------
    study : Study
    scenario : str
        Name of one of the study's scenarios.
    times : array_like of float, shape (m,)
        Days of analysis time (date - time zero + 1), at least 0 and within the follow-up.

    Returns
    -------
    DataFrame
        One row an endpoint, arm, quantity and time: ``endpoint``, ``time``, ``arm``, ``quantity``,
        ``value``.  Quantities: ``cumulative_incidence`` of a first event with death competing;
        ``event_free_survival``; ``risk_without_death``, of a first event had nobody died (the hazard of
        death set to 0); ``mean_cumulative_events``, the mean number of events *before the gap rule* and
        without the procedures that treat an event, death ending it; ``survival``.  An endpoint without
        components has ``survival`` only, and so has one whose events are not those of the scenario's
        process alone: a component reads a derived table, deaths, or rows that the models of pain, scores
        or stays make, or the unit is the lesion, or its time zero differs from the study's.  An endpoint
        counted from the treatment, of a study counted from randomisation, has no row.

    Raises
    ------
    InvalidArgument
        If the study has no such scenario, its time zero is a date that a scenario does not describe, or a
        time is negative or not finite.
    NotConverged
        If the integral over the frailty misses its tolerance of 1e-10.

    Notes
    -----
    An event is dated by the day on which it happens.  Silent events (``imaging.silent``) are recorded at
    the film that finds them, or never: records show fewer and later events than the truth by a day.

    The events of an endpoint are those of the components whose simulated rows its filters take.  With
    frailty z, event rate a = rate * share of those events * z and death rate
    b = death_rate * z ** frailty_death_power: the cumulative incidence at t is the mean over z of
    a / (a + b) * (1 - exp(-(a + b) t)), the event-free survival that of exp(-(a + b) t), the risk without
    death that of 1 - exp(-a t), the mean number of events that of a / b * (1 - exp(-b t)) and the survival
    that of exp(-b t).  Where time zero is treatment, z is distributed as among those alive then.

    R: integrate() over dgamma.  SAS: CALL QUAD.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> truth = true_values(load_study("hermes"), "planning", [365])
    >>> truth.query("endpoint == 'death'")["quantity"].unique().tolist()
    ['survival']
    """
    chosen = find_scenario(study, scenario)
    check_time_zero(study)
    check_kinds(study, chosen)
    days = as_floats(times, "times")
    rows_where(~np.isfinite(days) | (days < 0), "times must be finite and at least 0")
    blocks = [
        _block(name, arm, quantity, days, values)
        for name, endpoint in study.endpoints.items()
        for arm in study.arm_names
        for quantity, values in _endpoint_values(study, chosen, endpoint, arm, days).items()
    ]
    return pd.concat(blocks, ignore_index=True)


def _block(endpoint: str, arm: str, quantity: str, days: FloatArray, values: FloatArray) -> pd.DataFrame:
    return pd.DataFrame(
        {"endpoint": endpoint, "time": days, "arm": arm, "quantity": quantity, "value": values}
    )


def _endpoint_values(
    study: Study, scenario: Scenario, endpoint: Endpoint, arm: str, days: FloatArray
) -> dict[str, FloatArray]:
    time_zero = endpoint.time_zero or study.time_zero
    if time_zero not in ("randomised_date", study.time_zero):
        return {}
    share = sum(kind.share for kind in event_kinds(study, scenario) if counts(study, endpoint, kind))
    event_rate = scenario.event_rate[arm] * share
    death_rate = scenario.death_rate[arm]
    years = days / DAYS_PER_YEAR
    waits = np.zeros(1)
    if time_zero == "treatment_date":
        least, most = scenario.treatment_delay_days
        waits = np.arange(least, most + 1) / DAYS_PER_YEAR

    def integrand(frailty: float) -> FloatArray:
        a, b = event_rate * frailty, death_rate * frailty**scenario.frailty_death_power
        alive = float(np.exp(-b * waits).mean())
        values = np.stack(
            [
                a * _spent(a + b, years),
                np.exp(-(a + b) * years),
                a * _spent(a, years),
                a * _spent(b, years),
                np.exp(-b * years),
            ]
        )
        return np.asarray(np.vstack([values, np.ones_like(years)]) * alive, dtype=np.float64)

    *means, alive = mean_over_frailty(integrand, scenario.frailty_variance)
    values = {name: mean / alive for name, mean in zip(QUANTITIES, means, strict=True)}
    closed = bool(endpoint.components) and time_zero == study.time_zero
    if closed and has_closed_form(study, scenario, endpoint):
        return values
    return {"survival": values["survival"]}


def _spent(rate: float, years: FloatArray) -> FloatArray:
    """Return (1 - exp(-rate * t)) / rate, which is t where the rate is 0."""
    spent = rate * years  # dividing by this, not by the rate, keeps digits where the rate is next to nothing
    share = np.divide(-np.expm1(-spent), spent, out=np.ones_like(years), where=spent != 0)
    return np.asarray(years * share, dtype=np.float64)


def mean_over_frailty(integrand: Callable[[float], FloatArray], variance: float) -> FloatArray:
    """Return the mean of ``integrand`` over a gamma frailty of mean 1, as an integral over its quantiles."""
    if variance == 0:
        return integrand(1.0)
    shape = 1 / variance

    def at_quantile(p: float) -> Any:
        return integrand(float(gammaincinv(shape, p)) * variance)

    from scipy.integrate import quad_vec  # noqa: PLC0415  (slow to import, and only the truth needs it)

    value, error = quad_vec(at_quantile, 0.0, 1.0, epsabs=TOLERANCE, epsrel=0.0, norm="max", limit=2000)
    if error > 10 * TOLERANCE:
        raise NotConverged(f"the integral over the frailty stopped at an error of {error:g}")
    return np.asarray(value, dtype=np.float64)
