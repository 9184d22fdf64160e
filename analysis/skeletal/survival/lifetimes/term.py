"""What a law of lifetimes gives for each row: a value and its derivatives by the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Term:
    """A function of the p parameters, one value a row.

    Attributes
    ----------
    value : ndarray of shape (m,)
        Value of each row.
    gradient : ndarray of shape (m, p)
        First derivatives.
    hessian : callable
        From weights of shape (m,) to the weighted sum of the second derivatives, shape (p, p).
    """

    value: FloatArray
    gradient: FloatArray
    hessian: Callable[[FloatArray], FloatArray]


class Lifetime(Protocol):
    """Law of log time given the row ``x`` of the design, whose first column is 1.

    Parameters come in the order of the design's columns, then ``ancillary``.  ``log_survival`` keeps its
    relative accuracy in both tails, so that differences of it can be taken.
    """

    @property
    def ancillary(self) -> tuple[str, ...]:
        """Names of the parameters after the coefficients."""

    def log_survival(self, theta: FloatArray, x: FloatArray, y: FloatArray) -> Term:
        """Log of the probability to outlive the log times ``y``, shape (m,)."""

    def log_density(self, theta: FloatArray, x: FloatArray, y: FloatArray) -> Term:
        """Log density of log time at ``y``, shape (m,)."""


def square(x: FloatArray, weight: FloatArray) -> FloatArray:
    """Return ``x' diag(weight) x``."""
    product: FloatArray = (x * weight[:, None]).T @ x
    return product
