"""The define table for readers: variables, parameters and values of each ADaM data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .format import format_count
from .table import Column, Row, Table, group_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from skeletal.outcomes import Define

_VARIABLES = ("Variable", "Label", "Type", "Length", "Format", "Origin", "Derivation", "Values", "Source")
_VALUES = ("Value", "Meaning", "Source")
_PARAMETERS = ("Code", "Parameter", "Definition", "Source")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DefineSection:
    """One data set: its name and label, and its tables.

    Attributes
    ----------
    name, label, structure, keys, records : str
        As in ``Define.datasets``.
    tables : tuple of Table
        Variables; parameters and values where the data set has them.
    """

    name: str
    label: str
    structure: str
    keys: str
    records: str
    tables: tuple[Table, ...]


def define_sections(define: Define) -> tuple[DefineSection, ...]:
    """Return one section a data set, in the order of ``define``.

    Parameters
    ----------
    define : Define
        From ``skeletal.outcomes.define_tables``.

    Returns
    -------
    tuple of DefineSection
        The variables in the order of the files; the values of each variable once for all parameters that
        share them.
    """
    return tuple(_section(define, row) for row in define.datasets.to_dict("records"))


def _section(define: Define, about: Mapping[Any, Any]) -> DefineSection:
    name = about["dataset"]
    variables = define.variables.loc[define.variables["dataset"] == name]
    values = define.codes.loc[define.codes["dataset"] == name]
    tables = [_variables_table(name, variables, values)]
    parameters = values.loc[values["variable"] == "PARAMCD"]
    if len(parameters):
        tables.append(_parameters_table(name, parameters))
    others = values.loc[~values["variable"].isin(["PARAMCD", "PARAMN"])]
    if len(others):
        tables.append(_values_table(name, others))
    return DefineSection(
        name=name,
        label=about["label"],
        structure=about["structure"],
        keys=", ".join(about["keys"].split()),
        records=format_count(int(about["records"])),
        tables=tuple(tables),
    )


def _columns(headers: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(Column(header=text, align="right" if text == "Length" else "left") for text in headers)


def _variables_table(name: str, variables: pd.DataFrame, values: pd.DataFrame) -> Table:
    counts = values.groupby("variable")["value"].nunique()
    rows = []
    for item in variables.to_dict("records"):
        number = int(counts.get(item["variable"], 0))
        shown = ("variable", "label", "type", "length", "format", "origin", "derivation")
        cells = [str(item[key]) for key in shown]
        rows.append(Row(cells=(*cells, str(number) if number else "", item["source"])))
    return Table(
        name=f"{name.lower()}-variables",
        title=f"Variables of {name}",
        columns=_columns(_VARIABLES),
        rows=tuple(rows),
        notes=("Values: how many values the variable can have, where they are from a list.",),
    )


def _parameters_table(name: str, parameters: pd.DataFrame) -> Table:
    shown = parameters[["value", "meaning", "definition", "source"]]
    return Table(
        name=f"{name.lower()}-parameters",
        title=f"Parameters of {name}",
        columns=_columns(_PARAMETERS),
        rows=tuple(Row(cells=tuple(map(str, row))) for row in shown.itertuples(index=False, name=None)),
    )


def _values_table(name: str, values: pd.DataFrame) -> Table:
    rows: list[Row] = []
    for variable, mine in values.groupby("variable", sort=False):
        lists: dict[tuple[tuple[str, ...], ...], list[str]] = {}
        for parameter, codes in mine.groupby("parameter", sort=False):
            key = tuple(codes[["value", "meaning", "source"]].itertuples(index=False, name=None))
            lists.setdefault(key, []).append(str(parameter))
        rows += _listed(str(variable), lists)
    return Table(
        name=f"{name.lower()}-values",
        title=f"Values of variables of {name}",
        columns=_columns(_VALUES),
        rows=tuple(rows),
    )


def _listed(variable: str, lists: dict[tuple[tuple[str, ...], ...], list[str]]) -> list[Row]:
    """Return the rows of one variable; lists that differ in their sources alone are not put together."""
    rows = []
    for codes, parameters in lists.items():
        words = ", ".join(parameter for parameter in parameters if parameter)
        rows.append(group_row(f"{variable}: {words}" if words else variable, len(_VALUES)))
        rows += [Row(cells=code, indent=1) for code in codes]
    return rows
