"""Innermost sets of censored intervals: where a likeliest distribution can have mass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..data import IntervalCensored
from ..errors import InvalidArgument

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Innermost:
    """The m innermost sets, in order of time, and those that each row holds.

    Attributes
    ----------
    left, right : ndarray of shape (m,)
        Sets (left, right]; the point itself where both are equal.
    first, last : ndarray of shape (n,)
        A row holds the sets ``first`` .. ``last - 1``; ``last`` is m where nothing bounds it above.
    """

    left: FloatArray
    right: FloatArray
    first: IntArray
    last: IntArray

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return int(self.left.size)


def require_intervals(data: IntervalCensored) -> None:
    """Refuse data of another type."""
    if not isinstance(data, IntervalCensored):
        raise InvalidArgument(f"data must be IntervalCensored, got {type(data).__name__}")


def innermost_sets(data: IntervalCensored) -> Innermost:
    """Return the sets that begin at a left end, end at the next right end, and hold no other end.

    At one time the beginning of a point comes first, then right ends, then left ends of intervals, which do
    not hold it.  An interval from 0 on holds 0: nothing is known but that the event came by its right end.
    """
    times = np.unique(np.concatenate([data.left, data.right]))
    begin = 3 * np.searchsorted(times, data.left) + np.where(data.left == data.right, 0, 2)
    end = 3 * np.searchsorted(times, data.right) + 1
    begins, ends = np.unique(begin), np.unique(end)
    following = np.searchsorted(ends, begins)
    inner = np.append(following[1:] != following[:-1], True)
    set_begin, set_end = begins[inner], ends[following[inner]]
    return Innermost(
        left=times[set_begin // 3],
        right=times[set_end // 3],
        first=np.searchsorted(set_begin, begin).astype(np.int64),
        last=np.searchsorted(set_end, end, side="right").astype(np.int64),
    )
