"""Covariates and labels beside the rows of a sample, checked and turned into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from . import checks
from .errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .arrays import FloatArray, IntArray, LabelArray


def covariate_matrix(covariates: pd.DataFrame, n: int) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names and the values of shape (n, p) of numeric covariates.

    Raises
    ------
    InvalidArgument
        No DataFrame, no columns, columns of one name, a column that is not numeric, another number of
        rows than ``n``, values that are missing or infinite.
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
    matrix = np.empty((n, len(names)))
    for j in range(len(names)):
        matrix[:, j] = covariates.iloc[:, j].to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(matrix)
    if bad.any():
        columns = [name for j, name in enumerate(names) if bad[:, j].any()]
        rows = np.asarray(bad.sum(axis=1) > 0)
        checks.rows_where(rows, f"covariates must be known and finite ({name_some(columns)})")
    return names, matrix


def label_codes(labels: ArrayLike, n: int, name: str) -> tuple[IntArray, LabelArray]:
    """Return the code of each row, from 0, and the labels in sorted order.

    Raises
    ------
    InvalidArgument
        Another number of labels than ``n``, more than one dimension, missing labels.
    """
    values = labels if isinstance(labels, pd.Series) else pd.Series(_one_dimension(labels, name))
    checks.same_length(n, **{name: values})
    checks.rows_where(values.isna().to_numpy(), f"{name} must not be missing")
    codes, levels = pd.factorize(np.asarray(values), sort=True)
    return codes.astype(np.int64), np.asarray(levels)


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
    if control not in labels:
        raise InvalidArgument(f"control must be one of the arms ({name_some(labels)}), got {control!r}")
    first = labels.index(control)
    order = [first, *(k for k in range(len(labels)) if k != first)]
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    return position[codes], tuple(labels[k] for k in order)


def _one_dimension(labels: ArrayLike, name: str) -> LabelArray:
    array = np.asarray(labels)
    if array.ndim != 1:
        raise InvalidArgument(f"{name} must have one dimension, got shape {array.shape}")
    return array
