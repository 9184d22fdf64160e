"""Design of a regression with an intercept: covariates centred and scaled, so that digits last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import NotEstimable, name_some
from ..partial_likelihood import CONSTANT, refuse_dependent

if TYPE_CHECKING:
    from ..arrays import FloatArray


def standardised(matrix: FloatArray, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return covariates (n, p) with mean 0 and standard deviation 1, and their means and deviations.

    Raises
    ------
    NotEstimable
        Covariates that are constant, or that earlier ones determine.
    """
    mean = matrix.mean(axis=0)
    centred = matrix - mean
    deviation = np.sqrt(np.mean(centred**2, axis=0))
    constant = deviation <= CONSTANT * np.max(np.abs(matrix), axis=0)
    if constant.any():
        who = [name for name, flat in zip(names, constant, strict=True) if flat]
        raise NotEstimable(f"{len(who)} covariate(s) are constant ({name_some(who)}): leave them out")
    scaled = centred / deviation
    refuse_dependent(scaled.T @ scaled, names)
    return scaled, mean, deviation
