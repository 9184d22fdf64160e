"""Families of hypotheses: adjusted p-values and decisions from the results of the analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.errors import InvalidStudy, name_some

from .graphical import graphical
from .multiplicity import adjusted_p_values, fallback, fixed_sequence
from .rows import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.study import Multiplicity, Study

    from .graphical import MultipleTests


def family_rows(frame: pd.DataFrame, study: Study) -> Iterator[Statistic]:
    """Yield p-value, adjusted p-value and decision of each hypothesis of each family, from the results."""
    for name, family in study.multiplicity.items():
        rows = [_row_of(frame, name, hypothesis) for hypothesis in family.hypotheses]
        p_values = pd.Series([float(row["value"]) for row in rows], index=list(family.hypotheses))
        adjusted, rejected, method = decide(family, p_values)
        for row, hypothesis in zip(rows, family.hypotheses, strict=True):
            for statistic, value in (
                ("p_value", p_values[hypothesis]),
                ("adjusted_p_value", adjusted[hypothesis]),
                ("rejected", float(rejected[hypothesis])),
            ):
                yield Statistic(
                    endpoint=str(row["endpoint"]),
                    estimand=str(row["estimand"]),
                    analysis=name,
                    arm=str(row["arm"]),
                    statistic=f"{statistic}[{hypothesis}]",
                    value=float(value),
                    method=method,
                )


def decide(family: Multiplicity, p_values: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[bool], str]:
    """Return the adjusted p-values and decisions of a family, and how they were made."""
    level = f"level {family.alpha:g} of all {len(p_values)} together"
    tests = _tests(family, p_values)
    if tests is not None:
        adjusted = pd.Series(tests.adjusted_p_value, index=p_values.index)
        return adjusted, pd.Series(tests.rejected, index=p_values.index), f"{tests.method}; {level}"
    method = family.method
    values = adjusted_p_values(p_values.to_numpy(), method=method, n=len(p_values))  # type: ignore[arg-type]
    adjusted = pd.Series(values, index=p_values.index)
    return adjusted, adjusted <= family.alpha, f"adjusted by {method.capitalize()}; {level}"


def _tests(family: Multiplicity, p_values: pd.Series[float]) -> MultipleTests | None:
    if family.method == "fixed_sequence":
        return fixed_sequence(p_values, alpha=family.alpha)
    if family.method == "fallback":
        return fallback(p_values, list(family.weights), alpha=family.alpha)
    if family.method == "graphical":
        return graphical(p_values, list(family.weights), family.transitions, alpha=family.alpha)
    return None


def _row_of(frame: pd.DataFrame, family: str, hypothesis: str) -> dict[str, Any]:
    """Return the row of the results that holds the p-value of a hypothesis."""
    is_p = frame["statistic"].str.contains("p_value", regex=False)
    mine = frame["key"] == hypothesis if "/" in hypothesis else is_p & (frame["analysis"] == hypothesis)
    found = frame.loc[mine]
    if len(found) != 1:
        keys = frame.loc[is_p & (frame["analysis"] == hypothesis.partition("/")[0]), "key"].tolist()
        known = f"it has {name_some(keys)}; name one of them" if keys else "it has none"
        raise InvalidStudy(
            f"multiplicity {family!r}: {hypothesis!r} names {len(found)} p-values of the results, "
            f"and must name one: {known}."
        )
    return {str(name): value for name, value in found.iloc[0].items()}
