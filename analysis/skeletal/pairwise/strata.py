"""Rows of each stratum in which both arms are, and what is said of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..covariates import label_codes
from ..errors import NotEstimable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import IntArray


def rows_by_stratum(strata: ArrayLike | None, arm: IntArray) -> tuple[list[IntArray], list[object], str]:
    """Return the rows and the labels of the strata with both arms, and a note on the others.

    Raises
    ------
    NotEstimable
        No stratum has both arms.
    """
    if strata is None:
        return [np.arange(arm.size)], ["all"], ""
    codes, labels = label_codes(strata, arm.size, "strata")
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    both = [0 < int(arm[rows].sum()) < rows.size for rows in groups]
    if not any(both):
        raise NotEstimable("no stratum has subjects of both arms: there are no pairs to compare")
    left_out = len(both) - sum(both)
    note = f"; {left_out} strata with one arm only have no pairs" if left_out else ""
    kept = [k for k, there in enumerate(both) if there]
    return [groups[k] for k in kept], [labels[k] for k in kept], note
