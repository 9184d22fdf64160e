"""Planted faults and clean twins of the review: numbers and dates that can hardly be."""

from __future__ import annotations

from tests.support.review_changes import HOSPITAL, add, case, put

CASES = [
    case(
        "out_of_range", put("subjects", 2, age="121"), ("002", "subjects", 2), put("subjects", 2, age="120")
    ),
    case(
        "out_of_range",
        put("lesions", 1, pain_nrs="-1"),
        ("001", "lesions", 1),
        put("lesions", 1, pain_nrs="0"),
    ),
    case(
        "impossible_step", put("subjects", 2, kps="75"), ("002", "subjects", 2), put("subjects", 2, kps="70")
    ),
    case(
        "impossible_step",
        put("subjects", 2, ecog="1.5"),
        ("002", "subjects", 2),
        put("subjects", 2, ecog="2"),
    ),
    case(
        "answer_out_of_range",
        put("questionnaires", 6, value="11"),
        ("004", "questionnaires", 6),
        put("questionnaires", 6, value="10"),
    ),
    case(
        "answer_out_of_range",
        add(
            "questionnaires",
            subject_id="004",
            instrument="EQ-5D-5L",
            item="mobility",
            date="2025-05-01",
            value="6",
        ),
        ("004", "questionnaires", 7),
        add(
            "questionnaires",
            subject_id="004",
            instrument="EQ-5D-5L",
            item="vas",
            date="2025-05-01",
            value="96",
        ),
    ),
    case(
        "weight_unit",
        put("subjects", 2, weight_kg="176"),
        ("002", "subjects", 2),
        put("subjects", 2, weight_kg="150"),
    ),
    case(
        "creatinine_unit",
        put("subjects", 1, creatinine="0.9"),
        ("001", "subjects", 1),
        put("subjects", 1, creatinine="15"),
    ),
    case(
        "creatinine_unit",
        put("subjects", 2, creatinine="80"),
        ("002", "subjects", 2),
        put("subjects", 2, creatinine="14.9"),
    ),
    case(
        "creatinine_unit",
        put("subjects", 2, creatinine="80"),
        ("002", "subjects", 2),
        put("subjects", 2, creatinine="80", creatinine_unit=""),
    ),
    case(
        "laboratory_unit",
        put("subjects", 2, haemoglobin_g_dl="131"),
        ("002", "subjects", 2),
        put("subjects", 2, haemoglobin_g_dl="18"),
    ),
    case(
        "lesion_size_unit",
        put("lesions", 1, diameter_cm="25"),
        ("001", "lesions", 1),
        put("lesions", 1, diameter_cm="15"),
    ),
    case(
        "dose_unit",
        put("procedures", 3, dose_gy="800"),
        ("003", "procedures", 3),
        put("procedures", 3, dose_gy="30", fractions="10"),
    ),
    case(
        "opioid_unit",
        put("analgesics", 1, omed_mg="30000"),
        ("001", "analgesics", 1),
        put("analgesics", 1, omed_mg="2000"),
    ),
    case(
        "dose_per_fraction",
        put("procedures", 3, dose_gy="3", fractions="10"),
        ("003", "procedures", 3),
        put("procedures", 3, dose_gy="30", fractions="10"),
    ),
    case(
        "implausible_date",
        put("therapies", 1, start_date="1899-12-31"),
        ("001", "therapies", 1),
        put("therapies", 1, start_date="1900"),
    ),
    case(
        "impossible_start_or_death",
        put("subjects", 3, randomised_date="1825-03-05", consent_date=""),
        ("003", "subjects", 3),
        put("subjects", 3, consent_date=""),
        also=["screened_after_randomisation", "visit_outside_window"],
    ),
    case(
        "outside_trial",
        put("subjects", 1, randomised_date="2024-12-31", consent_date=""),
        ("001", "subjects", 1),
        put("subjects", 1, randomised_date="2025-01-01", consent_date=""),
        also=["screened_after_randomisation"],
    ),
    case(
        "long_interval",
        put("procedures", 3, indicated_date="2025-06-06", performed_date="2025-12-07"),
        ("003", "procedures", 3),
        put("procedures", 3, indicated_date="2025-06-06", performed_date="2025-12-06"),
    ),
    case(
        "long_stay",
        add("stays", admission_date="2025-05-01", discharge_date="2025-08-30", **HOSPITAL),
        ("002", "stays", 3),
        add("stays", admission_date="2025-05-01", discharge_date="2025-08-29", **HOSPITAL),
    ),
]
