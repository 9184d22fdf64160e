"""Array types and the few conversions that every layer shares."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InvalidArgument

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[Any]
TimeUnit = Literal["days", "weeks", "months", "years"]

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = 30.4375


def read_only(values: NDArray[Any]) -> NDArray[Any]:
    """Return ``values`` as an array that cannot be written to (a copy where it could)."""
    array = values.copy() if values.flags.writeable else values
    array.flags.writeable = False
    return array


def as_floats(values: ArrayLike, name: str) -> FloatArray:
    """Return ``values`` as a one-dimensional array of floats, or say why it is none."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"{name} must be numbers: {error}") from None
    if array.ndim != 1:
        raise InvalidArgument(f"{name} must have one dimension, got shape {array.shape}")
    return array
