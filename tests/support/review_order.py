"""Planted faults and clean twins of the review: the order of dates."""

from __future__ import annotations

from tests.support.review_changes import add, both, case, drop, put

CASES = [
    case(
        "death_before_start",
        both(
            add("disposition", subject_id="004", date="2025-03-31", status="died", cause="other"),
            drop("disposition", 5),
            drop("assessments", 7, 8),
            drop("questionnaires", 5, 6),
            drop("procedures", 4),
            put("subjects", 4, treatment_date=""),
        ),
        ("004", "disposition", 5),
        both(
            add("disposition", subject_id="004", date="2025-04", status="died", cause="other"),
            drop("disposition", 5),
            drop("assessments", 7, 8),
            drop("questionnaires", 5, 6),
        ),
    ),
    case(
        "discharge_before_admission",
        put("stays", 2, discharge_date="2025-03-12"),
        ("001", "stays", 2),
        put("stays", 2, discharge_date="2025-03-13"),
    ),
    case(
        "randomised_before_consent",
        put("subjects", 1, consent_date="2025-01-06"),
        ("001", "subjects", 1),
        put("subjects", 1, consent_date="2025-01-05"),
    ),
    case(
        "treatment_before_consent",
        put("subjects", 2, consent_date="2025-02", treatment_date="2025-01-31"),
        ("002", "subjects", 2),
        put("subjects", 2, consent_date="2025-02", treatment_date="2025-02-05"),
        also=["treatment_before_randomisation"],
    ),
    case(
        "treatment_before_randomisation",
        put("subjects", 2, treatment_date="2025-02-04"),
        ("002", "subjects", 2),
        put("subjects", 2, treatment_date="2025-02"),
    ),
    case(
        "protocol_treatment_before_randomisation",
        put("procedures", 2, indicated_date="", performed_date="2025-02-04"),
        ("002", "procedures", 2),
        put("procedures", 2, indicated_date="", performed_date="2025-02-05"),
    ),
    case(
        "screened_after_randomisation",
        put("screening", 1, date="2025-01-06"),
        ("S1", "screening", 1),
        put("screening", 1, date="2025-01-05"),
    ),
    case(
        "performed_before_indicated",
        put("procedures", 1, performed_date="2025-03-01"),
        ("001", "procedures", 1),
        put("procedures", 1, performed_date="2025-03-02"),
    ),
    case(
        "stop_before_start",
        put("therapies", 2, stop_date="2025-02-19"),
        ("002", "therapies", 2),
        put("therapies", 2, stop_date="2025-02-20"),
    ),
    case(
        "reported_before_event",
        put("events", 1, reported_date="2025-02-28"),
        ("001", "events", 1),
        put("events", 1, reported_date="2025-03-01"),
    ),
    case(
        "adjudicated_before_event",
        put("events", 1, adjudicated_date="2025-02-28"),
        ("001", "events", 1),
        put("events", 1, adjudicated_date="2025-03-01"),
    ),
    case(
        "reported_before_status",
        put("disposition", 2, reported_date="2025-05-31"),
        ("001", "disposition", 2),
        put("disposition", 2, reported_date="2025-06-01"),
    ),
    case(
        "negative_after_event",
        put("events", 1, last_negative_date="2025-03-02"),
        ("001", "events", 1),
        put("events", 1, last_negative_date="2025-03-01"),
    ),
    case(
        "visits_out_of_order",
        both(put("assessments", 7, date="2025-05-15"), put("assessments", 8, date="2025-05-14")),
        ("004", "assessments", 8),
        both(put("assessments", 7, date="2025-05-15"), put("assessments", 8, date="2025-05-15")),
    ),
    case(
        "after_cutoff",
        put("disposition", 5, date="2026-01-01"),
        ("004", "disposition", 5),
        put("disposition", 5, date="2025-12-31"),
    ),
    case(
        "future_date",
        put("therapies", 2, stop_date="2052-06-20"),
        ("002", "therapies", 2),
        put("therapies", 2, stop_date="2026-12-21"),
        cutoff=None,
    ),
    case(
        "missing_time_zero",
        put("subjects", 3, scan_date=""),
        ("003", "subjects", 3),
        put("subjects", 2, treatment_date=""),
    ),
    case(
        "partial_time_zero",
        put("subjects", 3, randomised_date=""),
        ("003", "subjects", 3),
        put("subjects", 2, treatment_date=""),
    ),
    case(
        "before_time_zero",
        put("events", 1, date="2025-01-04", last_negative_date=""),
        ("001", "events", 1),
        put("events", 1, date="2025-01-05", last_negative_date=""),
    ),
]
