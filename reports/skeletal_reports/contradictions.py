"""No numbers from records that contradict themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.review_rules import REVIEW_RULES

if TYPE_CHECKING:
    from typing import Any


def refuse_errors(review: pd.DataFrame) -> None:
    """Raise InvalidRecords where a review found errors: one sentence for each rule."""
    errors = review.loc[review["severity"] == "error"]
    problems = []
    for rule, rows in errors.groupby("rule", sort=True):
        found = [_place(row) for row in rows.itertuples()]
        expected = str(rows["expected"].iloc[0])
        request = REVIEW_RULES[str(rule)].request.rstrip(".")
        times = "once" if len(rows) == 1 else f"{len(rows)} times"
        problems.append(
            f"{rule}, {times}: {name_some(found)}. Expected: {expected}. {request}, or say in the "
            f"study file why it does not matter ([review.{rule}])."
        )
    if problems:
        raise InvalidRecords(problems)


def _place(row: Any) -> str:
    """Return where and of whom a finding is, as far as it is known, and what was found."""
    where = row.table if pd.isna(row.row) else f"{row.table} row {row.row}"
    who = "" if pd.isna(row.subject_id) else f", {row.subject_id}"
    return f"{where}{who}: {row.found}"
