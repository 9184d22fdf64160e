"""The analyses, looks and report settings that a study declares."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .analysis_methods import METHODS, Method

if TYPE_CHECKING:
    from .method_rule import MethodRule

OPTIONS = tuple(dict.fromkeys(option for rule in METHODS.values() for option in rule.options))
Day = Annotated[int, Field(ge=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def event_states(max_order: int) -> tuple[str, ...]:
    """Return the names of the states of a subject by its number of episodes; the last of them is dead."""
    between = (f"{count} event{'s' if count > 1 else ''}" for count in range(1, max_order))
    return ("event-free", *between, f"{max_order} or more events", "dead")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Weight(_Model):
    """A weight of a log-rank test, by the name of its class in skeletal.survival."""

    name: Literal[
        "unweighted", "fleming-harrington", "gehan", "tarone-ware", "peto-peto", "modestly-weighted"
    ]
    rho: Finite | None = Field(default=None, ge=0, description="fleming-harrington: power of S(t-)")
    gamma: Finite | None = Field(default=None, ge=0, description="fleming-harrington: power of 1 - S(t-)")
    t_star: Finite | None = Field(default=None, ge=0, description="modestly-weighted: day it stays from")
    s_star: Finite | None = Field(default=None, gt=0, le=1, description="modestly-weighted: or survival")

    @model_validator(mode="after")
    def _numbers_fit_the_name(self) -> Self:
        given = {key for key in ("rho", "gamma", "t_star", "s_star") if getattr(self, key) is not None}
        wanted = {"fleming-harrington": {"rho", "gamma"}}.get(self.name, set())
        if self.name == "modestly-weighted":
            if given not in ({"t_star"}, {"s_star"}):
                raise ValueError("modestly-weighted takes one of t_star and s_star")
        elif given != wanted:
            takes = " and ".join(sorted(wanted)) or "no numbers"
            raise ValueError(f"{self.name} takes {takes}, got {', '.join(sorted(given)) or 'none'}")
        return self


class Analysis(_Model):
    """One analysis of one estimand or measure; its options are the arguments of the function of that name."""

    estimand: str = Field(default="", description="Estimand that it reads; or give a measure")
    measure: str = Field(default="", description="Measure that it reads: methods mean and responders")
    method: Method
    label: str = ""
    times: tuple[Day, ...] = Field(default=(), description="Days at which the curve or proportion is read")
    horizon: int | None = Field(default=None, ge=1, description="Day to which a mean is restricted")
    given: Day | None = Field(default=None, description="Day that has been survived")
    strata: tuple[str, ...] = Field(default=(), description="Columns of subjects")
    censoring_strata: tuple[str, ...] = Field(
        default=(), description="Columns of subjects within which censoring is estimated"
    )
    covariates: tuple[str, ...] = Field(default=(), description="Numeric columns of subjects beside the arm")
    subgroups: tuple[str, ...] = Field(default=(), description="Columns of subjects, each a set of subgroups")
    rows: tuple[dict[str, Finite], ...] = Field(
        default=(), description="Values of the covariates to predict for, in both arms"
    )
    conf_level: float = Field(default=0.95, gt=0, lt=1)
    conf_type: str | None = Field(default=None, description="The method's default if absent")
    ties: Literal["efron", "breslow", "exact"] = "efron"
    penalty: Literal["firth"] | None = Field(default=None, description="Penalty on the likelihood")
    weight: Weight | None = Field(default=None, description="Weight of the log-rank test; none if absent")
    weights: tuple[Weight, ...] = Field(default=(), description="Weights of the MaxCombo test")
    scores: tuple[Finite, ...] = Field(default=(), description="One score an arm, in the order of the arms")
    rho: Finite | None = Field(default=None, description="Power of 1 - F in the weight of Gray's test")
    tie_scores: str | None = Field(default=None, description="Scores of tied times of the permutation test")
    distribution: str | None = Field(
        default=None, description="Of the survival times, or of the permutation statistic"
    )
    kind: str | None = Field(default=None, description="Kind of contrast, band, margin or concordance")
    variance: str | None = Field(default=None, description="The method's default if absent")
    formula: str | None = Field(
        default=None, description="Of limits and test; the method's default if absent"
    )
    alternative: str | None = None
    margin: Finite | None = Field(default=None, description="Difference or ratio under the null")
    transform: str | None = Field(default=None, description="Scale of time for a trend of the effect")
    cuts: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(), description="Days between the intervals of constant hazard"
    )
    product: str | None = None
    model: str | None = Field(default=None, description="Of the rate, or of events in their order")
    max_order: int | None = Field(
        default=None, ge=1, description="Events counted apart; later ones are left out, or one last state"
    )
    effects: str | None = Field(default=None, description="One effect, or one an order or transition")
    at_risk: Literal["kept", "removed"] = Field(
        default="kept",
        description="The days after an episode in which no other can begin, by the gap rule: at risk or not",
    )
    baseline: str | None = Field(default=None, description="Of the hazard of interval-censored times")
    priorities: tuple[str, ...] = Field(
        default=(),
        description="Components of the endpoint, or estimands of first events, the most important first",
    )
    margins: tuple[Day, ...] = Field(
        default=(), description="Days by which a pair must differ, one a priority; 0 if absent"
    )
    stratum_weight: str | None = None
    scoring: str | None = Field(default=None, description="Of pairs that censoring leaves undecided")
    state: str | None = Field(
        default=None,
        description="event-free, 1 event, ..., N or more events (N = max_order, 1 if absent), dead",
    )
    from_state: str | None = Field(default=None, description="State that is occupied at the landmark")
    landmark: Day | None = None
    clock: str | None = Field(default=None, description="Time from the start, or from entry into the state")
    covariance: str | None = Field(default=None, description="Of the values of a subject at the visits")
    df: str | None = Field(default=None, description="Degrees of freedom of a mixed model")
    working: str | None = Field(default=None, description="Working correlation of estimating equations")
    family: str | None = None
    small_sample: str | None = Field(default=None, description="Correction of the robust covariance")
    threshold: Finite | None = Field(default=None, description="Value, or change, that is a response")
    direction: str | None = Field(default=None, description="Side of the threshold on which a response lies")
    of: str | None = Field(default=None, description="What is compared with the threshold")
    missing: str | None = Field(
        default=None, description="Subjects without a value: no response, or left out"
    )
    dead: str | None = Field(default=None, description="Subjects who died: no response, or left out")
    n_imputations: int | None = Field(default=None, ge=2)
    seed: int | None = Field(default=None, ge=0, description="Of the imputations")
    imputation: str | None = None
    delta: Finite | None = Field(default=None, description="Added to imputed values")
    deltas: tuple[Finite, ...] = Field(default=(), description="Added to imputed values, one after the other")
    delta_arm: str | None = Field(default=None, description="Whose imputed values")
    rate: Literal["pooled", "per_subject"] = Field(
        default="pooled",
        description="Events over time at risk, or the mean of the subjects' rates",
    )
    period_days: int = Field(default=84, ge=1, description="Length of a period of the period rate")
    primary: bool = False

    @model_validator(mode="after")
    def _options_fit_the_method(self) -> Self:
        rule = METHODS[self.method]
        reads, other = ("measure", "estimand") if rule.reads == "value" else ("estimand", "measure")
        if not getattr(self, reads) or getattr(self, other):
            raise ValueError(f"{self.method} reads one {reads}: give {reads} = ... and no {other}")
        for problem in (
            self._unused(rule),
            self._choice_problem(rule),
            self._column_problem(),
            self._name_problem(),
        ):
            if problem:
                raise ValueError(problem)
        if absent := [option for option in rule.needs if getattr(self, option) in (None, ())]:
            raise ValueError(f"{self.method} needs {', '.join(absent)}")
        for name in ("times", "cuts"):
            if len(set(getattr(self, name))) < len(getattr(self, name)):
                raise ValueError(f"{name} name a day twice, got {', '.join(map(str, getattr(self, name)))}")
        if any(set(row) != set(self.covariates) for row in self.rows):
            wanted = ", ".join(self.covariates) or "no covariate"
            raise ValueError(f"every row of rows needs {wanted} and no other")
        return self

    def _unused(self, rule: MethodRule) -> str:
        """Name the options that the method does not take; empty where there are none."""
        fields = type(self).model_fields
        given = [name for name in OPTIONS if getattr(self, name) != fields[name].default]
        unused = [name for name in given if name not in rule.options]
        return f"{self.method} does not take {', '.join(unused)}" if unused else ""

    def _choice_problem(self, rule: MethodRule) -> str:
        """Say which option has a value that the method does not know; empty where none has."""
        for option, values in rule.choices.items():
            value = getattr(self, option)
            if value is not None and value not in values:
                return f"{self.method} takes {option} {', '.join(values)}, got {value!r}"
        return ""

    def _column_problem(self) -> str:
        """Say which strata or covariates cannot be; empty where all can."""
        columns = [*self.strata, *self.covariates]
        if repeated := sorted({column for column in columns if columns.count(column) > 1}):
            return f"strata and covariates name more than once: {', '.join(repeated)}"
        everywhere = (*columns, *self.subgroups, *self.censoring_strata)
        if given := [column for column in everywhere if column in ("arm", "subject_id")]:
            return f"{', '.join(given)} can be neither stratum nor covariate; arms are compared anyway"
        return ""

    def _name_problem(self) -> str:
        """Say which priority or state cannot be; empty where all can."""
        if self.margins and len(self.margins) != len(self.priorities):
            return f"margins needs one a priority, got {len(self.margins)} for {len(self.priorities)}"
        if len(set(self.priorities)) < len(self.priorities):
            return f"priorities name one twice, got {', '.join(self.priorities)}"
        names = event_states(self.max_order or 1)
        for option, name in (("state", self.state), ("from_state", self.from_state)):
            if name is not None and name not in names:
                return f"{option} is one of {', '.join(names)}; got {name!r}"
        return ""

    @property
    def variable(self) -> str:
        """What this method reads: ``first`` or ``recurrent`` of an estimand, or ``value`` of a measure."""
        return METHODS[self.method].reads

    def chosen(self, *options: str) -> dict[str, Any]:
        """Return those of ``options`` that were given, for the function of the method."""
        values = {name: getattr(self, name) for name in options}
        return {name: value for name, value in values.items() if value is not None}


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
