"""When the data are cut: on a day, after a number of events, or after a length of follow-up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from .filter_problems import did_you_mean
from .rules import Model, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .protocol import Study

_OF_EVENTS = ("endpoint", "estimand", "count", "adjudicated")


class DataCut(Model):
    """The rule that decides the last day of which anything is known.

    Exactly one of ``date``, ``n_events`` and ``follow_up_days``.  Events are those of the endpoint as its
    estimand reads it, from what was known on each day; ``count`` is subjects with a first event, as
    event-driven trials count, or all episodes under the gap rule.  Follow-up is the time since
    randomisation, whatever happened in it (potential follow-up).
    """

    date: dt.date | None = Field(default=None, description="That day")
    n_events: int | None = Field(
        default=None, ge=1, description="The first day on which so many events were known"
    )
    endpoint: Name | None = Field(default=None, description="Endpoint whose events are counted")
    estimand: Name | None = Field(
        default=None, description="How the endpoint is read; its first estimand that fits if absent"
    )
    count: Literal["subjects", "episodes"] | None = Field(
        default=None, description="Subjects with a first event (if absent), or all episodes"
    )
    adjudicated: Literal["any", "confirmed"] | None = Field(
        default=None, description="any: each event known (if absent); confirmed: adjudicated as true by then"
    )
    follow_up_days: int | None = Field(default=None, ge=1, description="Days since randomisation")
    of: Literal["last_randomised", "median"] | None = Field(
        default=None,
        description="Of the last randomised subject (if absent), or of the subject in the middle",
    )
    latest: dt.date | None = Field(
        default=None, description="The cut is on this day if the rule is not met before"
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = {name: getattr(self, name) for name in ("date", "n_events", "follow_up_days")}
        given = [name for name, value in rules.items() if value is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of date, n_events and follow_up_days, got {' and '.join(given) or 'none'}"
            )
        if given == ["n_events"] and self.endpoint is None:
            raise ValueError("n_events needs the endpoint whose events are counted")
        belongs = {"n_events": _OF_EVENTS, "follow_up_days": ("of",)}
        for rule, names in belongs.items():
            stray = [name for name in names if getattr(self, name) is not None]
            if stray and given != [rule]:
                raise ValueError(f"{', '.join(stray)} belongs to {rule}, not to {given[0]}")
        if self.date is not None and self.latest is not None:
            raise ValueError("latest belongs to n_events and follow_up_days; date is a day already")
        defaults = {"n_events": {"count": "subjects", "adjudicated": "any"}}
        defaults["follow_up_days"] = {"of": "last_randomised"}
        for name, value in defaults.get(given[0], {}).items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        return self

    def sentence(self, study: Study) -> str:
        """Return the rule in words, with the labels of ``study``."""
        if self.date is not None:
            return f"Data cut on a fixed day, {self.date.isoformat()}."
        if self.n_events is not None:
            label = study.endpoints[str(self.endpoint)].label
            unit = "subjects with an event" if self.count == "subjects" else "episodes"
            rule = f"on the first day on which {self.n_events} {unit} of {label!r}"
            rule += " were known" + (" and confirmed" * (self.adjudicated == "confirmed"))
        elif self.of == "last_randomised":
            rule = f"{self.follow_up_days} days after the last subject was randomised"
        else:
            rule = f"when half of the subjects had been randomised for {self.follow_up_days} days or more"
        latest = f", no later than {self.latest.isoformat()}" if self.latest else ""
        return f"Data cut {rule}{latest}."


def data_cut_problems(study: Study) -> Iterator[str]:
    """Yield what the data cut of ``study`` contradicts in the rest of it."""
    cut = study.data_cut
    if cut is None:
        return
    for name in ("date", "latest"):
        day = getattr(cut, name)
        if day is not None and study.data_cutoff is not None and day > study.data_cutoff:
            yield f"data_cut: {name} {day} is after data_cutoff {study.data_cutoff}, when nothing is known"
    if cut.n_events is not None:
        yield from _count_problems(study, cut)


def _count_problems(study: Study, cut: DataCut) -> Iterator[str]:
    """Yield what the count of events contradicts: names, episodes of death, another reading."""
    if cut.endpoint not in study.endpoints:
        hint = did_you_mean(cut.endpoint, study.endpoints)
        yield f"data_cut names endpoint {cut.endpoint!r}, which is not declared{hint}"
        return
    if not study.endpoints[str(cut.endpoint)].components:
        where = f"data_cut: endpoint {cut.endpoint!r} is death alone"
        if cut.count == "episodes":
            yield f"{where}, which has no episodes"
        if cut.adjudicated == "confirmed":
            yield f"{where}; adjudicated = 'confirmed' needs components"
    if cut.estimand is None:
        return
    variable = "first" if cut.count == "subjects" else "recurrent"
    estimand = study.estimands.get(cut.estimand)
    if estimand is None:
        hint = did_you_mean(cut.estimand, study.estimands)
        yield f"data_cut names estimand {cut.estimand!r}, which is not declared{hint}"
    elif (estimand.endpoint, estimand.variable) != (cut.endpoint, variable):
        yield (
            f"data_cut: estimand {cut.estimand!r} reads endpoint {estimand.endpoint!r} with variable = "
            f"{estimand.variable!r}; {cut.count} of {cut.endpoint!r} need variable = {variable!r}"
        )
