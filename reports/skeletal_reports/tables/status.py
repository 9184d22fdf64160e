"""Where each subject stands: treated, and how follow-up ended."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.records.dates import parse_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.records.schema import TrialRecords
    from skeletal.study import RecordFilter, Study

STATUS_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "ongoing": "In follow-up",
        "completed": "Completed follow-up",
        "died": "Died",
        "withdrew": "Withdrew",
        "lost": "Lost to follow-up",
    }
)
_ENDS = ("died", "withdrew", "lost", "completed")  # the order decides between facts of one day


def subject_status(records: TrialRecords, study: Study) -> pd.DataFrame:
    """Derive how the follow-up of each randomised subject ended.

    The first of death, withdrawal, loss and completion decides; on one day in this order; a fact
    without a date comes before dated ones.  A death after another end is kept in ``died``, so that no
    death is lost.

    Parameters
    ----------
    records : TrialRecords
        Its subjects, disposition and the table of deaths.
    study : Study
        Says which rows are deaths.

    Returns
    -------
    DataFrame
        One row a subject, in the order of the subjects: ``subject_id arm``, ``treated`` (``boolean``:
        a treatment date is recorded; missing where no subject has one), ``status`` ("ongoing",
        "completed", "died", "withdrew", "lost") and ``died`` (``bool``: at any time).
    """
    subjects = records.subjects
    facts = pd.concat([_ends(records), _filtered(records, study.death).assign(status="died")])
    facts["rank"] = facts["status"].map({name: rank for rank, name in enumerate(_ENDS)})
    first = (
        facts.sort_values(["day", "rank"], na_position="first", kind="stable")
        .drop_duplicates("subject_id")
        .set_index("subject_id")["status"]
    )
    dead = set(facts.loc[facts["status"] == "died", "subject_id"])
    result = subjects[["subject_id", "arm"]].reset_index(drop=True)
    treated = pd.Series(pd.NA, index=result.index, dtype="boolean")
    if "treatment_date" in subjects and subjects["treatment_date"].notna().any():
        treated = subjects["treatment_date"].notna().reset_index(drop=True).astype("boolean")
    return result.assign(
        treated=treated,
        status=result["subject_id"].map(first).astype("string").fillna("ongoing"),
        died=result["subject_id"].isin(dead),
    )


def _ends(records: TrialRecords) -> pd.DataFrame:
    """Withdrawals, losses and completions with their days."""
    if "disposition" not in records:
        return _dated(pd.DataFrame({"subject_id": [], "date": [], "status": []}, dtype="string"), "date")
    frame = records["disposition"]
    return _dated(frame.loc[frame["status"].isin(_ENDS[1:])], "date")


def _filtered(records: TrialRecords, rule: RecordFilter) -> pd.DataFrame:
    """Rows of a record table that pass the filter of a rule, with their days."""
    if rule.table not in records:
        return _dated(pd.DataFrame({"subject_id": [], rule.date: []}, dtype="string"), rule.date)
    frame = records[rule.table]
    for column, allowed in rule.where.items():
        frame = frame.loc[frame[column].isin(list(allowed)).fillna(value=False)]
    for column, refused in rule.unless.items():
        frame = frame.loc[~frame[column].isin(list(refused)).fillna(value=False)]
    return _dated(frame, rule.date)


def _dated(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    columns = {"subject_id": frame["subject_id"], "day": parse_dates(frame[column])["earliest"]}
    if "status" in frame:
        columns["status"] = frame["status"]
    return pd.DataFrame(columns)
