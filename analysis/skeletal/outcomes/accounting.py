"""Every randomised subject exactly once: analysed or excluded, with an event, a competing one or censored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from .observation import Observation


def exclusions_frame(observation: Observation) -> pd.DataFrame:
    """Return the excluded subjects with the reason."""
    facts = observation.facts
    out = ~facts.analysed
    frame = facts.cohort.frame.loc[out, ["subject_id", "arm"]].reset_index(drop=True)
    frame.insert(0, "estimand", pd.Series(observation.name, index=frame.index, dtype="string"))
    return frame.assign(reason=pd.Series(facts.reason[out], index=frame.index, dtype="string"))


def accounting_frame(observation: Observation, frame: pd.DataFrame) -> pd.DataFrame:
    """Count the subjects of each arm by what became of them; ``frame`` is the derived outcome."""
    facts = observation.facts
    event = facts.cohort.ids.isin(frame.loc[frame["status"] == 1, "subject_id"])
    competing = facts.cohort.ids.isin(frame.loc[frame["status"] > 1, "subject_id"]) & ~event
    rows = []
    for arm in facts.study.arm_names:
        mine = facts.cohort.arm == arm
        analysed = mine & facts.analysed
        n_events, n_competing = int((analysed & event).sum()), int((analysed & competing).sum())
        rows.append(
            {
                "estimand": observation.name,
                "arm": arm,
                "n_randomised": int(mine.sum()),
                "n_analysed": int(analysed.sum()),
                "n_excluded": int((mine & ~facts.analysed).sum()),
                "n_events": n_events,
                "n_competing": n_competing,
                "n_censored": int(analysed.sum()) - n_events - n_competing,
            }
        )
    return pd.DataFrame(rows)
