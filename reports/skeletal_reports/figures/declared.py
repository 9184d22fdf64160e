"""The figures that a study's declared analyses call for."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidArgument, name_some
from skeletal_reports.tables.estimates import effect_rows
from skeletal_reports.tables.format import format_date, format_number
from skeletal_reports.tables.result_values import ResultValues, analysis_label

from .curve_figures import incidence_figure, mean_cumulative_figure, survival_figure
from .forest import forest_figure
from .time_axis import time_axis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skeletal.plan import Results
    from skeletal.study import Study

    from .named import NamedFigure

CURVE_FIGURES: Mapping[str, Callable[..., NamedFigure]] = MappingProxyType(
    {
        "kaplan_meier": survival_figure,
        "simultaneous_band": survival_figure,
        "conditional_survival": survival_figure,
        "cumulative_incidence": incidence_figure,
        "mean_cumulative": mean_cumulative_figure,
        "state_occupation": incidence_figure,
    }
)
MOST_BANDS = 3


def drawn_curves(results: Results, study: Study) -> list[str]:
    """Return the analyses whose curves are worth a figure of their own.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses.

    Returns
    -------
    list of str
        The first analysis of each endpoint, order of event and method: curves of the same events under
        other strategies differ little, and are in the table; so are cumulative hazards, follow-up and
        what competing events leave out.
    """
    chosen: dict[tuple[str, str, int, str], str] = {}
    for name in results.curves:
        analysis = study.analyses[name]
        if analysis.method not in CURVE_FIGURES:
            continue
        estimand = study.estimands[analysis.estimand]
        key = (estimand.endpoint, estimand.variable, estimand.order, analysis.method)
        chosen.setdefault(key, name)
    return list(chosen.values())


def curve_figure(results: Results, study: Study, analysis: str, *, bands: bool | None = None) -> NamedFigure:
    """Draw the curves of a declared analysis, by its method.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives arms, words, times and unit.
    analysis : str
        Name of an analysis whose method gives curves.
    bands : bool, optional
        Shade the limits; up to three arms by default.

    Returns
    -------
    NamedFigure
        Named as the analysis.

    Raises
    ------
    InvalidArgument
        If the analysis has no curves.
    """
    drawn = [name for name in results.curves if study.analyses[name].method in CURVE_FIGURES]
    if analysis not in drawn:
        raise InvalidArgument(f"analysis {analysis!r} has no curves; those that have: {name_some(drawn)}")
    curves = results.curves[analysis]
    declared = study.analyses[analysis]
    endpoint = study.estimands[declared.estimand].endpoint
    last = max((float(curve.time[-1]) for curve in curves.values() if len(curve.time)), default=0.0)
    zero = study.time_zero_words(study.endpoints[endpoint].time_zero)
    more: dict[str, Any] = {"bands": len(curves) <= MOST_BANDS if bands is None else bands}
    return CURVE_FIGURES[declared.method](
        curves,
        name=analysis,
        title=analysis_label(analysis, study),
        labels={arm: study.arm_label(arm) for arm in study.arm_names},
        axis=time_axis(study, last, zero_label=zero),
        unit=study.endpoints[endpoint].unit,
        notes=" ".join(filter(None, (_lesion_words(results, study, analysis), cutoff_words(study)))),
        **more,
    )


def effects_figure(results: Results, study: Study, *, name: str = "effects") -> NamedFigure:
    """Draw the declared hazard and rate ratios as a forest.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.
    name : str
        File name without ending.

    Returns
    -------
    NamedFigure
        One row an analysis and contrast.

    Raises
    ------
    InvalidArgument
        If nothing is compared (a pooled study, or no such analysis).
    """
    # Neutral words: in a masked report the reference is a letter, not the control.
    others = study.arm_label(study.arm_names[1]) if len(study.arms) == 2 else "each other arm"
    reference = study.control.label
    return forest_figure(
        effect_rows(results, study),
        name=name,
        title=f"Hazard and rate ratios of {others} over {reference}",
        favours=(others, reference),
        notes=f"Events and subjects are those of all arms. {cutoff_words(study)}".strip(),
    )


def _lesion_words(results: Results, study: Study, analysis: str) -> str:
    """Say to how many subjects the lesions of a curve belong; empty where subjects are counted."""
    endpoint = study.estimands[study.analyses[analysis].estimand].endpoint
    if study.endpoints[endpoint].unit == "subject":
        return ""
    value = ResultValues(results)
    counts = [(study.arm_label(arm), value(analysis, arm, "n_subjects")) for arm in study.arm_names]
    words = "; ".join(f"{label}: {format_number(n)}" for label, n in counts)
    return f"Subjects whose lesions are counted: {words}. Limits allow for lesions of one subject."


def cutoff_words(study: Study) -> str:
    """Say to which day the data go; empty where no cutoff is declared."""
    return f"Data cutoff: {format_date(study.data_cutoff)}." if study.data_cutoff else ""
