"""Outcomes in order of priority, and the order that bone trials use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .. import checks
from ..data.checked import Frozen, codes_of, times_of
from ..errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray

BONE_PRIORITIES = ("death", "cord_compression", "surgery", "fracture", "radiotherapy", "pain")
"""Names of the outcomes of a bone trial, the most important first."""


class Priority(Frozen):
    """One outcome by which subjects are compared: the later its event, the better.

    Parameters
    ----------
    time : array_like of shape (n,)
        Time to the event or the censoring, finite and not negative; all priorities in any one unit each.
    event : array_like of shape (n,)
        1 where the event was seen, 0 where the time is censored.
    margin : float
        A pair is decided only where the times differ by more than this; in the unit of ``time``.
    label : str
        Name of the outcome in results.

    Raises
    ------
    InvalidArgument
        Unequal lengths, no rows, a missing, infinite or negative time, an event other than 0 or 1, a margin
        that is negative or not finite.

    Notes
    -----
    A measurement of which more is better is a ``time`` with ``event`` 1 for everybody.

    Examples
    --------
    >>> death = Priority([300, 500], [1, 0], margin=30, label="death")
    >>> death.n_events
    1
    """

    __slots__ = ("event", "label", "margin", "time")
    time: FloatArray
    event: IntArray
    margin: float
    label: str

    def __init__(self, time: ArrayLike, event: ArrayLike, *, margin: float = 0.0, label: str = "") -> None:
        times = times_of(time, "time")
        self._set(
            time=times,
            event=codes_of(event, "event", times.size, highest=1),
            margin=checks.finite(margin, "margin", least=0),
            label=str(label),
        )

    @property
    def n_subjects(self) -> int:
        """Number of rows."""
        return int(self.time.size)

    @property
    def n_events(self) -> int:
        """Number of rows with an event."""
        return int(self.event.sum())


def bone_priorities(
    outcomes: Mapping[str, tuple[ArrayLike, ArrayLike]], *, margins: Mapping[str, float] | None = None
) -> tuple[Priority, ...]:
    """Order the outcomes of a bone trial: death, cord compression, surgery, fracture, radiotherapy, pain.

    Parameters
    ----------
    outcomes : mapping of str to (time, event)
        Arrays of shape (n,) of each outcome, by a name of ``BONE_PRIORITIES``, in any order; those that are
        absent are left out.
    margins : mapping of str to float, optional
        Margin of an outcome, 0 where none is given.

    Returns
    -------
    tuple of Priority
        Most important first, each with its name as ``label``; also an outcome that nobody had.

    Raises
    ------
    InvalidArgument
        No outcome, or a name that is none of ``BONE_PRIORITIES``; as :class:`Priority`.

    Notes
    -----
    The order is that of how much an event weighs for the patient, by convention; state it in the protocol.
    R, SAS: by hand.

    Examples
    --------
    >>> ordered = bone_priorities({"fracture": ([90, 400], [1, 0]), "death": ([300, 400], [1, 0])})
    >>> [priority.label for priority in ordered]
    ['death', 'fracture']
    """
    margins = {} if margins is None else margins
    for names, argument in ((outcomes, "outcomes"), (margins, "margins")):
        if not isinstance(names, Mapping):
            raise InvalidArgument(f"{argument} must be a mapping by the names of outcomes, got {names!r}")
        allowed = BONE_PRIORITIES if argument == "outcomes" else tuple(outcomes)
        unknown = [name for name in names if not (isinstance(name, str) and name in allowed)]
        if unknown:
            raise InvalidArgument(
                f"{argument}: {len(unknown)} unknown name(s) ({name_some(unknown)}); "
                f"use {name_some(allowed, shown=len(allowed))}"
            )
    if not outcomes:
        raise InvalidArgument(f"outcomes names none of {name_some(BONE_PRIORITIES, shown=6)}")
    return tuple(
        Priority(*_time_and_event(name, outcomes[name]), margin=margins.get(name, 0.0), label=name)
        for name in BONE_PRIORITIES
        if name in outcomes
    )


def _time_and_event(name: str, outcome: tuple[ArrayLike, ArrayLike]) -> tuple[ArrayLike, ArrayLike]:
    if not isinstance(outcome, tuple | list) or len(outcome) != 2:
        raise InvalidArgument(f"outcomes[{name!r}] must be a pair of arrays (time, event)")
    return outcome[0], outcome[1]


def checked_priorities(priorities: Sequence[Priority] | Priority) -> tuple[Priority, ...]:
    """Return the priorities, at least one, all of as many rows."""
    if isinstance(priorities, Priority):
        return (priorities,)
    listed = tuple(priorities) if isinstance(priorities, Iterable) else ()
    if not listed or not all(isinstance(priority, Priority) for priority in listed):
        raise InvalidArgument("priorities must be Priority objects, at least one, the most important first")
    sizes = [priority.n_subjects for priority in listed]
    if len(set(sizes)) > 1:
        raise InvalidArgument(f"priorities must have as many rows each, got {sizes}")
    return listed


def names_of(priorities: Sequence[Priority]) -> tuple[str, ...]:
    """Return the labels, a number for a priority without one."""
    return tuple(p.label or f"priority {k}" for k, p in enumerate(priorities, start=1))
