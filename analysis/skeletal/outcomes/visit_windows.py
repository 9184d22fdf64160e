"""Which planned visit an assessment belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .filters import MISSING, NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import Visit

BASELINE = "Baseline"
_NOWHERE = -1
# Further from the target than any day, for an assessment whose day is not known.
_FAR = NEVER


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan:
    """When a measure is collected.

    Attributes
    ----------
    visits : tuple of Visit
        By day.
    other_names : frozenset of str
        Planned visits at which it is not read.
    baseline_window_days : int or None
        Days before and on time zero of the baseline; None: it has none.
    start, ends : ndarray of shape (n,)
        Day of time zero of each unit, and of the event that ends collection (``NEVER``).
    collected_for_days : int
        Days after that event in which the next visit is still collected.
    """

    visits: tuple[Visit, ...]
    other_names: frozenset[str]
    baseline_window_days: int | None
    start: IntArray
    ends: IntArray
    collected_for_days: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Placed:
    """The assessment of each unit at each visit.

    Attributes
    ----------
    row : ndarray of shape (n, k)
        Row of the assessment, -1 where there is none; the baseline, if any, is the last column.
    brought_forward : ndarray of shape (n,)
        Place of the visit that the event brought forward, -1 where none is.
    forward_done : ndarray of shape (n,)
        Whether a unit has an assessment in the days after the event that still count.
    """

    row: IntArray
    brought_forward: IntArray
    forward_done: BoolArray


def place_assessments(assessments: pd.DataFrame, plan: Plan) -> Placed:
    """Give every visit its assessment.

    An assessment belongs to the visit that it names, else to the visit in whose window (target day less
    ``window_before`` to target day plus ``window_after``) it lies; in overlapping windows to the visit with
    the nearer target, of two as near to the earlier.  On or before time zero it can only be the baseline, or
    belong to a visit of day 0.  Of several at one visit that nearest to the target counts, of two as near
    the earlier.  The baseline is the last on or before time zero within its window.

    After the event that ends collection, an assessment within ``collected_for_days`` that names no visit is
    the next visit: the first one that has no assessment by the event and whose window was still open then.
    Later ones belong to no visit.

    Parameters
    ----------
    assessments : DataFrame
        ``unit``, ``day`` (``MISSING`` where the date is partial) and ``visit``; at most one a unit and day.
    plan : Plan
        Visits, time zero and the end of collection.

    Returns
    -------
    Placed
        Rows by unit and visit.
    """
    unit = assessments["unit"].to_numpy(dtype=np.int64)
    day = assessments["day"].to_numpy(dtype=np.int64)
    since = np.where(day == MISSING, _FAR, day - plan.start[unit])
    name = assessments["visit"].fillna("").to_numpy(dtype=object).astype(str)
    place, named = _by_name(name, since, plan)
    place = np.where(named, place, _by_window(since, plan.visits))
    place, named = _with_baseline(place, named, since, plan)
    end = plan.ends[unit]
    dated = day != MISSING
    late = dated & (day > end)
    forward = late & (day <= end + plan.collected_for_days)
    next_visit = _next_visit(unit, place, dated & ~late, plan)
    place = np.where(forward & ~named, next_visit[unit], place)
    place = np.where(late & ~forward, _NOWHERE, place)
    done = np.zeros(plan.start.size, dtype=np.bool_)
    done[unit[forward & (place >= 0)]] = True
    due_forward = (plan.ends < NEVER) & (plan.collected_for_days > 0)
    return Placed(
        row=_nearest(unit, place, since, plan),
        brought_forward=np.where(due_forward, next_visit, _NOWHERE),
        forward_done=done,
    )


def _by_name(name: Any, since: IntArray, plan: Plan) -> tuple[IntArray, BoolArray]:
    """Return the visit that each assessment names, and which ones name a planned visit."""
    place = np.full(since.size, _NOWHERE, dtype=np.int64)
    named = np.isin(name, list(plan.other_names))
    for number, visit in enumerate(plan.visits):
        mine = name == visit.name
        named |= mine
        place[mine & ((since > 0) | (visit.day == 0))] = number
    return place, named


def _by_window(since: IntArray, visits: Sequence[Visit]) -> IntArray:
    """Return the visit with the nearest target among those in whose window each day lies."""
    place = np.full(since.size, _NOWHERE, dtype=np.int64)
    nearest = np.full(since.size, _FAR, dtype=np.int64)
    for number, visit in enumerate(visits):
        away = np.abs(since - visit.day)
        inside = (since >= visit.day - visit.window_before) & (since <= visit.day + visit.window_after)
        inside &= ((since > 0) | (visit.day == 0)) & (away < nearest)
        place[inside], nearest[inside] = number, away[inside]
    return place


def _with_baseline(
    place: IntArray, named: BoolArray, since: IntArray, plan: Plan
) -> tuple[IntArray, BoolArray]:
    """Make the assessments of the baseline window the baseline, unless a visit of day 0 has them."""
    if plan.baseline_window_days is None:
        return place, named
    before = (since <= 0) & (since >= -plan.baseline_window_days) & ~named & (place == _NOWHERE)
    return np.where(before, len(plan.visits), place), named | before


def _next_visit(unit: IntArray, place: IntArray, before: BoolArray, plan: Plan) -> IntArray:
    """Return the first visit of each unit still open at its event and without an assessment by then."""
    size = plan.start.size
    has = np.zeros((size, len(plan.visits) + 1), dtype=np.bool_)
    kept = before & (place >= 0)
    has[unit[kept], place[kept]] = True
    following = np.full(size, _NOWHERE, dtype=np.int64)
    for number in range(len(plan.visits) - 1, -1, -1):
        visit = plan.visits[number]
        is_open = plan.start + visit.day + visit.window_after >= plan.ends
        following[is_open & ~has[:, number] & (plan.ends < NEVER)] = number
    return following


def _nearest(unit: IntArray, place: IntArray, since: IntArray, plan: Plan) -> IntArray:
    """Return the row nearest to the target of each unit and visit, the earlier of two as near."""
    targets = np.array([*(visit.day for visit in plan.visits), 0, 0], dtype=np.int64)
    rows = np.full((plan.start.size, len(plan.visits) + 1), -1, dtype=np.int64)
    away = np.where(since == _FAR, _FAR, np.abs(since - targets[place]))
    order = np.lexsort((since, away, place, unit))
    order = order[place[order] >= 0]
    key = unit[order] * (len(plan.visits) + 1) + place[order]
    first = np.concatenate([[True], np.diff(key) != 0])[: key.size]
    chosen = order[first]
    rows[unit[chosen], place[chosen]] = chosen
    return rows


def planned_visits(visits: Sequence[Visit], names: Sequence[str]) -> tuple[tuple[Visit, ...], frozenset[str]]:
    """Return the visits called ``names`` (all if none) by day, and the names of the others."""
    mine = [visit for visit in visits if not names or visit.name in names]
    others = frozenset(visit.name for visit in visits) - {visit.name for visit in mine}
    return tuple(sorted(mine, key=lambda visit: visit.day)), others


def has_day_zero(visits: Sequence[Visit]) -> bool:
    """Return whether a visit is planned for time zero itself."""
    return any(visit.day == 0 for visit in visits)
