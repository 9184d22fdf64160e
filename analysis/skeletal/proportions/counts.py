"""Counts of two arms, control first, alone or by stratum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import as_numbers
from ..errors import InvalidArgument, name_some
from ..results import freeze_arrays

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TwoArms:
    """Events and totals of two arms in S strata; without strata S is 1.

    Attributes
    ----------
    control_events, control_total, experimental_events, experimental_total : ndarray of shape (S,)
        Whole numbers; no total is 0.
    """

    control_events: FloatArray
    control_total: FloatArray
    experimental_events: FloatArray
    experimental_total: FloatArray

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def control(self) -> FloatArray:
        """Proportion of the control arm."""
        return self.control_events / self.control_total

    @property
    def experimental(self) -> FloatArray:
        """Proportion of the experimental arm."""
        return self.experimental_events / self.experimental_total

    @property
    def events(self) -> FloatArray:
        """Events of both arms."""
        return self.control_events + self.experimental_events

    @property
    def total(self) -> FloatArray:
        """Subjects of both arms."""
        return self.control_total + self.experimental_total


def two_arms(events: ArrayLike, totals: ArrayLike) -> TwoArms:
    """Return the counts of two arms, each given as (control, experimental).

    Raises
    ------
    InvalidArgument
        Not two numbers each, numbers that are not whole or negative, more events than subjects, an arm
        without subjects.
    """
    return _checked(_whole(events, "events", 1)[None, :], _whole(totals, "totals", 1)[None, :])


def two_arms_by_stratum(events: ArrayLike, totals: ArrayLike) -> TwoArms:
    """Return the counts of two arms by stratum, each of shape (S, 2) with columns (control, experimental).

    Raises
    ------
    InvalidArgument
        As :func:`two_arms`, with the strata (counted from 0) that are at fault.
    """
    return _checked(_whole(events, "events", 2), _whole(totals, "totals", 2))


def _whole(values: ArrayLike, name: str, dimensions: int) -> FloatArray:
    shape = "(control, experimental)" if dimensions == 1 else "one row a stratum: (control, experimental)"
    array = as_numbers(values, name)
    if array.ndim != dimensions or array.shape[-1] != 2 or array.size == 0:
        raise InvalidArgument(f"{name} must be {shape}, got shape {array.shape}")
    if not (np.isfinite(array).all() and (array >= 0).all() and (array % 1 == 0).all()):
        raise InvalidArgument(f"{name} must be whole numbers of at least 0, got {array.tolist()}")
    return array


def _checked(events: FloatArray, totals: FloatArray) -> TwoArms:
    if events.shape != totals.shape:
        raise InvalidArgument(f"events and totals must have one shape, got {events.shape} and {totals.shape}")
    rules = (
        (np.asarray((totals == 0).any(axis=1)), "an arm has no subjects: there is no proportion of nobody"),
        (np.asarray((events > totals).any(axis=1)), "an arm has more events than subjects"),
    )
    for bad, rule in rules:
        if bad.any():
            strata = f" in {int(bad.sum())} stratum(a) ({name_some(np.flatnonzero(bad))})"
            raise InvalidArgument(rule + (strata if totals.shape[0] > 1 else ""))
    return TwoArms(
        control_events=events[:, 0],
        control_total=totals[:, 0],
        experimental_events=events[:, 1],
        experimental_total=totals[:, 1],
    )
