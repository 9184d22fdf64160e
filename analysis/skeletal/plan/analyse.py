"""Run the analyses that a study declares on its outcomes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from . import contrasts, curves, hypothesis_tests, predictions, proportions, rates, regressions, values
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
        **predictions.PREDICTIONS,
        **contrasts.CONTRASTS,
        **proportions.PROPORTIONS,
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
        if analysis.method in curves.CURVES:
            by_arm = curves.CURVES[analysis.method](sample)
            drawn[name] = MappingProxyType(by_arm)
            statistics += curves.curve_rows(sample, by_arm)
        else:
            made = COMPARISONS if analysis.method in COMPARISONS else STATISTICS
            statistics += made[analysis.method](sample)
    frame = pd.DataFrame([item.row() for item in statistics], columns=list(COLUMNS))
    return Results(frame=frame, curves=MappingProxyType(drawn))


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
