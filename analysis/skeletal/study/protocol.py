"""The protocol of a trial as data: what was promised, checked when it is made.

Everything that the toolkit does follows from a :class:`Study` and the records.  Times are whole days
unless a field says otherwise; rates are per subject-year of 365.25 days.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Literal, Self

from pydantic import Field, model_validator

from .analysis import Analysis, Baseline, Look, ReportSettings
from .consistency import study_problems
from .data_cut import DataCut
from .eligibility import Criterion, EligibilityOption
from .mapping import RecordsMapping
from .measures import Measure
from .multiplicity import Multiplicity
from .review import ReviewChanges
from .rules import CensoringRule, Component, Endpoint, Estimand, IntercurrentEvent, Model, Name, RecordFilter
from .scenario import Scenario


class Arm(Model):
    """A randomised arm as it is written in ``subjects.arm``."""

    name: str = Field(min_length=1, description="The value of subjects.arm")
    label: str = Field(default="", description="Words for tables and figures; the name where empty")
    ratio: int = Field(default=1, ge=1, description="Allocation relative to the other arms")
    control: bool = Field(default=False, description="The reference arm of every contrast")
    source: str = ""

    @model_validator(mode="after")
    def _fill_label(self) -> Self:
        if not self.label:
            object.__setattr__(self, "label", self.name)
        return self


class Visit(Model):
    """A planned assessment, counted from time zero."""

    name: str
    day: int = Field(ge=0, description="Target day after time zero")
    window_before: int = Field(default=0, ge=0, description="Days before the target that still count")
    window_after: int = Field(default=0, ge=0, description="Days after the target that still count")


class Study(Model):
    """A trial: arms, visits, endpoints, estimands, censoring, analyses, scenarios, report."""

    id: Name
    acronym: str
    title: str
    registry: str = ""
    phase: str = ""
    sponsor: str = ""
    n_subjects: int = Field(ge=2, description="Planned number of randomised subjects")
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    time_zero: str = Field(default="randomised_date", description="A date column of subjects")
    time_zero_label: str = "randomisation"
    data_cutoff: dt.date | None = Field(default=None, description="Nothing after this date is known")
    source: str = ""
    masking: Literal["none", "masked", "pooled"] = Field(
        default="none", description="Set by the report: arms under masked names, or one that stands for all"
    )
    arms: tuple[Arm, ...]
    visits: tuple[Visit, ...] = ()
    death: RecordFilter = RecordFilter(label="Death", table="disposition", where={"status": ("died",)})
    components: dict[Name, Component] = Field(default_factory=dict)
    intercurrent: dict[Name, IntercurrentEvent] = Field(default_factory=dict)
    endpoints: dict[Name, Endpoint]
    estimands: dict[Name, Estimand]
    censoring: dict[Name, CensoringRule]
    measures: dict[Name, Measure] = Field(default_factory=dict)
    eligibility: tuple[Criterion, ...] = ()
    eligibility_options: dict[Name, EligibilityOption] = Field(
        default_factory=dict, description="Places where the criteria can be read in two ways"
    )
    analyses: dict[Name, Analysis] = Field(default_factory=dict)
    multiplicity: dict[Name, Multiplicity] = Field(
        default_factory=dict, description="Families of hypotheses that share one level"
    )
    baseline: tuple[Baseline, ...] = ()
    scenarios: dict[Name, Scenario] = Field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    report: ReportSettings = ReportSettings()
    records: RecordsMapping = RecordsMapping()
    data_cut: DataCut | None = None
    review: ReviewChanges = Field(
        default_factory=dict, description="Rule of the review -> its severity in this trial"
    )
    sources: dict[str, str] = Field(
        default_factory=dict, description="Dotted field -> where its number comes from, or 'assumption: ...'"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = list(study_problems(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def control(self) -> Arm:
        """The reference arm of every contrast."""
        return next(arm for arm in self.arms if arm.control)

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the arms, control first, then in the order of the study file."""
        return (self.control.name, *(arm.name for arm in self.arms if not arm.control))

    def arm_label(self, name: str) -> str:
        """Return the words for the arm called ``name``."""
        return next(arm.label for arm in self.arms if arm.name == name)

    def time_zero_of(self, endpoint: str) -> str:
        """Return the date column of subjects from which ``endpoint`` is counted."""
        return self.endpoints[endpoint].time_zero or self.time_zero

    def time_zero_words(self, column: str | None) -> str:
        """Return the words for a time zero by its date column of subjects; None is the study's."""
        if column in (None, self.time_zero):
            return self.time_zero_label
        words = str(column).removesuffix("_date").replace("_", " ")
        return "randomisation" if words == "randomised" else words

    def censoring_of(self, endpoint: str) -> dict[str, CensoringRule]:
        """Return the censoring rules of ``endpoint``, in order."""
        names = self.endpoints[endpoint].censoring
        return dict(self.censoring) if names is None else {name: self.censoring[name] for name in names}

    def estimands_of(self, endpoint: str) -> dict[str, Estimand]:
        """Return the estimands of ``endpoint``, in the order of the study file."""
        return {name: item for name, item in self.estimands.items() if item.endpoint == endpoint}

    def digest(self) -> str:
        """Return the SHA-256 of the study with every default filled in."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()
