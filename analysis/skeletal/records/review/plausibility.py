"""Rules of the review on numbers and dates that cannot or will hardly be."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .findings import codes_of, dated, either, filled, findings, no_findings, number, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .facts import Facts
    from .findings import Words

_INFINITE = float("inf")
# Table -> column -> least and greatest value that can be; what is a matter of the unit has its own rules.
_RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "subjects": {
            "age": (0, 120),
            "ecog": (0, 5),
            "kps": (0, 100),
            "weight_kg": (25, _INFINITE),
            "life_expectancy_months": (0, 600),
        },
        "lesions": {"diameter_cm": (0, _INFINITE), "pain_nrs": (0, 10), "bone_loss_percent": (0, 100)},
        "procedures": {"dose_gy": (0, _INFINITE), "fractions": (1, 100)},
        "analgesics": {"omed_mg": (0, _INFINITE)},
    }
)
# Numbers of which only some between the least and the greatest are on the scale.
_STEPS = (("subjects", "ecog", 1), ("subjects", "kps", 10), ("procedures", "fractions", 1))
_DOSE_OF_ONE_FRACTION = (1.0, 34.0)  # Gy; 34 Gy in one fraction is given to lungs
_LONG_STAY = 120  # days in hospital
_FIRST_YEAR = 1900
_NRS, _PERCENT, _FIVE, _FOUR = (0.0, 10.0), (0.0, 100.0), (1.0, 5.0), (1.0, 4.0)
_BM22_SCALES = ("painful_sites", "painful_characteristics", "functional_interference", "psychosocial_aspects")
# Instrument -> item -> range of its values; "" is every other item.
_ANSWERS: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "NRS": {"": _NRS},
        "BPI": {"": _NRS},
        "EQ-5D-5L": {"vas": _PERCENT, "index": (-1.0, 1.0), "": _FIVE},
        "EQ-5D-3L": {"vas": _PERCENT, "index": (-1.0, 1.0), "": (1.0, 3.0)},
        "QLQ-BM22": {**dict.fromkeys(_BM22_SCALES, _PERCENT), "": _FOUR},
        "TESS": {"total": _PERCENT, "": _FIVE},
        "MSTS": {"total": _PERCENT, "": (0.0, 5.0)},
    }
)


def out_of_range(facts: Facts) -> pd.DataFrame:
    """Find numbers that cannot be."""
    parts = []
    for table, columns in _RANGES.items():
        for column, (least, greatest) in columns.items():
            if facts.has(table, column):
                values = facts.records[table][column]
                limits = (
                    f"at least {least:g}" if greatest == _INFINITE else f"between {least:g} and {greatest:g}"
                )
                outside = (values < least) | (values > greatest)
                parts.append(
                    findings(facts, table, outside, is_number(column), expected=f"{column} is {limits}")
                )
    return together(parts)


def is_number(column: str) -> Words:
    """Make the words of rows: the column and its number."""
    return lambda rows, _: f"{column} is " + number(rows[column])


def impossible_step(facts: Facts) -> pd.DataFrame:
    """Find numbers between the steps of their scale."""
    parts = []
    for table, column, step in _STEPS:
        if facts.has(table, column):
            words = "a whole number" if step == 1 else f"a multiple of {step}"
            between = facts.records[table][column] % step > 0
            parts.append(findings(facts, table, between, is_number(column), expected=f"{column} is {words}"))
    return together(parts)


def answer_out_of_range(facts: Facts) -> pd.DataFrame:
    """Find answers and scores outside the range of their instrument."""
    if not facts.has("questionnaires", "instrument", "item", "value"):
        return no_findings()
    frame = facts.records["questionnaires"]
    asked = {
        (item.instrument, item.item) for item in facts.study.measures.values() if item.kind == "pain_response"
    }
    pair, distinct = pd.factorize(codes_of(frame["instrument"]) * 100_000 + codes_of(frame["item"]))
    first = np.full(len(distinct), 0)
    first[pair[::-1]] = np.arange(len(frame))[::-1]
    names = zip(frame["instrument"].iloc[first], frame["item"].iloc[first], strict=True)
    ranges = [_answer_range(instrument, item, asked) for instrument, item in names]
    limits = np.array(ranges, dtype=np.float64).reshape(-1, 2)[pair]
    values = frame["value"].to_numpy(dtype=float)
    outside = (values < limits[:, 0]) | (values > limits[:, 1])
    return findings(
        facts, "questionnaires", outside, lambda rows, places: _answer_words(rows, limits[places])
    )


def _answer_range(instrument: Any, item: Any, asked: set[tuple[str, str]]) -> tuple[float, float]:
    if (instrument, item) in asked:
        return _NRS
    anything = (-_INFINITE, _INFINITE)
    if not (isinstance(instrument, str) and isinstance(item, str)):  # missing_value asks for it
        return anything
    ranges = _ANSWERS.get(instrument, {})
    return ranges.get(item, ranges.get("", anything))


def _answer_words(rows: pd.DataFrame, limits: Any) -> list[str]:
    shown = zip(rows["instrument"], rows["item"], rows["value"], limits, strict=True)
    return [
        f"{name}, {item}, is {value:g}, and its range is {low:g} to {high:g}"
        for name, item, value, (low, high) in shown
    ]


def dose_per_fraction(facts: Facts) -> pd.DataFrame:
    """Find radiotherapy of which dose and fractions do not go together."""
    if not facts.has("procedures", "dose_gy", "fractions"):
        return no_findings()
    frame = facts.records["procedures"]
    each = frame["dose_gy"] / frame["fractions"].where(frame["fractions"] >= 1)
    least, greatest = _DOSE_OF_ONE_FRACTION
    wrong = ((each < least) | (each > greatest)) & (frame["dose_gy"] <= 100)
    words = "{:g} Gy in fractions: {:g}, which is {:.3g} Gy a fraction"
    values = ["dose_gy", "fractions"]
    return findings(
        facts,
        "procedures",
        wrong,
        lambda rows, _: [words.format(dose, n, dose / n) for dose, n in rows[values].to_numpy().tolist()],
    )


def dose_without_radiotherapy(facts: Facts) -> pd.DataFrame:
    """Find procedures other than radiotherapy with a dose in Gy."""
    if not facts.has("procedures", "dose_gy", "kind"):
        return no_findings()
    frame = facts.records["procedures"]
    wrong = (frame["dose_gy"] > 0) & either(frame["kind"].notna() & ~_is_radiation(frame["kind"]))
    return findings(
        facts,
        "procedures",
        wrong,
        lambda rows, _: (
            "the procedure is " + rows["kind"] + " and has a dose of " + number(rows["dose_gy"]) + " Gy"
        ),
    )


def _is_radiation(kind: pd.Series[Any]) -> pd.Series[Any]:
    found: pd.Series[Any] = kind.str.contains("radi|brachy", case=False).fillna(False)
    return found


def long_stay(facts: Facts) -> pd.DataFrame:
    """Find stays in hospital of more than a few months."""
    if not facts.has("stays", "discharge_date", "admission_date"):
        return no_findings()
    frame = facts.records["stays"]
    apart = facts.days["stays", "discharge_date"].earliest - facts.days["stays", "admission_date"].latest
    days = np.where(np.isnat(apart), 0, apart.astype("int64"))
    if "place" in frame.columns:
        days = np.where(either(frame["place"].isin(["hospital"]) | frame["place"].isna()), days, 0)
    return findings(
        facts, "stays", days > _LONG_STAY, lambda _, places: [f"the stay took {n} days" for n in days[places]]
    )


def _essential(facts: Facts, table: str, column: str) -> Any:
    """Return which dates of a column are a death or a time zero."""
    if table == "subjects" and column in facts.time_zeros():
        return np.ones(len(facts.records[table]), dtype=bool)
    return facts.deaths.get((table, column), np.zeros(len(facts.records[table]), dtype=bool))


def impossible_start_or_death(facts: Facts) -> pd.DataFrame:
    """Find time zeros and deaths before 1900."""
    return _too_early(facts, essential=True)


def implausible_date(facts: Facts) -> pd.DataFrame:
    """Find other dates before 1900."""
    return _too_early(facts, essential=False)


def _too_early(facts: Facts, *, essential: bool) -> pd.DataFrame:
    first = np.datetime64(f"{_FIRST_YEAR}-01-01", "D")
    parts = []
    for (table, column), days in facts.days.items():
        early = days.latest < first
        if early.any():
            chosen = _essential(facts, table, column)
            parts.append(
                findings(facts, table, early & (chosen if essential else ~chosen), dated(table, column))
            )
    return together(parts)


def outside_trial(facts: Facts) -> pd.DataFrame:
    """Find randomisations before the trial began or after its end."""
    days = facts.of_subjects("randomised_date")
    early, late = (
        np.datetime64("NaT", "D") if date is None else np.datetime64(date, "D")
        for date in (facts.study.start_date, facts.study.end_date)
    )
    wrong = ((days.latest < early) & (days.latest >= np.datetime64("1900-01-01"))) | (days.earliest > late)
    first, last = facts.study.start_date or "", facts.study.end_date or ""
    words = f"the randomisation is dated {{}}, outside the trial ({first} to {last})"
    return findings(facts, "subjects", wrong, filled(words, "randomised_date"))
