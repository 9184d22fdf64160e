"""From labels and numbers of the items of a score to points, with every unknown label named."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..arrays import BoolArray, FloatArray

# Scalars, arrays and Series of labels, numbers, flags or missing values.
Items = Any
# Least total of a band and its words, in ascending order.
Bands = tuple[tuple[float, str], ...]


def aligned(**items: Items) -> pd.DataFrame:
    """Return the items as columns of one length; a scalar is repeated, a missing value is ``None``.

    The index is that of the first Series; all Series must have the same one.
    """
    series = {name: item for name, item in items.items() if isinstance(item, pd.Series)}
    index = next((item.index for item in series.values()), None)
    different = [name for name, item in series.items() if not item.index.equals(index)]
    if different:
        raise InvalidArgument(
            f"{', '.join(items)} must share one index; that of {name_some(different)} differs"
        )
    columns = {name: _as_objects(item, name) for name, item in items.items()}
    lengths = {column.size for column in columns.values() if column.ndim}
    if len(lengths) > 1:
        shown = ", ".join(f"{name} {column.size}" for name, column in columns.items() if column.ndim)
        raise InvalidArgument(f"items must have one entry a row, got {shown}")
    n = lengths.pop() if lengths else 1
    rows = pd.RangeIndex(n) if index is None else index
    return pd.DataFrame(
        {
            name: pd.Series(np.broadcast_to(item, n), index=rows, dtype=object)
            for name, item in columns.items()
        },
        index=rows,
    )


def _as_objects(item: Items, name: str) -> np.ndarray[Any, Any]:
    if item is None or item is pd.NA:
        return np.asarray(None, dtype=object)
    if (shape := np.shape(item))[1:]:
        raise InvalidArgument(f"{name} must have one dimension, got shape {shape}")
    array = np.array(pd.Series(item).astype(object) if shape else item, dtype=object)
    if array.ndim == 0 and not isinstance(item, Hashable):
        raise InvalidArgument(f"{name} must be a value, an array or a Series, got {type(item).__name__}")
    if array.ndim == 0:
        return np.asarray(None if pd.isna(item) else item, dtype=object)
    array[pd.isna(array)] = None
    return array


def is_missing(values: pd.Series[Any]) -> BoolArray:
    """Return which of ``values`` are missing."""
    return values.isna().to_numpy(dtype=bool)


def label_points(values: pd.Series[Any], points: Mapping[str, float]) -> pd.Series[Any]:
    """Return the points of each label, NaN where it is missing; refuse labels that ``points`` lacks."""
    labels = values.map(_yes_or_no) if set(points) == {"yes", "no"} else values
    refuse_unknown(labels, points)
    return labels.map(dict(points)).astype("float64")


def _yes_or_no(item: object) -> object:
    if isinstance(item, bool | np.bool_):
        return "yes" if item else "no"
    return item


def refuse_unknown(labels: pd.Series[Any], allowed: Iterable[object]) -> None:
    """Refuse labels that are none of ``allowed``; a missing one passes."""
    allowed = list(allowed)
    bad = labels[labels.notna() & ~labels.isin(allowed)]
    if len(bad):
        shown = name_some(map(repr, dict.fromkeys(bad)))
        raise InvalidArgument(
            f"{labels.name}: {len(bad)} value(s) that are not allowed ({shown}); "
            f"write one of {', '.join(map(repr, allowed))}, or nothing where it is not known"
        )


def numbers(values: pd.Series[Any], least: float, most: float, *, whole: bool = False) -> FloatArray:
    """Return ``values`` as floats with NaN for missing; refuse text and numbers outside least to most."""
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    missing = is_missing(values)
    flags = values.map(lambda item: isinstance(item, bool | np.bool_)).to_numpy(dtype=bool)
    good = np.isfinite(found) & (found >= least) & (found <= most) & ~flags
    if whole:
        good &= np.where(good, found, 0) % 1 == 0
    wrong = ~missing & ~good
    if wrong.any():
        kind = "whole numbers" if whole else "numbers"
        rule = f"{kind} of at least {least:g}" if np.isinf(most) else f"{kind} from {least:g} to {most:g}"
        shown = name_some(map(repr, dict.fromkeys(values[wrong])))
        raise InvalidArgument(
            f"{values.name} must be {rule}, got {int(wrong.sum())} other value(s) ({shown})"
        )
    return found


def karnofsky(values: pd.Series[Any]) -> FloatArray:
    """Return Karnofsky performance status, which goes from 0 to 100 in steps of 10."""
    found = numbers(values, 0, 100)
    wrong = ~np.isnan(found) & (found % 10 != 0)
    if wrong.any():
        shown = name_some(map(repr, dict.fromkeys(values[wrong])))
        raise InvalidArgument(
            f"{values.name} is a Karnofsky performance status, which goes in steps of 10; "
            f"got {int(wrong.sum())} other value(s) ({shown})"
        )
    return found


def in_bands(total: pd.Series[Any] | FloatArray, bands: Bands) -> Any:
    """Return the words of the band of each total as text, missing where there is none."""
    values = np.asarray(total, dtype=np.float64)
    place = np.searchsorted([least for least, _ in bands], values, side="right") - 1
    words = np.array([name for _, name in bands], dtype=object)[np.clip(place, 0, None)]
    words[np.isnan(values) | (place < 0)] = None
    return pd.array(words, dtype="string")


def score_frame(points: Mapping[str, Items], bands: Bands, index: pd.Index[Any]) -> pd.DataFrame:
    """Return the points of each item, ``total`` and ``band``; both are missing where an item is."""
    frame = pd.DataFrame(
        {name: np.asarray(item, dtype=np.float64) for name, item in points.items()}, index=index
    )
    total = frame.sum(axis="columns", skipna=False)
    return frame.assign(total=total, band=in_bands(total, bands))


def pieces(values: FloatArray, least: Sequence[float], points: Sequence[float]) -> FloatArray:
    """Return ``points[k]`` where ``least[k] <= value < least[k + 1]``; NaN below ``least[0]`` and for NaN."""
    place = np.searchsorted(least, values, side="right") - 1
    found = np.asarray(points, dtype=np.float64)[np.clip(place, 0, None)]
    return np.where(np.isnan(values) | (place < 0), np.nan, found)
