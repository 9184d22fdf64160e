"""Rules of the review on numbers that were probably recorded in another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .findings import findings, no_findings, together

if TYPE_CHECKING:
    from .facts import Facts
    from .findings import Check, Words

_POUND = 0.45359237  # kg
_CREATININE = 88.42  # umol/L of 1 mg/dL: 113.12 g/mol
# Laboratory columns that name their unit: limits of what can be, the other unit and what to multiply by.
_LABORATORY = (
    ("haemoglobin_g_dl", 2.0, 25.0, "g/L", 0.1),
    ("haemoglobin_g_l", 20.0, 250.0, "g/dL", 10.0),
    ("calcium_mmol_l", 0.8, 5.0, "mg/dL", 0.2495),
    ("calcium_mg_dl", 3.2, 20.0, "mmol/L", 4.008),
    ("albumin_g_l", 8.0, 80.0, "g/dL", 10.0),
    ("albumin_g_dl", 0.8, 8.0, "g/L", 0.1),
)
_LEAST_UMOL, _MOST_MG = 15.0, 15.0  # a creatinine in umol/L is hardly lower, one in mg/dL hardly higher


def _above(table: str, column: str, most: float, unit: str, factor: float, shown: str) -> Check:
    """Make a rule: values above ``most`` were probably recorded in ``unit``."""

    def check(facts: Facts) -> pd.DataFrame:
        if not facts.has(table, column):
            return no_findings()
        high = facts.records[table][column] > most
        return findings(facts, table, high, _in_unit(column, unit, factor, shown))

    return check


def _in_unit(column: str, unit: str, factor: float, shown: str) -> Words:
    words = "{} is {:g}, which would be {:.3g} {} if it was recorded in {}"
    return lambda rows, _: [
        words.format(column, value, value * factor, shown, unit) for value in rows[column]
    ]


weight_unit = _above("subjects", "weight_kg", 150.0, "pounds", _POUND, "kg")
lesion_size_unit = _above("lesions", "diameter_cm", 15.0, "millimetres", 0.1, "cm")
dose_unit = _above("procedures", "dose_gy", 100.0, "cGy", 0.01, "Gy")
opioid_unit = _above("analgesics", "omed_mg", 2000.0, "micrograms", 0.001, "mg")


def creatinine_unit(facts: Facts) -> pd.DataFrame:
    """Find values of creatinine that are of the other unit, umol/L or mg/dL."""
    subjects = facts.records.subjects
    parts = []
    for column in ("creatinine", "creatinine_uln", "creatinine_umol_l", "creatinine_mg_dl"):
        if column not in subjects.columns or not pd.api.types.is_numeric_dtype(subjects[column].dtype):
            continue
        micro = _is_micromolar(subjects, column)
        values = subjects[column].astype("float64")
        low, high = (values > 0) & (values < _LEAST_UMOL), values > _MOST_MG
        to_micro = _in_unit(column, "mg/dL", _CREATININE, "umol/L")
        to_mass = _in_unit(column, "umol/L", 1 / _CREATININE, "mg/dL")
        parts.append(findings(facts, "subjects", low & micro.fillna(False), to_micro))
        parts.append(findings(facts, "subjects", high & ~micro.fillna(True), to_mass))
    return together(parts)


def _is_micromolar(subjects: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return whether the unit is umol/L; missing where it is not told."""
    if column in ("creatinine_umol_l", "creatinine_mg_dl"):
        return pd.Series(column == "creatinine_umol_l", index=subjects.index, dtype="boolean")
    if "creatinine_unit" not in subjects.columns:
        return pd.Series(pd.NA, index=subjects.index, dtype="boolean")
    unit = subjects["creatinine_unit"].astype("string").str.casefold().str.replace(" ", "")
    known = {"umol/l": True, "\N{GREEK SMALL LETTER MU}mol/l": True, "mg/dl": False}
    return unit.map(known).astype("boolean")


def laboratory_unit(facts: Facts) -> pd.DataFrame:
    """Find laboratory values that are of another unit than the name of their column says."""
    subjects = facts.records.subjects
    parts = []
    for column, least, most, other, factor in _LABORATORY:
        if column in subjects.columns and pd.api.types.is_numeric_dtype(subjects[column].dtype):
            values = subjects[column]
            wrong = (values > most) if factor < 1 else (values > 0) & (values < least)
            parts.append(findings(facts, "subjects", wrong, _of_other(column, other, factor)))
    return together(parts)


def _of_other(column: str, other: str, factor: float) -> Words:
    words = "{} is {:g}, which would be {:.3g} if it was recorded in {}"
    return lambda rows, _: [words.format(column, value, value * factor, other) for value in rows[column]]
