"""The raw record tables: their columns and the values they allow.

A study file names them and records are checked against them, so they lie below both.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["text", "number", "date", "flag"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a record table.

    ``text`` is held as pandas ``string``, ``number`` as ``float64``, ``flag`` as ``boolean`` and
    ``date`` as ``string`` in ISO 8601, perhaps partial (``2025-03``, ``2025``).
    """

    kind: Kind
    required: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One record table: what a row is, its columns and its key."""

    row: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(name for name, column in self.columns.items() if column.required)


def _schema(row: str, key: str, required: str, **kinds: str) -> TableSchema:
    """Build a schema: ``kinds`` maps a kind to its column names, ``required`` and ``key`` name some."""
    needed = set(required.split())
    columns = {
        name.split("=")[0]: Column(
            kind=kind,  # type: ignore[arg-type]
            required=name.split("=")[0] in needed,
            allowed=tuple(name.split("=")[1].split("|")) if "=" in name else (),
        )
        for kind, names in kinds.items()
        for name in names.split()
    }
    return TableSchema(row=row, columns=MappingProxyType(columns), key=tuple(key.split()))


TABLES: Mapping[str, TableSchema] = MappingProxyType(
    {
        "subjects": _schema(
            "one randomised person",
            "subject_id",
            "subject_id arm randomised_date",
            text="subject_id arm site sex primary_tumour",
            date="randomised_date consent_date treatment_date",
            number="age ecog kps weight_kg life_expectancy_months",
            flag="simulated visceral_metastases other_metastases",
        ),
        "screening": _schema(
            "one person screened",
            "screening_id",
            "screening_id site date",
            text="screening_id site reason",
            date="date",
            flag="eligible consented randomised",
        ),
        "lesions": _schema(
            "one bone metastasis at baseline",
            "subject_id lesion_id",
            "subject_id lesion_id",
            text="subject_id lesion_id bone region vertebral_level laterality matrix=lytic|mixed|blastic "
            "posterolateral alignment collapse bilsky cortical_involvement pain_pattern",
            number="diameter_cm pain_nrs bone_loss_percent",
            flag="target prior_radiotherapy posterior_elements",
        ),
        "events": _schema(
            "one reported skeletal or clinical event",
            "subject_id event_id",
            "subject_id event_id component date",
            text="subject_id event_id component detection=clinical|imaging lesion_id",
            date="date last_negative_date reported_date adjudicated_date",
            flag="symptomatic adjudicated",
        ),
        "procedures": _schema(
            "one local treatment",
            "subject_id procedure_id",
            "subject_id procedure_id kind",
            text="subject_id procedure_id kind reason lesion_id "
            "intent=palliative|preventive|curative|protocol",
            date="indicated_date performed_date",
            number="dose_gy fractions",
        ),
        "assessments": _schema(
            "one planned or extra assessment",
            "subject_id visit date modality lesion_id",
            "subject_id visit date",
            text="subject_id visit modality lesion_id result",
            date="date",
            flag="done",
        ),
        "questionnaires": _schema(
            "one answered item or score",
            "subject_id date instrument item lesion_id",
            "subject_id date instrument item value",
            text="subject_id instrument item visit lesion_id",
            date="date",
            number="value",
        ),
        "analgesics": _schema(
            "one day's opioid dose",
            "subject_id date",
            "subject_id date omed_mg",
            text="subject_id",
            date="date",
            number="omed_mg",
        ),
        "stays": _schema(
            "one admission",
            "subject_id admission_date",
            "subject_id admission_date",
            text="subject_id place=hospital|rehabilitation|nursing_home",
            date="admission_date discharge_date",
            flag="bone_related",
        ),
        "therapies": _schema(
            "one systemic therapy",
            "subject_id drug start_date",
            "subject_id drug",
            text="subject_id drug class reason",
            date="start_date stop_date",
        ),
        "disposition": _schema(
            "one status fact",
            "subject_id date status",
            "subject_id date status",
            text="subject_id status=alive|died|lost|withdrew|completed cause reason",
            date="date reported_date",
        ),
    }
)

# Tables that the derivation makes from the others, which a component may read like a record table.
DERIVED: Mapping[str, TableSchema] = MappingProxyType(
    {
        "pain_responses": _schema(
            "the pain response of one subject or lesion at one assessment",
            "measure subject_id lesion_id date",
            "measure subject_id date response",
            text="measure subject_id lesion_id visit response=complete|partial|progression|indeterminate",
            date="date baseline_date",
            number="pain baseline_pain omed_mg baseline_omed_mg",
            flag="responder flare",
        ),
    }
)


def is_date(table: str, column: str) -> bool:
    """Return whether a column of a record table holds dates: by the schema, or by a name ``..._date``."""
    spec = TABLES[table].columns.get(column)
    return spec.kind == "date" if spec is not None else column.endswith("_date")
