"""Columns that a scenario declares: drawn row by row, each without regard to events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument
from skeletal.records.convert import matching_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skeletal.arrays import IntArray, LabelArray
    from skeletal.study.scenario_parts import ColumnDraw

Columns = dict[str, Any]


def add_columns(
    columns: Columns,
    draws: Iterable[ColumnDraw],
    rng: np.random.Generator,
    randomised: IntArray | None = None,
) -> Columns:
    """Return ``columns`` with those that ``draws`` fill, in their order; a row that none fills is missing.

    ``randomised`` holds the day from which dates are counted back.
    """
    added = dict(columns)
    n = len(next(iter(columns.values())))
    for each in draws:
        if unknown := [name for name in each.where if name not in added]:
            raise InvalidArgument(
                f"the draw of column {each.column!r} reads {', '.join(unknown)}, which is not drawn before it"
            )
        rows = matching_rows(
            pd.DataFrame({name: added[name] for name in each.where}, index=range(n)), each.where
        )
        added[each.column] = _filled(added.get(each.column), rows, _drawn(each, n, rng, randomised))
    return added


def _drawn(draw: ColumnDraw, n: int, rng: np.random.Generator, randomised: IntArray | None) -> LabelArray:
    if draw.days_before is not None and randomised is not None:
        return (randomised - rng.integers(*draw.days_before, size=n, endpoint=True)).astype(np.float64)
    if draw.least is not None and draw.most is not None:
        return np.asarray(np.round(rng.uniform(draw.least, draw.most, size=n), draw.digits))
    choices = draw.values  # noqa: PD011  a tuple of the scenario
    place = rng.choice(len(choices), size=n, p=draw.weights or None)
    numbers = not any(isinstance(value, bool | str) for value in choices)
    return np.asarray(np.array(choices, dtype=np.float64 if numbers else object)[place])


def _filled(old: LabelArray | None, rows: Any, new: LabelArray) -> LabelArray:
    if rows.all():
        return new
    if old is None:
        old = np.full(new.size, np.nan if new.dtype.kind == "f" else None, dtype=new.dtype)
    kept = old if old.dtype == new.dtype else old.astype(object)
    return np.where(rows, new, kept)
