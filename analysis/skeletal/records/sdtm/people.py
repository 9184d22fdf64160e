"""Who a row is about in SDTM: USUBJID of every row, and those of DM who were not randomised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ..convert import as_text
from .variables import short_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .domains import Domains

_NOT_RANDOMISED = {"SCRNFAIL": "Screen Failure", "NOTASSGN": "Not Assigned"}


def people_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series[Any]]:
    """Return USUBJID of each row of each table.

    A person who was screened goes by the subject that has this ``screening_id``, else by the screening id.
    """
    subjects = tables["subjects"]
    known: dict[str, str] = {}
    if "screening_id" in subjects.columns:
        linked = subjects.dropna(subset=["screening_id"]).drop_duplicates("screening_id", keep="first")
        screened = as_text(linked["screening_id"]).tolist()
        known = dict(zip(screened, linked["subject_id"].tolist(), strict=True))
    return {
        name: frame["screening_id"].map(lambda number: known.get(number, number)).astype("string")
        if name == "screening"
        else frame["subject_id"]
        for name, frame in tables.items()
    }


def demographics(domains: Domains, tables: Mapping[str, pd.DataFrame]) -> None:
    """Complete DM: codes of the arms, deaths, and those who were screened and not randomised."""
    (subjects,) = domains.rows["DM"]
    arms = {arm: f"{arm} " for arm in subjects["ARM"].unique().tolist()}  # no code of those not randomised
    codes = short_names([*_NOT_RANDOMISED, *arms.values()])
    subjects = subjects.assign(
        SUBJID=subjects["USUBJID"],
        RFSTDTC=tables["subjects"]["randomised_date"].set_axis(subjects.index),
        ARMCD=subjects["ARM"].map({arm: codes[other] for arm, other in arms.items()}).astype("string"),
        **_deaths(subjects["USUBJID"], tables.get("disposition")),
    )
    domains.rows["DM"] = [subjects]
    others = _not_randomised(subjects, tables)
    if len(others):
        start = len(subjects)
        domains.rows["DM"].append(others.set_axis(pd.RangeIndex(start, start + len(others)), axis=0))


def _deaths(subjects: pd.Series[Any], disposition: pd.DataFrame | None) -> dict[str, pd.Series[Any]]:
    if disposition is None:
        return {}
    died = disposition[(disposition["status"] == "died").fillna(False).to_numpy(dtype=bool)]
    dates = died.drop_duplicates("subject_id").set_index("subject_id")["date"]
    flag = pd.Series("Y", index=subjects.index, dtype="string").where(subjects.isin(dates.index))
    return {"DTHFL": flag, "DTHDTC": subjects.map(dates).astype("string")}


def _not_randomised(subjects: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of DM for persons of ``screening`` who are no subjects."""
    if "screening" not in tables:
        return pd.DataFrame()
    screening = tables["screening"].assign(USUBJID=people_of(tables)["screening"])
    others = screening[~screening["USUBJID"].isin(subjects["USUBJID"])].drop_duplicates("USUBJID")
    failed = pd.Series(False, index=others.index)
    if "eligible" in others.columns:
        failed = ~others["eligible"].fillna(True).astype(bool)
    code = failed.map({True: "SCRNFAIL", False: "NOTASSGN"}).astype("string")
    person = others["USUBJID"]
    return pd.DataFrame(
        {
            "USUBJID": person,
            "SUBJID": person,
            "SITEID": others["site"],
            "ARMCD": code,
            "ARM": code.map(_NOT_RANDOMISED).astype("string"),
        }
    )
