"""Effects in subgroups, with the test that the effect is the same in all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skeletal.outcomes import right_censored
from skeletal.proportions import subgroup_risks
from skeletal.survival import subgroup_effects

from .proportions import evaluable
from .rows import TEST, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from skeletal.proportions import SubgroupRisks
    from skeletal.results import TestResult
    from skeletal.survival import SubgroupEffects

    from .rows import Sample, Statistic


def hazard_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the hazard ratio in each subgroup of each declared column, and the interaction tests."""
    for arm, rows, reason in sample.pairs(sample.frame()):
        for column in sample.analysis.subgroups:

            def run(rows: pd.DataFrame = rows, column: str = column) -> SubgroupEffects:
                return subgroup_effects(
                    right_censored(rows),
                    sample.arm_of(rows),
                    _labels(sample, rows, column),
                    control=sample.study.control.name,
                    covariates=sample.covariate_frame(rows) if sample.analysis.covariates else None,
                    strata=sample.strata(rows),
                    ties=sample.analysis.ties,
                    conf_level=sample.analysis.conf_level,
                )

            found, said = attempt(run, reason)
            more: dict[str, Any] = {"arm": sample.contrast(arm)}
            if found is None:
                yield sample.statistic(f"ratio[{column}]", math.nan, method=said, **more)
                continue
            numbers = {
                "ratio": found.hazard_ratio,
                "ratio_lower": found.lower,
                "ratio_upper": found.upper,
                "p_value": found.p_value,
            }
            yield from _rows(sample, column, found, numbers, **more)
            yield from _interaction(sample, column, found.method, found.likelihood_ratio_test, **more)


def risk_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the contrast of proportions by each declared time in each subgroup, and the interaction tests."""
    for arm, rows, reason in sample.pairs(sample.frame()):
        for time in sample.analysis.times:
            known, left_out = evaluable(rows, time)
            for column in sample.analysis.subgroups:

                def run(known: pd.DataFrame = known, column: str = column) -> SubgroupRisks:
                    return subgroup_risks(
                        known["event"],
                        sample.arm_of(known),
                        _labels(sample, known, column),
                        control=sample.study.control.name,
                        **sample.analysis.chosen("kind", "conf_level"),
                    )

                found, said = attempt(run, reason)
                more: dict[str, Any] = {"arm": sample.contrast(arm), "time": float(time)}
                if found is None:
                    method = f"{said}; {left_out}"
                    yield sample.statistic(f"estimate[{column}]", math.nan, method=method, **more)
                    continue
                numbers = {name: getattr(found, name) for name in ("estimate", "lower", "upper", "p_value")}
                yield from _rows(sample, column, found, numbers, note=left_out, **more)
                yield from _interaction(sample, column, found.method, found.interaction_test, **more)


SUBGROUPS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "subgroup_effects": hazard_rows,
    "subgroup_risks": risk_rows,
}


def _labels(sample: Sample, rows: pd.DataFrame, column: str) -> Any:
    labels = sample.labels(rows, (column,))
    assert labels is not None, "one column was asked for"
    return labels


def _rows(
    sample: Sample,
    column: str,
    found: SubgroupEffects | SubgroupRisks,
    numbers: Mapping[str, Any],
    *,
    note: str = "",
    **more: Any,
) -> Iterator[Statistic]:
    """Yield counts and numbers of each subgroup, then overall."""
    for place, label in enumerate(found.labels):
        said = "; ".join(text for text in (found.method, found.reason[place], note) if text)
        name = f"{column}={label}" if place < len(found.labels) - 1 else f"{column}, overall"
        counts = {"n_subjects": found.n_subjects[place].sum(), "n_events": found.n_events[place].sum()}
        for statistic, value in {**counts, **{key: item[place] for key, item in numbers.items()}}.items():
            yield sample.statistic(f"{statistic}[{name}]", float(value), method=said, **more)


def _interaction(
    sample: Sample, column: str, method: str, test: TestResult, **more: Any
) -> Iterator[Statistic]:
    for statistic in TEST:
        name = f"interaction_{statistic}[{column}]"
        value = float(getattr(test, statistic))
        yield sample.statistic(name, value, method=f"{method}; {test.method}", **more)
