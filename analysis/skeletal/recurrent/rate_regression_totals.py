"""What a regression of rates needs of each subject: its events, its years at risk, its covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import InvalidArgument, name_some
from .event_rate import UNITS_PER_YEAR

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray, LabelArray
    from ..data import RecurrentEvents


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubjectTotals:
    """Events and years at risk of each subject.

    Attributes
    ----------
    number : ndarray of shape (n_rows,)
        Number of the subject of each row, from 0.
    label : ndarray of shape (n,)
        Label of each subject.
    events, years : ndarray of shape (n,)
        Events (status 1) and the sum of stop - start of each subject, in years.
    """

    number: IntArray
    label: LabelArray
    events: FloatArray
    years: FloatArray

    def values_of(self, rows: FloatArray, names: tuple[str, ...]) -> FloatArray:
        """Return the values (n, p) of the subjects from those of the rows (n_rows, p), which must agree."""
        first = np.empty(self.label.size, dtype=np.int64)
        first[self.number[::-1]] = np.arange(self.number.size)[::-1]
        values = np.asarray(rows[first])
        differs = rows != values[self.number]
        if differs.any():
            columns = [name for j, name in enumerate(names) if differs[:, j].any()]
            who = pd.unique(self.label[self.number[differs.any(axis=1)]])
            raise InvalidArgument(
                f"{name_some(columns)} must be constant within a subject: {who.size} subject(s) have more "
                f"than one value ({name_some(who)}). Totals of a subject have one rate: take the value at "
                "baseline, or use andersen_gill"
            )
        return values


def subject_totals(data: RecurrentEvents) -> SubjectTotals:
    """Add up the rows of each subject."""
    number, label = pd.factorize(data.subject)
    years = (data.stop - data.start) / UNITS_PER_YEAR[data.time_unit]
    return SubjectTotals(
        number=number.astype(np.int64),
        label=np.asarray(label),
        events=np.bincount(number, data.status == 1).astype(np.float64),
        years=np.bincount(number, years).astype(np.float64),
    )
