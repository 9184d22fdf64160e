"""Families of hypotheses that a study tests together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from .protocol import Study

Share = Annotated[float, Field(ge=0, le=1)]
SUM = 1e-9  # by which shares may add up to more than 1


class Multiplicity(BaseModel):
    """Hypotheses whose tests share one level; each is the p-value of an analysis."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    label: str = ""
    method: Literal["bonferroni", "holm", "hochberg", "hommel", "fixed_sequence", "fallback", "graphical"] = (
        Field(description="The order of the hypotheses is that of a fixed sequence and of the fallback")
    )
    hypotheses: tuple[str, ...] = Field(
        min_length=1,
        description="Analyses with one p-value, or keys of p-values (analysis/arms/p_value@day)",
    )
    alpha: float = Field(default=0.05, gt=0, lt=1, description="Level of all together")
    weights: tuple[Share, ...] = Field(default=(), description="Share of the level of each hypothesis")
    transitions: tuple[tuple[Share, ...], ...] = Field(
        default=(),
        description="graphical: row j, column k: the part of its share that hypothesis j, once rejected, "
        "leaves to k",
    )

    @model_validator(mode="after")
    def _graph_fits(self) -> Self:
        n = len(self.hypotheses)
        if len(set(self.hypotheses)) < n:
            raise ValueError(f"hypotheses name one twice, got {', '.join(self.hypotheses)}")
        for name, users in (("weights", ("fallback", "graphical")), ("transitions", ("graphical",))):
            if bool(getattr(self, name)) != (self.method in users):
                takes = "needs" if self.method in users else "takes no"
                raise ValueError(f"{self.method} {takes} {name}")
        if self.weights and (len(self.weights) != n or sum(self.weights) > 1 + SUM):
            raise ValueError(f"weights needs {n} numbers that add up to at most 1, got {list(self.weights)}")
        for place, row in enumerate(self.transitions):
            if len(row) != n or sum(row) > 1 + SUM or row[min(place, len(row) - 1)] != 0:
                raise ValueError(
                    f"row {place + 1} of transitions needs {n} numbers that add up to at most 1, its own 0, "
                    f"got {list(row)}"
                )
        if self.transitions and len(self.transitions) != n:
            raise ValueError(f"transitions needs {n} rows, got {len(self.transitions)}")
        return self


def multiplicity_problems(study: Study) -> list[str]:
    """Return what contradicts itself in the families of ``study``."""
    problems = []
    for name, family in study.multiplicity.items():
        where = f"multiplicity {name!r}"
        if name in study.analyses:
            problems.append(f"{where} has the name of an analysis; give it another")
        problems += [
            f"{where} names analysis {hypothesis.partition('/')[0]!r}, which is not declared"
            for hypothesis in family.hypotheses
            if hypothesis.partition("/")[0] not in study.analyses
        ]
    return problems
