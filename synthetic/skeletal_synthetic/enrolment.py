"""Who is randomised when, where and to which arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .scenarios import find_scenario

if TYPE_CHECKING:
    from skeletal.arrays import FloatArray, IntArray, LabelArray
    from skeletal.study import Scenario, Study

# Parameter of the Dirichlet distribution of the sites' shares of accrual (assumption: the busiest of eight
# sites recruits about twice the average).
SITE_EVENNESS = 5.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Enrolment:
    """Randomised subjects in the order of their identifiers (site, then sequence in the site).

    Attributes
    ----------
    subject_id, site : ndarray of str, shape (n,)
    day : ndarray of int, shape (n,)
        Days from the start of accrual to randomisation.
    arm : ndarray of int, shape (n,)
        Arm as its place in the study file, from 0.
    site_share : ndarray of float, shape (n_sites,)
        Share of accrual of each site.
    """

    subject_id: LabelArray
    site: LabelArray
    day: IntArray
    arm: IntArray
    site_share: FloatArray


def accrual_plan(study: Study, scenario: str = "planning") -> pd.DataFrame:
    """Planned number of randomised subjects by calendar date.

    Accrual is planned at a constant rate from ``accrual_start`` over ``accrual_days``.

    Parameters
    ----------
    study : Study
    scenario : str
        Name of one of the study's scenarios.

    Returns
    -------
    DataFrame
        ``date`` (``datetime64[ns]``): the start of accrual, each month after it, and its end;
        ``n_planned`` (float): subjects planned to be randomised by then, the study's size at the end.

    Raises
    ------
    InvalidArgument
        If the study has no such scenario.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> plan = accrual_plan(load_study("hermes"))
    >>> plan.iloc[[0, -1]]
             date  n_planned
    0  2025-02-05        0.0
    25 2027-02-28      120.0
    """
    chosen = find_scenario(study, scenario)
    start = pd.Timestamp(chosen.accrual_start)
    end = start + pd.Timedelta(days=chosen.accrual_days)
    months = int(chosen.accrual_days // 28) + 1
    points = [start + pd.DateOffset(months=month) for month in range(months + 1)]
    dates = pd.Series([point for point in points if point < end] + [end]).astype("datetime64[ns]")
    elapsed = (dates - start).dt.days.astype("float64")
    return pd.DataFrame({"date": dates, "n_planned": elapsed * study.n_subjects / chosen.accrual_days})


def draw_enrolment(study: Study, scenario: Scenario, n: int, rng: np.random.Generator) -> Enrolment:
    """Draw dates uniformly over the accrual, sites by random shares, arms in permuted blocks of a site."""
    share = rng.dirichlet(np.full(scenario.n_sites, SITE_EVENNESS))
    site = rng.choice(scenario.n_sites, size=n, p=share)
    day = rng.integers(0, scenario.accrual_days, size=n, endpoint=True)
    order = np.lexsort((day, site))
    site, day = site[order], day[order]
    rank = rank_within(site)
    site_name = number(site + 1, width=max(2, len(str(scenario.n_sites))))
    sequence = number(rank + 1, width=max(3, len(str(n))))
    prefix = np.char.add(f"{study.id.upper()}-", np.char.add(site_name, "-"))
    return Enrolment(
        subject_id=np.char.add(prefix, sequence),
        site=site_name,
        day=day,
        arm=_draw_arms(study, site, rank, rng),
        site_share=share,
    )


def _draw_arms(study: Study, site: IntArray, rank: IntArray, rng: np.random.Generator) -> IntArray:
    """Permuted blocks within sites: twice the sum of the ratios a block, each block balanced."""
    block = np.repeat(np.arange(len(study.arms)), [2 * arm.ratio for arm in study.arms])
    first = np.concatenate([[True], np.diff(site) != 0]) | (rank % block.size == 0)
    which = np.cumsum(first) - 1
    permuted = block[np.argsort(rng.random((int(which[-1]) + 1, block.size)), axis=1)]
    return np.asarray(permuted[which, rank % block.size], dtype=np.int64)


def rank_within(group: IntArray) -> IntArray:
    """Return each row's place within its run of equal ``group`` values (sorted), from 0."""
    rows = np.arange(group.size)
    starts = np.concatenate([[True], np.diff(group) != 0])[: group.size]
    return np.asarray(rows - np.maximum.accumulate(np.where(starts, rows, 0)), dtype=np.int64)


def number(values: IntArray, *, width: int = 1, prefix: str = "") -> LabelArray:
    """Return whole numbers as text of at least ``width`` digits."""
    if not values.size:
        return np.array([], dtype="U1")
    return np.char.add(prefix, np.char.zfill(values.astype("U"), width))
