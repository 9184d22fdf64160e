"""Second implementation of Fine and Gray's regression: every risk set written out, one subject at a time."""

from __future__ import annotations

import numpy as np


class NaiveFineGray:
    """Estimating function and its parts at one coefficient, from the formulas of the paper.

    ``z(i, t)`` is the covariate vector of subject ``i`` at ``t``; ``status`` 1 is the event, 2 competes.
    """

    def __init__(self, time, status, z, *, group=None, stratum=None):
        self.time, self.status, self.z = np.asarray(time, float), np.asarray(status), z
        self.n = len(self.time)
        zero = np.zeros(self.n, dtype=int)
        self.group = zero if group is None else np.asarray(group)
        self.stratum = zero if stratum is None else np.asarray(stratum)
        event = self.status == 1
        self.cells = sorted({(s, t) for s, t in zip(self.stratum[event], self.time[event], strict=True)})

    def free(self, g, t):
        """Probability of group ``g`` of no censoring before ``t``; 0 once nobody of it is left."""
        own = self.group == g
        if t > self.time[own].max():
            return 0.0
        value = 1.0
        for u in np.unique(self.time[own & (self.status == 0)]):
            if u < t:
                value *= 1 - np.sum(own & (self.status == 0) & (self.time == u)) / np.sum(
                    own & (self.time >= u)
                )
        return value

    def weight(self, i, t):
        """Weight of subject ``i`` in the risk set of its stratum at ``t``."""
        if self.time[i] >= t:
            return 1.0
        if self.status[i] != 2:
            return 0.0
        return self.free(self.group[i], t) / self.free(self.group[i], self.time[i])

    def sums(self, beta):
        """Yield stratum, time, members with weights, risks and covariates, events, and the mean."""
        for s, t in self.cells:
            who = [i for i in range(self.n) if self.stratum[i] == s and self.weight(i, t) > 0]
            z = np.array([self.z(i, t) for i in who])
            w = np.array([self.weight(i, t) for i in who])
            risk = w * np.exp(z @ beta)
            events = [i for i in who if self.time[i] == t and self.status[i] == 1]
            yield s, t, who, w, risk, z, events, risk @ z / risk.sum()

    def evaluate(self, beta):
        """Return log likelihood, score and information."""
        value, score, information = 0.0, np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
        for _, t, _, _, risk, z, events, mean in self.sums(beta):
            own = np.array([self.z(i, t) for i in events])
            value += np.sum(own @ beta) - len(events) * np.log(risk.sum())
            score += own.sum(axis=0) - len(events) * mean
            second = (z * risk[:, None]).T @ z / risk.sum()
            information += len(events) * (second - np.outer(mean, mean))
        return value, score, information

    def fit(self, p, steps=60):
        """Newton's method from 0."""
        beta = np.zeros(p)
        for _ in range(steps):
            _, score, information = self.evaluate(beta)
            move = np.linalg.solve(information, score)
            while self.evaluate(beta + move)[0] < self.evaluate(beta)[0] - 1e-9:
                move = move / 2
            beta = beta + move
        return beta

    def influence(self, beta):
        """Return eta + psi of every subject, shape (n, p)."""
        eta = np.zeros((self.n, len(beta)))
        parts = []  # as crr: of the events at t only the share of the subject's own censoring stratum
        for _, t, who, _, risk, z, events, mean in self.sums(beta):
            for k, i in enumerate(who):
                part = -(z[k] - mean) * risk[k] * len(events) / risk.sum()
                eta[i] += part
                if self.time[i] < t:
                    share = np.mean(self.group[events] == self.group[i])
                    parts.append((i, t, part * share))
            for i in events:
                eta[i] += self.z(i, t) - mean
        return eta + self.censoring_part(parts, len(beta))

    def censoring_part(self, parts, p):
        """Integrate q(u)/Y(u) over the martingale of censoring of every subject."""
        psi = np.zeros((self.n, p))
        for g in np.unique(self.group):
            own = self.group == g
            for u in np.unique(self.time[own & (self.status == 0)]):
                at_risk = np.sum(own & (self.time >= u))
                gone = own & (self.status == 0) & (self.time == u)
                q = np.zeros(p)
                for i, t, part in parts:
                    if self.group[i] == g and self.between(self.time[i], u, t):
                        q -= part
                psi[gone] += q / at_risk
                psi[own & (self.time >= u)] -= q * gone.sum() / at_risk**2
        return psi

    @staticmethod
    def between(time, u, t):
        """Whether a censoring at ``u`` counts for the weight at ``t`` of a competing event at ``time``."""
        return time < u <= t

    def covariance(self, beta):
        """Return the sandwich."""
        inverse = np.linalg.inv(self.evaluate(beta)[2])
        scores = self.influence(beta)
        return inverse @ (scores.T @ scores) @ inverse

    def hazard(self, beta, z, stratum, horizon):
        """Return the cumulative hazard of covariates ``z(t)``, and every subject's influence on it."""
        value, own, slope, parts = 0.0, np.zeros((self.n, 1)), np.zeros(len(beta)), []
        for s, t, who, _, risk, _, events, mean in self.sums(beta):
            if s != stratum or t > horizon:
                continue
            pace = np.exp(z(t) @ beta)
            step = pace * len(events) / risk.sum()
            value += step
            slope += (z(t) - mean) * step
            for k, i in enumerate(who):
                part = -risk[k] * step / risk.sum()
                own[i] += part
                if self.time[i] < t:
                    parts.append((i, t, part))
            own[events] += pace / risk.sum()
        lines = self.influence(beta) @ np.linalg.inv(self.evaluate(beta)[2])
        return value, own[:, 0] + self.censoring_part(parts, 1)[:, 0] + lines @ slope
