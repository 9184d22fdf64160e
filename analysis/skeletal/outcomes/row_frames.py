"""Frames with millions of record rows: text as categories, and no column copied that does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skeletal.arrays import BoolArray, IntArray, LabelArray


MOST = 2.0**62  # what one whole number holds
SMALL = 127


def coded(codes: Any, texts: Iterable[str]) -> pd.Categorical[Any]:
    """Return ``texts[code]`` for each code; its categories are in the order of the alphabet."""
    kinds, place = _kinds(texts)
    return pd.Categorical.from_codes(place[codes], categories=kinds, validate=False)


def _kinds(texts: Iterable[str]) -> tuple[pd.Index[Any], Any]:
    """Return the distinct texts in order, and the place of each text among them."""
    kinds, place = np.unique(np.array(list(texts), dtype=object), return_inverse=True)
    small = np.int8 if kinds.size < SMALL else np.int32
    return pd.Index(kinds, dtype=object), place.astype(small)


def categorised(values: pd.Series[Any]) -> pd.Categorical[Any]:
    """Return a column of text as categories, in the order of the alphabet; missing stays missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return pd.Categorical(values)
    codes, texts = pd.factorize(values)
    categories = coded(np.arange(len(texts)), texts)
    return categories.take(codes, allow_fill=True)


def placed(values: Any, number: IntArray, others: Any) -> Any:
    """Return ``values`` with ``others`` at the places ``number``."""
    if isinstance(values, pd.Categorical):
        known = len(values.categories)
        codes = placed(values.codes.astype(np.int64), number, others.codes + np.int64(known))
        return coded(codes, [*values.categories, *others.categories])
    changed = np.array(values)
    changed[number] = others
    return changed


def recoded(parts: Sequence[pd.Categorical[Any]]) -> tuple[list[Any], pd.Index[Any]]:
    """Return the codes of columns of categories in all their categories, and these."""
    kinds, place = _kinds([text for part in parts for text in part.categories])
    first = np.cumsum([0, *(len(part.categories) for part in parts)])
    missing = np.array([-1], dtype=place.dtype)
    places = [place[first[i] : first[i + 1]] for i in range(len(parts))]
    codes = [np.concatenate([own, missing])[part.codes] for own, part in zip(places, parts, strict=True)]
    return codes, kinds


def united(parts: Sequence[pd.Categorical[Any]]) -> pd.Categorical[Any]:
    """Put columns of categories below each other; the categories are in the order of the alphabet."""
    codes, kinds = recoded(parts)
    return pd.Categorical.from_codes(np.concatenate(codes), categories=kinds, validate=False)


def constant(text: str, size: int) -> pd.Categorical[Any]:
    """Return ``text`` so many times."""
    return coded(np.zeros(size, dtype=np.int8), [text])


def nameless(size: int) -> pd.Categorical[Any]:
    """Return missing text so many times."""
    none = pd.Index([], dtype=object)
    return pd.Categorical.from_codes(np.full(size, -1, dtype=np.int8), categories=none)


def with_columns(rows: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return ``rows`` with further or other columns; those that stay are shared, not copied."""
    kept = {str(name): rows[name] for name in rows}
    return pd.DataFrame({**kept, **columns}, index=rows.index, copy=False)


def chosen(rows: pd.DataFrame, keep: BoolArray) -> pd.DataFrame:
    """Return the rows marked in ``keep``, numbered from 0."""
    if keep.all():
        return numbered(with_columns(rows))
    return numbered(rows.take(np.flatnonzero(keep)))


def numbered(made: pd.DataFrame) -> pd.DataFrame:
    """Return a frame that was just made with its rows numbered from 0, not copied."""
    made.index = pd.RangeIndex(len(made))
    return made


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put parts with the same columns below each other, numbered from 0; categories stay categories."""
    filled = [part for part in parts if len(part)] or list(parts[:1])
    if len(filled) == 1:
        return numbered(with_columns(filled[0]))
    columns = {name: _stacked([part[name] for part in filled]) for name in filled[0]}
    return pd.DataFrame(columns, copy=False)


def sorted_by(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return ``rows`` sorted by whole numbers or categories, numbered from 0; ties keep their order."""
    keys: list[Any] = []
    room = 1.0
    for name in names:
        key = rows[name]
        categories = isinstance(key.dtype, pd.CategoricalDtype)
        code = (key.cat.codes if categories else key).to_numpy(dtype=np.int64)
        low, span = int(code.min(initial=0)), int(code.max(initial=0)) - int(code.min(initial=0)) + 1
        room *= span
        if keys and room < MOST:  # as many keys as one number holds
            keys[-1] = keys[-1] * span + (code - low)
        else:
            keys.append(code - low)
            room = float(span)
    return numbered(rows.take(np.lexsort(keys[::-1])))


def _stacked(parts: list[pd.Series[Any]]) -> Any:
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return united([pd.Categorical(part) for part in parts])
    return pd.concat(parts, ignore_index=True)


def text(values: pd.Categorical[Any]) -> pd.Series[Any]:
    """Return categories as text, in which the empty one is missing."""
    texts = values.categories
    codes = np.where(np.asarray(texts == ""), -1, np.arange(len(texts)))
    return text_of(codes[values.codes], texts)


def text_or_missing(values: LabelArray | pd.Series[Any]) -> pd.Series[Any]:
    """Return text in which the empty string is missing."""
    codes, kinds = pd.factorize(np.asarray(values, dtype=object))
    codes = np.append(np.where(kinds == "", -1, np.arange(kinds.size)), -1)[codes]
    return text_of(codes, kinds)


def text_of(codes: Any, texts: Any) -> pd.Series[Any]:
    """Return ``texts[code]`` for each code, missing for -1."""
    return pd.Series(pd.array(list(texts), dtype="string").take(codes, allow_fill=True))


def row_numbers(values: Any) -> pd.Series[Any]:
    """Return whole numbers in which a negative one is missing."""
    rows = np.asarray(values, dtype=np.int64)
    return pd.Series(pd.arrays.IntegerArray(np.maximum(rows, 0), rows < 0))
