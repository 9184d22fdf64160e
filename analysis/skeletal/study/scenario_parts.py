"""What a scenario may say beyond events and death: columns, lesions, films, pain, scores, stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from .rules import Model, Name
from .values import Scalar, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .scenario import Scenario

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ByArm = dict[str, Rate]
Days = Annotated[int, Field(ge=0)]
TOLERANCE = 1e-9


def _in_order(name: str, bounds: tuple[float, float] | None) -> None:
    if bounds is not None and bounds[0] > bounds[1]:
        raise ValueError(f"{name} must be (least, most), got {bounds[0]:g} and {bounds[1]:g}")


def _add_to_one(name: str, shares: tuple[float, ...]) -> None:
    if abs(sum(shares) - 1) > TOLERANCE:
        raise ValueError(f"{name} must sum to 1, got {sum(shares):g}")


class ColumnDraw(Model):
    """How a column is filled: one of ``values``, a number from ``least`` to ``most``, or a date.

    Numbers and dates are drawn evenly.
    """

    column: Name
    where: dict[str, Values] = Field(
        default_factory=dict, description="Rows that are filled: column -> values; all rows if absent"
    )
    values: tuple[Scalar, ...] = ()
    weights: tuple[Share, ...] = Field(default=(), description="Shares of the values; equal if absent")
    least: float | None = None
    most: float | None = None
    digits: int = Field(default=0, ge=0, description="Decimal places of a number")
    days_before: tuple[Days, Days] | None = Field(
        default=None, description="Least and most days before randomisation, for a date of subjects"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ends = (self.least is not None) + (self.most is not None)
        if bool(self.values) + (ends == 2) + (self.days_before is not None) != 1 or ends == 1:
            raise ValueError(
                f"column {self.column!r}: give either values, or both least and most, or days_before"
            )
        if (self.days_before is not None) != self.column.endswith("_date"):
            raise ValueError(f"column {self.column!r}: names that end in _date go with days_before")
        _in_order(f"days_before of column {self.column!r}", self.days_before)
        if self.least is not None and self.most is not None:
            _in_order(f"column {self.column!r}", (self.least, self.most))
        if self.weights:
            if len(self.weights) != len(self.values):
                raise ValueError(f"column {self.column!r}: give one weight a value")
            _add_to_one(f"weights of column {self.column!r}", self.weights)
        return self


class Site(Model):
    """A place in the skeleton and how often a lesion is there, relative to the others."""

    bone: str
    region: str
    vertebral_level: str = ""
    weight: float = Field(default=1.0, gt=0)


class Lesions(Model):
    """Baseline lesions of a subject: how many, where and what they look like.

    The lesions of a subject are at different sites.
    """

    count_shares: tuple[Share, ...] = Field(description="Shares of subjects with 1, 2, ... target lesions")
    other_shares: tuple[Share, ...] = Field(
        default=(1.0,), description="Shares of subjects with 0, 1, ... lesions that are no targets"
    )
    sites: tuple[Site, ...]
    diameter_cm: tuple[Rate, Rate]
    pain_nrs: tuple[int, int] = Field(description="Least and most pain at a lesion, 0 to 10")
    columns: tuple[ColumnDraw, ...] = Field(
        default=(), description="Further columns, or other values for those above"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _add_to_one("count_shares", self.count_shares)
        _add_to_one("other_shares", self.other_shares)
        _in_order("diameter_cm", self.diameter_cm)
        _in_order("pain_nrs", self.pain_nrs)
        if self.pain_nrs[0] < 0 or self.pain_nrs[1] > 10:
            raise ValueError(f"pain_nrs lies between 0 and 10, got {self.pain_nrs}")
        if dates := [each.column for each in self.columns if each.days_before is not None]:
            raise ValueError(f"lesions have no dates, got {', '.join(dates)}")
        most = len(self.count_shares) + len(self.other_shares) - 1
        if most > len(self.sites):
            raise ValueError(f"{most} lesions need as many sites, got {len(self.sites)}")
        return self


class ProtocolProcedure(Model):
    """A local treatment that the protocol gives, at each target lesion or once."""

    kind: str
    intent: Literal["palliative", "preventive", "curative", "protocol"] = "protocol"
    arms: tuple[str, ...]
    unit: Literal["subject", "lesion"] = Field(default="lesion", description="A row a lesion, or one in all")
    given: dict[str, Share] = Field(
        default_factory=dict, description="Arm -> share of subjects who get it; 1 if absent"
    )
    days: tuple[Days, Days] = Field(
        default=(0, 0), description="Least and most days after the planned day of treatment"
    )
    instead: dict[str, Share] = Field(
        default_factory=dict, description="Another kind -> share of those treated who have it instead"
    )
    regimens: tuple[tuple[float, int], ...] = Field(default=(), description="Dose in Gy and fractions")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _in_order(f"days of {self.kind}", self.days)
        if sum(self.instead.values()) > 1 + TOLERANCE:
            raise ValueError(f"shares of instead of {self.kind} sum to more than 1")
        return self


class Imaging(Model):
    """Planned films, and events that they alone find."""

    visits: tuple[str, ...] = Field(description="Visits with a film")
    modality: str
    silent: dict[Name, Share] = Field(
        default_factory=dict,
        description="Component -> share of its events without symptoms, found at the next film",
    )


class OtherEvent(Model):
    """Rows of clinical events that no endpoint of the study counts."""

    table: Literal["events", "procedures", "therapies"] = "events"
    values: dict[str, Scalar]
    date: str = "date"
    rate: ByArm = Field(description="Arm -> events per subject-year")
    silent: bool = Field(default=False, description="Found at the next film, for table events")


class Pain(Model):
    """Pain at a lesion from its baseline (lesions.pain_nrs) on, and the opioid dose of the subject."""

    complete: dict[str, Share] = Field(description="Arm -> share of lesions whose pain goes to 0")
    partial: dict[str, Share] = Field(description="Arm -> share of lesions whose pain falls by 2 or more")
    progression: dict[str, Share] = Field(
        default_factory=dict, description="Arm -> share whose pain rises by 2 or more; 0 if absent"
    )
    onset_days: tuple[Days, Days] = Field(description="Least and most days to the change")
    loss_rate: ByArm = Field(description="Arm -> losses of response per year in response")
    flare: dict[str, Share] = Field(
        default_factory=dict, description="Arm -> share with 2 points more in the first flare_days"
    )
    flare_days: Days = 5
    event_rise: int = Field(default=3, ge=0, le=10, description="Points more around a symptomatic event")
    event_days: tuple[Days, Days] = Field(
        default=(7, 28), description="Days before and after a symptomatic event in which pain is higher"
    )
    opioid_share: Share = Field(default=0.5, description="Share of subjects who take opioids at baseline")
    opioid_mg: tuple[Rate, Rate] = Field(
        default=(20.0, 120.0), description="Least and most oral morphine equivalent a day at baseline"
    )
    opioid_reduction: Share = Field(default=0.3, description="Share of responders who halve the dose")
    opioid_increase: Share = Field(
        default=0.3, description="Share of subjects without response who need half as much again"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in ("onset_days", "opioid_mg"):
            _in_order(name, getattr(self, name))
        for arm, share in self.complete.items():
            total = share + self.partial.get(arm, 0) + self.progression.get(arm, 0)
            if total > 1 + TOLERANCE:
                raise ValueError(f"complete, partial and progression of {arm} sum to {total:g}, more than 1")
        return self


class ScoreCourse(Model):
    """A score that moves in a straight line from its baseline to the mean of the arm and stays there."""

    baseline: float
    later: dict[str, float] = Field(description="Arm -> mean from day ``reached_days`` on")
    reached_days: int = Field(default=90, ge=1)
    between_sd: Rate = Field(description="Standard deviation between subjects, the same at all visits")
    within_sd: Rate = Field(description="Standard deviation of one subject from visit to visit")
    bounds: tuple[float, float] = Field(description="Least and most value of the scale")
    digits: int = Field(default=0, ge=0)
    event_change: float = Field(default=0.0, description="Added to the mean after the first event")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _in_order("bounds", self.bounds)
        return self


class Stays(Model):
    """Admissions: after events, for the protocol operation, and others; lengths are geometric."""

    event_share: dict[Name, Share] = Field(
        default_factory=dict, description="Component -> share of its events with an admission for bone"
    )
    event_days: float = Field(default=7.0, ge=1, description="Mean days in hospital for an event")
    protocol_days: float = Field(
        default=0.0, ge=0, description="Mean days in hospital for the protocol treatment; 0: no admission"
    )
    other_rate: ByArm = Field(default_factory=dict, description="Arm -> other admissions per subject-year")
    other_days: float = Field(default=5.0, ge=1, description="Mean days of another admission")
    rehabilitation_share: Share = Field(
        default=0.0, description="Share of admissions for bone that go on in rehabilitation"
    )
    rehabilitation_days: float = Field(default=21.0, ge=1, description="Mean days in rehabilitation")


def part_problems(
    scenario: Scenario, arms: set[str], components: set[str], names: Mapping[str, set[str]]
) -> Iterator[str]:
    """Yield which names in the parts of ``scenario`` the study does not declare."""
    for field, kind, used, known in _uses(scenario, arms, components, names):
        if unknown := set(used) - known:
            yield f"{field} names undeclared {kind}(s) {', '.join(sorted(unknown))}"
    for field, by_arm in _complete(scenario):
        if set(by_arm) != arms:
            yield f"{field} must name every arm once ({', '.join(sorted(arms))}), got {', '.join(by_arm)}"
    if scenario.imaging is None and any(each.silent for each in scenario.other_events.values()):
        yield "other_events that are silent are found by films; declare imaging"


def _uses(
    scenario: Scenario, arms: set[str], components: set[str], names: Mapping[str, set[str]]
) -> Iterator[tuple[str, str, Iterable[str], set[str]]]:
    """Yield each place that names something: the field, the kind, the names used and those known."""
    if scenario.imaging:
        if "visit" in names:
            yield "imaging.visits", "visit", scenario.imaging.visits, names["visit"]
        yield "imaging.silent", "component", scenario.imaging.silent, components
    if scenario.stays:
        yield "stays.event_share", "component", scenario.stays.event_share, components
        yield "stays.other_rate", "arm", scenario.stays.other_rate, arms
    for place in scenario.protocol:
        yield f"protocol {place.kind}", "arm", {*place.arms, *place.given}, arms
    for name, rates in scenario.intercurrent.items():
        yield f"intercurrent.{name}", "arm", rates, arms
    if "intercurrent event" in names:
        yield "intercurrent", "intercurrent event", scenario.intercurrent, names["intercurrent event"]
    if "score" in names:
        yield "scores", "measure of kind score", scenario.scores, names["score"]


def _complete(scenario: Scenario) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Yield each field that must have one number an arm."""
    for name, event in scenario.other_events.items():
        yield f"other_events.{name}.rate", event.rate
    for name, course in scenario.scores.items():
        yield f"scores.{name}.later", course.later
    if scenario.pain:
        yield "pain.complete", scenario.pain.complete
        yield "pain.partial", scenario.pain.partial
        yield "pain.loss_rate", scenario.pain.loss_rate
