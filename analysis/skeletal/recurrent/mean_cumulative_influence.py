"""Influence of each subject on integrals of the mean number of events, and the arms that subjects are in."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidArgument, name_some
from ..risk_table import from_the_end
from .mean_cumulative_counts import per_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import FloatArray, IntArray
    from ..data import RecurrentEvents
    from .mean_cumulative_counts import RecurrentCounts


def integral_influence(counts: RecurrentCounts, status: IntArray, weight: FloatArray) -> FloatArray:
    """Return the influence of each row on the sum of ``weight`` times the steps of the mean; shape (n,).

    Notes
    -----
    With dmu = S(u-) d/Y: sum w S dM/Y - sum (Q - Q(u)) dM_death/Y, where Q(u) is the sum of w dmu up to u, as
    in Ghosh and Lin (2000).  Summed over the rows of a subject it is the subject's influence.
    """
    n = counts.n_at_risk
    event_rate, death_rate = per_subject(counts.n_events, n), per_subject(counts.n_deaths, n)
    scale = per_subject(weight * counts.alive, n)
    later = np.append(from_the_end(scale * counts.n_events)[1:], 0.0)
    pull = per_subject(later, n)
    met = np.append(0.0, np.cumsum(scale * event_rate - pull * death_rate))
    active = counts.first <= counts.last
    last = np.where(active, counts.last, 0)
    own = np.where(status == 1, scale[last], 0.0) - np.where(status == 2, pull[last], 0.0)
    return np.where(active, own - met[last + 1] + met[np.where(active, counts.first, 0)], 0.0)


def without_error(variances: Sequence[float], labels: Sequence[object]) -> str:
    """Say which arms have no standard error because they are one subject; nothing where none is."""
    alone = [label for variance, label in zip(variances, labels, strict=True) if isnan(variance)]
    return f", arms of one subject without standard error: {name_some(alone)}" if alone else ""


def refuse_deaths(data: RecurrentEvents) -> None:
    """Refuse deaths where events are taken as a Poisson process."""
    died = int((data.status == 2).sum())
    if died:
        raise InvalidArgument(
            f"variance='poisson' knows no deaths: {died} row(s) have status 2; use variance='robust'"
        )
