"""Rules of eligibility evaluated on rows of subjects or lesions: true, false or not assessable."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.records.convert import as_text, convert, is_among, word
from skeletal.tables import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from skeletal.arrays import BoolArray, FloatArray, LabelArray
    from skeletal.study import EligibilityOption, Rule
    from skeletal.tables import Kind

SEPARATOR = "; "
# What a column can hold; a number outside (999 or -1 for unknown) is not assessable.
POSSIBLE: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "age": (0, 140),
        "ecog": (0, 5),
        "kps": (0, 100),
        "pain_nrs": (0, 10),
        "bone_loss_percent": (0, 100),
        "diameter_cm": (0, np.inf),
        "life_expectancy_months": (0, np.inf),
    }
)
_NOT_NEGATIVE = (0.0, np.inf)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Quantity:
    """A number on each row as what it may be: from ``low`` to ``high``, NaN where nothing is known.

    ``text`` says the number in words, or why it is not known.
    """

    low: FloatArray
    high: FloatArray
    text: LabelArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Verdict:
    """Whether a rule holds on each row (neither ``true`` nor ``false``: not assessable), and why."""

    true: BoolArray
    false: BoolArray
    text: LabelArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Rows of one table, with what the study says of its columns and how its scores are made."""

    table: str
    frame: pd.DataFrame
    options: Mapping[str, EligibilityOption]
    score: Callable[[str, Mapping[str, str]], Quantity]
    count: Callable[[Sequence[str], str], Quantity]

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.frame)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cells:
    """A column in the dtype of a kind, with the reason where a value is missing or unreadable."""

    content: pd.Series[Any]
    shown: LabelArray
    reason: LabelArray

    @property
    def known(self) -> BoolArray:
        """Which values can be used."""
        return self.content.notna().to_numpy(dtype=bool)


def read_cells(frame: pd.DataFrame, table: str, name: str, kind: Kind, words: str = "") -> Cells:
    """Return column ``name`` of ``frame`` as ``kind``; what does not fit is missing and has a reason."""
    words, n = words or name.replace("_", " "), len(frame)
    if name not in frame:
        missing, _ = convert(pd.Series(np.full(n, None, dtype=object)), Column(kind=kind))
        reason = np.full(n, f"column {name!r} of {table} is not there", dtype=object)
        return Cells(content=missing, shown=reason, reason=reason)
    raw = frame[name].reset_index(drop=True)
    values, _ = convert(raw, Column(kind=kind))
    text = as_text(raw).to_numpy(dtype=object, na_value="")
    kinds = {"flag": "neither yes nor no", "number": "no number", "date": "no date", "text": "no text"}
    unreadable = [f"{words} {item!r} is {kinds[kind]}" for item in text]
    reason = np.where(raw.notna() & (text != ""), np.array(unreadable, dtype=object), f"{words} not recorded")
    known = values.notna().to_numpy(dtype=bool)
    shown = np.array([f"{words} {item}" for item in _shown(values, text, kind)], dtype=object)
    return Cells(content=values, shown=shown, reason=np.where(known, "", reason))


def within(cells: Cells, least: float, most: float) -> Cells:
    """Return ``cells`` with numbers outside ``least`` to ``most`` made missing, and the reason."""
    values = cells.content.to_numpy(dtype=np.float64, na_value=np.nan)
    rule = f"at least {least:g}" if np.isinf(most) else f"from {least:g} to {most:g}"
    return having(cells, (values >= least) & (values <= most), rule)


def having(cells: Cells, valid: Any, rule: str) -> Cells:
    """Return ``cells`` with values that are not ``valid`` made missing, and the reason."""
    bad = cells.known & ~np.asarray(valid, dtype=bool)
    complaint = np.array([f"{item} is not {rule}" for item in cells.shown], dtype=object)
    return Cells(
        content=cells.content.mask(bad), shown=cells.shown, reason=np.where(bad, complaint, cells.reason)
    )


def _shown(values: pd.Series[Any], text: LabelArray, kind: Kind) -> Sequence[str]:
    if kind == "flag":
        return ["" if pd.isna(item) else ("yes" if item else "no") for item in values]
    if kind == "number":
        return [f"{item:.10g}" for item in values]
    return [str(item) for item in text]


def evaluate(rule: Rule, rows: Rows) -> Verdict:
    """Return whether ``rule`` holds on each row.

    Kleene logic: a part that is not known leaves the whole open only where the others do not decide it.
    """
    if rule.all is not None:
        return _together([evaluate(part, rows) for part in rule.all], rows.size, decisive=False)
    if rule.any is not None:
        return _together([evaluate(part, rows) for part in rule.any], rows.size, decisive=True)
    if rule.none is not None:
        found = _together([evaluate(part, rows) for part in rule.none], rows.size, decisive=True)
        return Verdict(true=found.false, false=found.true, text=found.text)
    if rule.cases is not None and rule.option is not None:
        chosen = rows.options[rule.option].chosen
        found = evaluate(rule.cases[chosen], rows)
        text = np.array([f"{item} (reading of {rule.option}: {chosen})" for item in found.text], dtype=object)
        return Verdict(true=found.true, false=found.false, text=text)
    if rule.always is not None:
        holds = np.full(rows.size, rule.always)
        words = rule.words or ("holds for everybody" if rule.always else "holds for nobody")
        return Verdict(true=holds, false=~holds, text=np.full(rows.size, words, dtype=object))
    return _leaf(rule, rows)


def _together(parts: Sequence[Verdict], n: int, *, decisive: bool) -> Verdict:
    """Combine by any (one true part decides) or all (one false part does), with the parts that decide."""
    true = np.full(n, not decisive)
    false = np.full(n, decisive)
    for part in parts:
        true = true | part.true if decisive else true & part.true
        false = false & part.false if decisive else false | part.false
    text = np.full(n, "", dtype=object)
    for part in parts:
        open_part, open_whole = ~(part.true | part.false), ~(true | false)
        speaks = (true & part.true) | (false & part.false) | (open_whole & open_part)
        joined = text + np.where(text == "", "", SEPARATOR).astype(object) + part.text
        text = np.where(speaks, joined, text)
    return Verdict(true=true, false=false, text=text)


_BY_BOUNDS: Mapping[str, tuple[Callable[..., Any], bool]] = {
    "at_least": (operator.ge, True),
    "above": (operator.gt, True),
    "at_most": (operator.le, False),
    "below": (operator.lt, False),
}


def _leaf(rule: Rule, rows: Rows) -> Verdict:
    if rule.score is not None:
        return _compared(rule, rows.score(rule.score, rule.using))
    if rule.lesions is not None:
        return _compared(rule, rows.count(rule.lesions, rule.words or "lesions that pass"))
    if rule.operator in _BY_BOUNDS:
        return _compared(rule, _number(rule, rows), _limit(rule, rows))
    return _labelled(rule, rows)


def _compared(rule: Rule, quantity: Quantity, bound: FloatArray | None = None) -> Verdict:
    """Compare what a number may be with the limit of the rule, or with ``bound``."""
    compare, low_first = _BY_BOUNDS[rule.operator]
    if bound is None:
        bound = np.full(quantity.low.shape, float(getattr(rule, rule.operator)))
    worst, best = (quantity.low, quantity.high) if low_first else (quantity.high, quantity.low)
    known = ~np.isnan(quantity.low) & ~np.isnan(quantity.high) & ~np.isnan(bound)
    return Verdict(
        true=known & compare(worst, bound), false=known & ~compare(best, bound), text=quantity.text
    )


def _number(rule: Rule, rows: Rows) -> Quantity:
    assert rule.column is not None
    cells = read_cells(rows.frame, rows.table, rule.column, "number", rule.words)
    possible = _NOT_NEGATIVE if rule.times else POSSIBLE.get(rule.column, (-np.inf, np.inf))
    cells = within(cells, *possible)
    values = cells.content.to_numpy(dtype=np.float64, na_value=np.nan)
    text = np.where(cells.known, cells.shown, cells.reason)
    if rule.times:
        upper = read_cells(rows.frame, rows.table, rule.times, "number")
        shown = np.where(upper.known, upper.shown, upper.reason)
        both = text + np.where(cells.known, ", ", SEPARATOR).astype(object) + shown
        text = np.where(cells.known | ~upper.known, both, text)
    return Quantity(low=values, high=values, text=text)


def _limit(rule: Rule, rows: Rows) -> FloatArray | None:
    """Return the limit times its column, NaN where that is not above 0; nothing without a column.

    Numbers are multiplied as they are written (1.5 x 1.2 is 1.8), so that a value at the limit is there.
    """
    if not rule.times:
        return None
    limit = Decimal(str(getattr(rule, rule.operator)))
    upper = read_cells(rows.frame, rows.table, rule.times, "number").content
    products = {item: float(limit * Decimal(str(item))) for item in upper.dropna().unique() if item > 0}
    return np.array([products.get(item, np.nan) for item in upper], dtype=np.float64)


def _labelled(rule: Rule, rows: Rows) -> Verdict:
    """Decide ``one_of``, ``includes`` or ``only`` on a column."""
    assert rule.column is not None
    wanted = getattr(rule, rule.operator)
    flags = all(isinstance(item, bool) for item in wanted)
    cells = read_cells(rows.frame, rows.table, rule.column, "flag" if flags else "text", rule.words)
    known, text = cells.known, np.where(cells.known, cells.shown, cells.reason)
    if rule.operator == "one_of":
        holds, within = is_among(cells.content, wanted), is_among(cells.content, rule.among or ())
    else:
        parts = [_parts(item) for item in cells.content]
        names, allowed = {word(item) for item in wanted}, {word(item) for item in rule.among or ()}
        chooses = set.isdisjoint if rule.operator == "includes" else set.issubset
        found = np.array([chooses(part, names) for part in parts], dtype=bool)
        holds = ~found if rule.operator == "includes" else found
        known = known & np.array([bool(part) for part in parts], dtype=bool)
        within = np.array([part <= allowed for part in parts], dtype=bool)
    if rule.among:
        listed = ", ".join(word(item) for item in rule.among)
        named = np.array([f"{item} is none of {listed}" for item in text], dtype=object)
        text = np.where(known & ~within, named, text)
        known = known & within
    return Verdict(true=known & holds, false=known & ~holds, text=text)


def _parts(value: object) -> set[str]:
    """Return the parts of a list written with commas, semicolons or plus signs."""
    if pd.isna(value):  # type: ignore[call-overload]
        return set()
    return {part.strip() for part in re.split(r"[,;+]", str(value)) if part.strip()}


def once(text: LabelArray) -> LabelArray:
    """Return each text with its repeated parts named once."""
    return np.array([SEPARATOR.join(dict.fromkeys(item.split(SEPARATOR))) for item in text], dtype=object)
