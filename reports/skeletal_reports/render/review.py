"""The findings of a review as one self-contained html page, to be read, filtered and printed."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from skeletal.review_rules import SEVERITIES

from ..tables.format import format_count, format_date
from ..tables.review import change_notes

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.records import TrialRecords
    from skeletal.study import Study

MOST_ROWS = 5000
COLUMNS = ("severity", "category", "rule", "subject_id", "table", "row", "found", "expected", "query")


def render_review(review: pd.DataFrame, study: Study, records: TrialRecords) -> str:
    """Return the findings of a review as one html page.

    Parameters
    ----------
    review : DataFrame
        From :func:`skeletal.records.review_records`.
    study : Study
        Names the trial, and the rules whose severity it changes.
    records : TrialRecords
        What was reviewed.

    Returns
    -------
    str
        The page: counts by severity and category, and the findings, errors first, which a small script
        inside filters.  No address of the network.  Of more than 5,000 findings the first are shown, and
        the page says so: the csv file has all.
    """
    folder = files("skeletal_reports.render")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["count"] = format_count
    template = environment.from_string((folder / "review.html.j2").read_text(encoding="utf-8"))
    style = "".join((folder / name).read_text(encoding="utf-8") for name in ("report.css", "review.css"))
    script = (folder / "review.js").read_text(encoding="utf-8")
    cutoff = records.data_cutoff or study.data_cutoff
    counts = _counts(review)
    return (
        template.render(
            study=study,
            simulated=records.simulated,
            n_subjects=records.n_subjects,
            dated=cutoff is not None,
            as_of=format_date(cutoff) if cutoff else "no data cutoff declared",
            changes=change_notes(study),
            severities=SEVERITIES,
            counts=counts,
            total=len(review),
            rows=_rows(review.iloc[:MOST_ROWS]),
            rules=list(dict.fromkeys(review["rule"])),
            style=Markup(style),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704
        )
        + "\n"
    )


def _counts(review: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return category -> severity -> findings, for categories with some."""
    counted = review.groupby(["category", "severity"]).size()
    return {
        str(category): {severity: int(counted.get((category, severity), 0)) for severity in SEVERITIES}
        for category in sorted(review["category"].unique())
    }


def _rows(review: pd.DataFrame) -> list[dict[str, Any]]:
    shown = review[list(COLUMNS)].astype("string").fillna("")
    return [{str(name): value for name, value in row.items()} for row in shown.to_dict("records")]
