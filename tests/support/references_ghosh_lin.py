"""Second implementation of Ghosh and Lin's regression: weights and risk sets written out."""

from __future__ import annotations

import numpy as np


class NaiveGhoshLin:
    """Score, information, likelihood and influences at one coefficient, from the definition.

    Rows (start, stop] of subjects with covariates ``x``; ``status`` 1 an event, 2 death, which counts
    ``death_weight`` events; ``group`` is the censoring stratum of each row.
    """

    def __init__(self, subject, start, stop, status, x, *, group=None, death_weight=0.0):
        self.rows = list(zip(subject, start, stop, status, np.asarray(x, float), strict=True))
        groups = dict(zip(subject, group if group is not None else np.zeros(len(self.rows)), strict=True))
        self.ids = sorted({row[0] for row in self.rows})
        lasts = [max((row for row in self.rows if row[0] == i), key=lambda row: row[2]) for i in self.ids]
        self.end = np.array([row[2] for row in lasts])
        self.dead = np.array([row[3] == 2 for row in lasts])
        self.last_x = np.array([row[4] for row in lasts])
        self.group = np.array([groups[i] for i in self.ids])
        self.events = [
            (self.ids.index(i), b, 1.0 if code == 1 else death_weight, x)
            for i, a, b, code, x in self.rows
            if code == 1 or (code == 2 and death_weight > 0)
        ]
        self.times = np.array(sorted({event[1] for event in self.events}))

    def free(self, g, t):
        """Probability of group ``g`` of no censoring before ``t``."""
        own, value = self.group == g, 1.0
        for u in np.unique(self.end[own & ~self.dead]):
            if u < t:
                value *= 1 - np.sum(own & ~self.dead & (self.end == u)) / np.sum(own & (self.end >= u))
        return value

    def at_risk(self):
        """Return weight (subjects, times) and covariates (subjects, times, p)."""
        n, m, p = len(self.ids), self.times.size, self.last_x.shape[1]
        weight, z = np.zeros((n, m)), np.zeros((n, m, p))
        for i, a, b, _, x in self.rows:
            inside = (self.times > a) & (self.times <= b)
            weight[self.ids.index(i), inside] = 1.0
            z[self.ids.index(i), inside] = x
        for i in np.flatnonzero(self.dead):
            after = self.times > self.end[i]
            own = self.free(self.group[i], self.end[i])
            weight[i, after] = [self.free(self.group[i], t) / own for t in self.times[after]]
            z[i, after] = self.last_x[i]
        return weight, z

    def at(self, beta):
        """Return log likelihood, score, information and the influence of each subject on the score."""
        weight, z = self.at_risk()
        risk = weight * np.exp(z @ beta)
        total = risk.sum(axis=0)
        mean = np.einsum("it,itp->tp", risk, z) / total[:, None]
        spread = z - mean
        variance = np.einsum("it,itp,itq->tpq", risk, spread, spread) / total[:, None, None]
        count, value = np.zeros(self.times.size), 0.0
        score, influence = np.zeros(beta.size), np.zeros((len(self.ids), beta.size))
        for i, t, size, x in self.events:
            k = int(np.searchsorted(self.times, t))
            count[k] += size
            value += size * (x @ beta - np.log(total[k]))
            score += size * (x - mean[k])
            influence[i] += size * (x - mean[k])
        taken = (risk * count / total)[:, :, None] * spread  # what each takes from the score at each time
        influence -= taken.sum(axis=1)
        influence += self.of_censoring(taken)
        return value, score, np.einsum("t,tpq->pq", count, variance), influence

    def of_censoring(self, taken):
        """Influence through the estimated weights; tied censorings one after the other, in any order."""
        parts = np.zeros((len(self.ids), taken.shape[2]))
        for g in np.unique(self.group):
            own = self.group == g
            for u in np.unique(self.end[own & ~self.dead]):
                tied = own & ~self.dead & (self.end == u)
                there, size = own & (self.end >= u), int(tied.sum())
                q = taken[own & self.dead & (self.end <= u)][:, self.times > u].sum(axis=(0, 1))
                rates = 1 / (there.sum() - np.arange(size))
                own_part = [rates[k] - np.sum(rates[: k + 1] ** 2) for k in range(size)]
                parts[tied] += q * np.mean(own_part)
                parts[there & ~tied] -= q * np.sum(rates**2)
        return parts

    def fit(self):
        """Return coefficient and covariance."""
        beta = np.zeros(self.last_x.shape[1])
        for _ in range(30):
            _, score, information, influence = self.at(beta)
            beta = beta + np.linalg.solve(information, score)
        _, score, information, influence = self.at(beta)
        inverse = np.linalg.inv(information)
        return beta, inverse @ influence.T @ influence @ inverse
