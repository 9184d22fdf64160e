"""The eligibility criteria of a trial as data: trees of all, any and none over columns and scores."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from .rules import Model, Name, Unit
from .values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .protocol import Study

ScoreName = Literal[
    "mirels",
    "sins",
    "cortical_involvement",
    "prior_rt_distance",
    "nrf",
    "linden",
    "kps",
    "cockcroft_gault",
    "laboratory_age_days",
]
# What a rule may compute: of which unit, and its options with their values, the default first.
ELIGIBILITY_SCORES: Mapping[ScoreName, tuple[Unit, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "mirels": (
            "lesion",
            {"boundary": ("middle", "outer"), "femoral_neck": ("lower_limb", "peritrochanteric")},
        ),
        "sins": ("lesion", {"half": ("below", "above", "not assessable")}),
        "cortical_involvement": ("lesion", {}),
        "prior_rt_distance": ("lesion", {}),
        "nrf": ("subject", {"kps_cutoff": ("<=60", "<60")}),
        "linden": ("subject", {}),
        "kps": ("subject", {"mapping": ("recorded", "conventional", "paired")}),
        "cockcroft_gault": ("subject", {"conversion": ("88.4", "1.04-1.23", "0.81")}),
        "laboratory_age_days": ("subject", {}),
    }
)
Limit = Annotated[float, Field(allow_inf_nan=False)]
_NODES = ("all", "any", "none", "cases", "always", "column", "score", "lesions")
_COMPARISONS = ("at_least", "above", "at_most", "below")
_OPERATORS = ("one_of", "includes", "only", *_COMPARISONS)


class Rule(Model):
    """A condition on a subject or lesion, true, false or not assessable (Kleene logic).

    It is a node (``all``, ``any``, ``none``, ``option`` with ``cases``, ``always``) or a leaf: a
    ``column``, a ``score`` or a count of ``lesions``, with one operator.  A missing value makes a leaf not
    assessable; an ``all`` with a false part is false whatever is missing.
    """

    all: tuple[Rule, ...] | None = Field(default=None, description="Every rule holds")
    any: tuple[Rule, ...] | None = Field(default=None, description="At least one rule holds")
    none: tuple[Rule, ...] | None = Field(default=None, description="No rule holds")
    option: Name | None = Field(default=None, description="Eligibility option that chooses among cases")
    cases: dict[Name, Rule] | None = Field(default=None, description="Choice of the option -> rule")
    always: bool | None = Field(default=None, description="Holds for everybody, or for nobody")
    column: str | None = Field(
        default=None, min_length=1, description="Column of subjects, or of lesions for that unit"
    )
    score: ScoreName | None = Field(default=None, description="What is computed; see the documentation")
    lesions: tuple[str, ...] | None = Field(
        default=None, description="Number of the subject's lesions that pass these criteria; all if empty"
    )
    using: dict[str, str] = Field(default_factory=dict, description="Options of the score")
    one_of: Values | None = Field(default=None, description="The value is one of these")
    includes: Values | None = Field(default=None, description="One of the listed parts is one of these")
    only: Values | None = Field(default=None, description="All of the listed parts are among these")
    at_least: Limit | None = None
    above: Limit | None = None
    at_most: Limit | None = None
    below: Limit | None = None
    times: str = Field(default="", description="Column that multiplies the number (an upper limit)")
    among: Values | None = Field(
        default=None, description="All values that the column can have; another is not assessable"
    )
    words: str = Field(default="", description="What it is called in reasons")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in _NODES if getattr(self, name) is not None]
        if len(kinds) != 1:
            shown = " and ".join(kinds) or "none of them"
            raise ValueError(f"a rule has exactly one of {', '.join(_NODES)}; got {shown}")
        if (self.option is None) != (self.cases is None):
            raise ValueError("option and cases go together")
        operators = [name for name in _OPERATORS if getattr(self, name) is not None]
        if kinds[0] in ("column", "score", "lesions"):
            self._check_leaf(operators)
        elif operators or self.using or self.times or self.among:
            raise ValueError(f"only column, score and lesions take an operator; this rule has {kinds[0]}")
        elif kinds[0] != "always" and not getattr(self, kinds[0]):
            raise ValueError(f"{kinds[0]} is empty, which decides nothing; list rules, or say always")
        return self

    def _check_leaf(self, operators: list[str]) -> None:
        if len(operators) != 1:
            shown = ", ".join(operators) or "none"
            raise ValueError(f"a leaf has exactly one of {', '.join(_OPERATORS)}; got {shown}")
        if self.column is None and operators[0] not in _COMPARISONS:
            raise ValueError(f"a score or count is compared by {', '.join(_COMPARISONS)}")
        if self.times and (self.column is None or operators[0] not in _COMPARISONS):
            raise ValueError("times needs a column with at_least, above, at_most or below")
        if self.among and operators[0] in _COMPARISONS:
            raise ValueError("among goes with one_of, includes and only")
        self._check_among(operators[0])
        known = ELIGIBILITY_SCORES[self.score][1] if self.score else {}
        for name, value in self.using.items():
            if value not in known.get(name, ()):
                allowed = "; ".join(f"{option}: {', '.join(values)}" for option, values in known.items())
                raise ValueError(f"using {name} = {value!r} is not known (allowed {allowed or 'nothing'})")

    def _check_among(self, operator: str) -> None:
        """Refuse values that the column is said never to have."""
        never = [item for item in getattr(self, operator) if item not in self.among] if self.among else []
        if never:
            shown = ", ".join(map(repr, never))
            raise ValueError(f"{operator} names {shown}, which among does not list; add it or correct it")

    @property
    def operator(self) -> str:
        """Name of the operator of a leaf."""
        return next(name for name in _OPERATORS if getattr(self, name) is not None)

    def walk(self) -> Iterator[Rule]:
        """Yield this rule and every one inside it."""
        yield self
        for rule in (*(self.all or ()), *(self.any or ()), *(self.none or ()), *(self.cases or {}).values()):
            yield from rule.walk()


class EligibilityOption(Model):
    """A place where the protocol can be read in more than one way, and the reading that is used."""

    label: str = Field(description="The question in words")
    choices: dict[Name, str] = Field(min_length=2, description="Name of a reading -> what it means")
    chosen: Name
    note: str = Field(default="", description="Why this default, and what to ask the trialists")
    source: str = ""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.chosen not in self.choices:
            raise ValueError(f"chosen must be one of {', '.join(self.choices)}, got {self.chosen!r}")
        return self


class Criterion(Model):
    """One inclusion or exclusion criterion, with the rule that decides it.

    An inclusion criterion must hold; an exclusion criterion must not.  Criteria of unit ``lesion`` say
    which lesions qualify; a criterion of unit ``subject`` with a count of ``lesions`` says how many must.
    """

    id: Annotated[str, Field(min_length=1)]
    label: str
    kind: Literal["inclusion", "exclusion"]
    unit: Unit = "subject"
    rule: Rule
    source: str = ""
    note: str = ""


def eligibility_problems(study: Study) -> Iterator[str]:
    """Yield what contradicts itself in the eligibility criteria of ``study``, one sentence each."""
    ids = [criterion.id for criterion in study.eligibility]
    if len(set(ids)) < len(ids):
        yield f"every eligibility criterion needs its own id, got {', '.join(ids)}"
    of_lesions = {criterion.id for criterion in study.eligibility if criterion.unit == "lesion"}
    counted = False
    for criterion in study.eligibility:
        where = f"eligibility criterion {criterion.id!r}"
        for rule in criterion.rule.walk():
            counted |= rule.lesions is not None
            yield from _option_problems(study, where, rule)
            yield from _unit_problems(criterion, where, rule)
            if rule.lesions is not None and (unknown := set(rule.lesions) - of_lesions):
                yield f"{where} counts lesions by {', '.join(sorted(unknown))}, no criterion of unit lesion"
    named = {rule.option for criterion in study.eligibility for rule in criterion.rule.walk()}
    for name in study.eligibility_options:
        if name not in named:
            yield f"no eligibility criterion asks for the option {name!r}"
    if of_lesions and not counted:
        yield "criteria of unit lesion need a criterion of unit subject that counts lesions"


def _option_problems(study: Study, where: str, rule: Rule) -> Iterator[str]:
    if rule.option is None or rule.cases is None:
        return
    option = study.eligibility_options.get(rule.option)
    if option is None:
        yield f"{where} names the option {rule.option!r}, which eligibility_options does not have"
    elif set(option.choices) != set(rule.cases):
        yield (
            f"{where}: the cases ({', '.join(rule.cases)}) must be the choices of the option "
            f"{rule.option!r} ({', '.join(option.choices)})"
        )


def _unit_problems(criterion: Criterion, where: str, rule: Rule) -> Iterator[str]:
    if rule.score and (unit := ELIGIBILITY_SCORES[rule.score][0]) != criterion.unit:
        yield f"{where} has unit {criterion.unit}; the score {rule.score!r} is one of a {unit}"
    if rule.lesions is not None and criterion.unit == "lesion":
        yield f"{where} has unit lesion and cannot count lesions"
