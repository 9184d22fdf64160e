"""What a simulated trial assumes, each number with its source."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from .scenario_parts import (
    ColumnDraw,
    Imaging,
    Lesions,
    OtherEvent,
    Pain,
    ProtocolProcedure,
    ScoreCourse,
    Stays,
    part_problems,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Finite = Annotated[float, Field(allow_inf_nan=False)]
Days = Annotated[int, Field(ge=0)]


# Fields that add rows and columns: an accrual plan and the chances of first events need none of them.
RECORD_PARTS = (
    "subjects",
    "lesions",
    "protocol",
    "imaging",
    "other_events",
    "intercurrent",
    "pain",
    "scores",
    "stays",
    "cancer_death",
)


class Scenario(BaseModel):
    """Accrual, hazards by arm, frailty, visits and losses of a simulated trial.

    Events of a subject form a Poisson process with rate ``event_rate[arm] * frailty``; frailty is
    gamma with mean 1 and variance ``frailty_variance``, shared by all events of the subject, and
    multiplies the hazard of death by ``frailty ** frailty_death_power``.  Each event is of a component
    with probability ``component_mix``.  Rates are per subject-year.  What stands in :data:`RECORD_PARTS`
    adds rows and columns, and leaves the draws of the rest as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    accrual_start: dt.date
    accrual_days: int = Field(ge=1, description="Days from the first to the last planned randomisation")
    n_sites: int = Field(default=1, ge=1)
    screened_per_randomised: Finite = Field(default=1.0, ge=1)
    event_rate: dict[str, Finite] = Field(description="Arm -> events per subject-year")
    component_mix: dict[str, Finite] = Field(description="Component -> share of events; shares sum to 1")
    death_rate: dict[str, Finite] = Field(description="Arm -> deaths per subject-year")
    dropout_rate: dict[str, Finite] = Field(description="Arm -> withdrawals per subject-year")
    frailty_variance: Finite = Field(default=0.0, ge=0)
    frailty_death_power: Finite = Field(default=0.0, ge=0)
    treatment_delay_days: tuple[Days, Days] = Field(
        default=(0, 0), description="Least and most days from randomisation to treatment"
    )
    follow_up_days: int = Field(ge=1, description="Planned follow-up of each subject from time zero")
    visit_jitter_days: int = Field(default=0, ge=0)
    missed_visit_probability: float = Field(default=0.0, ge=0, lt=1)
    subjects: tuple[ColumnDraw, ...] = Field(default=(), description="Further columns of subjects, in order")
    lesions: Lesions | None = None
    protocol: tuple[ProtocolProcedure, ...] = Field(
        default=(), description="Local treatment by protocol; what the components imply if absent"
    )
    imaging: Imaging | None = None
    other_events: dict[str, OtherEvent] = Field(default_factory=dict)
    intercurrent: dict[str, dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]] = Field(
        default_factory=dict, description="Intercurrent event -> arm -> rows per subject-year; 0 if absent"
    )
    pain: Pain | None = None
    scores: dict[str, ScoreCourse] = Field(default_factory=dict, description="Measure -> course of its score")
    stays: Stays | None = None
    cancer_death: dict[str, str] = Field(
        default_factory=dict, description="Primary tumour -> cause written for a death by its progression"
    )
    sources: dict[str, str] = Field(
        default_factory=dict, description="Field -> where its number comes from, or 'assumption: ...'"
    )

    def problems(
        self, arms: set[str], components: set[str], names: Mapping[str, set[str]] | None = None
    ) -> Iterator[str]:
        """Yield what contradicts the study or itself, one sentence each.

        ``names`` holds the study's names by kind: visit, intercurrent event, score.
        """
        for field in ("event_rate", "death_rate", "dropout_rate"):
            rates: dict[str, float] = getattr(self, field)
            if set(rates) != arms:
                yield f"{field} must name every arm once ({', '.join(sorted(arms))}), got {', '.join(rates)}"
            if any(rate < 0 for rate in rates.values()):
                yield f"{field} must not be negative"
        if unknown := set(self.component_mix) - components:
            yield f"component_mix names undeclared component(s) {', '.join(sorted(unknown))}"
        if any(share < 0 for share in self.component_mix.values()):
            yield "component_mix must not be negative"
        if abs(sum(self.component_mix.values()) - 1) > 1e-9:
            yield f"component_mix must sum to 1, got {sum(self.component_mix.values()):g}"
        if self.treatment_delay_days[0] > self.treatment_delay_days[1]:
            yield "treatment_delay_days must be (least, most)"
        yield from part_problems(self, arms, components, names or {})
