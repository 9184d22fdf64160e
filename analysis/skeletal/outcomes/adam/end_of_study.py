"""How and when each subject's participation ended: EOSSTT, EOSDT, DCSREAS, DCSREASP."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.outcomes.filters import NEVER, as_dates
from skeletal.records.dates import parse_dates

from .variable import Code, Variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.outcomes.outcomes import Outcomes

# Statuses that end participation; of two on one day the first here decides.
REASONS: Mapping[str, str] = MappingProxyType(
    {"died": "DEATH", "withdrew": "WITHDRAWAL", "lost": "LOST TO FOLLOW-UP", "completed": ""}
)


def end_of_study(outcomes: Outcomes) -> dict[str, Any]:
    """Return the columns of ADSL about the end of participation; none without the table disposition.

    The first death, withdrawal, loss or completion decides; a partial date is placed at its first possible
    day, but is not shown.  Deaths are those of the study, on DTHDT.
    """
    if "disposition" not in outcomes.records:
        return {}
    rows = pd.concat([_recorded(outcomes), _deaths(outcomes)], ignore_index=True)
    rows = rows.assign(
        rank=rows["status"].map({status: n for n, status in enumerate(REASONS)}),
        unspecified=rows["reason"].isna(),
    )
    order = ["subject", "day", "rank", "unspecified", "reason"]
    first = rows.sort_values(order, kind="stable").drop_duplicates("subject").set_index("subject")
    first = first.reindex(np.arange(len(outcomes.subjects)))
    left = first["status"].isin(["died", "withdrew", "lost"]).to_numpy()
    return {
        "EOSSTT": np.select(
            [left, (first["status"] == "completed").to_numpy(dtype=np.bool_, na_value=False)],
            ["DISCONTINUED", "COMPLETED"],
            default="ONGOING",
        ),
        "EOSDT": first["shown"].array,
        "DCSREAS": first["status"].map(REASONS).astype("string").array,
        **(
            {"DCSREASP": first["reason"].where(left).astype("string").array}
            if "reason" in outcomes.records["disposition"]
            else {}
        ),
    }


def _recorded(outcomes: Outcomes) -> pd.DataFrame:
    """Return the rows of disposition that end participation; those of a death on its day."""
    frame = outcomes.records["disposition"]
    number = pd.Index(outcomes.subjects["subject_id"]).get_indexer(pd.Index(frame["subject_id"]))
    dates = parse_dates(frame["date"])
    whole = dates["precision"].eq("day").fillna(False).to_numpy(dtype=np.bool_)
    reason = frame["reason"] if "reason" in frame else pd.Series(pd.NA, index=frame.index)
    rows = pd.DataFrame(
        {
            "subject": number,
            "status": frame["status"].astype("string").array,
            "day": dates["earliest"].array,
            "shown": dates["earliest"].where(whole).array,
            "reason": reason.astype("string").array,
        }
    )
    rows = pd.DataFrame(rows.loc[(number >= 0) & rows["status"].isin(list(REASONS)).to_numpy()])
    died = (rows["status"] == "died").to_numpy(dtype=np.bool_)
    death = as_dates(outcomes.deaths.day).reindex(rows["subject"]).to_numpy()
    known = died & ~np.isnat(death)
    return rows.assign(day=np.where(known, death, rows["day"]), shown=np.where(known, death, rows["shown"]))


def _deaths(outcomes: Outcomes) -> pd.DataFrame:
    """Return one row a death of the study, wherever it was recorded."""
    day = outcomes.deaths.day
    number = np.flatnonzero(day < NEVER)
    dates = as_dates(day[number])
    return pd.DataFrame(
        {
            "subject": number,
            "status": pd.array(["died"] * number.size, dtype="string"),
            "day": dates,
            "shown": dates,
            "reason": pd.array([pd.NA] * number.size, dtype="string"),
        }
    )


def end_variables() -> tuple[Variable, ...]:
    """Return the descriptions of the columns."""
    return (
        Variable(
            name="EOSSTT",
            label="End of Study Status",
            kind="text",
            derivation="From the first death, withdrawal, loss to follow-up or completion; of two on one "
            "day in that order. A partial date is placed at its first possible day.",
            source="disposition.status, disposition.date; ADSL.DTHDT",
            codes=(
                Code(value="COMPLETED", meaning="Status completed came first"),
                Code(value="DISCONTINUED", meaning="Death, withdrawal or loss to follow-up came first"),
                Code(value="ONGOING", meaning="None of these is recorded"),
            ),
        ),
        Variable(
            name="EOSDT",
            label="End of Study Date",
            kind="date",
            derivation="Date of the record that decides EOSSTT, for a death DTHDT; missing where it is "
            "partial.",
            source="disposition.date; ADSL.DTHDT",
        ),
        Variable(
            name="DCSREAS",
            label="Reason for Discontinuation from Study",
            kind="text",
            derivation="From the status that decides EOSSTT; empty unless DISCONTINUED.",
            source="disposition.status",
            codes=(
                Code(value="DEATH", meaning="Status died, or a death that the study reads elsewhere"),
                Code(value="WITHDRAWAL", meaning="Status withdrew, whoever decided it"),
                Code(value="LOST TO FOLLOW-UP", meaning="Status lost"),
            ),
        ),
        Variable(
            name="DCSREASP",
            label="Reason Spec for Discont from Study",
            kind="text",
            origin="Predecessor: disposition.reason",
            derivation="As recorded with the status that decides EOSSTT; empty unless DISCONTINUED.",
            source="disposition.reason",
        ),
    )
