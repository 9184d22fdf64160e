"""Words by which forms, fields and choices of a data dictionary are recognised, in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Record table -> words in the name of a form, the most telling table first.
TABLE_WORDS: Mapping[str, str] = {
    "screening": r"screen",
    "questionnaires": r"questionn|bpi|brief.?pain|qlq|eortc|bm.?22|eq.?5d|tess|msts|\bnrs\b|\bvas\b|"
    r"quality.?of.?life",
    "analgesics": r"analges|opioid|pain.?med|morphine",
    "lesions": r"lesion|target|bone.?met",
    "events": r"skeletal|\bsre|\bsse|event|fracture|compression",
    "procedures": r"procedure|radiother|radiation|\brt\b|surg|intervention|local.?treat|augment|ablation",
    "stays": r"stay|hospital|admission|inpatient",
    "therapies": r"therap|systemic|drug|chemo|medication|bone.?agent|bisphos|denosumab",
    "disposition": r"disposition|off.?study|\bend\b|death|withdraw|completion|status|surviv|vital|"
    r"last.?contact",
    "assessments": r"assess|visit|imaging|radiolog|\bct\b|\bmri\b|scan|follow.?up",
    "subjects": r"subject|enrol|random|demograph|baseline|consent|registration|patient|participant|inclusion",
}
# Table -> column -> words in the name or label of a field.
COLUMN_WORDS: Mapping[str, Mapping[str, str]] = {
    "subjects": {
        "arm": r"\barm\b|allocat|treatment group|study group|randomi[sz]ed to",
        "site": r"\bsite\b|centre|center|hospital",
        "sex": r"\bsex\b|gender",
        "primary_tumour": r"primary|tumou?r|histolog|cancer type",
        "randomised_date": r"randomi[sz]|allocat",
        "consent_date": r"consent",
        "treatment_date": r"(start|first|date).*treat|treat.*(start|first|date)|date of surgery|first dose",
        "age": r"\bage\b",
        "ecog": r"\becog\b|zubrod|who performance",
        "kps": r"\bkps\b|karnofsky",
        "weight_kg": r"weight",
        "life_expectancy_months": r"life expectancy",
        "visceral_metastases": r"visceral",
        "other_metastases": r"(other|extra.?osseous|non.?bone).*metast",
    },
    "screening": {
        "screening_id": r"screen.*(id|no\b|number)",
        "site": r"\bsite\b|centre|center|hospital",
        "date": r"\bdate\b",
        "reason": r"reason|why",
        "eligible": r"eligib",
        "consented": r"consent",
        "randomised": r"randomi[sz]",
    },
    "lesions": {
        "lesion_id": r"lesion.*(\bid\b|\bno\b|number)",
        "bone": r"\bbone\b|\bsite\b|location",
        "region": r"region|part",
        "vertebral_level": r"vertebra|level",
        "laterality": r"\bside\b|lateral",
        "matrix": r"matrix|lytic|blastic|appearance",
        "diameter_cm": r"diameter|size|\bcm\b",
        "pain_nrs": r"pain",
        "target": r"target",
        "prior_radiotherapy": r"(prior|previous).*(radio|\brt\b)",
    },
    "events": {
        "component": r"\btype\b|\bkind\b|\bwhat\b|component|which event|event type|skeletal.related",
        "date": r"\bdate\b|onset",
        "symptomatic": r"symptom",
        "detection": r"detect|found|how",
        "last_negative_date": r"last negative|previous (scan|imag|film)",
        "reported_date": r"report|notif|aware",
        "adjudicated": r"adjudicat|confirmed|reviewed",
        "adjudicated_date": r"adjudicat",
        "lesion_id": r"lesion",
    },
    "procedures": {
        "kind": r"\btype\b|\bkind\b|procedure|which treatment|modality",
        "intent": r"intent|aim|purpose",
        "reason": r"reason|indication|why",
        "indicated_date": r"indicat|decision|decided|planned",
        "performed_date": r"perform|start|done|given|\bdate\b",
        "dose_gy": r"dose|\bgy\b",
        "fractions": r"fraction",
        "lesion_id": r"lesion",
    },
    "assessments": {
        "date": r"\bdate\b",
        "modality": r"modality|method|type|scan",
        "done": r"done|performed|attended|completed|seen|took place",
        "result": r"result|finding|outcome",
        "lesion_id": r"lesion",
    },
    "questionnaires": {
        "date": r"\bdate\b|completed on",
        "lesion_id": r"lesion",
    },
    "analgesics": {
        "date": r"\bdate\b|\bday\b",
        "omed_mg": r"omed|morphine|equivalent|dose|\bmg\b",
    },
    "stays": {
        "admission_date": r"admi|start|\bfrom\b",
        "discharge_date": r"discharge|end|\bto\b|\buntil\b",
        "place": r"place|where|type|ward",
        "bone_related": r"bone|skeletal|related",
    },
    "therapies": {
        "drug": r"drug|agent|medic|name|therap",
        "class": r"class|group|type",
        "start_date": r"start|begin|first|\bfrom\b|\bdate\b",
        "stop_date": r"stop|end|last|\buntil\b",
        "reason": r"reason|why",
    },
    "disposition": {
        "date": r"\bdate\b",
        "status": r"status|outcome|reason.*(end|off|stop)|why.*(end|stop)|what happened",
        "cause": r"cause",
        "reason": r"reason|why",
        "reported_date": r"report|notif",
    },
}
# Table and column -> (words of a label, the value that means them); the first that fits.
VALUE_WORDS: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("events", "component"): (
        (r"cord|cauda|compression", "cord_compression"),
        (r"fracture", "fracture"),
        (r"radio|radiation", "radiation"),
        (r"surg", "surgery"),
        (r"hypercalc", "hypercalcaemia"),
    ),
    ("procedures", "kind"): (
        (r"radio|radiation|\brt\b", "radiation"),
        (r"revision", "revision"),
        (r"vertebroplast|kyphoplast|augment|cement", "augmentation"),
        (r"ablat|\brfa\b|cryo", "ablation"),
        (r"surg|fixation|stabili", "surgery"),
    ),
    ("procedures", "intent"): (
        (r"palliat|sympt", "palliative"),
        (r"prevent|prophyl", "preventive"),
        (r"curat|ablative|radical", "curative"),
        (r"protocol|trial|study", "protocol"),
    ),
    ("procedures", "reason"): (
        (r"impending|risk of frac", "impending_fracture"),
        (r"cord|cauda|compression", "cord_compression"),
        (r"fracture", "fracture"),
        (r"\bpain", "bone_pain"),
    ),
    ("disposition", "status"): (
        (r"died|dead|death|deceased", "died"),
        (r"lost", "lost"),
        (r"withdr", "withdrew"),
        (r"complet", "completed"),
        (r"alive|ongoing|follow", "alive"),
    ),
    ("events", "detection"): (
        (r"imag|film|scan|radiolog|\bct\b|\bmri\b", "imaging"),
        (r"clinic|sympt|exam", "clinical"),
    ),
    ("stays", "place"): (
        (r"rehab", "rehabilitation"),
        (r"nursing|care home|hospice", "nursing_home"),
        (r"hospital|ward|acute", "hospital"),
    ),
    ("lesions", "matrix"): ((r"mixed", "mixed"), (r"lytic", "lytic"), (r"blastic|scler", "blastic")),
    ("subjects", "sex"): ((r"^f(emale)?$|\bwom[ae]n\b", "female"), (r"^m(ale)?$|\bm[ae]n\b", "male")),
}
STATUS_DATES: tuple[tuple[str, str], ...] = (
    (r"death|died|deceased", "died"),
    (r"withdr", "withdrew"),
    (r"lost", "lost"),
    (r"complet|end of study", "completed"),
    (r"last|alive|contact|seen", "alive"),
)
CONTROL = r"control|standard|placebo|observ|usual|sham|alone"
UNKNOWN = r"unknown|not known|not done|not applicable|n/?a|missing"
# Words of a form -> instrument, and words of its fields -> items.
INSTRUMENTS: tuple[tuple[str, str], ...] = (
    (r"bpi|brief.?pain", "BPI"),
    (r"bm.?22", "QLQ-BM22"),
    (r"eq.?5d.*3l", "EQ-5D-3L"),
    (r"eq.?5d", "EQ-5D-5L"),
    (r"tess", "TESS"),
    (r"msts", "MSTS"),
    (r"\bnrs\b|numeric.?rating", "NRS"),
    (r"\bvas\b|visual.?analog", "VAS"),
)
_EUROQOL = (
    (r"mobil", "mobility"),
    (r"self", "self_care"),
    (r"usual", "usual_activities"),
    (r"vas|health today|thermometer", "vas"),
    (r"pain|discomfort", "pain"),
    (r"anx|depress", "anxiety"),
)
ITEM_WORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "BPI": (
        (r"worst", "worst_pain"),
        (r"least", "least_pain"),
        (r"average", "average_pain"),
        (r"now|current|right now", "current_pain"),
        (r"general", "general_activity"),
        (r"mood", "mood"),
        (r"walk", "walking"),
        (r"relation", "relations"),
        (r"work", "work"),
        (r"sleep", "sleep"),
        (r"enjoy", "enjoyment"),
    ),
    "EQ-5D-5L": _EUROQOL,
    "EQ-5D-3L": _EUROQOL,
}
# The number with which a label begins: that of "0 - fully active", none of "1a".
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?![\w.])")


def words_of(text: str) -> str:
    """Return ``text`` in lower case with blanks between its words.

    Examples
    --------
    >>> words_of("Date_of-Onset (first)")
    'date of onset first'
    """
    return " ".join(re.sub(r"[^a-z0-9%./]+", " ", text.lower()).split())


def slug(text: str) -> str:
    """Return ``text`` as a column name."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def flag_values(choices: Mapping[str, str]) -> dict[str, str | bool | float] | None:
    """Return what choices of yes and no mean; nothing where there are others than unknown."""
    values: dict[str, str | bool | float] = {}
    for code, label in choices.items():
        words = words_of(label)
        if re.fullmatch(UNKNOWN, words):
            values[code] = ""
        elif words in ("yes", "true", "y", "no", "false", "n"):
            values[code] = words[0] in "yt"
        else:
            return None
    return values


def number_values(choices: Mapping[str, str]) -> dict[str, str | bool | float] | None:
    """Return the number of each choice, by its label or else its code; nothing if one has none."""
    values: dict[str, str | bool | float] = {}
    for code, label in choices.items():
        found = NUMBER.match(label) or NUMBER.fullmatch(code)
        if re.fullmatch(UNKNOWN, words_of(label)):
            values[code] = ""
        elif found is None:
            return None
        else:
            values[code] = int(found[0]) if float(found[0]).is_integer() else float(found[0])
    return values
