"""No numbers from records that contradict themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords, name_some

if TYPE_CHECKING:
    import pandas as pd


def refuse_errors(review: pd.DataFrame) -> None:
    """Raise InvalidRecords where a review found errors: one sentence for each rule."""
    errors = review.loc[review["severity"] == "error"]
    problems = []
    for rule, rows in errors.groupby("rule", sort=True):
        found = [f"{row.table} row {row.row}, {row.subject_id}: {row.found}" for row in rows.itertuples()]
        expected = str(rows["expected"].iloc[0])
        problems.append(
            f"{rule}, {len(rows)} time(s): {name_some(found)}. Expected: {expected}. Correct the records, or "
            f"say in the study file why it does not matter ([review.{rule}])."
        )
    if problems:
        raise InvalidRecords(problems)
