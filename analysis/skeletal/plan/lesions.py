"""Lesions: the analysis that allows for several of a subject, beside the one that does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skeletal.lesions import lesion_incidence, lesion_risk, lesion_times
from skeletal.outcomes import competing_risks, right_censored

from .proportions import evaluable
from .rows import ESTIMATE, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.lesions import LesionComparison

    from .rows import Sample, Statistic


def lesion_risk_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of the lesions with an event by each declared time, those unknown left out."""
    for arm, rows, reason in sample.pairs(sample.frame()):
        for time in sample.analysis.times:
            known, left_out = evaluable(rows, time)

            def run(known: pd.DataFrame = known) -> LesionComparison:
                return lesion_risk(
                    known["event"],
                    known["subject_id"],
                    sample.arm_of(known),
                    control=sample.study.control.name,
                    **sample.analysis.chosen("kind", "conf_level"),
                )

            more: dict[str, Any] = {"arm": sample.contrast(arm), "time": float(time)}
            yield from _rows(sample, *attempt(run, reason), note=left_out, **more)


def lesion_incidence_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of the incidence of a lesion's event by each time, other causes competing."""
    causes = sample.causes
    for arm, rows, reason in sample.pairs(sample.frame()):
        for time in sample.analysis.times:

            def run(rows: pd.DataFrame = rows, time: float = time) -> LesionComparison:
                return lesion_incidence(
                    competing_risks(rows, causes),
                    sample.arm_of(rows),
                    rows["subject_id"],
                    causes[0],
                    time=time,
                    control=sample.study.control.name,
                    **sample.analysis.chosen("kind", "conf_level"),
                )

            yield from _rows(sample, *attempt(run, reason), arm=sample.contrast(arm), time=float(time))


def lesion_times_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio of lesions."""
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> LesionComparison:
            return lesion_times(
                right_censored(rows),
                sample.arm_of(rows),
                rows["subject_id"],
                control=sample.study.control.name,
                covariates=sample.covariate_frame(rows) if sample.analysis.covariates else None,
                **sample.analysis.chosen("ties", "conf_level"),
            )

        yield from _rows(sample, *attempt(run, reason), arm=sample.contrast(arm))


LESIONS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "lesion_risk": lesion_risk_rows,
    "lesion_incidence": lesion_incidence_rows,
    "lesion_times": lesion_times_rows,
}


def _rows(
    sample: Sample, found: LesionComparison | None, reason: str, *, note: str = "", **more: Any
) -> Iterator[Statistic]:
    if found is None:
        yield sample.statistic("estimate", math.nan, method=reason, **more)
        return
    for row in found.frame.to_dict("records"):
        said = "; ".join(text for text in (row["estimand"], row["note"], found.method, note) if text)
        for name in (*ESTIMATE, "design_effect"):
            yield sample.statistic(f"{name}[{row['analysis']}]", float(row[name]), method=said, **more)
    for name, unit in (("n_lesions", "lesions"), ("n_subjects", "subjects"), ("intraclass_correlation", "")):
        yield sample.statistic(name, float(getattr(found, name)), unit=unit, method=found.method, **more)
