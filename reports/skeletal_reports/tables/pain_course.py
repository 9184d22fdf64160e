"""The course of pain by arm: best response, time to it, how long it lasts, flare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal.data import RightCensored
from skeletal.survival import kaplan_meier

from .columns import ArmColumns, arm_columns
from .format import format_number
from .measures import RESPONSES
from .result_values import ne_note
from .table import Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from skeletal.arrays import BoolArray
    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

ENDS = ("progression", "loss of response", "intercurrent event")


def pain_course_table(outcomes: Outcomes, study: Study, measure: str) -> Table:
    """Describe by arm the best response, the time to a response, its duration and flares.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    study : Study
        Gives arms and words.
    measure : str
        Name of a measure of kind pain_response.

    Returns
    -------
    Table
        Each unit analysed has one best response or none assessed; medians of the duration are Kaplan-Meier.
    """
    declared = study.measures[measure]
    frame = outcomes.pain_course(measure).reset_index(drop=True)
    arms = arm_columns(frame, study)
    columns = arms.columns()
    return Table(
        name=f"pain-course-{measure}",
        title=f"{declared.label}: best response, its time and duration",
        columns=columns,
        rows=(rows := tuple(_rows(frame, arms, len(columns)))),
        notes=(
            f"N: {'lesions' if 'lesion_id' in frame else 'subjects'} analysed. Number (% of those analysed).",
            "Duration: from the first response to the first assessment without one; Kaplan-Meier median.",
            "A response that still holds is censored at the last assessment.",
            *ne_note(rows),
            data_note(study),
        ),
    )


def _rows(frame: pd.DataFrame, arms: ArmColumns, width: int) -> Iterator[Row]:
    if "lesion_id" in frame:
        first = ~frame["subject_id"].duplicated().to_numpy(dtype=bool)
        yield arms.counts("Subjects with a lesion analysed", first, percent=False)
    yield group_row("Best response", width)
    best = frame["best_response"].astype("string").fillna("").to_numpy(dtype=object)
    for name, label in RESPONSES.items():
        yield arms.counts(label, best == name, indent=1)
    yield arms.counts("None assessed", best == "", indent=1)
    yield group_row("First response", width)
    responds = frame["response_date"].notna().to_numpy(dtype=bool)
    yield arms.counts("With a response, complete or partial", responds, indent=1)
    days = frame["response_time"].to_numpy(dtype=np.float64, na_value=np.nan)
    yield Row(cells=("Median day of it", *_medians(days, responds, arms)), indent=1)
    reason = frame["end_reason"].astype("string").fillna("").to_numpy(dtype=object)
    for name in ENDS:
        if (reason == name).any():
            yield arms.counts(f"Ended by {name}", reason == name, indent=1)
    ended = frame["ended"].to_numpy(dtype=bool, na_value=False)
    duration = frame["duration"].to_numpy(dtype=np.float64, na_value=np.nan)
    texts = [_duration(duration[member & responds], ended[member & responds]) for member in arms.members]
    yield Row(cells=("Median duration, days (95% CI)", *texts), indent=1)
    yield arms.counts("Pain flare", frame["flare"].to_numpy(dtype=bool, na_value=False))


def _medians(days: np.ndarray, responds: BoolArray, arms: ArmColumns) -> list[str]:
    chosen = [days[member & responds] for member in arms.members]
    return [format_number(float(np.median(some)), 0) if some.size else "-" for some in chosen]


def _duration(duration: np.ndarray, ended: BoolArray) -> str:
    """Kaplan-Meier median with its limits; a dash without responders."""
    if not duration.size:
        return "-"
    found = kaplan_meier(RightCensored(duration, ended)).quantile([0.5]).iloc[0]
    low, high = (format_number(float(found[name])) for name in ("lower", "upper"))
    return f"{format_number(float(found['estimate']))} ({low} to {high})"
