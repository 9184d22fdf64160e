"""Repeated measures for tests: the kept data sets, and small ones drawn from a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.support.golden import read

from skeletal.longitudinal import RepeatedMeasures


def pain(*, binary=False, age=False, reasons=True, control="none"):
    """Return the simulated pain of 120 subjects; ``binary``: whether it is at most 4."""
    d = read("pain_visits")
    value = np.where(d.value.isna(), np.nan, d.value <= 4) if binary else d.value
    return RepeatedMeasures(
        d.id,
        d.visit,
        value,
        d.arm,
        baseline=d.base,
        control=control,
        reason=d.reason if reasons else None,
        covariates=d[["age"]] if age else None,
    )


def orthodont():
    """Return the dental growth of 27 children, complete."""
    d = read("orthodont")
    return RepeatedMeasures(d.id, d.visit, d.value, d.arm)


def drawn(seed, n=24, m=3, *, missing=0.2, baseline=True):
    """Return subjects of two arms with dropouts and gaps; each arm keeps some complete subjects."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(n, 1))
    value = 5 + level + rng.normal(size=(n, m)) * (1 + 0.3 * np.arange(m))
    gone = rng.random((n, m)) < missing
    gone[: n // 2] = False  # arms alternate below
    value = np.where(gone, np.nan, value)
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), m),
            "visit": np.tile(30.0 * (1 + np.arange(m)), n),
            "value": value.ravel(),
            "arm": np.repeat(np.where(np.arange(n) % 2, "t", "c"), m),
            "base": np.repeat(level[:, 0] + rng.normal(size=n), m),
        }
    )
    return frame, measures(frame, baseline=baseline)


def measures(frame, *, control="c", baseline=True, scale=1.0, shift=0.0):
    """Return a frame of :func:`drawn` as repeated measures."""
    return RepeatedMeasures(
        frame.subject,
        frame.visit,
        frame.value * scale + shift,
        frame.arm,
        baseline=frame.base if baseline else None,
        control=control,
    )
