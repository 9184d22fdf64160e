"""The gap rule: which events are episodes of their own, and which belong to an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from skeletal import checks
from skeletal.arrays import BoolArray, IntArray, as_floats, read_only
from skeletal.errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

GapAnchor = Literal["counted", "any"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Episodes:
    """The episode of each event, in the order in which the events were given.

    Attributes
    ----------
    number : ndarray of shape (n,)
        Number of the episode that the event belongs to, from 1 within each subject.
    counted : ndarray of shape (n,)
        True for the one event that opens its episode: among events of one subject and day, the first
        in the order given.
    """

    number: IntArray
    counted: BoolArray


def count_episodes(
    subject: ArrayLike,
    day: ArrayLike,
    *,
    min_gap_days: int = 21,
    gap_anchor: GapAnchor = "counted",
) -> Episodes:
    """Count events of a subject that come too soon after another one as a single episode.

    Use it on the pooled events of all components of an endpoint, as the skeletal-event trials do; not
    for each component apart.  Events of one day are always one episode.

    Parameters
    ----------
    subject : array_like of shape (n,)
        Label of the subject of each event.
    day : array_like of shape (n,)
        Whole day of each event, from any origin.
    min_gap_days : int
        Days from one episode to the next, at least: day 31 follows day 10 under 21 days.
    gap_anchor : {"counted", "any"}
        "counted": the gap runs from the last event that was counted (a fixed window); "any": from the
        last event of any kind, so that a chain of close events stays one episode (a rolling window).

    Returns
    -------
    Episodes
        In the order of the events given.

    Raises
    ------
    InvalidArgument
        Unequal lengths, a day that is missing or not whole, a negative gap, an unknown anchor.

    Notes
    -----
    With days sorted, "counted" takes the first event and then, again and again, the first event at least
    ``min_gap_days`` after the last one taken.  "any" opens an episode where the difference to the event
    before is at least ``min_gap_days``.  R: no standard function.  SAS: a data step with RETAIN.

    References
    ----------
    Denosumab trials: a subsequent event is one at least 21 days after the previous event (NCT00321620).

    Examples
    --------
    >>> count_episodes(["a"] * 4, [10, 25, 40, 70]).number.tolist()
    [1, 1, 2, 3]
    >>> count_episodes(["a"] * 4, [10, 25, 40, 70], gap_anchor="any").number.tolist()
    [1, 1, 1, 2]
    """
    checks.option(gap_anchor, GapAnchor, "gap_anchor")
    if min_gap_days < 0:
        raise InvalidArgument(f"min_gap_days must not be negative, got {min_gap_days}")
    days = as_floats(day, "day")
    labels = np.asarray(subject)
    checks.same_length(days.size, subject=labels)
    checks.rows_where(~np.isfinite(days) | (days != np.floor(days)), "day must be a whole number")
    who = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    order = np.lexsort((days, who))
    gap = max(min_gap_days, 1)
    opens = _OPENS[gap_anchor](who[order], days[order].astype(np.int64), gap)
    number = np.empty(days.size, dtype=np.int64)
    counted = np.empty(days.size, dtype=np.bool_)
    number[order] = _running_count(who[order], opens)
    counted[order] = opens
    return Episodes(number=read_only(number), counted=read_only(counted))


def first_of_subject(who: IntArray) -> BoolArray:
    """Mark the first of each run of equal labels."""
    first = np.ones(who.size, dtype=np.bool_)
    first[1:] = who[1:] != who[:-1]
    return first


def _running_count(who: IntArray, opens: BoolArray) -> IntArray:
    """Count the openings within each subject."""
    total = np.cumsum(opens)
    first = first_of_subject(who)
    before = np.maximum.accumulate(np.where(first, total - opens, 0))
    return np.asarray(total - before, dtype=np.int64)


def _rolling(who: IntArray, days: IntArray, gap: int) -> BoolArray:
    opens = first_of_subject(who)
    opens[1:] |= np.diff(days) >= gap
    return opens


def _fixed(who: IntArray, days: IntArray, gap: int) -> BoolArray:
    """Take one more event of every subject in each round, until no subject has another."""
    opens = first_of_subject(who)
    if not who.size:
        return opens
    origin = int(days.min())
    span = int(days.max()) - origin + gap + 1
    keys = who * span + (days - origin)
    last = np.flatnonzero(opens)
    while last.size:
        following = np.searchsorted(keys, keys[last] + gap)
        inside = following < keys.size
        inside[inside] = who[following[inside]] == who[last[inside]]
        last = following[inside]
        opens[last] = True
    return opens


_OPENS = {"counted": _fixed, "any": _rolling}
