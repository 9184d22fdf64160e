"""Trials drawn from laws whose survival, incidence and effects are known in closed form.

Time is in years (in months where rounded up), with the cumulative hazard ``t**SHAPE * exp(effect)`` of one
event, or constant rates of two causes.  Censoring is uniform and takes 30 to 50 percent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skeletal.data import CompetingRisks, RightCensored

SHAPE = 1.3
CENSORED = (0.3, 2.2)  # first and last year in which follow-up ends
MONTHS = 12
RATES = (0.6, 0.4)  # of the cause of interest and of the other
CAUSES = ("SSE", "death")
SHARE = 0.5  # who ever has the event of interest under proportional subdistribution hazards


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A sample with what may be known at baseline."""

    data: RightCensored | CompetingRisks
    arm: np.ndarray
    covariates: pd.DataFrame
    stratum: np.ndarray
    cluster: np.ndarray


def survival(time, effect=0.0):
    """Return P(T > t)."""
    return np.exp(-cumulative_hazard(time, effect))


def cumulative_hazard(time, effect=0.0):
    return np.asarray(time, dtype=float) ** SHAPE * np.exp(effect)


def incidence(time, effects=(0.0, 0.0), cause=0):
    """Return the probability of the cause by t under constant rates times exp(effect)."""
    rates = np.multiply(RATES, np.exp(effects))
    return rates[cause] / rates.sum() * -np.expm1(-rates.sum() * np.asarray(time, dtype=float))


def subdistribution(time, effect=0.0):
    """Return the incidence 1 - (1 - SHARE (1 - exp(-t)))^exp(effect)."""
    return 1 - (1 - SHARE * -np.expm1(-np.asarray(time, dtype=float))) ** np.exp(effect)


def baseline(rng, n, *, arms=2, rows_per_cluster=1):
    """Return arm, covariates (the arm, an age, a sex), stratum and cluster; clusters share them."""
    cluster = np.repeat(np.arange(-(-n // rows_per_cluster)), rows_per_cluster)[:n]
    arm, stratum = rng.integers(0, arms, n)[cluster], rng.integers(0, 3, n)[cluster]
    covariates = pd.DataFrame(
        {
            "arm": (arm > 0) * 1.0,
            "age": rng.normal(size=n)[cluster],
            "male": rng.integers(0, 2, n)[cluster] * 1.0,
        }
    )
    return arm, covariates, stratum, cluster


def one_event(  # one option a feature of the data
    rng,
    n,
    *,
    effect=(0.0, 0.0, 0.0),
    by_stratum=0.0,
    months=False,
    late=False,
    arms=2,
    rows_per_cluster=1,
    longer=0.0,  # how much longer each further arm is followed
):
    """Draw a trial with one event whose hazard is proportional in the covariates (and the stratum)."""
    arm, covariates, stratum, cluster = baseline(rng, n, arms=arms, rows_per_cluster=rows_per_cluster)
    log_ratio = covariates.to_numpy() @ np.asarray(effect) + by_stratum * stratum
    shared = rng.uniform(size=n) < 0.5 if rows_per_cluster > 1 else np.zeros(n, dtype=bool)
    exposure = np.where(shared, rng.exponential(size=n)[cluster], rng.exponential(size=n))
    entry = np.where(rng.uniform(size=n) < 0.5, 0.0, rng.uniform(0, 0.6, n)) if late else np.zeros(n)
    time = (entry**SHAPE + exposure * np.exp(-log_ratio)) ** (1 / SHAPE)
    end = entry + rng.uniform(*CENSORED, n) * (1 + longer * arm)
    if months:
        time, end, entry = (np.ceil(MONTHS * values) for values in (time, end, entry))
    data = RightCensored(np.minimum(time, end), time <= end, entry=entry if late else None)
    return Trial(data=data, arm=arm, covariates=covariates, stratum=stratum, cluster=cluster)


def two_causes(
    rng, n, *, effects=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), months=False, late=False, rows_per_cluster=1
):
    """Draw a trial with two causes of constant rates, each proportional in the covariates."""
    arm, covariates, stratum, cluster = baseline(rng, n, rows_per_cluster=rows_per_cluster)
    rates = np.array(RATES) * np.exp(covariates.to_numpy() @ np.array(effects).T)
    shared = rng.uniform(size=n) < 0.5 if rows_per_cluster > 1 else np.zeros(n, dtype=bool)
    exposure = np.where(shared, rng.exponential(size=n)[cluster], rng.exponential(size=n))
    which = np.where(shared, rng.uniform(size=n)[cluster], rng.uniform(size=n))
    entry = np.where(rng.uniform(size=n) < 0.5, 0.0, rng.uniform(0, 0.6, n)) if late else np.zeros(n)
    time, end = entry + exposure / rates.sum(axis=1), entry + rng.uniform(*CENSORED, n)
    cause = np.where(which < rates[:, 0] / rates.sum(axis=1), 1, 2)
    if months:
        time, end, entry = (np.ceil(MONTHS * values) for values in (time, end, entry))
    data = CompetingRisks(
        np.minimum(time, end), np.where(time <= end, cause, 0), CAUSES, entry=entry if late else None
    )
    return Trial(data=data, arm=arm, covariates=covariates, stratum=stratum, cluster=cluster)


def proportional_subdistribution(
    rng, n, *, effect=(0.0, 0.0, 0.0), months=False, arms=2, other=0.5, longer=0.0
):
    """Draw a trial whose incidence of the cause is ``subdistribution``; arms differ in the other cause."""
    arm, covariates, stratum, cluster = baseline(rng, n, arms=arms)
    ratio = np.exp(covariates.to_numpy() @ np.asarray(effect))
    ever = 1 - (1 - SHARE) ** ratio
    own = rng.uniform(size=n) < ever
    level = 1 - (1 - rng.uniform(size=n) * ever) ** (1 / ratio)
    time = np.where(own, -np.log1p(-level / SHARE), rng.exponential(np.exp(other * arm)))
    end = rng.uniform(*CENSORED, n) * (1 + longer * arm)
    if months:
        time, end = np.ceil(MONTHS * time), np.ceil(MONTHS * end)
    data = CompetingRisks(np.minimum(time, end), np.where(time <= end, np.where(own, 1, 2), 0), CAUSES)
    return Trial(data=data, arm=arm, covariates=covariates, stratum=stratum, cluster=cluster)
