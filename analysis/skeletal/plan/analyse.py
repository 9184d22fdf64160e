"""Run the analyses that a study declares on its outcomes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import InvalidArgument, InvalidStudy

from . import (
    contrasts,
    curves,
    hypothesis_tests,
    intervals,
    lesions,
    pairs,
    predictions,
    proportions,
    rates,
    recurrent,
    recurrent_regressions,
    regressions,
    repeated,
    states,
    subgroups,
    values,
)
from .families import family_rows
from .results import COLUMNS, Results
from .rows import Sample, Statistic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from skeletal.outcomes import Outcomes
    from skeletal.results import Curve
    from skeletal.study import Study

STATISTICS: Mapping[str, Callable[[Sample], Iterator[Statistic]]] = MappingProxyType(
    {
        **contrasts.BY_ARM,
        **intervals.INTERVALS_BY_ARM,
        **recurrent.RECURRENT_BY_ARM,
        **states.STATES_BY_ARM,
        "proportion": proportions.proportion_rows,
        "event_rate": rates.event_rate_rows,
        "period_rate": rates.period_rate_rows,
        "mean": values.mean_rows,
        "responders": values.responder_rows,
    }
)
COMPARISONS: Mapping[str, Callable[[Sample], Iterator[Statistic]]] = MappingProxyType(
    {
        **hypothesis_tests.TESTS,
        **regressions.REGRESSIONS,
        **subgroups.SUBGROUPS,
        **predictions.PREDICTIONS,
        **contrasts.CONTRASTS,
        **proportions.PROPORTIONS,
        **rates.RATE_CONTRASTS,
        **recurrent.RECURRENT,
        **recurrent_regressions.RECURRENT_REGRESSIONS,
        **states.STATES,
        **intervals.INTERVALS,
        **pairs.WINS,
        **repeated.REPEATED,
        **lesions.LESIONS,
    }
)


def analyse(outcomes: Outcomes, study: Study) -> Results:
    """Run every analysis that ``study`` declares, in its order, and the accounting of each estimand.

    Contrasts and tests are left out where the study has one pooled arm.  A statistic that the data
    cannot give is a row with the value NaN, whose ``method`` says why.

    Parameters
    ----------
    outcomes : Outcomes
        From :func:`skeletal.outcomes.derive_outcomes`.
    study : Study
        The protocol that the outcomes were derived under.

    Returns
    -------
    Results
        One statistic a row, and the curves.

    Raises
    ------
    InvalidStudy
        If an analysis asks for what its outcomes cannot give, or a hypothesis of a family for other than one
        p-value.
    InvalidRecords
        If a stratum or covariate is not a column of subjects, is missing for a subject or is no number.

    Notes
    -----
    R: one call of survfit, survdiff, coxph, cuminc or crr for each analysis.  SAS: PROC LIFETEST, PHREG.
    """
    statistics: list[Statistic] = list(_accounting(outcomes))
    drawn: dict[str, Mapping[str, Curve]] = {}
    for name, analysis in study.analyses.items():
        if analysis.method in COMPARISONS and len(study.arms) == 1:
            continue
        sample = Sample(name=name, analysis=analysis, outcomes=outcomes, study=study)
        try:
            found, by_arm = _run(sample)
        except InvalidArgument as error:
            raise InvalidStudy(f"analysis {name!r} ({analysis.method}): {error}") from error
        statistics += found
        if by_arm:
            drawn[name] = MappingProxyType(by_arm)
    frame = _frame(statistics)
    if study.multiplicity and len(study.arms) > 1:
        frame = _frame([*statistics, *family_rows(frame, study)])
    return Results(frame=frame, curves=MappingProxyType(drawn))


def _run(sample: Sample) -> tuple[list[Statistic], dict[str, Curve]]:
    """Return the statistics of one analysis, and its curves by arm where it has any."""
    method = sample.analysis.method
    if method in curves.CURVES:
        by_arm = curves.CURVES[method](sample)
        return list(curves.curve_rows(sample, by_arm)), by_arm
    made = COMPARISONS if method in COMPARISONS else STATISTICS
    return list(made[method](sample)), {}


def _frame(statistics: list[Statistic]) -> pd.DataFrame:
    return pd.DataFrame([item.row() for item in statistics], columns=list(COLUMNS))


def _accounting(outcomes: Outcomes) -> Iterator[Statistic]:
    table = outcomes.accounting()
    counts = [name for name in table.columns if name.startswith("n_")]
    for row in table.to_dict("records"):
        estimand = str(row["estimand"])
        for statistic in counts:
            yield Statistic(
                endpoint=outcomes.study.estimands[estimand].endpoint,
                estimand=estimand,
                analysis=f"{estimand}-accounting",
                arm=str(row["arm"]),
                statistic=statistic,
                value=float(row[statistic]),
                unit=f"{row['unit']}s",
                method=f"count of {'' if row['unit'] == 'subject' else 'lesions of '}randomised subjects",
            )
