"""The pieces of a protocol that say which records count: filters, endpoints, estimands, censoring."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .values import Values

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")]
ParamCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,7}$")]
DeathStrategy = Literal["competing", "composite", "censor", "ignored"]
Strategy = Literal["treatment_policy", "hypothetical", "composite", "competing", "while_on_treatment"]
Unit = Literal["subject", "lesion"]
# Under these an intercurrent event competes with the events of the endpoint.
COMPETING_STRATEGIES: tuple[Strategy, ...] = ("competing", "while_on_treatment")
# Under these nothing after the event belongs to the variable.
ENDING_STRATEGIES: tuple[Strategy, ...] = ("hypothetical", *COMPETING_STRATEGIES)


def _is_number(annotation: Any) -> bool:
    """Return whether an annotation allows numbers and no flags."""
    kinds = get_args(annotation) or (annotation,)
    return bool not in kinds and (int in kinds or float in kinds)


class Model(BaseModel):
    """Base of every part of a study: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _no_flag_is_a_number(cls, values: Any) -> Any:
        """Refuse true and false where a number is asked for; pydantic reads them as 1 and 0."""
        given = values.items() if isinstance(values, dict) else ()
        flags = [name for name, item in given if isinstance(item, bool) and name in cls.model_fields]
        if wrong := [name for name in flags if _is_number(cls.model_fields[name].annotation)]:
            raise ValueError(f"{', '.join(wrong)} must be a number, got true or false")
        return values


class RecordFilter(Model):
    """Rows of one record table and the date that counts."""

    label: str
    table: Name
    where: dict[str, Values] = Field(
        default_factory=dict, description="Column -> allowed values; a row must satisfy all"
    )
    unless: dict[str, Values] = Field(
        default_factory=dict, description="Column -> values; a row with one of them in any column is left out"
    )
    date: str = Field(default="date", description="Column of the date that counts")
    source: str = ""


class Component(RecordFilter):
    """A kind of event that makes up an endpoint, as a filter on a record table."""


class IntercurrentEvent(RecordFilter):
    """A dated event after time zero that changes what the outcome means.

    With ``absent_by`` the event is that no such row comes within so many days after time zero (never
    treated); it is dated at the end of that grace.  A subject whose observation ends earlier has none.
    """

    arms: tuple[str, ...] = Field(
        default=(), description="Arms in which it is an intercurrent event; all if absent"
    )
    absent_by: int | None = Field(
        default=None, ge=0, description="Days after time zero by which no such row is the event"
    )
    departure: bool = Field(
        default=False, description="It departs from the treatment of its arms: the review asks about each"
    )


class Endpoint(Model):
    """What counts as an event, and when two reports are one episode.

    The order of ``components`` is the priority between components of one day.  An endpoint without
    components is death alone (its estimands treat death as ``composite``).
    """

    label: str
    components: tuple[Name, ...] = ()
    unit: Unit = Field(
        default="subject", description="lesion: one outcome a lesion, which keeps its subject for clustering"
    )
    lesions: dict[str, Values] = Field(
        default_factory=dict, description="For unit lesion: column of lesions -> allowed values (target)"
    )
    definition: str = Field(
        default="", description="Definition of the library that filled components and gap; see definitions"
    )
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
    paramcd: ParamCode = Field(description="PARAMCD in ADTTE")
    variable: Literal["first", "recurrent"] = "first"
    order: int = Field(
        default=1, ge=1, description="For variable first: time to the episode of this number (gap rule)"
    )
    death: DeathStrategy
    intercurrent: dict[Name, Strategy] = Field(default_factory=dict)
    population: str = "All randomised subjects, as randomised"
    treatment: str = Field(default="", description="Treatments compared, in words; from the arms if absent")
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
    unless: ClassVar[dict[str, Values]] = {}
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
