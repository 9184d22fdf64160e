"""Every definition on one subject for each telling record, against a table written by hand.

The table is read off the rows of the trials' component lists (sources in each definition); what the sources
leave open follows the assumptions that the notes of the definition print.
"""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.definition_trial import kinds_study

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records
from skeletal.study import list_definitions, load_study, with_definition

DAY = "2025-03-01"
EVENTS = {
    "vertebra-silent": ("vertebral_fracture", "false"),
    "vertebra-felt": ("vertebral_fracture", "true"),
    "vertebra-not-said": ("vertebral_fracture", None),
    "cord-not-said": ("cord_compression", None),
    "nerve-root": ("nerve_root_compression", "true"),
    "unstable": ("instability", "true"),
    "bone-pain": ("bone_pain", "true"),
    "calcium": ("hypercalcaemia", None),
}
PROCEDURES = {  # kind, intent, reason
    "rt-pain": ("radiation", "palliative", "bone_pain"),
    "rt-pain-no-intent": ("radiation", None, "bone_pain"),
    "rt-no-reason": ("radiation", "palliative", None),
    "rt-impending": ("radiation", "palliative", "impending_fracture"),
    "rt-fracture": ("radiation", "palliative", "fracture"),
    "rt-root": ("radiation", "palliative", "nerve_root_compression"),
    "rt-preventive": ("radiation", "preventive", None),
    "rt-preventive-pain": ("radiation", "preventive", "bone_pain"),
    "rt-preventive-impending": ("radiation", "preventive", "impending_fracture"),
    "rt-protocol": ("radiation", "protocol", "bone_pain"),
    "isotope": ("radioisotope", "palliative", "bone_pain"),
    "isotope-no-intent": ("radioisotope", None, None),
    "isotope-protocol": ("radioisotope", "protocol", "bone_pain"),
    "surgery-fracture": ("surgery", "palliative", "fracture"),
    "surgery-prophylactic": ("surgery", "preventive", "impending_fracture"),
    "surgery-protocol": ("surgery", "protocol", "impending_fracture"),
    "ablation-again": ("ablation", "palliative", "bone_pain"),
    "ablation-protocol": ("ablation", "protocol", "bone_pain"),
    "augmentation": ("augmentation", "palliative", "fracture"),
}
THERAPIES = {  # class, reason
    "drug-for-pain": ("anticancer", "bone_pain"),
    "drug-for-growth": ("anticancer", "progression"),
    "bone-agent-for-pain": ("bone_agent", "bone_pain"),
}
CAUSES = {
    "died-prostate": "prostate_cancer",
    "died-Prostate": "Prostate cancer",
    "died-heart": "infarction",
    "died-no-cause": None,
}
NAMES = [*EVENTS, *PROCEDURES, *THERAPIES, *CAUSES]

FELT = {"vertebra-felt"}
FRACTURES = FELT | {"vertebra-silent", "vertebra-not-said"}
SURGERY = {"surgery-fracture", "surgery-prophylactic"}
BEAM_FOR_PAIN = {"rt-pain", "rt-pain-no-intent"}
BEAM = BEAM_FOR_PAIN | {"rt-no-reason", "rt-impending", "rt-fracture", "rt-root"}
ISOTOPES = {"isotope", "isotope-no-intent"}
CORD = {"cord-not-said"}
CALCIUM = {"calcium"}
OF_PROSTATE = {"died-prostate", "died-Prostate"}
HAVE_EVENT = {
    "alsympca": FELT | SURGERY | BEAM_FOR_PAIN,
    "calgb-70604": FELT | CORD | SURGERY | BEAM,
    "calgb-90202": FELT | CORD | SURGERY | BEAM | OF_PROSTATE,
    "denosumab-sre": FRACTURES | CORD | SURGERY | BEAM | ISOTOPES,
    "denosumab-sre-or-hcm": FRACTURES | CORD | SURGERY | BEAM | ISOTOPES | CALCIUM,
    "era-223": FELT | SURGERY | BEAM | set(CAUSES),
    "gillespie": FRACTURES | CORD | SURGERY | {"rt-pain"},
    "hermes": FELT | SURGERY | {"rt-pain", "rt-impending", "rt-fracture"},
    "preempt": FRACTURES | CORD | SURGERY,
    "preempt-any-sre": FRACTURES | CORD | SURGERY | BEAM,
    "react-bta": FELT | SURGERY | BEAM | CALCIUM,
    "reduse": FELT | SURGERY | BEAM,
    "rfa-ba": FRACTURES
    | CORD
    | {"nerve-root", "unstable", "bone-pain", "rt-pain", "rt-fracture", "rt-root", "surgery-fracture"}
    | {"ablation-again", "augmentation"},
    "zoledronic-prostate": FRACTURES | CORD | SURGERY | BEAM | ISOTOPES | {"drug-for-pain"},
    "zoledronic-solid-tumours": FRACTURES | CORD | SURGERY | BEAM,
    "zoom": FRACTURES | CORD | SURGERY | BEAM | CALCIUM,
}
# A death competes unless it is censored (the analyses of the hazard) or an event.
CENSOR_DEATH = {
    "denosumab-sre",
    "denosumab-sre-or-hcm",
    "zoledronic-prostate",
    "zoledronic-solid-tumours",
}


def rows(cases, columns):
    """Return one row a subject: its label, then what is said of it, then the day."""
    made = [(name, *(said if isinstance(said, tuple) else (said,)), DAY) for name, said in cases.items()]
    return pd.DataFrame(made, columns=["subject_id", *columns.split()], dtype="string")


@pytest.fixture(scope="module")
def records():
    who = pd.DataFrame({"subject_id": NAMES}, dtype="string")
    start = "2025-01-01"
    procedures = rows(PROCEDURES, "kind intent reason performed_date")
    tables = {
        "subjects": who.assign(
            arm=["old", "new"] * (len(NAMES) // 2), randomised_date=start, treatment_date=start
        ),
        "lesions": who.assign(lesion_id="L1"),
        "events": rows(EVENTS, "component symptomatic date").assign(event_id="1", lesion_id="L1"),
        "procedures": procedures.assign(procedure_id="1", lesion_id="L1", indicated_date=DAY),
        "therapies": rows(THERAPIES, "class reason start_date").assign(drug="x"),
        "disposition": rows(CAUSES, "cause date").assign(status="died"),
    }
    return make_records(tables, study=kinds_study())


def test_every_definition_stands_in_the_table():
    assert sorted(HAVE_EVENT) == sorted(list_definitions()["name"])


@pytest.mark.parametrize("name", sorted(HAVE_EVENT))
def test_definition_counts_what_its_words_say(name, records):
    frame = derive_outcomes(records, with_definition(kinds_study(), name)).first(name, f"{name}-first")
    status = frame.set_index("subject_id")["status"]
    assert set(status.index[status == 1]) == HAVE_EVENT[name]
    competing = set() if name in CENSOR_DEATH else set(CAUSES) - HAVE_EVENT[name]
    assert set(status.index[status == 2]) == competing


@pytest.mark.parametrize("name", sorted(HAVE_EVENT))
def test_preventive_radiotherapy_and_treatment_of_the_protocol_are_never_events(name, records):
    frame = derive_outcomes(records, with_definition(kinds_study(), name)).first(name, f"{name}-first")
    status = frame.set_index("subject_id")["status"]
    never = [item for item in NAMES if item.startswith("rt-preventive") or item.endswith("-protocol")]
    assert len(never) == 7
    assert (status[never] == 0).all()


@pytest.mark.parametrize(
    ("name", "endpoint", "counted"),
    [("hermes", "sse", FELT), ("rfa-ba", "sre", FRACTURES)],
)
def test_the_trials_of_the_library_count_vertebral_fractures_as_their_definitions_do(
    name, endpoint, counted, records
):
    study = load_study(name)
    made = ["source", "source_row"]
    tables = {
        table: frame.drop(columns=made, errors="ignore")
        for table, frame in records.tables.items()
        if table in ("subjects", "events", "procedures", "therapies", "disposition", "lesions")
    }
    arms = dict(zip(("old", "new"), study.arm_names, strict=True))
    tables["subjects"] = tables["subjects"].assign(arm=tables["subjects"]["arm"].replace(arms))
    study = study.model_copy(
        update={
            "components": {key: study.components[key] for key in ("fracture",)},
            "endpoints": {
                endpoint: study.endpoints[endpoint].model_copy(update={"components": ("fracture",)})
            },
            "intercurrent": {},
            "measures": {},
            "analyses": {},
            "estimands": {
                f"{endpoint}-incidence": study.estimands[f"{endpoint}-incidence"].model_copy(
                    update={"intercurrent": {}}
                )
            },
            "censoring": {key: rule for key, rule in study.censoring.items() if rule.role == "limit"},
        }
    )
    frame = derive_outcomes(make_records(tables, study=study), study).first(endpoint)
    assert set(frame.loc[frame["status"] == 1, "subject_id"]) == counted
