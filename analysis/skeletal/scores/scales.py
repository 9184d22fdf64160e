"""The scales of questionnaires as data: their items, the range of an answer, direction and missing items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ..arrays import FloatArray

TESS_ITEMS = MappingProxyType({"lower": 30, "upper": 29})
# Some versions of the TESS have an item or more than the classic ones.
TESS_MOST_ITEMS = 32
MSTS_ITEMS = MappingProxyType(
    {
        "lower": ("pain", "function", "emotional_acceptance", "supports", "walking", "gait"),
        "upper": ("pain", "function", "emotional_acceptance", "hand_positioning", "dexterity", "lifting"),
    }
)
BM22_REVERSED = ("21", "22")
BPI_SEVERITY = ("worst_pain", "least_pain", "average_pain", "current_pain")
BPI_INTERFERENCE = (
    "general_activity",
    "mood",
    "walking",
    "work",
    "relations",
    "sleep",
    "enjoyment",
)
EQ5D_ITEMS = ("mobility", "self_care", "usual_activities", "pain", "anxiety")
# No value set goes beyond them; 0 is as bad as being dead, which is the worst value of an index here.
_INDEX_BOUNDS = (-2, 1)
# Items that belong to an instrument but to none of its scales.
UNSCORED = MappingProxyType({"BPI": ("relief",), "EQ-5D-5L": EQ5D_ITEMS, "EQ-5D-3L": EQ5D_ITEMS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A scale whose value is a straight line in the mean of its answered items.

    Attributes
    ----------
    items : tuple of str
        Names of the items; a single item with the name of the scale is the scale.
    answers : tuple of two numbers
        Least and most answer.
    ends : tuple of two numbers
        Value of the scale at the least and at the most mean answer.
    worst : float
        Worst value.
    n_items : int
        Number of items of which a share must be answered.
    partly : bool
        Whether the scale may be made from a part of its items.
    reversed : tuple of str
        Items recoded (least + most - answer) before they are averaged.
    """

    items: tuple[str, ...]
    answers: tuple[float, float]
    ends: tuple[float, float]
    worst: float
    n_items: int
    partly: bool = False
    reversed: tuple[str, ...] = ()


def _numbered(first: int, last: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(first, last + 1))


def _bm22(first: int, last: int, *, functional: bool, reverse: tuple[str, ...] = ()) -> Scale:
    return Scale(
        items=_numbered(first, last),
        answers=(1, 4),
        ends=(100, 0) if functional else (0, 100),
        worst=0 if functional else 100,
        n_items=last - first + 1,
        partly=True,
        reversed=reverse,
    )


def _bpi(items: tuple[str, ...], *, partly: bool = False) -> Scale:
    return Scale(items=items, answers=(0, 10), ends=(0, 10), worst=10, n_items=len(items), partly=partly)


_SCALES: Mapping[tuple[str, str, str], Scale] = MappingProxyType(
    {
        **{
            ("TESS", version, "total"): Scale(
                items=_numbered(1, TESS_MOST_ITEMS),
                answers=(1, 5),
                ends=(0, 100),
                worst=0,
                n_items=n_items,
                partly=True,
            )
            for version, n_items in TESS_ITEMS.items()
        },
        **{
            ("MSTS", version, "total"): Scale(
                items=items, answers=(0, 5), ends=(0, 100), worst=0, n_items=len(items)
            )
            for version, items in MSTS_ITEMS.items()
        },
        ("QLQ-BM22", "", "painful_sites"): _bm22(1, 5, functional=False),
        ("QLQ-BM22", "", "painful_characteristics"): _bm22(6, 8, functional=False),
        ("QLQ-BM22", "", "functional_interference"): _bm22(9, 16, functional=True),
        ("QLQ-BM22", "", "psychosocial_aspects"): _bm22(17, 22, functional=True, reverse=BM22_REVERSED),
        ("BPI", "", "severity"): _bpi(BPI_SEVERITY),
        ("BPI", "", "interference"): _bpi(BPI_INTERFERENCE, partly=True),
        **{("BPI", "", item): _bpi((item,)) for item in BPI_SEVERITY},
        **{
            (instrument, "", name): Scale(items=(name,), answers=bounds, ends=bounds, worst=0, n_items=1)
            for instrument in ("EQ-5D-5L", "EQ-5D-3L")
            for name, bounds in (("vas", (0, 100)), ("index", _INDEX_BOUNDS))
        },
    }
)


def scale_of(
    instrument: str, scale: str, *, version: str = "", reversed_items: tuple[str, ...] | None = None
) -> Scale:
    """Return a scale of an instrument; the scales of NRS have the names that a trial gives them."""
    if instrument == "NRS":
        return _bpi((scale,))
    found = _SCALES.get((instrument, version, scale))
    if found is None:
        known = [f"{name} {which} {part}".replace("  ", " ") for name, which, part in _SCALES]
        asked = f"{instrument} {version} {scale}".replace("  ", " ")
        raise InvalidArgument(
            f"there is no scale {asked!r}; the scales are {', '.join(known)}, and any of NRS"
        )
    if reversed_items is None:
        return found
    if unknown := [item for item in reversed_items if item not in found.items]:
        raise InvalidArgument(
            f"{instrument} {scale} has no items {name_some(unknown)} that could be reversed"
        )
    return replace(found, reversed=tuple(reversed_items))


def items_of(instrument: str) -> set[str]:
    """Return the names of all items and scales of an instrument; none for NRS, where all are allowed."""
    names = {item for (name, _, _), scale in _SCALES.items() if name == instrument for item in scale.items}
    names |= {scale for name, _, scale in _SCALES if name == instrument}
    return (
        names | set(UNSCORED.get(instrument, ())) | ({"index"} if instrument.startswith("EQ-5D") else set())
    )


def out_of_range(answers: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Return which answers (rows by items) are out of range; items that make up a scale are whole numbers."""
    least, most = scale.answers
    values = answers.astype("float64")
    wrong = (values < least) | (values > most)
    return wrong if len(scale.items) == 1 else wrong | (values % 1 != 0) & values.notna()


def scale_values(answers: pd.DataFrame, scale: Scale, *, least_answered: float) -> FloatArray:
    """Return the value of a scale for each row of answers, NaN where too few items are answered."""
    least, most = scale.answers
    values = answers.astype("float64").to_numpy()
    turned = np.isin(np.asarray(answers.columns, dtype=object).astype(str), scale.reversed)
    values = np.where(turned, least + most - values, values)
    n_answered = (~np.isnan(values)).sum(axis=1)
    needed = scale.n_items * (least_answered if scale.partly else 1.0)
    enough = (n_answered > 0) & (n_answered >= needed - 1e-9)
    mean = np.divide(np.nansum(values, axis=1), n_answered, out=np.full(len(values), np.nan), where=enough)
    low, high = scale.ends
    return np.asarray(low + (mean - least) / (most - least) * (high - low), dtype=np.float64)
