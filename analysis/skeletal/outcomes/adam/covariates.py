"""Baseline covariates and strata that the study declares, as columns of ADSL with SAS names."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from .identifiers import YES_NO
from .variable import Variable, short_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.outcomes.outcomes import Outcomes
    from skeletal.study import Study

# Names of columns that trials share; any other column gets a name from its words.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ecog": "ECOGBL",
        "kps": "KPSBL",
        "life_expectancy_months": "LIFEXPBL",
        "other_metastases": "OTHMETFL",
        "primary_tumour": "PRIMTUM",
        "visceral_metastases": "VISMETFL",
        "weight_kg": "WEIGHTBL",
    }
)


def covariates(
    outcomes: Outcomes, taken: Iterable[str], shown: Iterable[str]
) -> tuple[dict[str, Any], tuple[Variable, ...]]:
    """Return the declared columns of subjects that are there, and their descriptions.

    ``taken`` are names that other columns of ADSL have, ``shown`` the columns of subjects behind them.
    """
    names = set(taken)
    columns: dict[str, Any] = {}
    found: list[Variable] = []
    for column, label in _declared(outcomes.study).items():
        if column not in outcomes.subjects or column in set(shown):
            continue
        name = _free_name(NAMES.get(column) or _sas_name(column), names)
        names.add(name)
        values, variable = _column(outcomes.subjects[column], column, name, label)
        columns[name] = values
        found.append(variable)
    return columns, tuple(found)


def _declared(study: Study) -> dict[str, str]:
    """Return the columns that baseline, strata and covariates name -> words for each."""
    words = {
        item.column: f"{item.label} ({item.unit})" if item.unit else item.label for item in study.baseline
    }
    for analysis in study.analyses.values():
        for column in (*analysis.strata, *analysis.covariates):
            words.setdefault(column, column.replace("_", " ").capitalize())
    return words


def _column(values: pd.Series[Any], column: str, name: str, label: str) -> tuple[Any, Variable]:
    about: dict[str, Any] = {
        "name": name,
        "label": short_label(label),
        "origin": f"Predecessor: subjects.{column}",
        "derivation": f"{label}: declared as baseline, stratum or covariate.",
        "source": f"subjects.{column}; study file: baseline, analyses",
    }
    if pd.api.types.is_bool_dtype(values.dtype):
        flag = values.astype("boolean").map({True: "Y", False: "N"}).astype("string").array
        return flag, Variable(kind="text", codes=YES_NO, **about)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.array, Variable(kind="number", **about)
    return values.astype("string").array, Variable(kind="text", **about)


def _sas_name(column: str) -> str:
    """Return up to 8 characters of the words of ``column``, as many of each."""
    words = re.findall(r"[A-Z0-9]+", column.upper()) or ["COV"]
    joined = "".join(words)
    if len(joined) > 8:
        joined = "".join(word[: max(1, 8 // len(words))] for word in words)[:8]
    return joined if joined[0].isalpha() else f"C{joined}"[:8]


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free = f"{name[: 8 - len(str(number))]}{number}"
        number += 1
    return free
