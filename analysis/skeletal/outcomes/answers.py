"""Answers of questionnaires, and the value of a scale at each assessment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, InvalidRecords, InvalidStudy, name_some
from skeletal.scores.instruments_eq5d import index_values, profiles_of, read_value_set
from skeletal.scores.scales import EQ5D_ITEMS, items_of, out_of_range, scale_of, scale_values

from .filters import lesion_ids

if TYPE_CHECKING:
    from skeletal.arrays import FloatArray
    from skeletal.records import TrialRecords
    from skeletal.scores.instruments_eq5d import Levels
    from skeletal.scores.scales import Scale
    from skeletal.study import Score

    from .filters import Cohort

# Instruments that may be asked of each lesion.
_OF_LESIONS = ("NRS", "BPI")


def answers_of(records: TrialRecords, subjects: Cohort, instrument: str) -> pd.DataFrame:
    """Return the answered items of an instrument of randomised subjects.

    Columns ``subject lesion_id item visit day written value source source_row``; ``day`` is ``MISSING``
    where the date is not a whole one.
    """
    frame = records["questionnaires"]
    mine = (frame["instrument"] == instrument).fillna(False).to_numpy(dtype=np.bool_)
    mine &= frame["value"].notna().to_numpy(dtype=np.bool_)
    number = subjects.subjects_of(frame)
    mine &= number >= 0
    visit = frame["visit"] if "visit" in frame else pd.Series(pd.NA, index=frame.index, dtype="string")
    rows = pd.DataFrame(
        {
            "subject_id": frame["subject_id"].array,
            "subject": number,
            "lesion_id": lesion_ids(frame),
            "item": frame["item"].array,
            "visit": visit.array,
            "day": subjects.whole_days_of(frame, "date"),
            "written": frame["date"].astype("string").str.slice(0, 10).array,
            "value": frame["value"].to_numpy(dtype=np.float64),
            "source": frame["source"].astype("string").array,
            "source_row": frame["source_row"].to_numpy(dtype=np.int64),
        }
    )
    return rows.loc[mine].reset_index(drop=True)


def score_assessments(records: TrialRecords, subjects: Cohort, units: Cohort, score: Score) -> pd.DataFrame:
    """Return the value of a scale at every assessment: ``unit day visit value category source source_row``.

    Items of one unit and date are one assessment.  An item with the name of the scale is the scale, used as
    it was recorded.  Where BPI or NRS was asked of lesions and the unit is the subject, the worst of that
    day is the subject's, unless it was asked of the subject too.
    """
    rows = answers_of(records, subjects, score.instrument)
    _refuse_items(rows, score)
    scale = _scale(score)
    parts = EQ5D_ITEMS if score.scale == "index" else scale.items
    recorded = rows["item"] == score.scale
    ready = _one_answer(_of_units(rows.loc[recorded], units, score), score)
    values = _ready_values(ready, score, scale)
    items = _one_answer(_of_units(rows.loc[rows["item"].isin(parts) & ~recorded], units, score), score)
    items = items.loc[~_pairs(items).isin(_pairs(values))]
    if len(items):
        values = pd.concat([values, _made_values(items, score, scale)])
    values = values.loc[values["value"].notna()].reset_index(drop=True)
    return values.assign(category=pd.Series(pd.NA, index=values.index, dtype="string"))


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["unit", "written"]])


def worst_value(score: Score) -> float:
    """Return the worst value of a scale; for an EQ-5D index 0, as bad as being dead."""
    if score.worst_value is not None:
        return score.worst_value
    return _scale(score).worst


def _scale(score: Score) -> Scale:
    return scale_of(score.instrument, score.scale, version=score.version, reversed_items=score.reversed_items)


def _refuse_items(rows: pd.DataFrame, score: Score) -> None:
    """Refuse items that the instrument does not have: they would be left out in silence."""
    known = items_of(score.instrument)
    if score.instrument == "NRS":
        return
    unknown = rows.loc[~rows["item"].isin(known)]
    if len(unknown):
        raise InvalidRecords(
            f"questionnaires: {len(unknown)} row(s) with items that {score.instrument} does not have "
            f"({name_some(sorted(unknown['item'].unique()))}; of {_who(unknown)}); its items are "
            f"{', '.join(sorted(known, key=lambda item: (not item.isdigit(), item.zfill(3))))}"
        )


def _who(rows: pd.DataFrame) -> str:
    return name_some(sorted(rows["subject_id"].unique()))


def _of_units(rows: pd.DataFrame, units: Cohort, score: Score) -> pd.DataFrame:
    """Return the rows of the measure's units with their number."""
    if "lesion_id" in units.key:
        unit = units.units_in(rows)
        return rows.assign(unit=unit).loc[unit >= 0]
    rows = rows.assign(unit=rows["subject"])
    if score.instrument not in _OF_LESIONS:
        return rows
    own = rows["lesion_id"].isna()
    asked = rows.loc[own, ["unit", "written", "item"]].drop_duplicates().assign(asked=True)
    also = rows.merge(asked, on=["unit", "written", "item"], how="left")["asked"].notna().to_numpy()
    rows = rows.loc[own.to_numpy() | ~also]
    lesion = rows["lesion_id"].notna()
    by_worst = rows.loc[lesion].sort_values(["value", "lesion_id"], ascending=[False, True], kind="stable")
    worst = by_worst.drop_duplicates(["unit", "written", "item"])
    return pd.concat([rows.loc[~lesion], worst])


def _one_answer(rows: pd.DataFrame, score: Score) -> pd.DataFrame:
    """Return one row a unit, date and item, refusing answers that contradict each other."""
    rows = rows.sort_values(["unit", "written", "item", "source", "source_row"], kind="stable")
    keys = ["unit", "written", "item"]
    once = rows.drop_duplicates([*keys, "value"])
    twice = once.loc[once.duplicated(keys, keep=False)]
    if len(twice):
        raise InvalidRecords(
            f"questionnaires: {score.instrument} has two different answers to one item on one day "
            f"({name_some(sorted(twice['item'].unique()))}; of {_who(twice)}). Keep the right one."
        )
    return once.drop_duplicates(keys)


def _ready_values(rows: pd.DataFrame, score: Score, scale: Scale) -> pd.DataFrame:
    """Return scores that were recorded as such."""
    low, high = sorted(scale.ends)
    wrong = rows.loc[~rows["value"].between(low, high)]
    if len(wrong):
        raise InvalidRecords(
            f"questionnaires: {len(wrong)} value(s) of {score.instrument} {score.scale} outside {low:g} to "
            f"{high:g} (of {_who(wrong)}). Correct them."
        )
    return rows[["unit", "day", "visit", "written", "value", "source", "source_row"]]


def _made_values(rows: pd.DataFrame, score: Score, scale: Scale) -> pd.DataFrame:
    """Return scores made from items."""
    levels = 5 if score.instrument == "EQ-5D-5L" else 3
    index = score.scale == "index"
    _refuse_answers(rows, score, replace(scale, items=EQ5D_ITEMS, answers=(1, levels)) if index else scale)
    first = rows.sort_values(["unit", "written", "source", "source_row"], kind="stable")
    first = first.drop_duplicates(["unit", "written"])
    keys = _pairs(first)
    answers = rows.set_index(["unit", "written", "item"])["value"].unstack("item").reindex(keys)  # noqa: PD010
    if index:
        value = _index_of(answers, score, 5 if levels == 5 else 3)
    else:
        value = scale_values(answers, scale, least_answered=score.least_answered)
    visit = rows.dropna(subset=["visit"]).groupby(["unit", "written"])["visit"].min().reindex(keys)
    made = first[["unit", "day", "written", "source", "source_row"]]
    return made.assign(value=value, visit=visit.astype("string").array)


def _refuse_answers(rows: pd.DataFrame, score: Score, scale: Scale) -> None:
    wrong = rows.loc[out_of_range(rows[["value"]], scale)["value"].to_numpy(dtype=np.bool_)]
    if len(wrong):
        least, most = scale.answers
        raise InvalidRecords(
            f"questionnaires: {len(wrong)} answer(s) of {score.instrument} that are no whole numbers from "
            f"{least:g} to {most:g} (items {name_some(sorted(wrong['item'].unique()))}; of {_who(wrong)}). "
            "Correct them."
        )


def _index_of(answers: pd.DataFrame, score: Score, levels: Levels) -> FloatArray:
    """Return the index of each profile under the value set of the study."""
    if not score.value_set:
        raise InvalidRecords(
            f"questionnaires hold {score.instrument} items, whose index needs a value set: give the measure "
            "value_set = 'file.csv', or record the item 'index'"
        )
    profile = profiles_of(answers.reindex(columns=list(EQ5D_ITEMS)))
    try:
        values = read_value_set(score.value_set, levels)
    except InvalidArgument as error:  # it is the study file that names the value set
        raise InvalidStudy(f"measure {score.label!r}: {error}") from None
    return index_values(profile, values)
