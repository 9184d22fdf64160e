"""Second implementations for means of recurrent events: loops over times and subjects, orders enumerated."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np


def naive_mean_test(rows, arm, *, strata=None, weight="constant", variance="robust"):
    """Observed less expected (k,) and its variance (k, k), from (subject, start, stop, status) rows."""
    strata = ["all"] * len(rows) if strata is None else strata
    arms, k = sorted(set(arm)), len(set(arm))
    tables = {
        s: _table([(*r, a) for r, a, b in zip(rows, arm, strata, strict=True) if b == s], arms)
        for s in strata
    }
    tau = max((t for table in tables.values() for t, cells in table["times"] if _shared(cells)), default=1.0)
    score, poisson = np.zeros(k), np.zeros((k, k))
    influence = {row[0]: np.zeros(k) for row in rows}
    for table in tables.values():
        steps = []
        for t, cells in table["times"]:
            total = sum(cell["at_risk"] for cell in cells.values())
            scale = max(tau - t, 0) / tau if weight == "linear" else 1.0
            for j, g in product(range(k), range(k)):
                cell = cells[arms[g]]
                pull = scale * ((j == g) - cells[arms[j]]["at_risk"] / total)
                score[j] += pull * cell["alive"] * cell["events"]
                steps.append((t, j, arms[g], pull, cell))
                for i in range(k):
                    other = scale * ((i == g) - cells[arms[i]]["at_risk"] / total)
                    poisson[i, j] += other * pull * cell["events"]
        for row in table["rows"]:
            for t, j, g, pull, cell in steps:
                subject, start, stop, status, own = row
                if own != g or not start < t <= stop:
                    continue
                n = cell["at_risk"]
                event, death = (stop == t and status == 1), (stop == t and status == 2)
                later = sum(
                    p * c["alive"] * c["events"] for u, i, h, p, c in steps if u > t and i == j and h == g
                )
                influence[subject][j] += pull * cell["alive"] * (event - cell["events"] / n)
                influence[subject][j] -= later / n * (death - cell["deaths"] / n)
    robust = sum(np.outer(psi, psi) for psi in influence.values())
    return score, robust if variance == "robust" else poisson


def _table(rows, arms):
    """Return the rows, and by time what happens in each arm."""
    alive, times = dict.fromkeys(arms, 1.0), []
    for t in sorted({stop for _, _, stop, _, _ in rows}):
        cells = {}
        for a in arms:
            at_risk = sum(start < t <= stop for _, start, stop, _, own in rows if own == a)
            ended = [status for _, _, stop, status, own in rows if own == a and stop == t]
            cells[a] = {
                "at_risk": at_risk,
                "events": ended.count(1),
                "deaths": ended.count(2),
                "alive": alive[a],
            }
            alive[a] *= 1 - ended.count(2) / at_risk if at_risk else 1.0
        if sum(cell["at_risk"] for cell in cells.values()):
            times.append((t, cells))
    return {"rows": rows, "times": times}


def _shared(cells):
    return sum(cell["at_risk"] > 0 for cell in cells.values()) > 1


def follow_up(rows):
    """Return the end of each subject (in order) and whether it died, of subjects observed in one piece."""
    last = {subject: (stop, status == 2) for subject, _, stop, status in sorted(rows)}
    return np.array([end for end, _ in last.values()], dtype=float), np.array(
        [died for _, died in last.values()]
    )


def naive_while_alive(rows, horizon):
    """Means of events and time alive, and the influence of each subject, as weighted averages.

    Weights are the inverse of Kaplan-Meier's estimate of being observed, tied censorings in every order.
    """
    end, died = follow_up(rows)
    tied = [np.flatnonzero(~died & (end == t)) for t in sorted(set(end[~died]))]
    results = [
        _weighted_means(rows, end, died, horizon, [i for group in order for i in group])
        for order in product(*(permutations(group) for group in tied))
    ]
    return results[0][0], np.mean([influence for _, influence in results], axis=0)


def _weighted_means(rows, end, died, horizon, order):
    n = len(end)
    subjects = sorted({row[0] for row in rows})
    observed, moments = 1.0, []  # (time, probability from it on, subject, at risk)
    risk = []
    for i in order:
        gone = set(order[: order.index(i)])
        at_risk = [
            j for j in range(n) if j not in gone and (end[j] > end[i] or (end[j] == end[i] and not died[j]))
        ]
        observed *= 1 - 1 / len(at_risk)
        moments.append((end[i], observed))
        risk.append((end[i], i, at_risk))

    def before(t):
        return min((p for u, p in moments if u < t), default=1.0)

    parts = [[], []]  # of each mean: (time from which it is known, subject, value)
    for subject, _, stop, status in rows:
        if status == 1 and stop <= horizon:
            parts[0].append((stop, subjects.index(subject), 1 / before(stop)))
    for i in range(n):
        if died[i] or end[i] >= horizon:
            known = min(end[i], horizon)
            parts[1].append((known, i, known / before(known)))
    means = np.array([sum(value for *_, value in part) / n for part in parts])
    influence = np.zeros((n, 2))
    for j, part in enumerate(parts):
        for _, i, value in part:
            influence[i, j] += value / n
        influence[:, j] -= means[j] / n
        for t, i, at_risk in risk:
            if t >= horizon:
                continue
            rest = sum(value for known, _, value in part if known > t) / n
            influence[i, j] += rest / len(at_risk)
            for other in at_risk:
                influence[other, j] -= rest / len(at_risk) ** 2
    return means, influence


def naive_time_alive(rows, horizon):
    """Mean time alive to the horizon, and each subject's influence by the deaths, with gaps."""
    alive, at, mean, areas = 1.0, 0.0, 0.0, []
    for t in sorted({stop for *_, stop, status in rows if status == 2 and stop <= horizon}):
        mean += alive * (t - at)
        at_risk = sum(start < t <= stop for _, start, stop, _ in rows)
        deaths = sum(stop == t and status == 2 for *_, stop, status in rows)
        alive, at = alive * (1 - deaths / at_risk), t
        areas.append((t, at_risk, deaths, mean))
    mean += alive * (horizon - at)
    influence = {subject: 0.0 for subject, *_ in sorted(rows)}
    for t, at_risk, deaths, reached in areas:
        for subject, start, stop, status in rows:
            if start < t <= stop:
                own = stop == t and status == 2
                influence[subject] -= (mean - reached) / at_risk * (own - deaths / at_risk)
    return mean, np.array(list(influence.values()))
