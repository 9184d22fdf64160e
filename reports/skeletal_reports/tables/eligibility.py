"""Eligibility of the subjects randomised: criteria counted, and who should not have been randomised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .columns import arm_columns
from .format import format_count
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.records.schema import TrialRecords
    from skeletal.scores import Eligibility
    from skeletal.study import Study

STATUSES = {"eligible": "Eligible", "not eligible": "Not eligible", "not assessable": "Not assessable"}
MOST_NAMED = 12


def eligibility_table(eligibility: Eligibility, study: Study) -> Table:
    """Count each criterion over the subjects (or lesions) randomised: met, not met, not assessable.

    Parameters
    ----------
    eligibility : Eligibility
        From ``skeletal.scores.assess_eligibility``.
    study : Study
        Gives the data cutoff.

    Returns
    -------
    Table
        One row a criterion, inclusion before exclusion.
    """
    columns = (
        Column(header="Criterion", align="left"),
        *(Column(header=text) for text in ("Counted", "Met", "Not met", "Not assessable")),
    )
    summary = eligibility.summary()
    rows: list[Row] = []
    for kind, head in (("inclusion", "Inclusion: must be met"), ("exclusion", "Exclusion: must not be met")):
        found = summary.loc[summary["kind"] == kind]
        if len(found):
            rows.append(group_row(head, len(columns)))
        for item in found.to_dict("records"):
            counts = [format_count(item[name]) for name in ("met", "not_met", "not_assessable")]
            label = f"{item['criterion']}: {item['label']}"
            rows.append(Row(cells=(label, f"{item['unit']}s", *counts), indent=1))
    return Table(
        name="eligibility",
        title="Eligibility criteria over the subjects randomised",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Not assessable: the records lack what the criterion asks for; never taken as met.",
            data_note(study),
        ),
    )


def deviations_table(eligibility: Eligibility, records: TrialRecords, study: Study) -> Table:
    """List the subjects randomised who are not eligible, or of whom that cannot be said, with the reason.

    Parameters
    ----------
    eligibility : Eligibility
        From ``skeletal.scores.assess_eligibility``.
    records : TrialRecords
        Its subjects' arms.
    study : Study
        Gives the arms.

    Returns
    -------
    Table
        Counts by arm of the verdicts; then one row a criterion and reason, with the subjects whom it
        concerns, at most twelve by name.
    """
    arm = records.subjects.set_index("subject_id")["arm"]
    subjects = eligibility.subjects.assign(arm=eligibility.subjects["subject_id"].map(arm))
    arms = arm_columns(subjects, study)
    columns = arms.columns("Verdict, reason and subjects")
    reasons = _deciding(eligibility)
    rows: list[Row] = []
    status = subjects["status"].to_numpy(dtype=object)
    for verdict, label in STATUSES.items():
        chosen = status == verdict
        rows.append(arms.counts(label, chosen))
        found = reasons.loc[reasons["verdict"] == verdict]
        for (_, reason), group in found.groupby(["place", "reason"], sort=True):
            who = list(dict.fromkeys(group["subject_id"]))
            flag = subjects["subject_id"].isin(who).to_numpy(dtype=bool)
            rows.append(arms.counts(f"{reason} {_named(who)}", flag, percent=False, indent=1))
    return Table(
        name="deviations",
        title="Subjects randomised by verdict of eligibility",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Number (% of subjects randomised). A subject stands under every criterion that decides.",
            "Nobody is left out of an analysis for being not eligible.",
            data_note(study, records),
        ),
    )


def _deciding(eligibility: Eligibility) -> pd.DataFrame:
    """Criteria of subjects that make them not eligible, or not assessable where none does."""
    rows = eligibility.criteria
    rows = rows.loc[rows["lesion_id"].isna()]
    failing = rows["kind"].map({"inclusion": "not_met", "exclusion": "met"})
    verdict = rows["subject_id"].map(eligibility.subjects.set_index("subject_id")["status"])
    place = {criterion.id: number for number, criterion in enumerate(eligibility.declared)}
    decides = (verdict.eq("not eligible") & rows["status"].eq(failing)) | (
        verdict.eq("not assessable") & rows["status"].eq("not_assessable")
    )
    return rows.assign(verdict=verdict, place=rows["criterion"].map(place)).loc[decides.to_numpy(dtype=bool)]


def _named(who: list[str]) -> str:
    shown = ", ".join(who[:MOST_NAMED])
    return f"({shown}{f' and {format_count(len(who) - MOST_NAMED)} more' if len(who) > MOST_NAMED else ''})"
