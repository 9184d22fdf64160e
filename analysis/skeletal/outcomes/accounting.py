"""Numbers that close: what became of every randomised subject and of every record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .fates import rule_counts
from .filters import NEVER
from .first_event import first_days

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skeletal.arrays import BoolArray

    from .observation import Observation


def exclusions_frame(observation: Observation) -> pd.DataFrame:
    """Return the excluded subjects with the reason."""
    facts = observation.facts
    out = ~facts.analysed
    frame = facts.cohort.frame.loc[out, [*facts.cohort.key, "arm"]].reset_index(drop=True)
    frame.insert(0, "estimand", pd.Series(observation.name, index=frame.index, dtype="string"))
    return frame.assign(reason=pd.Series(facts.reason[out], index=frame.index, dtype="string"))


def accounting_frame(observation: Observation) -> pd.DataFrame:
    """Count the units of each arm by what became of them.

    A subject without a lesion of the endpoint is among the exclusions and no lesion of these counts.
    """
    facts = observation.facts
    event = _with_event(observation)
    competing = (observation.status_of_stop > 0) & ~event
    rows = []
    for arm in facts.study.arm_names:
        mine = (facts.cohort.arm == arm) & facts.cohort.counted
        analysed = mine & facts.analysed
        n_events, n_competing = int((analysed & event).sum()), int((analysed & competing).sum())
        rows.append(
            {
                "estimand": observation.name,
                "arm": arm,
                "unit": facts.endpoint.unit,
                "n_randomised": int(mine.sum()),
                "n_analysed": int(analysed.sum()),
                "n_excluded": int((mine & ~facts.analysed).sum()),
                "n_events": n_events,
                "n_competing": n_competing,
                "n_censored": int(analysed.sum()) - n_events - n_competing,
            }
        )
    return pd.DataFrame(rows)


def _with_event(observation: Observation) -> BoolArray:
    """Return which units have the event, or for recurrent events at least one."""
    if observation.estimand.variable == "first":
        return np.asarray(first_days(observation) < NEVER, dtype=np.bool_)
    event = np.zeros(observation.facts.cohort.size, dtype=np.bool_)
    event[observation.accepted["subject"].to_numpy(dtype=np.int64)] = True
    return event


# What the rules of the audit begin with, and the column that counts them.
RECORD_COUNTS = {
    "counted": "n_counted",
    "merged": "n_merged",
    "rejected": "n_rejected",
    "competes": "n_competes",
    "censors": "n_censors",
    "ignored": "n_ignored",
    "not a component": "n_not_component",
}


def record_accounting_frame(observations: Iterable[Observation]) -> pd.DataFrame:
    """Count the records that each estimand considers by what became of them, without their sentences."""
    return pd.DataFrame([_record_counts(item) for item in observations])


def _record_counts(observation: Observation) -> dict[str, object]:
    found = dict.fromkeys(RECORD_COUNTS.values(), 0)
    for rule, count in rule_counts(observation).items():
        found[RECORD_COUNTS[rule.partition(":")[0]]] += count
    return {
        "endpoint": observation.facts.name,
        "estimand": observation.name,
        "n_records": sum(found.values()),
        **found,
    }
