"""Errors with one clear message each: what is wrong, how many and who, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN = 5


class SkeletalError(Exception):
    """Base of every error that this toolkit raises on purpose."""


class InvalidArgument(SkeletalError, ValueError):
    """An argument of a function is outside what it accepts."""


class InvalidStudy(SkeletalError, ValueError):
    """The study file is not a valid protocol."""


class InvalidRecords(SkeletalError, ValueError):
    """The trial records contradict the schema, the study or each other.

    ``problems`` holds every problem that was found, one sentence each; the message joins them.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class NotEstimable(SkeletalError, ArithmeticError):
    """The data carry no information on what was asked."""


class NotConverged(SkeletalError, RuntimeError):
    """An iterative fit stopped before it met its criterion."""


class MissingExtra(SkeletalError, ImportError):
    """An optional dependency is not installed."""


class SkeletalWarning(UserWarning):
    """A result that is right as computed, but not what a reader may take it for."""


def name_some(items: Iterable[object], *, shown: int = SHOWN) -> str:
    """Return at most ``shown`` of ``items`` in words, and how many more there are.

    Examples
    --------
    >>> name_some(["S1", "S2"])
    'S1, S2'
    >>> name_some(range(7))
    '0, 1, 2, 3, 4 and 2 more'
    """
    names = [str(item) for item in items]
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest
