"""Planted faults and clean twins of the review: identifiers, repetition and spelling."""

from __future__ import annotations

from tests.support.review_changes import DIED, FRACTURE, RADIATION, VISIT, add, both, case, drop, put

CASES = [
    case(
        "unknown_subject",
        add("therapies", subject_id="01", drug="x"),
        ("01", "therapies", 3),
        add("therapies", subject_id="002", drug="x"),
    ),
    case(
        "not_randomised",
        add("therapies", subject_id="S5", drug="x"),
        ("S5", "therapies", 3),
        add("therapies", subject_id="003", drug="x"),
    ),
    case(
        "unknown_lesion",
        put("events", 2, lesion_id="L3"),
        ("002", "events", 2),
        put("events", 2, lesion_id="L2"),
    ),
    case(
        "subject_id_variant",
        both(
            put("subjects", 4, subject_id="s-04"),
            *[
                put(table, row, subject_id="s-04")
                for table, rows in {
                    "lesions": [5],
                    "procedures": [4],
                    "assessments": [7, 8],
                    "questionnaires": [5, 6],
                    "disposition": [5],
                }.items()
                for row in rows
            ],
            add("therapies", subject_id="S-04 ", drug="x"),
        ),
        ("S-04 ", "therapies", 3),
        add("therapies", subject_id="004", drug="x"),
    ),
    case(
        "lesion_id_variant",
        put("events", 2, lesion_id="l1 "),
        ("002", "events", 2),
        put("events", 1, lesion_id=""),
    ),
    case(
        "lesion_id_variant",
        add("lesions", subject_id="003", lesion_id="l1", diameter_cm="2"),
        ("003", "lesions", 6),
        add("lesions", subject_id="003", lesion_id="L2", diameter_cm="2"),
    ),
    case(
        "record_id_variant",
        both(
            put("events", 1, event_id="e1"),
            add(
                "events",
                subject_id="001",
                event_id="E1",
                component="pain",
                date="2025-05-05",
                detection="clinical",
            ),
        ),
        ("001", "events", 4),
        add(
            "events",
            subject_id="001",
            event_id="E1",
            component="pain",
            date="2025-05-05",
            detection="clinical",
        ),
    ),
    case(
        "record_id_variant",
        put("screening", 5, screening_id="s4"),
        ("s4", "screening", 5),
        put("screening", 5, screening_id="S6"),
    ),
    case(
        "duplicate_key", put("events", 3, event_id="1"), ("002", "events", 3), put("events", 3, event_id="3")
    ),
    case(
        "repeated_row",
        add("analgesics", subject_id="001", date="2025-02-03", omed_mg="40"),
        ("001", "analgesics", 2),
        add("analgesics", subject_id="001", date="2025-02-04", omed_mg="40"),
    ),
    case(
        "repeated_deaths",
        add("disposition", date="2025-06", **DIED),
        ("001", "disposition", 6),
        add("disposition", subject_id="003", date="2025-09-20", status="died", cause="other"),
        also=["partial_date"],
    ),
    case(
        "same_event_twice",
        add("events", subject_id="001", event_id="2", date="2025-03-02", **FRACTURE),
        ("001", "events", 4),
        add("events", subject_id="001", event_id="2", date="2025-03-03", **FRACTURE),
    ),
    case(
        "same_event_twice",
        add("events", subject_id="002", event_id="3", date="2025-04-01", **FRACTURE),
        ("002", "events", 4),
        add("events", subject_id="002", event_id="3", date="2025-04-01", **{**FRACTURE, "lesion_id": "L2"}),
    ),
    case(
        "same_procedure_twice",
        add(
            "procedures",
            subject_id="003",
            procedure_id="2",
            indicated_date="2025-08-10",
            performed_date="2025-08-21",
            dose_gy="8",
            fractions="1",
            **RADIATION,
        ),
        ("003", "procedures", 5),
        add(
            "procedures",
            subject_id="003",
            procedure_id="2",
            indicated_date="2025-08-10",
            performed_date="2025-08-22",
            dose_gy="8",
            fractions="1",
            **RADIATION,
        ),
    ),
    case(
        "shared_screening",
        both(put("subjects", 4, screening_id="S3"), drop("screening", 4)),
        [("003", "subjects", 3), ("004", "subjects", 4)],
        put("subjects", 4, screening_id="S4"),
    ),
    case(
        "visit_repeated",
        add("assessments", subject_id="002", visit="Month 1", date="2025-03-10", **VISIT),
        ("002", "assessments", 9),
        add("assessments", subject_id="002", visit="Month 1", date="2025-03-10", modality="clinic", done="N"),
    ),
    case(
        "unknown_arm",
        put("subjects", 3, arm="other"),
        ("003", "subjects", 3),
        put("subjects", 2, arm="active"),
    ),
    case(
        "unmatched_value",
        put("events", 2, component="Frakture"),
        ("002", "events", 2),
        put("events", 3, component="bone_pain"),
        also=["missing_questionnaire"],
    ),
    case(
        "unmatched_value",
        put("assessments", 8, visit="month 2"),
        ("004", "assessments", 8),
        put("assessments", 8, visit="Month 2"),
    ),
    case("value_variant", put("subjects", 2, site="a"), ("002", "subjects", 2), put("subjects", 2, site="C")),
    case(
        "unknown_visit",
        both(
            *[
                add("assessments", subject_id=who, visit="Week 31", date="2025-05-30", **VISIT)
                for who in ("002", "004")
            ]
        ),
        ("002", "assessments", 9),
        add("assessments", subject_id="002", visit="Unscheduled 1", date="2025-05-30", **VISIT),
    ),
]
