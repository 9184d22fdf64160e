"""Array types and the few conversions that every layer shares."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
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
    """Return ``values`` as an array that cannot be written to: a copy where anybody still could."""
    array: Any = values
    while isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.base
    return values if array is None else hand_over(values.copy())


def hand_over(values: NDArray[Any]) -> NDArray[Any]:
    """Make an array of our own, to which nobody else has a reference, read-only without a copy.

    Never for an array that came from outside, nor for what ``numpy.asarray`` made of one.
    """
    array: Any = values
    while isinstance(array, np.ndarray):
        array.flags.writeable = False
        array = array.base
    return values


def take_rows(values: FloatArray, rows: IntArray) -> FloatArray:
    """Return the ``rows``, which must be there, of an array: faster than indexing where it has columns."""
    result = np.empty((rows.size, *values.shape[1:]))
    np.take(values, rows, axis=0, out=result, mode="clip")  # without the copy that a check of bounds needs
    return result


def as_floats(values: ArrayLike, name: str) -> FloatArray:
    """Return ``values`` as a one-dimensional array of floats, missing ones NaN, or say why it is none."""
    array = as_numbers(values, name)
    if array.ndim != 1:
        raise InvalidArgument(f"{name} must have one dimension, got shape {array.shape}")
    return array


def as_numbers(values: ArrayLike, name: str) -> FloatArray:
    """Return ``values`` as an array of floats of any shape, missing ones NaN, or say why it is none.

    Dates and durations are no numbers: nobody has said in which unit they are to be counted.
    """
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind in _NO_NUMBERS:
        raise InvalidArgument(f"{name} must be numbers, got {_NO_NUMBERS[kind]}")
    try:
        if np.ma.isMaskedArray(values):
            return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan)
        if isinstance(values, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
            return values.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidArgument(f"{name} must be numbers: {error}") from None


def as_labels(values: ArrayLike, name: str) -> LabelArray:
    """Return ``values`` as a one-dimensional array of labels, missing ones such that pandas knows them."""
    try:
        array: LabelArray = np.asarray(values)
        if array.dtype.kind in "US" and isinstance(values, (list, tuple)):
            array = np.asarray(values, dtype=object)  # a missing label among texts is not the text "nan"
    except ValueError as error:
        raise InvalidArgument(f"{name} must be one label a row: {error}") from None
    if np.ma.isMaskedArray(values):
        array = array.astype(object)
        array[np.ma.getmaskarray(values)] = None
    if array.ndim != 1:
        raise InvalidArgument(f"{name} must have one dimension, got shape {array.shape}")
    return array


_NO_NUMBERS = {"M": "dates", "m": "durations: divide them by the unit", "c": "complex numbers"}
