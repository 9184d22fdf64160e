"""Win statistics of each experimental arm against the control."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skeletal.errors import InvalidRecords
from skeletal.outcomes import recurrent_events
from skeletal.pairwise import Priority, recurrent_win_ratio, win_statistics

from .rows import ESTIMATE, TEST, attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from skeletal.pairwise import WinStatistics

    from .rows import Sample, Statistic

SUMMARIES = ("win_ratio", "net_benefit", "win_odds")


def win_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield wins, losses and ties by priority, the three summaries and the test."""
    outcomes = priority_frames(sample)
    margins = sample.analysis.margins or (0,) * len(outcomes)
    for arm, rows, reason in sample.pairs(next(iter(outcomes.values()))):

        def run(rows: pd.DataFrame = rows) -> WinStatistics:
            priorities = [
                Priority(
                    frame.loc[rows.index, "time"].to_numpy(dtype=np.float64),
                    (frame.loc[rows.index, "status"] == 1).to_numpy(dtype=np.int64),
                    margin=float(margin),
                    label=name,
                )
                for (name, frame), margin in zip(outcomes.items(), margins, strict=True)
            ]
            return win_statistics(
                priorities,
                sample.arm_of(rows),
                control=sample.study.control.name,
                strata=sample.strata(rows),
                **sample.analysis.chosen("stratum_weight", "scoring", "conf_level"),
            )

        yield from _rows(sample, arm, tuple(outcomes), *attempt(run, reason))


def priority_frames(sample: Sample) -> dict[str, pd.DataFrame]:
    """Return the time to each priority, one row a subject in the same order."""
    analysis, endpoint = sample.analysis, sample.estimand.endpoint
    parts = sample.outcomes.by_component(endpoint, analysis.estimand)
    frames: dict[str, pd.DataFrame] = {}
    for name in analysis.priorities:
        if name in sample.study.estimands:
            frame = sample.outcomes.first(sample.study.estimands[name].endpoint, name)
        else:
            frame = parts.loc[(parts["component_name"] == name).to_numpy(dtype=np.bool_)]
        frames[name] = frame.reset_index(drop=True)
    names = list(frames)
    for name in names[1:]:
        if list(frames[name]["subject_id"]) != list(frames[names[0]]["subject_id"]):
            raise InvalidRecords(
                f"analysis {sample.name!r}: priorities {names[0]!r} and {name!r} are of other subjects "
                f"({len(frames[names[0]])} and {len(frames[name])}). Give both the same population."
            )
    return frames


def recurrent_win_rows(sample: Sample) -> Iterator[Statistic]:
    """Yield the win statistics of death, then the number and times of episodes."""
    for arm, rows, reason in sample.pairs(sample.frame()):

        def run(rows: pd.DataFrame = rows) -> WinStatistics:
            return recurrent_win_ratio(
                recurrent_events(rows),
                sample.arm_of(rows),
                control=sample.study.control.name,
                strata=sample.strata(rows),
                **sample.analysis.chosen("kind", "conf_level"),
            )

        yield from _rows(sample, arm, (), *attempt(run, reason))


WINS: dict[str, Callable[[Sample], Iterator[Statistic]]] = {
    "win_statistics": win_rows,
    "recurrent_win_ratio": recurrent_win_rows,
}


def _rows(
    sample: Sample, arm: str, priorities: tuple[str, ...], found: WinStatistics | None, reason: str
) -> Iterator[Statistic]:
    contrast = sample.contrast(arm)
    common = {"arm": contrast, "method": found.method if found else reason}
    for summary in SUMMARIES:
        estimate = None if found is None else getattr(found, summary)
        for name in ESTIMATE:
            value = math.nan if estimate is None else float(getattr(estimate, name))
            yield sample.statistic(f"{name}[{summary.replace('_', ' ')}]", value, **common)
    if found is None:
        return
    test = found.finkelstein_schoenfeld
    for name in TEST:
        value = float(getattr(test, name))
        yield sample.statistic(f"{name}[Finkelstein-Schoenfeld]", value, arm=contrast, method=test.method)
    for place, priority in enumerate(priorities):
        yield sample.statistic(f"wins[{priority}]", float(found.wins[place]), unit="pairs", **common)
        yield sample.statistic(f"losses[{priority}]", float(found.losses[place]), unit="pairs", **common)
    yield sample.statistic("ties", float(np.sum(found.ties)), unit="pairs", **common)
