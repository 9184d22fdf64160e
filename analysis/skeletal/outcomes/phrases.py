"""Texts of millions of rows, put together by Arrow from parts that each row has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .filters import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skeletal.arrays import BoolArray, IntArray

TEXT = pa.large_string()


def joined(*parts: Any) -> Any:
    """Join texts and columns of texts row by row; a missing part makes the whole missing."""
    return pc.binary_join_element_wise(*(_part(part) for part in parts), pa.scalar("", TEXT))


def _part(part: Any) -> Any:
    return pa.scalar(part, TEXT) if isinstance(part, str) else part


def words(texts: Iterable[str], codes: Any) -> Any:
    """Return ``texts[code]`` for each code."""
    return pa.array(list(texts), TEXT).take(pa.array(codes))


def kinds(values: pd.Series[Any] | pd.Categorical[Any]) -> Any:
    """Return a column of categories as texts."""
    array = pd.Categorical(values)
    return words(array.categories, array.codes)


def either(flags: BoolArray, yes: str, no: str) -> Any:
    """Return ``yes`` where the flag is set, else ``no``."""
    return words([no, yes], np.asarray(flags, dtype=np.int8))


def numbers(values: Any) -> Any:
    """Return whole numbers as digits."""
    return pa.array(np.asarray(values, dtype=np.int64)).cast(TEXT)


def iso(day: IntArray) -> Any:
    """Return days as ISO 8601."""
    known = np.abs(day) < NEVER
    return pa.array(np.where(known, day, 0).astype(np.int32)).cast(pa.date32()).cast(pa.string()).cast(TEXT)


def texts_of(values: Any) -> Any:
    """Return a column of texts, missing where it is."""
    return pa.array(pd.array(values, dtype="string"), TEXT)


def in_order(parts: Sequence[Any], places: Sequence[IntArray]) -> Any:
    """Return parts that belong to the rows ``places`` as one column in the order of the rows."""
    row = np.concatenate(places)
    place = np.empty(row.size, dtype=np.int64)
    place[row] = np.arange(row.size)
    return pa.concat_arrays(list(parts)).take(pa.array(place))
