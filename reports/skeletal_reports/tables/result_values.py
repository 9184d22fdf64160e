"""Values of results by key, and the words that tables of results share."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

from skeletal.arrays import DAYS_PER_MONTH, DAYS_PER_YEAR

from .format import NOT_ESTIMABLE, format_number
from .table import Column, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

DisplayUnit = Literal["days", "months", "years"]
UNIT_DAYS: dict[DisplayUnit, float] = {"days": 1.0, "months": DAYS_PER_MONTH, "years": DAYS_PER_YEAR}
NE_NOTE = f"{NOT_ESTIMABLE}: not estimable."
NE_CELL = re.compile(rf"\b{NOT_ESTIMABLE}\b")


def ne_note(rows: Sequence[Row]) -> tuple[str, ...]:
    """Explain the sign for what is not estimable, where a cell bears it."""
    return (NE_NOTE,) if any(NE_CELL.search(cell) for row in rows for cell in row.cells) else ()


def analysis_label(name: str, study: Study) -> str:
    """Return the words for an analysis: its label, else its name."""
    return study.analyses[name].label or name


def declared(study: Study, methods: tuple[str, ...]) -> dict[str, Analysis]:
    """Return the declared analyses of some methods, in the order of the study."""
    return {name: item for name, item in study.analyses.items() if item.method in methods}


def level_words(analysis: Analysis) -> str:
    """Words for the confidence level of an analysis."""
    return f"{100 * analysis.conf_level:g}% CI"


def contrast_names(study: Study) -> tuple[str, ...]:
    """Return each contrast as the results name it."""
    return tuple(f"{arm} vs {study.control.name}" for arm in study.arm_names[1:])


def contrast_label(contrast: str, study: Study) -> str:
    """Return the words for ``"experimental vs control"``."""
    labels = {
        name: f"{study.arm_label(arm)} v {study.control.label}"
        for name, arm in zip(contrast_names(study), study.arm_names[1:], strict=True)
    }
    return labels.get(contrast, contrast)


def contrast_heads(study: Study, methods: tuple[str, ...]) -> Iterator[tuple[str, Analysis, str, str]]:
    """Yield name, analysis, contrast and the words of its head for the declared analyses of some methods."""
    for name, analysis in declared(study, methods).items():
        for contrast in contrast_names(study):
            head = f"{analysis_label(name, study)}: {contrast_label(contrast, study)}"
            yield name, analysis, contrast, head


def method_notes(said: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return one note a method from pairs of label and method, the labels that share it in front."""
    labels: dict[str, dict[str, None]] = {}
    for label, method in said:
        labels.setdefault(method, {})[label] = None
    return tuple(f"{', '.join(users)}: {method}." for method, users in labels.items() if method)


class ResultValues:
    """Values of the results by key; NaN where an arm or a statistic is not there."""

    def __init__(self, results: Results) -> None:
        self._values: dict[str, float] = dict(
            zip(results.frame["key"].astype(str), results.frame["value"].astype(float), strict=True)
        )
        self._frame = results.frame
        self._methods: dict[str, str] = {}  # filled when first asked for

    def method(self, analysis: str, arm: str, statistic: str, time: float | None = None) -> str:
        """Return how a statistic was made; empty where it is not there."""
        if not self._methods:
            texts = self._frame["method"].astype(str)
            self._methods = dict(zip(self._frame["key"].astype(str), texts, strict=True))
        at = "" if time is None else f"@{float(time):g}"
        return self._methods.get(f"{analysis}/{arm}/{statistic}{at}", "")

    def __call__(self, analysis: str, arm: str, statistic: str, time: float | None = None) -> float:
        """Return the value of a statistic, at a time where one belongs to it."""
        at = "" if time is None else f"@{float(time):g}"
        return self._values.get(f"{analysis}/{arm}/{statistic}{at}", math.nan)

    def limits(
        self, analysis: str, arm: str, time: float | None = None, of: str = "estimate"
    ) -> tuple[float, float, float]:
        """Return a value, called ``of``, with its limits."""
        value, lower, upper = (self(analysis, arm, item, time) for item in (of, "lower", "upper"))
        return value, lower, upper

    def named(
        self, analysis: str, arm: str, names: tuple[str, str, str], of: str, time: float | None = None
    ) -> tuple[float, float, float]:
        """Return an estimate with its limits, ``names`` of what stands in brackets behind them."""
        value, lower, upper = (self(analysis, arm, f"{name}[{of}]", time) for name in names)
        return value, lower, upper


def shown_time(days: float, study: Study) -> str:
    """Words for a day in the unit of the report, as at the ticks of the figures."""
    unit = study.report.display_unit
    value = days / UNIT_DAYS[unit]
    whole = abs(value - round(value)) < 0.05
    return f"{unit[:-1].capitalize()} {format_number(value, 0 if whole else 1)}"


def arm_headers(study: Study) -> tuple[Column, ...]:
    """Return one column an arm."""
    return tuple(Column(header=study.arm_label(arm)) for arm in study.arm_names)
