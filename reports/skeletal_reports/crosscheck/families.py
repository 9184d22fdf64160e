"""Families of hypotheses in a cross-check: their adjusted p-values from the p-values that R found."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from .r_script import comment, r_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import Multiplicity

    from .data import Run

IN_R = ("bonferroni", "holm", "hochberg", "hommel", "fixed_sequence")
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "fallback": "needs R's gMCP or multxpert (fallback)",
        "graphical": "needs R's gMCP (graphical)",
    }
)


def family_calls(run: Run, keys: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the calls of R of the families that it can adjust, and why it cannot the others.

    Parameters
    ----------
    run : Run
        Its study and results.
    keys : set of str
        Statistics that the script recomputes.

    Returns
    -------
    dict, dict
        Family -> its call, family -> reason.
    """
    calls: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for name, family in run.study.multiplicity.items():
        found = run.results.loc[run.results["analysis"] == name]
        if found.empty:
            continue
        of = [_source(run, hypothesis) for hypothesis in family.hypotheses]
        absent = [
            hypothesis for hypothesis, key in zip(family.hypotheses, of, strict=True) if key not in keys
        ]
        if family.method not in IN_R:
            reasons[name] = ELSEWHERE[family.method]
        elif absent:
            reasons[name] = f"the p-value of {', '.join(absent)} is not recomputed"
        else:
            calls[name] = _call(name, family, dict(zip(found["statistic"], found["arm"], strict=True)), of)
    return calls, reasons


def _source(run: Run, hypothesis: str) -> str:
    """Return the key of the p-value that a hypothesis names; empty where it names none or several."""
    if "/" in hypothesis:
        return hypothesis
    rows = run.results.loc[run.results["analysis"] == hypothesis]
    found = rows.loc[rows["statistic"].str.contains("p_value", regex=False), "key"]
    return str(found.iloc[0]) if len(found) == 1 else ""


def _call(name: str, family: Multiplicity, arms: dict[str, str], keys: list[str]) -> str:
    label = f": {comment(family.label)}" if family.label else ""
    options = {
        "hypotheses": family.hypotheses,
        "arms": [arms[f"p_value[{hypothesis}]"] for hypothesis in family.hypotheses],
        "keys": keys,
        "method": family.method,
        "alpha": family.alpha,
    }
    said = ", ".join(f"{option} = {r_value(value)}" for option, value in options.items())
    return f"# {comment(name)}{label} ({family.method})\nfamily({r_value(name)}, {said})\n"
