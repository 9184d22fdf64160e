"""The protocol of a trial as data: what was promised, checked when it is made.

Everything that the toolkit does follows from a :class:`Study` and the records.  Times are whole days
unless a field says otherwise; rates are per subject-year of 365.25 days.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .analysis import Analysis, Baseline, Look, ReportSettings
from .mapping import RecordsMapping, Values
from .scenario import Scenario

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
DeathStrategy = Literal["competing", "composite", "censor", "ignored"]
Strategy = Literal["treatment_policy", "hypothetical", "composite", "competing", "while_on_treatment"]


class Model(BaseModel):
    """Base of every part of a study: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


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


class RecordFilter(Model):
    """Rows of one record table and the date that counts."""

    label: str
    table: Name
    where: dict[str, Values] = Field(
        default_factory=dict, description="Column -> allowed values; a row must satisfy all"
    )
    date: str = Field(default="date", description="Column of the date that counts")
    source: str = ""


class Component(RecordFilter):
    """A kind of event that makes up an endpoint, as a filter on a record table."""


class IntercurrentEvent(RecordFilter):
    """A dated event after time zero that changes what the outcome means."""


class Endpoint(Model):
    """What counts as an event, and when two reports are one episode.

    The order of ``components`` is the priority between components of one day.  An endpoint without
    components is death alone (its estimands treat death as ``composite``).
    """

    label: str
    components: tuple[Name, ...] = ()
    min_gap_days: int = Field(default=21, ge=0, description="Days from one counted episode to the next")
    gap_anchor: Literal["counted", "any"] = Field(
        default="counted", description="The gap runs from the last counted event, or from the last of any"
    )
    time_zero: str | None = Field(default=None, description="Date column of subjects; the study's if absent")
    censoring: tuple[Name, ...] | None = Field(
        default=None, description="Names of the censoring rules in order; all of the study's if absent"
    )
    year_only_dates: Literal["missing", "impute"] = "missing"
    source: str = ""


class Estimand(Model):
    """How an endpoint is read: which summary, and what each intercurrent event does to it.

    ``death`` is ``competing``, ``composite`` (an event), ``censor`` (ends observation on its day) or
    ``ignored``: only the censoring rules end observation, as some sponsors' derivations say.
    """

    endpoint: Name
    label: str
    paramcd: str = Field(pattern=r"^[A-Z][A-Z0-9_]{0,7}$", description="PARAMCD in ADTTE")
    variable: Literal["first", "recurrent"] = "first"
    death: DeathStrategy
    intercurrent: dict[Name, Strategy] = Field(default_factory=dict)
    population: str = "All randomised subjects, as randomised"
    summary: str = Field(default="", description="Population-level summary, in words")
    source: str = ""


class CensoringRule(Model):
    """Where observation of a subject ends.

    A ``limit`` ends observation: events after it do not count.  ``last_seen`` is the last date on
    which an event could have been seen; it dates the censoring of a subject without an event, and an
    event after it still counts.  A column of subjects that is read as ``last_seen`` is the end of
    participation: where it is blank at a data cutoff, the subject was still followed then.  Exactly one
    of ``table``, ``after_days``, ``data_cutoff`` and ``missed_visits`` says where the date comes from.
    """

    label: str
    role: Literal["limit", "last_seen"]
    table: Name | None = None
    where: dict[str, Values] = Field(default_factory=dict)
    date: str = "date"
    take: Literal["first", "last"] | None = Field(
        default=None, description="Which of a subject's rows; first for limits, last for last_seen"
    )
    after_days: int | None = Field(default=None, ge=0, description="Administrative horizon")
    data_cutoff: bool = False
    missed_visits: int | None = Field(
        default=None, ge=1, description="So many consecutive planned visits missed end observation"
    )
    source: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [self.table is not None, self.after_days is not None, self.data_cutoff]
        if sum([*kinds, self.missed_visits is not None]) != 1:
            raise ValueError("give exactly one of table, after_days, data_cutoff and missed_visits")
        if self.table is None and self.role != "limit":
            raise ValueError("only a rule that reads a table can have role last_seen")
        if self.take is None:
            object.__setattr__(self, "take", "first" if self.role == "limit" else "last")
        return self


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
    analyses: dict[Name, Analysis] = Field(default_factory=dict)
    baseline: tuple[Baseline, ...] = ()
    scenarios: dict[Name, Scenario] = Field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    report: ReportSettings = ReportSettings()
    records: RecordsMapping = RecordsMapping()
    sources: dict[str, str] = Field(
        default_factory=dict, description="Dotted field -> where its number comes from, or 'assumption: ...'"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = list(_study_problems(self))
        if problems:
            raise ValueError("; ".join(problems))
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


def _unknown(kind: str, where: str, names: Any, known: Any) -> list[str]:
    problems = []
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            problems.append(f"{where} names {kind} {name!r}, which is not declared{hint}")
    return problems


def _arm_problems(study: Study) -> list[str]:
    names = [arm.name for arm in study.arms]
    problems = []
    if len(names) < 2 and study.masking != "pooled":
        problems.append(f"a randomised trial needs at least two arms, got {len(names)}")
    if len(set(names)) < len(names):
        problems.append(f"arm names must be distinct, got {', '.join(names)}")
    if sum(arm.control for arm in study.arms) != 1:
        problems.append("exactly one arm must say control = true")
    return problems


def _endpoint_problems(study: Study) -> list[str]:
    problems = []
    for name, endpoint in study.endpoints.items():
        where = f"endpoint {name!r}"
        if len(set(endpoint.components)) < len(endpoint.components):
            problems.append(f"{where} names a component twice, got {', '.join(endpoint.components)}")
        problems += _unknown("component", where, endpoint.components, study.components)
        problems += _unknown("censoring rule", where, endpoint.censoring or (), study.censoring)
    for name, estimand in study.estimands.items():
        where = f"estimand {name!r}"
        problems += _unknown("endpoint", where, [estimand.endpoint], study.endpoints)
        problems += _unknown("intercurrent event", where, estimand.intercurrent, study.intercurrent)
        found = study.endpoints.get(estimand.endpoint)
        if found and not found.components and (estimand.death, estimand.variable) != ("composite", "first"):
            problems.append(f"{where}: an endpoint without components needs death = 'composite'")
        if estimand.variable == "recurrent" and estimand.death not in ("competing", "censor"):
            problems.append(f"{where}: recurrent events take death as 'competing' or 'censor'")
    codes = [estimand.paramcd for estimand in study.estimands.values()]
    if len(set(codes)) < len(codes):
        problems.append(f"every estimand needs its own paramcd, got {', '.join(codes)}")
    return problems


def _study_problems(study: Study) -> list[str]:
    problems = _arm_problems(study) + _endpoint_problems(study)
    for name, analysis in study.analyses.items():
        problems += _unknown("estimand", f"analysis {name!r}", [analysis.estimand], study.estimands)
        estimand = study.estimands.get(analysis.estimand)
        if estimand and analysis.variable != estimand.variable:
            problems.append(
                f"analysis {name!r}: {analysis.method} needs an estimand with variable = "
                f"{analysis.variable!r}, {analysis.estimand!r} has {estimand.variable!r}"
            )
    arms = {arm.name for arm in study.arms}
    arms_are_good = not _arm_problems(study)
    for name, scenario in study.scenarios.items() if arms_are_good else ():
        found = scenario.problems(arms, set(study.components))
        problems += [f"scenario {name!r}: {problem}" for problem in found]
    if study.scenarios:
        problems += _unknown("scenario", "report.scenario", [study.report.scenario], study.scenarios)
    if not study.censoring:
        problems.append("declare at least one censoring rule")
    return problems
