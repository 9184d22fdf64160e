"""Pain response, scores and days at home by arm and visit: every unit once, with what became of its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .format import format_count, format_number
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.outcomes import Outcomes
    from skeletal.study import Measure, Study

RESPONSES = {
    "complete": "Complete",
    "partial": "Partial",
    "indeterminate": "Indeterminate",
    "progression": "Progression",
}
STATUSES = {
    "missing": "Missing",
    "structural": "Not collected",
    "intercurrent": "Intercurrent",
    "death": "Died",
    "not_due": "Not due",
}
NOTES = {
    "missing": "Missing: due, but no value.",
    "structural": "Not collected: by design, after the first event that ends collection; no dropout.",
    "intercurrent": "Intercurrent: the strategy for an intercurrent event decides, not what was observed.",
    "death": "Died: before the assessment was due.",
    "not_due": "Not due: follow-up has not reached the assessment.",
}
WORST = "A death or intercurrent event with the worst value counts with that value in mean and SD."
AFTER_DEATH = {
    "lost_days": "Died: the days after death count as not at home.",
    "zero": "Died: a death within the days makes their number 0.",
}


def visits_of(frame: pd.DataFrame) -> list[str]:
    """Return the names of the visits (or horizons) of a measure, in order of their planned day."""
    order = frame.drop_duplicates("visit").sort_values("planned_day", kind="stable")
    return [str(name) for name in order["visit"]]


def measure_table(outcomes: Outcomes, study: Study, measure: str) -> Table:
    """Count by arm and visit what became of each unit, so that the counts of a row add up to its last.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    study : Study
        Gives arms and words.
    measure : str
        Name of the measure.

    Returns
    -------
    Table
        One row an arm and visit.  Pain response: categories; other measures: n, mean, SD, median and
        range of the values that count, and how many were observed.
    """
    declared = study.measures[measure]
    frame = outcomes.measure(measure)
    pain = declared.kind == "pain_response"
    lesions = "lesion_id" in frame
    shown = [name for name in STATUSES if frame["status"].eq(name).any()]
    heads = list(RESPONSES.values()) if pain else ["n", "Mean", "SD", "Median", "Range", "Observed"]
    unit = "All lesions" if lesions else "All subjects"
    columns = (
        Column(header="Arm and visit", align="left"),
        *(Column(header=text) for text in (*heads, *(STATUSES[name] for name in shown), unit)),
    )
    rows: list[Row] = []
    for arm in study.arm_names:
        rows.append(group_row(_arm_words(frame.loc[frame["arm"] == arm], study.arm_label(arm)), len(columns)))
        for visit in visits_of(frame):
            found = frame.loc[(frame["arm"] == arm) & (frame["visit"] == visit)]
            values = _responses(found) if pain else _described(found)
            counts = [int(found["status"].eq(name).sum()) for name in shown]
            cells = [*values, *map(format_count, counts), format_count(len(found))]
            rows.append(Row(cells=(visit, *cells), indent=1))
    return Table(
        name=f"measure-{measure}",
        title=f"{declared.label}: {'responses' if pain else 'values'} by arm and visit",
        columns=columns,
        rows=tuple(rows),
        notes=(
            f"Each {'lesion' if lesions else 'subject'} is in every row of its arm once.",
            f"Population: {declared.population}.",
            *_status_notes(declared, frame, shown),
            data_note(study),
        ),
    )


def _status_notes(declared: Measure, frame: pd.DataFrame, shown: list[str]) -> Iterator[str]:
    """Say what each status that occurs means, and what a value after death or another event is."""
    notes = dict(NOTES)
    if declared.kind == "days_at_home":
        notes["death"] = AFTER_DEATH[declared.after_death]
    yield " ".join(notes[name] for name in shown) or "No value is missing."
    after = frame["status"].isin(["death", "intercurrent"]) & frame["value"].notna()
    if declared.kind == "score" and after.any():
        yield WORST


def _arm_words(frame: pd.DataFrame, label: str) -> str:
    """Words for an arm: with its lesions and subjects where lesions are counted."""
    n_subjects = frame["subject_id"].nunique()
    if "lesion_id" not in frame:
        return f"{label} (N={format_count(n_subjects)})"
    n_lesions = len(frame.drop_duplicates(["subject_id", "lesion_id"]))
    return f"{label} ({counted(n_lesions, 'lesion')} of {counted(n_subjects, 'subject')})"


def counted(n: float, noun: str) -> str:
    """Write a count with its noun: ``1 lesion``, ``12 lesions``."""
    return f"{format_count(n)} {noun}{'' if n == 1 else 's'}"


def _responses(found: pd.DataFrame) -> list[str]:
    observed = found.loc[found["status"] == "observed", "category"]
    return [format_count(int(observed.eq(name).sum())) for name in RESPONSES]


def _described(found: pd.DataFrame) -> list[str]:
    values = found["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    some = values[~np.isnan(values)]
    n_observed = int(found["status"].eq("observed").sum())
    if not some.size:
        return ["0", "-", "-", "-", "-", format_count(n_observed)]
    spread = float(np.std(some, ddof=1)) if some.size > 1 else np.nan
    fine = float(np.abs(some).max()) <= 1  # an index, such as that of EQ-5D
    more, ends = (3, 2) if fine else (1, 0)
    numbers = (format_number(float(np.mean(some)), more), format_number(spread, more))
    median = format_number(float(np.median(some)), more)
    low, high = (format_number(float(end), ends) for end in (some.min(), some.max()))
    return [format_count(some.size), *numbers, median, f"{low} to {high}", format_count(n_observed)]


def response_counts(frame: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Count the responses and statuses of a pain measure by arm and visit.

    Parameters
    ----------
    frame : DataFrame
        ``Outcomes.measure`` of a pain response.
    study : Study
        Gives the arms.

    Returns
    -------
    DataFrame
        ``arm visit outcome n share``: one row an arm, visit and outcome (a response, or the status where
        there is none), in order; ``share`` of all units of the arm.
    """
    outcome = frame["category"].astype("string").where(frame["status"] == "observed", frame["status"])
    return pd.DataFrame(list(_counts(frame.assign(outcome=outcome), study)))


def _counts(frame: pd.DataFrame, study: Study) -> Iterator[dict[str, object]]:
    for arm in study.arm_names:
        for visit in visits_of(frame):
            found = frame.loc[(frame["arm"] == arm) & (frame["visit"] == visit), "outcome"]
            for name in (*RESPONSES, *STATUSES):
                n = int(found.eq(name).sum())
                share = n / len(found) if len(found) else np.nan
                yield {"arm": arm, "visit": visit, "outcome": name, "n": n, "share": share}
