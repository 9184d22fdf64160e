"""A small clean trial: its study file, and its tables as text."""

STUDY = """
id = "tiny"
acronym = "TINY"
title = "A tiny trial"
n_subjects = 3

[[arms]]
name = "control"
control = true

[[arms]]
name = "active"

[components.fracture]
label = "Fracture"
table = "events"
where = { component = "fracture", symptomatic = true }

[components.surgery]
label = "Indication for surgery"
table = "procedures"
where = { kind = "surgery" }
date = "indicated_date"

[endpoints.sse]
label = "Skeletal event"
components = ["fracture", "surgery"]

[estimands.first]
endpoint = "sse"
label = "First"
paramcd = "TTSSE"
death = "competing"

[censoring.last_contact]
label = "Last contact"
role = "last_seen"
table = "disposition"
"""

TABLES = {
    "subjects": {
        "subject_id": ["001", "002", "003"],
        "arm": ["control", "active", "control"],
        "consent_date": ["2025-01-01", "2025-01-02", "2025-01-03"],
        "randomised_date": ["2025-01-05", "2025-02-05", "2025-03-05"],
        "treatment_date": ["2025-01-05", "2025-02-10", "2025-03-06"],
        "site": ["A", "A", "B"],
        "age": ["63", "70.5", "58"],
    },
    "screening": {
        "screening_id": ["001", "002", "003", "004"],
        "site": ["A", "A", "B", "B"],
        "date": ["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"],
        "randomised": ["yes", "yes", "yes", "no"],
    },
    "lesions": {"subject_id": ["001", "002"], "lesion_id": ["L1", "L1"], "pain_nrs": ["4", ""]},
    "events": {
        "subject_id": ["001", "002", "002"],
        "event_id": ["1", "1", "2"],
        "component": ["fracture", "fracture", "pain"],
        "date": ["2025-03-01", "2025-04-01", "2025-05"],
        "symptomatic": ["true", "true", ""],
        "last_negative_date": ["2025-02-01", "", ""],
        "reported_date": ["2025-03-03", "2025-04-02", "2025-05-20"],
        "lesion_id": ["L1", "", ""],
    },
    "procedures": {
        "subject_id": ["001", "003"],
        "procedure_id": ["1", "1"],
        "kind": ["surgery", "radiation"],
        "indicated_date": ["2025-03-02", "2025-04-10"],
        "performed_date": ["2025-03-04", "2025-04-20"],
        "dose_gy": ["", "8"],
        "fractions": ["", "1"],
    },
    "assessments": {
        "subject_id": ["001", "002", "003"],
        "visit": ["Month 1", "Month 1", "Month 1"],
        "date": ["2025-02-05", "2025-03-05", "2025-04-05"],
        "done": ["Y", "Y", "N"],
    },
    "stays": {
        "subject_id": ["001"],
        "admission_date": ["2025-03-03"],
        "discharge_date": ["2025-03-13"],
        "place": ["hospital"],
    },
    "therapies": {
        "subject_id": ["002"],
        "drug": ["denosumab"],
        "start_date": ["2025-02-20"],
        "stop_date": ["2025-06-20"],
    },
    "disposition": {
        "subject_id": ["001", "001", "002", "003"],
        "date": ["2025-04-01", "2025-06-01", "2025-07-01", "2025-07-01"],
        "status": ["alive", "died", "alive", "completed"],
    },
}
