"""Size of tests and coverage of limits of win statistics.

Death and fracture have constant rates and do not depend on each other; subjects are lost at a constant rate
and all others are seen for HORIZON years.  The first of the two deaths and two losses of a pair then comes at
a constant rate, and up to it (or HORIZON) the pair is followed, so that the shares of wins are integrals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.integrate import quad
from scipy.stats import poisson, skellam
from tests.statistical.harness import Case, covers
from tests.statistical.recurrent_cases import histories

from skeletal.data import RecurrentEvents
from skeletal.pairwise import Priority, recurrent_win_ratio, win_statistics

HORIZON = 1.5
LOSS = 0.3  # rate at which subjects are lost
DEATHS, FRACTURES = (0.6, 0.4), (0.9, 0.6)  # rates by arm, where arms differ
EVENTS = (1.6, 1.0)  # of events that recur
HARDER = (1.0, 1.8)  # by how much the rates of a stratum are higher
KINDS = ("naive", "last-event", "first-event")


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Priorities with the arm and the stratum of each subject."""

    priorities: tuple[Priority, ...]
    arm: np.ndarray
    stratum: np.ndarray


def followed(deaths, after):
    """Return the mean of ``after`` at the end of follow-up of a pair, over pairs that death leaves open."""
    total = sum(deaths) + 2 * LOSS
    lost = quad(lambda m: 2 * LOSS * np.exp(-total * m) * after(m), 0, HORIZON)[0]
    return lost + np.exp(-total * HORIZON) * after(HORIZON)


def by_death(deaths):
    """Return the shares of pairs that death decides for and against the second arm."""
    total = sum(deaths) + 2 * LOSS
    return np.array(deaths) / total * -np.expm1(-total * HORIZON)


def first_of(rates, time):
    """Return the chances that the event comes by ``time`` and to the first, or the second, arm first."""
    return np.array(rates) / sum(rates) * -np.expm1(-sum(rates) * time)


def shares(harder=1.0):
    """Return the shares of wins and losses of all pairs as they are seen."""
    deaths, fractures = harder * np.array(DEATHS), harder * np.array(FRACTURES)
    return by_death(deaths) + [followed(deaths, lambda m, k=k: first_of(fractures, m)[k]) for k in (0, 1)]


def shares_without_loss():
    """Return the shares of wins and losses if nobody were lost: by death, and by death and fracture."""
    death = first_of(DEATHS, HORIZON)
    return death, death + np.exp(-sum(DEATHS) * HORIZON) * first_of(FRACTURES, HORIZON)


def shares_of_counts(kind):
    """Return the shares of wins and losses by death, then the number (and time) of events."""

    def fewer(m, k):
        mine, other = EVENTS[1 - k] * m, EVENTS[k] * m
        share = skellam.cdf(-1, mine, other)
        if kind != "naive":  # equal numbers: their times are alike, either is later as often
            share += (skellam.pmf(0, mine, other) - poisson.pmf(0, mine + other)) / 2
        return share

    return by_death(DEATHS) + [followed(DEATHS, partial(fewer, k=k)) for k in (0, 1)]


def limits(result, wins, losses):
    """Return whether the limits of the three statistics hold those of the true shares."""
    truths = (wins / losses, wins - losses, (1 + wins - losses) / (1 - wins + losses))
    found = (result.win_ratio, result.net_benefit, result.win_odds)
    names = ("win ratio", "net benefit", "win odds")
    return {
        name: covers(truth, one.lower, one.upper)
        for name, truth, one in zip(names, truths, found, strict=True)
    }


def labelled(label, found):
    return {f"{label}, {name}": hit for name, hit in found.items()}


def two_outcomes(rng, n, *, deaths=DEATHS, fractures=FRACTURES, harder=(1.0, 1.0), more_lost=0.0):
    """Draw a trial; arms and strata are of one size."""
    arm, stratum = np.arange(n) % 2, np.arange(n) // 2 % 2
    factor = np.take(harder, stratum)
    death = rng.exponential(1 / (factor * np.take(deaths, arm)))
    fracture = rng.exponential(1 / (factor * np.take(fractures, arm)))
    lost = np.minimum(rng.exponential(1 / (LOSS + more_lost * arm)), HORIZON)
    end = np.minimum(death, lost)
    return Pairs(
        priorities=(
            Priority(end, death <= lost, label="death"),
            Priority(np.minimum(fracture, end), fracture <= end, label="fracture"),
        ),
        arm=arm,
        stratum=stratum,
    )


def frail(rng, n):
    """Draw a trial without an effect in which death and fracture of a subject depend on each other."""
    trial = two_outcomes(rng, n, deaths=(0.5, 0.5), fractures=(0.8, 0.8), harder=HARDER)
    factor = rng.gamma(2.0, 0.5, n)
    priorities = tuple(Priority(one.time / factor, one.event, label=one.label) for one in trial.priorities)
    return Pairs(priorities=priorities, arm=trial.arm, stratum=trial.stratum)


TRUTHS = {
    "gehan": shares(),
    "without loss": shares_without_loss(),
    "stratified": np.mean([shares(harder) for harder in HARDER], axis=0),
    **{kind: shares_of_counts(kind) for kind in KINDS},
}


def as_seen(trial):
    return limits(win_statistics(trial.priorities, trial.arm), *TRUTHS["gehan"])


def as_if_nobody_were_lost(trial):
    death, both = TRUTHS["without loss"]
    only = trial.priorities[0]
    weighted = win_statistics(only, trial.arm, scoring="ipcw")
    expected = win_statistics(trial.priorities, trial.arm, scoring="peron")
    return {
        **labelled("ipcw, death", limits(weighted, *death)),
        **labelled("peron, death then fracture", limits(expected, *both)),
    }


def in_strata(trial):
    found = {}
    for weight in ("mantel-haenszel", "equal"):
        result = win_statistics(trial.priorities, trial.arm, strata=trial.stratum, stratum_weight=weight)
        found |= labelled(weight, limits(result, *TRUTHS["stratified"]))
    return found


def p_values(trial):
    found = {}
    for label, options in (
        ("gehan", {}),
        ("ipcw", {"scoring": "ipcw"}),
        ("peron", {"scoring": "peron"}),
        ("stratified", {"strata": trial.stratum}),
        ("stratified, by size", {"strata": trial.stratum, "stratum_weight": "size"}),
    ):
        result = win_statistics(trial.priorities, trial.arm, **options)
        found[f"{label}, win ratio"] = result.win_ratio.p_value
        found[f"{label}, net benefit"] = result.net_benefit.p_value
        if not options or label == "stratified":
            found[f"{label}, Finkelstein-Schoenfeld"] = result.finkelstein_schoenfeld.p_value
    return found


def tests_with_unequal_loss(trial):
    result = win_statistics(trial.priorities, trial.arm)
    return {"win ratio": result.win_ratio.p_value, "net benefit": result.net_benefit.p_value}


def counts(rng, n):
    """Draw a trial with events that recur at a constant rate until death or loss."""
    arm = np.arange(n) % 2
    death = rng.exponential(1 / np.take(DEATHS, arm))
    lost = np.minimum(rng.exponential(1 / LOSS, n), HORIZON)
    end = np.minimum(death, lost)
    who = np.repeat(np.arange(n), rng.poisson(np.take(EVENTS, arm) * end))
    subject = np.concatenate([who, np.arange(n)])
    stop = np.concatenate([rng.uniform(0, end[who]), end])
    status = np.concatenate([np.ones(who.size, dtype=int), np.where(death <= lost, 2, 0)])
    order = np.lexsort((stop, subject))
    subject, stop, status = subject[order], stop[order], status[order]
    start = np.where(np.diff(subject, prepend=-1) == 0, np.append(0.0, stop[:-1]), 0.0)
    return RecurrentEvents(subject, start, stop, status, time_unit="years"), arm[subject]


def limits_of_counts(trial):
    found = {}
    for kind in KINDS:
        found |= labelled(kind, limits(recurrent_win_ratio(*trial, kind=kind), *TRUTHS[kind]))
    return found


def tests_of_counts(trial):
    found = {}
    for kind in KINDS:
        result = recurrent_win_ratio(trial.data, trial.arm, kind=kind)
        found[f"{kind}, win ratio"] = result.win_ratio.p_value
    found["last-event, Finkelstein-Schoenfeld"] = recurrent_win_ratio(
        trial.data, trial.arm
    ).finkelstein_schoenfeld.p_value
    found["last-event, stratified, win ratio"] = recurrent_win_ratio(
        trial.data, trial.arm, strata=trial.stratum
    ).win_ratio.p_value
    return found


ALIKE = {"deaths": (0.5, 0.5), "fractures": (0.8, 0.8)}
CASES = [
    Case(name="win statistics", kind="coverage", draw=two_outcomes, run=as_seen, n=150, reps=1000),
    Case(
        name="win statistics, losses allowed for",
        kind="coverage",
        draw=two_outcomes,
        run=as_if_nobody_were_lost,
        n=200,
        reps=400,
    ),
    Case(
        name="win statistics, 2 strata",
        kind="coverage",
        draw=partial(two_outcomes, harder=HARDER),
        run=in_strata,
        n=200,
        reps=500,
    ),
    Case(
        name="win statistics of recurrent events",
        kind="coverage",
        draw=counts,
        run=limits_of_counts,
        n=200,
        reps=500,
    ),
    Case(name="win statistics", kind="size", draw=frail, run=p_values, n=150, reps=300),
    Case(
        name="win statistics, one arm lost more often",
        kind="size",
        draw=partial(two_outcomes, more_lost=0.7, **ALIKE),
        run=tests_with_unequal_loss,
        n=200,
        reps=1000,
    ),
    Case(
        name="win statistics of recurrent events",
        kind="size",
        draw=histories,
        run=tests_of_counts,
        n=150,
        reps=300,
    ),
]
