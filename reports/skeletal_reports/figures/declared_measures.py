"""The figures that a study's measures call for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.errors import InvalidArgument
from skeletal_reports.tables.measure_results import means_by_visit
from skeletal_reports.tables.measures import counted, response_counts

from .declared import cutoff_words
from .means import means_figure
from .responses import response_figure
from .time_axis import time_axis

if TYPE_CHECKING:
    from skeletal.outcomes import Outcomes
    from skeletal.plan import Results
    from skeletal.study import Study

    from .named import NamedFigure


def measure_figure(outcomes: Outcomes, study: Study, measure: str) -> NamedFigure:
    """Draw the pain responses of a measure by visit and arm.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    study : Study
        Gives the arms and words.
    measure : str
        Name of a measure of kind pain_response.

    Returns
    -------
    NamedFigure
        Named ``measure-<name>``.

    Raises
    ------
    InvalidArgument
        If the measure is no pain response.
    """
    declared = study.measures[measure]
    if declared.kind != "pain_response":
        raise InvalidArgument(f"measure {measure!r} is a {declared.kind}; responses are drawn of pain alone")
    frame = outcomes.measure(measure)
    words = [cutoff_words(study)]
    if "lesion_id" in frame:
        words.insert(0, f"The lesions belong to {counted(frame['subject_id'].nunique(), 'subject')}.")
    return response_figure(
        response_counts(frame, study),
        name=f"measure-{measure}",
        title=declared.label,
        labels={arm: study.arm_label(arm) for arm in study.arm_names},
        unit=declared.unit,
        notes=" ".join(filter(None, words)),
    )


def drawn_means(results: Results, study: Study) -> list[str]:
    """Return the analyses of means that a figure can show: of scores, with a value at two visits or more.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses.

    Returns
    -------
    list of str
        In the order of the study; days at home have a horizon of their own at each point and no course.
    """
    found = []
    for name, analysis in study.analyses.items():
        if analysis.method == "mean" and study.measures[analysis.measure].kind == "score":
            means = means_by_visit(results, study, name)
            if means.loc[means["estimate"].notna(), "day"].nunique() > 1:
                found.append(name)
    return found


def mean_figure(results: Results, study: Study, analysis: str) -> NamedFigure:
    """Draw the means of a declared analysis by visit and arm.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives arms, words and unit.
    analysis : str
        Name of an analysis of method mean.

    Returns
    -------
    NamedFigure
        Named as the analysis.

    Raises
    ------
    InvalidArgument
        If no mean is estimable.
    """
    declared = study.analyses[analysis]
    measure = study.measures[declared.measure]
    means = means_by_visit(results, study, analysis)
    zero = study.time_zero_words(measure.time_zero)
    return means_figure(
        means,
        name=analysis,
        title=measure.label,
        labels={arm: study.arm_label(arm) for arm in study.arm_names},
        axis=time_axis(study, float(means["day"].max()), zero_label=zero),
        conf_level=declared.conf_level,
        notes=cutoff_words(study),
    )
