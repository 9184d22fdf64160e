"""Pairs compared one by one, as plain as their definitions."""

from __future__ import annotations

import numpy as np


def duel(first, second, margins, *, event_first=False):
    """Priority that decides and who wins, 1 the first, -1 the second; both are rows of (time, event)."""
    for p, ((t, e), (u, f), margin) in enumerate(zip(first, second, margins, strict=True)):
        for time, event, other, other_event, winner in ((u, f, t, e, 1), (t, e, u, f, -1)):
            gap = other - time
            if event and (gap > margin or (event_first and not other_event and gap >= margin)):
                return p, winner
    return None, 0


def rows_of(priorities):
    """Each subject's (time, event) by priority."""
    n = priorities[0].n_subjects
    return [[(p.time[i], p.event[i]) for p in priorities] for i in range(n)]


def naive_pairs(priorities, experimental, *, event_first=False):
    """Wins and losses by priority, experimental and control subject; shape (k, n, m)."""
    rows, margins = rows_of(priorities), [p.margin for p in priorities]
    first, second = np.flatnonzero(experimental), np.flatnonzero(~experimental)
    wins, losses = (np.zeros((len(priorities), first.size, second.size)) for _ in range(2))
    for a, i in enumerate(first):
        for b, j in enumerate(second):
            p, winner = duel(rows[i], rows[j], margins, event_first=event_first)
            if winner:
                (wins if winner > 0 else losses)[p, a, b] = 1
    return wins, losses


def scores(priorities, *, event_first=False):
    """Wins less losses of each subject against all others."""
    rows, margins = rows_of(priorities), [p.margin for p in priorities]
    return np.array(
        [sum(duel(row, other, margins, event_first=event_first)[1] for other in rows) for row in rows]
    )


def share_covariance(wins, losses):
    """Shares of matrices of pairs, and their covariance by projections with n^2."""
    n, m = wins.shape
    covariance = np.zeros((2, 2))
    for axis, size in ((1, n), (0, m)):
        for win, loss in zip(wins.mean(axis=axis), losses.mean(axis=axis), strict=True):
            d = np.array([win - wins.mean(), loss - losses.mean()])
            covariance += np.outer(d, d) / size**2
    return np.array([wins.mean(), losses.mean()]), covariance


class Curve:
    """Kaplan-Meier curve of one arm as masses at the times of events, and what is left."""

    def __init__(self, time, event):
        self.time, self.event = np.asarray(time, float), np.asarray(event)
        self.jumps = np.unique(self.time[self.event == 1])
        self.at_risk = np.array([(self.time >= u).sum() for u in self.jumps])
        deaths = np.array([((self.time == u) & (self.event == 1)).sum() for u in self.jumps])
        self.hazard = deaths / self.at_risk
        self.survival = np.cumprod(1 - self.hazard)
        self.ended = bool(self.jumps.size) and self.survival[-1] < 1e-12

    def masses(self, after):
        """Return times, chances and what is left of an event that comes later than ``after``."""
        values = np.append(1.0, self.survival)
        start = values[(self.jumps <= after).sum()]
        later = self.jumps > after
        return self.jumps[later], (values[:-1] - values[1:])[later] / start, values[-1] / start

    def known(self, time):
        """Whether the chance to be without event at ``time`` is known."""
        return time <= self.time.max() or self.ended


def outlives(t, e, u, f, own, other, margin):
    """Chance that the subject (t, e) of one arm outlives (u, f) of the other by more than the margin."""
    mine = ([t], [1.0], 0.0) if e else own.masses(t)
    theirs = ([u], [1.0], 0.0) if f else other.masses(u)
    total = 0.0
    for time, mass in zip(theirs[0], theirs[1], strict=True):
        total += mass * sum(q for s, q in zip(mine[0], mine[1], strict=True) if s - time > margin)
        if not e and (t - time > margin or own.known(time + margin)):
            total += mass * mine[2]
    return total


def naive_expected(priorities, experimental, curves):
    """Chances to win and to lose of each pair by priority; curves: (experimental, control) by priority."""
    first, second = np.flatnonzero(experimental), np.flatnonzero(~experimental)
    wins, losses = (np.zeros((len(priorities), first.size, second.size)) for _ in range(2))
    for a, i in enumerate(first):
        for b, j in enumerate(second):
            open_share = 1.0
            for p, (priority, (own, other)) in enumerate(zip(priorities, curves, strict=True)):
                one = priority.time[i], priority.event[i]
                two = priority.time[j], priority.event[j]
                win = outlives(*one, *two, own, other, priority.margin)
                loss = outlives(*two, *one, other, own, priority.margin)
                wins[p, a, b], losses[p, a, b] = open_share * win, open_share * loss
                open_share *= 1 - win - loss
    return wins, losses


def censored_before(time, complete, t, *, including):
    """Kaplan-Meier chance not to be censored before ``t``, or until it."""
    chance = 1.0
    for c in np.unique(time[~complete]):
        if c < t or (including and c == t):
            chance *= 1 - ((time == c) & ~complete).sum() / (time >= c).sum()
    return chance


def naive_recurrent(end, died, events, experimental, kind):
    """Wins and losses by death, number and time of events; shape (3, n, m)."""
    first, second = np.flatnonzero(experimental), np.flatnonzero(~experimental)
    wins, losses = (np.zeros((3, first.size, second.size)) for _ in range(2))
    for a, i in enumerate(first):
        for b, j in enumerate(second):
            level, result = recurrent_duel((end[i], died[i], events[i]), (end[j], died[j], events[j]), kind)
            wins[level, a, b], losses[level, a, b] = result > 0, result < 0
    return wins, losses


def recurrent_duel(one, two, kind):
    """Level that decides and who wins (positive: the first)."""
    until = min(one[0], two[0])
    dead = [row[1] and row[0] == until for row in (one, two)]
    if dead[0] != dead[1]:
        return 0, 1 if dead[1] else -1
    mine, theirs = (sorted(t for t in row[2] if t <= until) for row in (one, two))
    if len(mine) != len(theirs):
        return 1, len(theirs) - len(mine)
    if not mine or kind == "naive":
        return 2, 0
    place = 0 if kind == "first-event" else -1
    return 2, mine[place] - theirs[place]
