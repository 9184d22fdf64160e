"""All cases, in the order of the table."""

from __future__ import annotations

from tests.statistical import (
    competing_cases,
    cox_cases,
    curve_cases,
    logrank_cases,
    mean_cases,
    parametric_cases,
    proportion_cases,
)

FAMILIES = {
    "Survival curves": curve_cases.CASES,
    "Log-rank tests": logrank_cases.CASES,
    "Cox models": cox_cases.CASES,
    "Restricted means": mean_cases.CASES,
    "Parametric models": parametric_cases.CASES,
    "Competing risks": competing_cases.CASES,
    "Proportions": proportion_cases.CASES,
}
CASES = [case for cases in FAMILIES.values() for case in cases]
