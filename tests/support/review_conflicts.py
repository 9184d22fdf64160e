"""Planted faults and clean twins of the review: rows that contradict each other."""

from __future__ import annotations

from tests.support.review_changes import DIED, FRACTURE, VISIT, add, both, case, put

CASES = [
    case(
        "event_after_death",
        put("procedures", 1, indicated_date="2025-06-02", performed_date=""),
        ("001", "procedures", 1),
        put("procedures", 1, indicated_date="2025-05-30", performed_date=""),
        also=["surgery_without_event"],
    ),
    case(
        "conflicting_deaths",
        add("disposition", date="2025-06-02", **DIED),
        [("001", "disposition", 2), ("001", "disposition", 6)],
        add("disposition", subject_id="003", date="2025-09-20", status="died", cause="other"),
    ),
    case(
        "seen_after_death",
        add("assessments", subject_id="001", visit="Unscheduled", date="2025-06-02", **VISIT),
        ("001", "assessments", 9),
        add("assessments", subject_id="001", visit="Unscheduled", date="2025-06", **VISIT),
    ),
    case(
        "treated_after_death",
        add("therapies", subject_id="001", drug="x", start_date="2025-06-02"),
        ("001", "therapies", 3),
        add("therapies", subject_id="001", drug="x", start_date="2025-06-01"),
    ),
    case(
        "answered_after_death",
        add("analgesics", subject_id="001", date="2025-06-02", omed_mg="1"),
        ("001", "analgesics", 2),
        add("analgesics", subject_id="001", date="2025-06-01", omed_mg="1"),
    ),
    case(
        "admitted_after_death",
        add("stays", subject_id="001", place="hospital", admission_date="2025-06-02"),
        ("001", "stays", 3),
        add("stays", subject_id="001", place="hospital", admission_date="2025-06-01"),
    ),
    case(
        "ended_after_death",
        put("stays", 2, discharge_date="2025-06-02"),
        ("001", "stays", 2),
        put("stays", 2, discharge_date="2025-06-01"),
    ),
    case(
        "status_after_death",
        put("disposition", 1, date="2025-06-02"),
        ("001", "disposition", 1),
        put("disposition", 1, date="2025-06-01"),
    ),
    case(
        "seen_after_leaving",
        both(
            put("disposition", 5, status="withdrew", date="2025-06-05"),
            add("analgesics", subject_id="004", date="2025-06-06", omed_mg="1"),
        ),
        ("004", "analgesics", 2),
        both(
            put("disposition", 5, status="withdrew", date="2025-06-05"),
            add("analgesics", subject_id="004", date="2025-06-05", omed_mg="1"),
        ),
    ),
    case(
        "treated_against_arm",
        put("procedures", 3, intent="protocol"),
        ("003", "procedures", 3),
        put("procedures", 3, intent="preventive"),
    ),
    case(
        "arm_treatment_missing",
        put("procedures", 4, performed_date="2025-04-23"),
        ("004", "subjects", 4),
        put("procedures", 4, performed_date="2025-04-22"),
    ),
    case(
        "randomised_ineligible",
        put("screening", 2, eligible="no"),
        ("S2", "screening", 2),
        put("screening", 2, eligible=""),
    ),
    case(
        "randomised_unconsented",
        put("screening", 2, consented="no"),
        ("S2", "screening", 2),
        put("screening", 5, consented="no"),
    ),
    case(
        "randomised_denied",
        put("screening", 2, randomised="no", reason="declined"),
        ("S2", "screening", 2),
        put("screening", 2, randomised=""),
    ),
    case(
        "clinical_without_symptoms",
        put("events", 3, symptomatic="false"),
        ("002", "events", 3),
        put("events", 3, symptomatic="false", detection="imaging"),
    ),
    case(
        "lesion_description",
        put("lesions", 3, vertebral_level="L5"),
        ("002", "lesions", 3),
        put("lesions", 3, vertebral_level="S1", bone="sacrum", region="sacrum"),
    ),
    case(
        "lesion_description",
        put("lesions", 2, region="lumbar"),
        ("002", "lesions", 2),
        put("lesions", 2, region="thoracic"),
    ),
    case(
        "result_of_undone",
        put("assessments", 5, result="stable"),
        ("003", "assessments", 5),
        put("assessments", 6, done=""),
    ),
    case(
        "overlapping_stays",
        put("stays", 1, discharge_date="2025-03-14"),
        ("001", "stays", 2),
        put("stays", 1, discharge_date="2025-03"),
    ),
    case(
        "cause_without_death",
        put("disposition", 3, cause="other"),
        ("002", "disposition", 3),
        put("disposition", 3, cause="", reason="other"),
    ),
    case(
        "dose_without_radiotherapy",
        put("procedures", 1, dose_gy="8"),
        ("001", "procedures", 1),
        put("procedures", 1, dose_gy="0"),
    ),
    case(
        "visit_outside_window",
        put("assessments", 4, date="2025-04-28"),
        ("002", "assessments", 4),
        put("assessments", 4, date="2025-04"),
    ),
    case(
        "radiotherapy_without_event",
        put("procedures", 3, reason="fracture"),
        ("003", "procedures", 3),
        both(
            put("procedures", 3, reason="fracture"),
            add("events", subject_id="003", event_id="1", date="2025-07", **FRACTURE),
        ),
    ),
    case(
        "surgery_without_event",
        put(
            "events",
            1,
            lesion_id="",
            date="2024-11-01",
            last_negative_date="",
            symptomatic="false",
            detection="imaging",
        ),
        ("001", "procedures", 1),
        put(
            "events",
            1,
            lesion_id="",
            date="2025-01-10",
            last_negative_date="",
            symptomatic="false",
            detection="imaging",
        ),
    ),
    case(
        "event_at_other_bone",
        add(
            "events",
            subject_id="003",
            event_id="1",
            date="2025-07-01",
            **{**FRACTURE, "component": "cord_compression"},
        ),
        ("003", "events", 4),
        add(
            "events",
            subject_id="004",
            event_id="1",
            date="2025-07-01",
            **{**FRACTURE, "component": "cord_compression"},
        ),
    ),
]
