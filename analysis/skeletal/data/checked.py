"""What the value types of samples share: arrays checked once, fields that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import checks
from ..arrays import BoolArray, FloatArray, IntArray, LabelArray, as_floats, as_labels, read_only
from ..errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEAST_SHARE = 1e-9  # a sum at risk keeps 7 digits after everybody heavier has left it
MOST_WEIGHT = 1e100  # squares of sums stay within double precision


def times_of(values: ArrayLike, name: str) -> FloatArray:
    """Return times that are known, finite and not negative; at least one."""
    array = as_floats(values, name)
    if array.size == 0:
        raise InvalidArgument(f"{name} has no rows")
    checks.rows_where(np.isnan(array), f"{name} must not be missing")
    checks.rows_where(array < 0, f"{name} must not be negative")
    checks.rows_where(np.isinf(array), f"{name} must be finite")
    return array


def codes_of(values: ArrayLike, name: str, n: int, *, highest: int, lowest: int = 0) -> IntArray:
    """Return whole numbers from ``lowest`` to ``highest``, one a row."""
    array = as_floats(values, name)
    checks.same_length(n, **{name: array})
    allowed = np.isin(array, np.arange(lowest, highest + 1))
    checks.rows_where(~allowed, f"{name} must be a whole number from {lowest} to {highest}")
    return array.astype(np.int64)


def entry_of(entry: ArrayLike | None, time: FloatArray) -> FloatArray | None:
    """Return times of entry, each before its row's time."""
    if entry is None:
        return None
    array = as_floats(entry, "entry")
    checks.same_length(time.size, entry=array)
    checks.rows_where(np.isnan(array), "entry must not be missing")
    checks.rows_where(array >= time, "entry must come before time")
    return array


def check_weights(weight: FloatArray) -> None:
    """Refuse weights that are not positive, or so unequal that sums at risk lose their digits."""
    checks.rows_where(~(np.isfinite(weight) & (weight > 0)), "weight must be positive")
    low, high = float(weight.min()), float(weight.max())
    if low < LEAST_SHARE * high or not 1 / MOST_WEIGHT <= low <= high <= MOST_WEIGHT:
        raise InvalidArgument(
            f"weight must lie within {MOST_WEIGHT:g} and its inverse, and the smallest be at least "
            f"{LEAST_SHARE:g} of the largest, got {low:g} to {high:g}: sums of the weights at risk would "
            "lose their digits"
        )


class Frozen:
    """Attributes are set once, by ``__init__``, and arrays are read-only."""

    __slots__ = ()

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, read_only(value) if isinstance(value, np.ndarray) else value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only: {name} cannot be deleted")


def require_rows_apart(
    number: IntArray, start: FloatArray, stop: FloatArray, subject: LabelArray
) -> IntArray:
    """Return the order of the rows by subject and start; refuse rows of one subject that overlap."""
    step = np.diff(number)
    sorted_already = ((step > 0) | ((step == 0) & (np.diff(start) >= 0))).all()
    order = np.arange(number.size) if sorted_already else np.lexsort((start, number))
    same = np.diff(number[order]) == 0
    refuse_subjects(same & (start[order][1:] < stop[order][:-1]), subject[order][1:], "rows overlap")
    return order


def refuse_subjects(bad: BoolArray, subject: LabelArray, rule: str) -> None:
    """Refuse the subjects of the rows that are ``bad``."""
    if bad.any():
        who = np.unique(subject[bad])
        raise InvalidArgument(f"{rule}: {who.size} subject(s) ({name_some(who)})")


def require_constant(values: IntArray, number: IntArray, subject: LabelArray, name: str) -> None:
    """Refuse subjects whose rows have more than one of ``values``."""
    one = np.zeros(int(number.max()) + 1, dtype=values.dtype)
    one[number] = values
    refuse_subjects(np.asarray(one[number] != values), subject, f"{name} must be constant within a subject")


def row_labels(subject: ArrayLike) -> LabelArray:
    """Return the label of the subject of each row, none of them missing, all of one kind."""
    labels = as_labels(subject, "subject")
    checks.rows_where(np.asarray(pd.isna(labels)), "subject must not be missing")
    if labels.dtype == object and pd.api.types.infer_dtype(labels, skipna=False).startswith("mixed"):
        raise InvalidArgument("subject must be labels of one kind, such as texts or whole numbers")
    return labels
