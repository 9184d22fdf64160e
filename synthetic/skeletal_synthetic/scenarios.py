"""Which scenario is meant, and the random streams that belong to it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from skeletal.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import FloatArray, IntArray
    from skeletal.study import Scenario, Study

# New topics come last: the streams of those before them stay as they are.
TOPICS = (
    "enrolment",
    "baseline",
    "lesions",
    "screening",
    "courses",
    "events",
    "dressing",
    "visits",
    "columns",
    "imaging",
    "protocol",
    "others",
    "collection",
    "pain",
    "scores",
    "stays",
)
TIME_ZEROS = ("randomised_date", "treatment_date")


def find_scenario(study: Study, name: str) -> Scenario:
    """Return the scenario called ``name``, or say which there are."""
    if name in study.scenarios:
        return study.scenarios[name]
    if not study.scenarios:
        raise InvalidArgument(
            f"study {study.id!r} declares no scenario; "
            f"a simulation needs a table [scenarios.{name}] in its file"
        )
    close = difflib.get_close_matches(str(name), study.scenarios, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise InvalidArgument(
        f"scenario must be one of {', '.join(map(repr, study.scenarios))}, got {name!r}.{hint}"
    )


def check_time_zero(study: Study) -> None:
    """Refuse a study counted from a date whose chances a scenario does not describe."""
    if study.time_zero not in TIME_ZEROS:
        raise InvalidArgument(
            f"a simulated trial counts time from {' or '.join(TIME_ZEROS)}, "
            f"and study {study.id!r} from {study.time_zero!r}"
        )


def streams(study: Study, scenario: str, seed: int, replicate: int = 0) -> dict[str, np.random.Generator]:
    """Return one generator a topic, so that more draws in one topic leave the others as they were."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidArgument(f"seed must be a whole number of at least 0, got {seed!r}")
    root = np.random.SeedSequence(int(seed), spawn_key=(list(study.scenarios).index(scenario), replicate))
    return {
        topic: np.random.Generator(np.random.PCG64(child))
        for topic, child in zip(TOPICS, root.spawn(len(TOPICS)), strict=True)
    }


def by_arm(study: Study, rates: Mapping[str, float], arm: IntArray) -> FloatArray:
    """Return the rate of each subject's arm; ``arm`` counts the study's arms from 0."""
    return np.array([rates[each.name] for each in study.arms], dtype=np.float64)[arm]
