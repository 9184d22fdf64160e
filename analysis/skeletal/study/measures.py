"""Outcomes that are values and not events: pain response, scores of questionnaires, days at home.

A measure carries its own estimand: population, what intercurrent events and death do to the value, and
the population-level summary.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from .rules import Model, Name, ParamCode, Strategy, Unit
from .values import Values

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = Literal["hospital", "rehabilitation", "nursing_home"]
ValueDeath = Literal["worst", "while_alive"]
Instrument = Literal["TESS", "MSTS", "QLQ-BM22", "BPI", "EQ-5D-5L", "EQ-5D-3L", "NRS"]
# Scales of each instrument; the scales of NRS are named by the trial.
INSTRUMENT_SCALES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "TESS": ("total",),
        "MSTS": ("total",),
        "QLQ-BM22": (
            "painful_sites",
            "painful_characteristics",
            "functional_interference",
            "psychosocial_aspects",
        ),
        "BPI": ("severity", "interference", "worst_pain", "least_pain", "average_pain", "current_pain"),
        "EQ-5D-5L": ("index", "vas"),
        "EQ-5D-3L": ("index", "vas"),
    }
)
_TARGETS: dict[str, Values] = {"target": (True,)}


class _Measure(Model):
    """What every measure says beside how its value is made."""

    label: str
    paramcd: ParamCode
    time_zero: str | None = Field(default=None, description="Date column of subjects; the study's if absent")
    visits: tuple[str, ...] = Field(
        default=(), description="Names of the visits at which it is read; all of the study's if absent"
    )
    collected_until_first: Name | None = Field(
        default=None,
        description="Endpoint whose first event ends collection: later values are structurally missing",
    )
    collected_for_days: int = Field(
        default=0, ge=0, description="Days after that event in which the last collection is still due"
    )
    intercurrent: dict[Name, Strategy] = Field(
        default_factory=dict,
        description="treatment_policy keeps later values, hypothetical and while_on_treatment drop them, "
        "composite makes them the worst value",
    )
    death: ValueDeath = Field(
        default="while_alive", description="worst: visits after death have the worst value; else no value"
    )
    population: str = "All randomised subjects, as randomised"
    treatment: str = Field(default="", description="Treatments compared, in words; from the arms if absent")
    summary: str = Field(default="", description="Population-level summary, in words")
    source: str = ""


class PainRules(Model):
    """The edge rules of the international consensus on pain response, each with its default.

    Sources: Chow E et al., Int J Radiat Oncol Biol Phys 2012; 82: 1730-1737, as reproduced in PMC6817531
    and NCT03831243; those marked there as unsettled are assumptions.
    """

    pain_change: int = Field(default=2, ge=1, description="Points (0 to 10) of pain that are a change")
    omed_change: float = Field(default=0.25, gt=0, lt=1, description="Share of the opioid dose that is one")
    progression_tolerance: int = Field(
        default=1, ge=0, description="Points above baseline at which pain is still stable when the dose rises"
    )
    any_opioid_from_none: bool = Field(
        default=True, description="After a baseline dose of 0, any opioid is an increase"
    )
    rise_with_more_opioid: Literal["indeterminate", "progression"] = Field(
        default="indeterminate",
        description="Pain and dose both rise; the published words have a rise of pain with a stable dose",
    )
    partial_rule: Literal["points", "half"] = Field(
        default="points",
        description="Partial response: pain_change points or omed_change of the dose less; or, as older "
        "definitions say, half the pain or half the dose",
    )
    least_baseline_pain: int = Field(
        default=1, ge=0, description="Baseline pain below this cannot respond: indeterminate"
    )
    least_partial_baseline: int = Field(
        default=2, ge=0, description="Baseline pain below this can reach a complete response only"
    )
    missing_omed: Literal["indeterminate", "none"] = Field(
        default="indeterminate", description="A dose that is not known: indeterminate, or taken as none"
    )
    omed_window_days: int = Field(
        default=3, ge=0, description="Days around the pain score in which the dose may be recorded"
    )
    baseline_window_days: int = Field(
        default=28, ge=0, description="Days before (and on) time zero in which the baseline may lie"
    )
    subject_pain: Literal["worst", "all"] = Field(
        default="worst",
        description="Response of a subject: from the worst target lesion pain, or all lesions must respond",
    )


class PainResponse(_Measure):
    """Pain response by the international consensus, for each lesion or subject, at each assessment."""

    kind: Literal["pain_response"]
    unit: Unit = "subject"
    instrument: str = Field(default="BPI", description="questionnaires.instrument of the pain score")
    item: str = Field(default="worst_pain", description="questionnaires.item of the worst pain, 0 to 10")
    lesions: dict[str, Values] = Field(
        default_factory=lambda: dict(_TARGETS),
        description="Lesions whose pain counts: column of lesions -> allowed values",
    )
    rules: PainRules = PainRules()
    flare_within_days: int = Field(default=10, ge=1, description="Days after time zero of a pain flare")


class Score(_Measure):
    """A scale of a questionnaire at each visit, from its items or as a score that was recorded."""

    kind: Literal["score"]
    instrument: Instrument
    scale: str = Field(description="Scale of the instrument, for example painful_sites or interference")
    version: Literal["", "lower", "upper"] = Field(default="", description="TESS and MSTS: which limb")
    value_set: str = Field(
        default="",
        description="EQ-5D: csv file of the index values (columns profile and value); a "
        "relative path starts at the folder in which the program runs",
    )
    least_answered: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of items to be answered, where the scale has a rule",
    )
    reversed_items: tuple[str, ...] | None = Field(
        default=None,
        description="QLQ-BM22 psychosocial_aspects: items worded so that high is good; 21 and 22 if absent",
    )
    worst_value: float | None = Field(
        default=None, description="Worst value of the scale; that of the instrument if absent"
    )
    baseline_window_days: int = Field(
        default=28, ge=0, description="Days before (and on) time zero in which the baseline may lie"
    )
    unit: Unit = "subject"
    lesions: dict[str, Values] = Field(
        default_factory=lambda: dict(_TARGETS),
        description="For unit lesion: column of lesions -> allowed values",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        scales = INSTRUMENT_SCALES.get(self.instrument)
        if scales and self.scale not in scales:
            raise ValueError(f"{self.instrument} has no scale {self.scale!r}; it has {', '.join(scales)}")
        limb = self.instrument in ("TESS", "MSTS")
        if limb != bool(self.version):
            rule = "version = 'lower' or 'upper'" if limb else "no version"
            raise ValueError(f"{self.instrument} needs {rule}")
        if self.value_set and not self.instrument.startswith("EQ-5D"):
            raise ValueError(f"{self.instrument} has no value set; only EQ-5D has")
        if self.reversed_items is not None and self.scale != "psychosocial_aspects":
            raise ValueError(f"reversed_items are of psychosocial_aspects, not of {self.scale}")
        if self.unit == "lesion" and self.instrument not in ("BPI", "NRS"):
            raise ValueError(f"{self.instrument} is asked of a subject, not of each lesion")
        return self


class DaysAtHome(_Measure):
    """Days alive and at home within each horizon after time zero."""

    kind: Literal["days_at_home"]
    horizons: tuple[Annotated[int, Field(ge=1)], ...] = (30, 90, 365)
    away: tuple[Place, ...] = ("hospital", "rehabilitation", "nursing_home")
    after_death: Literal["lost_days", "zero"] = Field(
        default="lost_days", description="Days after death are not at home, or death makes the score 0"
    )
    same_day_stay: Literal[0, 1] = Field(
        default=1, description="Days that an admission with discharge on the same day takes"
    )

    @model_validator(mode="after")
    def _no_visits(self) -> Self:
        if self.visits:
            raise ValueError("days at home are read at horizons, not at visits")
        if self.death != "while_alive":
            raise ValueError("days at home take after_death, not death")
        if not self.away:
            raise ValueError("away must name at least one place")
        if list(self.horizons) != sorted(set(self.horizons)) or not self.horizons:
            raise ValueError("horizons must be days in rising order, each once")
        return self


Measure = Annotated[PainResponse | Score | DaysAtHome, Field(discriminator="kind")]
