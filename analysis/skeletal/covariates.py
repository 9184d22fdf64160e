"""Covariates and labels beside the rows of a sample, checked and turned into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import checks
from .arrays import as_labels, hand_over
from .errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .arrays import FloatArray, IntArray, LabelArray

CROWDED = 4  # times as many whole numbers as rows, at most, for labels to be looked up in a table
BLOCK = 4096  # rows that are filled at a time, so that they stay in the processor's cache
LARGEST = 1e100  # squares and products stay within double precision


def covariate_matrix(covariates: pd.DataFrame, n: int) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names and the values of shape (n, p) of numeric covariates.

    Raises
    ------
    InvalidArgument
        No DataFrame, no columns, columns of one name, a column that is not numeric, another number of
        rows than ``n``, values that are missing, infinite or beyond 1e100.
    """
    if not isinstance(covariates, pd.DataFrame):
        raise InvalidArgument(f"covariates must be a pandas DataFrame, got {type(covariates).__name__}")
    names = tuple(str(name) for name in covariates.columns)
    if not names or len(set(names)) < len(names):
        raise InvalidArgument(f"covariates must have distinct columns, at least one, got {list(names)}")
    checks.same_length(n, covariates=covariates)
    wrong = [
        name
        for name, kind in zip(names, covariates.dtypes, strict=True)
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind)
    ]
    if wrong:
        raise InvalidArgument(
            f"covariates must be numeric: {len(wrong)} column(s) are not ({name_some(wrong)}); "
            "code categories as 0/1 columns"
        )
    values = [covariates.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan) for j in range(len(names))]
    matrix, known = np.empty((n, len(names))), True
    for low in range(0, n, BLOCK):
        rows = matrix[low : low + BLOCK]
        for j, column in enumerate(values):
            rows[:, j] = column[low : low + BLOCK]
        known = known and bool((np.abs(rows) <= LARGEST).all())
    if not known:
        _refuse_values(names, matrix)
    return names, hand_over(matrix)


def _refuse_values(names: tuple[str, ...], matrix: FloatArray) -> None:
    """Refuse covariates that are not known or too large, naming columns and rows."""
    for bad, rule in (
        (~np.isfinite(matrix), "known and finite"),
        (np.abs(matrix) > LARGEST, f"at most {LARGEST:g}"),
    ):
        if bad.any():
            columns = [name for j, name in enumerate(names) if bad[:, j].any()]
            rows = np.asarray(bad.any(axis=1))
            checks.rows_where(rows, f"covariates must be {rule} ({name_some(columns)})")


def covariate_rows(rows: pd.DataFrame, names: tuple[str, ...]) -> FloatArray:
    """Return the values of shape (k, p) of the named covariates in other rows; further columns are not read.

    Raises
    ------
    InvalidArgument
        No DataFrame, columns that are absent or there twice, values as :func:`covariate_matrix`.
    """
    if not isinstance(rows, pd.DataFrame):
        raise InvalidArgument(f"rows must be a pandas DataFrame, got {type(rows).__name__}")
    columns = [str(name) for name in rows.columns]
    wrong = [name for name in names if columns.count(name) != 1]
    if wrong:
        raise InvalidArgument(
            f"rows must have each covariate of the fit once: {len(wrong)} absent or there twice "
            f"({name_some(wrong)})"
        )
    return covariate_matrix(rows.iloc[:, [columns.index(name) for name in names]], len(rows))[1]


def label_codes(labels: ArrayLike, n: int, name: str) -> tuple[IntArray, LabelArray]:
    """Return the code of each row, from 0, and the labels in sorted order.

    Raises
    ------
    InvalidArgument
        Another number of labels than ``n``, more than one dimension, missing labels.
    """
    values = as_labels(labels, name)
    checks.same_length(n, **{name: values})
    checks.rows_where(np.asarray(pd.isna(values)), f"{name} must not be missing")
    if values.dtype.kind == "i" and int(values.max()) - int(values.min()) < CROWDED * n:
        return _number_codes(values)
    try:
        codes, levels = pd.factorize(values, sort=True)
    except TypeError:
        raise InvalidArgument(
            f"{name} must be labels that can be told apart and sorted, such as texts or whole numbers"
        ) from None
    return codes.astype(np.int64), np.asarray(levels)


def _number_codes(numbers: LabelArray) -> tuple[IntArray, LabelArray]:
    """Do as :func:`label_codes` for whole numbers that leave few out, by a table of those there are."""
    lowest = int(numbers.min())
    place = numbers.astype(np.int64) - lowest
    there = np.zeros(int(place.max()) + 1, dtype=np.bool_)
    there[place] = True
    levels = (np.flatnonzero(there) + lowest).astype(numbers.dtype)
    return (np.cumsum(there) - 1)[place], levels


def arm_codes(arm: ArrayLike, n: int, control: object = None) -> tuple[IntArray, tuple[object, ...]]:
    """Return the arm of each row, control 0 and the others in sorted order, and the labels so ordered.

    ``control=None`` takes the first label in sorted order.

    Raises
    ------
    InvalidArgument
        As :func:`label_codes`; fewer than two arms; a ``control`` that is no arm.
    """
    codes, levels = label_codes(arm, n, "arm")
    labels = levels.tolist()
    if len(labels) < 2:
        raise InvalidArgument(f"arm must have at least two labels, got {labels}")
    if control is None:
        return codes, tuple(labels)
    try:
        first = labels.index(control)
    except (ValueError, TypeError):
        raise InvalidArgument(
            f"control must be one of the arms ({name_some(labels)}), got {control!r}"
        ) from None
    order = [first, *(k for k in range(len(labels)) if k != first)]
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return position[codes], tuple(labels[k] for k in order)
