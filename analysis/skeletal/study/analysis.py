"""The analyses, looks and report settings that a study declares."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURE_METHODS = ("mean", "responders")
FIRST_METHODS = ("kaplan_meier", "logrank", "cox", "cumulative_incidence", "gray_test", "proportion")
Method = Literal[
    "kaplan_meier",
    "logrank",
    "cox",
    "cumulative_incidence",
    "gray_test",
    "proportion",
    "mean_cumulative",
    "andersen_gill",
    "event_rate",
    "period_rate",
    "mean",
    "responders",
]
Day = Annotated[int, Field(ge=0)]
_CURVES = ("kaplan_meier", "cumulative_incidence", "mean_cumulative")
_BOUNDED = ("log-log", "log", "plain", "logit", "arcsine")
CONF_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"kaplan_meier": _BOUNDED, "cumulative_incidence": _BOUNDED, "mean_cumulative": ("log", "plain")}
)
OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "times": (*_CURVES, "proportion"),
        "conf_level": (*_CURVES, "event_rate", "period_rate", "mean", "responders"),
        "conf_type": _CURVES,
        "strata": ("logrank", "gray_test", "cox", "andersen_gill"),
        "covariates": ("cox", "andersen_gill"),
        "ties": ("cox", "andersen_gill"),
        "rate": ("event_rate",),
        "period_days": ("period_rate",),
    }
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Analysis(_Model):
    """One analysis of one estimand or measure; its options are the arguments of the function of that name."""

    estimand: str = Field(default="", description="Estimand that it reads; or give a measure")
    measure: str = Field(default="", description="Measure that it reads: methods mean and responders")
    method: Method
    label: str = ""
    times: tuple[Day, ...] = Field(default=(), description="Days at which the curve or proportion is read")
    strata: tuple[str, ...] = Field(default=(), description="Columns of subjects")
    covariates: tuple[str, ...] = Field(default=(), description="Numeric columns of subjects beside the arm")
    conf_level: float = Field(default=0.95, gt=0, lt=1)
    conf_type: str | None = Field(default=None, description="The method's default if absent")
    ties: Literal["efron", "breslow", "exact"] = "efron"
    rate: Literal["pooled", "per_subject"] = Field(
        default="pooled",
        description="Events over time at risk, or the mean of the subjects' rates",
    )
    period_days: int = Field(default=84, ge=1, description="Length of a period of the period rate")
    primary: bool = False

    @model_validator(mode="after")
    def _options_fit_the_method(self) -> Self:
        reads, other = ("measure", "estimand") if self.method in MEASURE_METHODS else ("estimand", "measure")
        if not getattr(self, reads) or getattr(self, other):
            raise ValueError(f"{self.method} reads one {reads}: give {reads} = ... and no {other}")
        fields = type(self).model_fields
        unused = [
            option
            for option, methods in OPTIONS.items()
            if self.method not in methods and getattr(self, option) != fields[option].default
        ]
        if unused:
            raise ValueError(f"{self.method} does not take {', '.join(unused)}")
        if problem := self._column_problem():
            raise ValueError(problem)
        if len(set(self.times)) < len(self.times):
            raise ValueError(f"times name a day twice, got {', '.join(map(str, self.times))}")
        if self.method == "andersen_gill" and self.ties == "exact":
            raise ValueError("andersen_gill takes ties = 'efron' or 'breslow'")
        if self.method == "proportion" and not self.times:
            raise ValueError("proportion needs times, the days by which it is read")
        return self

    def _column_problem(self) -> str:
        """Say which strata or covariates cannot be; empty where all can."""
        columns = [*self.strata, *self.covariates]
        if repeated := sorted({column for column in columns if columns.count(column) > 1}):
            return f"strata and covariates name more than once: {', '.join(repeated)}"
        if given := [column for column in columns if column in ("arm", "subject_id")]:
            return f"{', '.join(given)} can be neither stratum nor covariate; arms are compared anyway"
        types = CONF_TYPES.get(self.method, ())
        if self.conf_type is not None and self.conf_type not in types:
            return f"{self.method} takes conf_type {', '.join(types)}, got {self.conf_type!r}"
        return ""

    @property
    def variable(self) -> str:
        """What this method reads: ``first`` or ``recurrent`` of an estimand, or ``value`` of a measure."""
        if self.method in MEASURE_METHODS:
            return "value"
        return "first" if self.method in FIRST_METHODS else "recurrent"


class Baseline(_Model):
    """A row group of the baseline table: one column of subjects."""

    column: str
    label: str
    kind: Literal["continuous", "categorical"]
    unit: str = ""


class Look(_Model):
    """A planned look at the accumulating data."""

    name: str
    date: dt.date | None = None
    info_frac: float | None = Field(default=None, gt=0, le=1)
    source: str = ""


class ReportSettings(_Model):
    """How the interim report shows the trial."""

    display_unit: Literal["days", "months", "years"] = "months"
    masking_seed: int = Field(default=0, description="Decides which arm is A in a masked report")
    at_risk_times: tuple[Day, ...] = Field(
        default=(), description="Days under the curves; from the visits if absent"
    )
    scenario: str = Field(default="planning", description="Scenario whose accrual is the plan")
