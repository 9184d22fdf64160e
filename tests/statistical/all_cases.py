"""All cases, in the order of the table."""

from __future__ import annotations

from tests.statistical import (
    competing_cases,
    cox_cases,
    curve_cases,
    interval_cases,
    lesion_cases,
    logrank_cases,
    mean_cases,
    pairs_cases,
    parametric_cases,
    proportion_cases,
    rate_cases,
    recurrent_cases,
    recurrent_regression_cases,
    state_cases,
    visit_cases,
)

FAMILIES = {
    "Survival curves": curve_cases.CASES,
    "Log-rank tests": logrank_cases.CASES,
    "Cox models": cox_cases.CASES,
    "Restricted means": mean_cases.CASES,
    "Parametric models": parametric_cases.CASES,
    "Competing risks": competing_cases.CASES,
    "Proportions": proportion_cases.CASES,
    "Mean numbers of recurrent events": recurrent_cases.CASES,
    "Rates of recurrent events": rate_cases.CASES,
    "Regressions of recurrent events": recurrent_regression_cases.CASES,
    "Intervals between visits": interval_cases.CASES,
    "Win statistics": pairs_cases.CASES,
    "States": state_cases.CASES,
    "Values at visits": visit_cases.CASES,
    "Lesions": lesion_cases.CASES,
}
CASES = [case for cases in FAMILIES.values() for case in cases]
