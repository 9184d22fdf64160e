"""Families of hypotheses: p-values, adjusted p-values and decisions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .format import format_p_value
from .result_values import ResultValues, analysis_label, contrast_label, ne_note, shown_time
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.plan import Results
    from skeletal.study import Study


def multiplicity_table(results: Results, study: Study) -> Table:
    """Show the p-value, adjusted p-value and decision of each hypothesis of the declared families.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the families, analyses and words.

    Returns
    -------
    Table
        One row group a family, one row a hypothesis in the order of the family.
    """
    value = ResultValues(results)
    headers = ("p-value", "Adjusted p-value", "Rejected")
    columns = (Column(header="Hypothesis", align="left"), *(Column(header=text) for text in headers))
    rows: list[Row] = []
    notes: list[str] = []
    for name, family in study.multiplicity.items():
        found = results.frame.loc[results.frame["analysis"] == name]
        if found.empty:
            continue
        label = family.label or name
        method = family.method.replace("_", " ").capitalize()
        rows.append(group_row(f"{label}: {method}, level {family.alpha:g}", len(columns)))
        arms = dict(zip(found["statistic"], found["arm"], strict=True))
        for hypothesis in family.hypotheses:
            arm = str(arms[f"p_value[{hypothesis}]"])
            p_value, adjusted, rejected = (
                value(name, arm, f"{item}[{hypothesis}]")
                for item in ("p_value", "adjusted_p_value", "rejected")
            )
            decision = "NE" if math.isnan(p_value) else "Yes" if rejected == 1 else "No"
            cells = (_words(hypothesis, study), format_p_value(p_value), format_p_value(adjusted), decision)
            rows.append(Row(cells=cells, indent=1))
        notes += [f"{label}: {text}." for text in dict.fromkeys(found["method"].astype(str))]
    return Table(
        name="multiplicity",
        title="Multiplicity: hypotheses that share one level",
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *ne_note(rows), data_note(study)),
    )


def _words(hypothesis: str, study: Study) -> str:
    """Words for an analysis, or for the key of a p-value."""
    analysis, _, rest = hypothesis.partition("/")
    label = analysis_label(analysis, study)
    if not rest:
        return label
    arm, _, statistic = rest.rpartition("/")
    _, _, day = statistic.partition("@")
    who = "" if arm == "all" else f", {contrast_label(arm, study)}"
    return f"{label}{who}" + (f", {shown_time(float(day), study).lower()}" if day else "")
