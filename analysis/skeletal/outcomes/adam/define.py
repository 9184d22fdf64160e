"""The define table: every variable of every data set, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .variable import Code, DataSet, Variable

DATASETS = ("dataset", "label", "structure", "keys", "records")
VARIABLES = (
    "dataset",
    "variable",
    "label",
    "type",
    "length",
    "format",
    "codelist",
    "origin",
    "derivation",
    "source",
)
VALUES = ("dataset", "variable", "parameter", "value", "meaning", "definition", "source")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Define:
    """What the ADaM files hold.

    Attributes
    ----------
    datasets : DataFrame
        ``dataset label structure keys records``: one row a data set.
    variables : DataFrame
        ``dataset variable label type length format codelist origin derivation source``: one row a variable,
        in the order of the files.
    codes : DataFrame
        ``dataset variable parameter value meaning definition source``: one row a value of a codelist;
        ``parameter`` is the PARAMCD where the meaning depends on it, else empty; ``definition`` says of a
        PARAMCD what is measured from when, in whom and under which strategies.
    """

    datasets: pd.DataFrame
    variables: pd.DataFrame
    codes: pd.DataFrame


def define_tables(data_sets: Sequence[DataSet]) -> Define:
    """Return the description of ``data_sets``, lengths and counts as in their files."""
    datasets = [(d.name, d.label, d.structure, " ".join(d.keys), len(d.frame)) for d in data_sets]
    variables = [_variable(d, variable) for d in data_sets for variable in d.variables]
    values = [
        (d.name, variable.name, code.parameter, code.value, code.meaning, code.definition, code.source)
        for d in data_sets
        for variable in d.variables
        for code in variable.codes
    ]
    return Define(
        datasets=pd.DataFrame(datasets, columns=list(DATASETS)),
        variables=pd.DataFrame(variables, columns=list(VARIABLES)),
        codes=pd.DataFrame(values, columns=list(VALUES)),
    )


def _variable(made: DataSet, item: Variable) -> tuple[str | int, ...]:
    kind = "Char" if item.kind == "text" else "Num"
    codes = codelist_words(item.codes)
    words = item.derivation or "As recorded."
    return (
        made.name,
        item.name,
        item.label,
        kind,
        made.length(item),
        item.format,
        codes,
        item.origin,
        words,
        item.source,
    )


def codelist_words(codes: Sequence[Code]) -> str:
    """Return ``value = meaning`` of each code, once for all parameters that share them."""
    by_parameter: dict[str, list[str]] = {}
    for code in codes:
        by_parameter.setdefault(code.parameter, []).append(f"{code.value} = {code.meaning}")
    shared: dict[str, list[str]] = {}
    for parameter, items in by_parameter.items():
        shared.setdefault("; ".join(items), []).append(parameter)
    lists = []
    for words, parameters in shared.items():
        head = ", ".join(name for name in parameters if name)
        lists.append(f"{head}: {words}" if head else words)
    return " | ".join(lists)
