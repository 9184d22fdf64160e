"""Simulated lesions with reference values, and likelihoods and curves of lesions by their definitions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import log_expit
from scipy.stats import norm
from tests.support.golden import GOLDEN

ROWS = pd.DataFrame(json.loads((GOLDEN / "lesions.json").read_text(encoding="utf-8"))["rows"])
DESIGNS = {
    "s": ("by_subject", "event_s", "time", "status"),
    "l": ("by_lesion", "event_l", "time_l", "status_l"),
}


@st.composite
def small_trials(draw, nested=True):
    """Draw lesions of some subjects: outcome, subject, arm, time, status (2 = death of the subject)."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    k = draw(st.integers(6, 14))
    subject = np.repeat(np.arange(k), rng.integers(1, 5, k))
    arm = subject % 2 if nested else rng.permutation(np.arange(subject.size) % 2)
    lean = rng.normal(size=k)[subject]
    event = (rng.random(subject.size) < 1 / (1 + np.exp(-lean))).astype(int)
    time = rng.integers(1, 9, subject.size)
    status = rng.integers(0, 3, subject.size)
    for code in (0, 1):  # both arms have events and none
        rows = np.flatnonzero(arm == code)[:2]
        event[rows], status[rows[0]], time[rows] = [0, 1], 1, 2
    return pd.DataFrame({"event": event, "subject": subject, "arm": arm, "time": time, "status": status})


def random_intercept_likelihood(event, subject, arm, place):
    """Log likelihood of a logistic model with a normal intercept (a, b, deviation), integral by integral."""
    a, b, deviation = place
    total = 0.0
    for who in np.unique(subject):
        rows = subject == who
        sign, eta = 2 * event[rows] - 1, a + b * arm[rows]

        def joint(u, sign=sign, eta=eta):
            return np.exp(log_expit(sign * (eta + deviation * u)).sum()) * norm.pdf(u)

        total += np.log(quad(joint, -9, 9, epsabs=0, epsrel=1e-12, limit=200)[0])
    return total


def weighted_incidence(time, status, weight, horizon):
    """Aalen-Johansen incidence of cause 1 by a horizon with case weights, time by time."""
    survival, incidence = 1.0, 0.0
    for u in np.unique(time[time <= horizon]):
        at_risk = weight[time >= u].sum()
        here = time == u
        incidence += survival * weight[here & (status == 1)].sum() / at_risk
        survival *= 1 - weight[here & (status > 0)].sum() / at_risk
    return incidence
