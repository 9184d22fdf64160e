"""A clean trial with something in every table, so that each rule of the review has what it reads."""

STUDY = """
id = "reviewed"
acronym = "REVIEWED"
title = "A trial to be reviewed"
n_subjects = 4
start_date = 2025-01-01
end_date = 2026-12-31
data_cutoff = 2025-12-31

[[arms]]
name = "control"
control = true

[[arms]]
name = "active"

[[visits]]
name = "Month 1"
day = 30
window_before = 14
window_after = 14

[[visits]]
name = "Month 2"
day = 61
window_before = 20
window_after = 20

[components.fracture]
label = "Fracture"
table = "events"
where = { component = "fracture", symptomatic = true }

[components.cord_compression]
label = "Cord compression"
table = "events"
where = { component = "cord_compression", symptomatic = true }

[components.surgery]
label = "Indication for surgery"
table = "procedures"
where = { kind = "surgery", intent = "palliative" }
date = "indicated_date"

[components.radiation]
label = "Indication for palliative radiotherapy"
table = "procedures"
where = { kind = "radiation", intent = "palliative" }
date = "indicated_date"

[intercurrent.crossover]
label = "Protocol radiotherapy in the control arm"
table = "procedures"
where = { kind = "radiation", intent = "protocol" }
date = "performed_date"
arms = ["control"]
departure = true

[intercurrent.bone_agent]
label = "Bone agent"
table = "therapies"
where = { class = "bone_agent" }
date = "start_date"

[intercurrent.never_treated]
label = "No protocol radiotherapy"
table = "procedures"
where = { kind = "radiation", intent = "protocol" }
date = "performed_date"
arms = ["active"]
absent_by = 21
departure = true

[endpoints.sse]
label = "Skeletal event"
components = ["cord_compression", "fracture", "surgery", "radiation"]

[endpoints.since_scan]
label = "Surgery after the first scan"
components = ["surgery"]
time_zero = "scan_date"

[estimands.first]
endpoint = "sse"
label = "First"
paramcd = "TTSSE"
death = "competing"

[censoring.last_contact]
label = "Last contact"
role = "last_seen"
table = "disposition"

[measures.pain]
kind = "score"
label = "Pain"
paramcd = "NRSPAIN"
instrument = "NRS"
scale = "pain"
collected_until_first = "sse"

[measures.home]
kind = "days_at_home"
label = "Days at home"
paramcd = "DAH"
horizons = [90]

[analyses.hazard]
estimand = "first"
method = "cox"
label = "First event"
covariates = ["age"]
"""

TABLES = {
    "subjects": {
        "subject_id": ["001", "002", "003", "004"],
        "arm": ["control", "active", "control", "active"],
        "screening_id": ["S1", "S2", "S3", "S4"],
        "site": ["A", "A", "B", "B"],
        "sex": ["female", "male", "male", "female"],
        "consent_date": ["2025-01-01", "2025-02-02", "2025-03-03", "2025-03-30"],
        "randomised_date": ["2025-01-05", "2025-02-05", "2025-03-05", "2025-04-01"],
        "treatment_date": ["", "2025-02-10", "", "2025-04-08"],
        "scan_date": ["2025-01-02", "2025-02-03", "2025-03-04", "2025-03-31"],
        "age": ["63", "70.5", "58", "66"],
        "ecog": ["1", "0", "2", "1"],
        "kps": ["80", "90", "60", "70"],
        "weight_kg": ["70", "82.5", "64", "75"],
        "creatinine": ["80", "0.9", "71", "66"],
        "creatinine_unit": ["umol/L", "mg/dL", "umol/L", "umol/L"],
        "haemoglobin_g_dl": ["12", "13.1", "11", "10.4"],
    },
    "screening": {
        "screening_id": ["S1", "S2", "S3", "S4", "S5"],
        "site": ["A", "A", "B", "B", "B"],
        "date": ["2025-01-01", "2025-02-01", "2025-03-01", "2025-03-28", "2025-04-04"],
        "eligible": ["yes", "yes", "yes", "yes", "no"],
        "consented": ["yes", "yes", "yes", "yes", "yes"],
        "randomised": ["yes", "yes", "yes", "yes", "no"],
        "reason": ["", "", "", "", "not eligible"],
    },
    "lesions": {
        "subject_id": ["001", "002", "002", "003", "004"],
        "lesion_id": ["L1", "L1", "L2", "L1", "L1"],
        "bone": ["femur", "vertebra", "pelvis", "pelvis", "vertebra"],
        "region": ["femoral_neck", "thoracic", "acetabulum", "acetabulum", "lumbar"],
        "vertebral_level": ["", "T12", "", "", "L1"],
        "diameter_cm": ["2.5", "3", "", "4.1", "2"],
        "pain_nrs": ["4", "2", "", "1", "0"],
        "target": ["true", "true", "false", "true", "true"],
    },
    "events": {
        "subject_id": ["001", "002", "002"],
        "event_id": ["1", "1", "2"],
        "component": ["fracture", "fracture", "pain"],
        "detection": ["clinical", "clinical", "clinical"],
        "date": ["2025-03-01", "2025-04-01", "2025-05"],
        "symptomatic": ["true", "true", ""],
        "last_negative_date": ["2025-02-01", "", ""],
        "reported_date": ["2025-03-03", "2025-04-02", "2025-05-20"],
        "lesion_id": ["L1", "L1", ""],
    },
    "procedures": {
        "subject_id": ["001", "002", "003", "004"],
        "procedure_id": ["1", "1", "1", "1"],
        "kind": ["surgery", "radiation", "radiation", "radiation"],
        "intent": ["palliative", "protocol", "palliative", "protocol"],
        "reason": ["fracture", "", "bone_pain", ""],
        "lesion_id": ["L1", "L1", "L1", "L1"],
        "indicated_date": ["2025-03-02", "2025-02-05", "2025-08-10", "2025-04-01"],
        "performed_date": ["2025-03-04", "2025-02-10", "2025-08-20", "2025-04-08"],
        "dose_gy": ["", "20", "8", "24"],
        "fractions": ["", "5", "1", "3"],
    },
    "assessments": {
        "subject_id": ["001", "001", "002", "002", "003", "003", "004", "004"],
        "visit": ["Month 1", "Month 2"] * 4,
        "date": [
            "2025-02-04",
            "2025-03-07",
            "2025-03-07",
            "2025-04-07",
            "2025-04-05",
            "2025-05-05",
            "2025-05-01",
            "2025-06-01",
        ],
        "modality": ["clinic"] * 8,
        "done": ["Y", "Y", "Y", "Y", "N", "Y", "Y", "Y"],
        "result": ["stable", "worse", "stable", "stable", "", "stable", "stable", "stable"],
    },
    "questionnaires": {
        "subject_id": ["001", "001", "002", "003", "004", "004"],
        "instrument": ["NRS"] * 6,
        "item": ["pain"] * 6,
        "visit": ["Baseline", "Month 1", "Month 1", "Month 2", "Month 1", "Month 2"],
        "date": ["2025-01-05", "2025-02-04", "2025-03-08", "2025-05-05", "2025-05-01", "2025-06-02"],
        "value": ["4", "5", "2", "1", "0", "1"],
    },
    "analgesics": {"subject_id": ["001"], "date": ["2025-02-03"], "omed_mg": ["30"]},
    "stays": {
        "subject_id": ["001", "001"],
        "place": ["hospital", "rehabilitation"],
        "admission_date": ["2025-03-03", "2025-03-13"],
        "discharge_date": ["2025-03-13", "2025-04-02"],
    },
    "therapies": {
        "subject_id": ["001", "002"],
        "drug": ["letrozole", "denosumab"],
        "class": ["hormone", "bone_agent"],
        "start_date": ["2024", "2025-02-20"],
        "stop_date": ["2025-06", "2025-06-20"],
    },
    "disposition": {
        "subject_id": ["001", "001", "002", "003", "004"],
        "date": ["2025-04-01", "2025-06-01", "2025-12-01", "2025-09-01", "2025-12-20"],
        "status": ["alive", "died", "alive", "completed", "alive"],
        "cause": ["", "progression", "", "", ""],
        "reported_date": ["", "2025-06-04", "", "", ""],
    },
}
