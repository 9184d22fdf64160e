"""Planted faults and clean twins of the review: what is missing."""

from __future__ import annotations

from tests.support.review_changes import HOSPITAL, VISIT, add, both, case, drop, put

CASES = [
    case(
        "missing_value",
        add("assessments", subject_id="002", visit="", date="2025-05-30", **VISIT),
        ("002", "assessments", 9),
        put("assessments", 1, modality=""),
    ),
    case(
        "missing_covariate", put("subjects", 2, age=""), ("002", "subjects", 2), put("subjects", 2, ecog="")
    ),
    case("missing_site", put("subjects", 3, site=""), ("003", "subjects", 3), put("subjects", 3, sex="")),
    case(
        "death_without_date",
        add("disposition", subject_id="002", date="", status="died", cause="other"),
        ("002", "disposition", 6),
        add("disposition", subject_id="002", date="2025-12-02", status="died", cause="other"),
    ),
    case(
        "component_without_date",
        put("events", 2, date="", reported_date=""),
        ("002", "events", 2),
        put("events", 3, reported_date=""),
        also=["missing_questionnaire"],
    ),
    case(
        "undecided_row",
        put("events", 1, symptomatic=""),
        ("001", "events", 1),
        put("events", 1, symptomatic="false", detection="imaging"),
    ),
    case(
        "undecided_row",
        put("procedures", 3, intent=""),
        ("003", "procedures", 3),
        put("procedures", 3, intent="curative"),
    ),
    case(
        "partial_time_zero",
        put("subjects", 3, randomised_date="2025-03"),
        ("003", "subjects", 3),
        put("subjects", 2, treatment_date="2025-02"),
    ),
    case(
        "no_follow_up",
        both(
            drop("lesions", 5),
            drop("procedures", 4),
            drop("assessments", 7, 8),
            drop("questionnaires", 5, 6),
            drop("disposition", 5),
            add("lesions", subject_id="004", lesion_id="L1", diameter_cm="2"),
        ),
        ("004", "subjects", 4),
        both(
            drop("assessments", 7, 8),
            drop("questionnaires", 5, 6),
            drop("disposition", 5),
            add("disposition", subject_id="004", status="withdrew", date="2025-04-15"),
        ),
    ),
    case(
        "short_follow_up",
        both(
            drop("assessments", 7, 8), drop("questionnaires", 5, 6), put("disposition", 5, date="2025-05-01")
        ),
        ("004", "subjects", 4),
        both(
            drop("assessments", 7, 8), drop("questionnaires", 5, 6), put("disposition", 5, date="2025-05-08")
        ),
    ),
    case(
        "short_follow_up",
        both(
            drop("assessments", 7, 8), drop("questionnaires", 5, 6), put("disposition", 5, date="2025-05-01")
        ),
        ("004", "subjects", 4),
        both(
            drop("assessments", 7, 8),
            drop("questionnaires", 5, 6),
            put("disposition", 5, date="2025-05-01", status="lost"),
        ),
    ),
    case(
        "subject_without_lesion",
        both(drop("lesions", 4), put("procedures", 3, lesion_id="")),
        ("003", "subjects", 3),
        drop("lesions", 3),
    ),
    case(
        "lesion_without_size",
        put("lesions", 4, diameter_cm=""),
        ("003", "lesions", 4),
        put("lesions", 4, diameter_cm="", target="false"),
    ),
    case(
        "discharge_missing",
        put("stays", 1, discharge_date=""),
        ("001", "stays", 1),
        put("stays", 2, discharge_date=""),
    ),
    case(
        "discharge_missing",
        add("stays", admission_date="2025-09-01", **HOSPITAL),
        ("002", "stays", 3),
        add("stays", admission_date="2025-11-20", **HOSPITAL),
    ),
    case(
        "randomised_unscreened",
        drop("screening", 4),
        ("004", "subjects", 4),
        both(*[put("screening", row, screening_id=f"X{row}") for row in range(1, 6)]),
    ),
    case(
        "randomised_lost",
        put("screening", 5, randomised="yes", eligible="yes", reason=""),
        ("S5", "screening", 5),
        put("screening", 5, randomised="", reason=""),
    ),
    case(
        "screened_without_reason",
        both(add("screening", screening_id="S6", site="A", date="2025-05-01", randomised="no")),
        ("S6", "screening", 6),
        add("screening", screening_id="S6", site="A", date="2025-11-02", randomised="no"),
    ),
    case(
        "empty_arm",
        both(
            put("subjects", 2, arm="control"),
            put("subjects", 4, arm="control"),
            put("procedures", 2, intent="preventive"),
            put("procedures", 4, intent="preventive"),
        ),
        (None, "subjects", None),
        both(put("subjects", 4, arm="control"), put("procedures", 4, intent="preventive")),
    ),
    case(
        "event_without_detection",
        put("events", 3, detection=""),
        ("002", "events", 3),
        both(*[put("events", row, detection="") for row in (1, 2, 3)]),
    ),
    case(
        "partial_date", put("events", 1, date="2025-03"), ("001", "events", 1), put("events", 3, date="2025")
    ),
    case(
        "partial_date",
        put("disposition", 2, date="2025-06"),
        ("001", "disposition", 2),
        put("disposition", 4, date="2025-09"),
    ),
    case(
        "missed_assessment",
        both(drop("assessments", 8), drop("questionnaires", 6)),
        ("004", "subjects", 4),
        both(put("assessments", 8, done="N", result=""), drop("questionnaires", 6)),
    ),
    case(
        "missing_questionnaire",
        drop("questionnaires", 6),
        ("004", "assessments", 8),
        put("questionnaires", 6, visit="", date="2025-06-08"),
    ),
    case(
        "missing_questionnaire",
        drop("questionnaires", 3),
        ("002", "assessments", 3),
        both(drop("questionnaires", 3), put("events", 2, date="2025-03-07", reported_date="")),
    ),
    case(
        "death_without_cause",
        add("disposition", subject_id="003", date="2025-09-20", status="died"),
        ("003", "disposition", 6),
        put("disposition", 2, cause=""),
    ),
    case(
        "radiotherapy_without_dose",
        put("procedures", 3, fractions=""),
        ("003", "procedures", 3),
        put("procedures", 3, fractions="", dose_gy="", performed_date=""),
    ),
]
