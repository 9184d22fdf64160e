"""Eligibility of the subjects and lesions of a trial, criterion by criterion, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, InvalidRecords, name_some

from .eligibility_scores import Frames
from .eligibility_verdicts import (
    Judged,
    LesionCounter,
    joined_reasons,
    judge,
    rules_in_use,
    score_columns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skeletal.arrays import IntArray, LabelArray
    from skeletal.records import TrialRecords
    from skeletal.study import Criterion, Study

    from .eligibility_rules import Quantity

_ALL_PASSED = "Meets every inclusion criterion and no exclusion criterion."
_STATUSES = ("met", "not_met", "not_assessable")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Eligibility:
    """Who is eligible, by which criteria, and why.

    Attributes
    ----------
    criteria : DataFrame
        One row a subject (or lesion) and criterion: subject_id, lesion_id (missing for criteria of
        subjects), criterion, kind, label, status (``met``, ``not_met``, ``not_assessable``: whether the
        condition holds; an exclusion criterion that is met excludes), value (what was found), reason (a
        sentence).
    lesions : DataFrame
        One row a lesion: subject_id, lesion_id, status (``qualifying``, ``not qualifying``, ``not
        assessable``), reasons, and a column for each score that the criteria of lesions ask for.  Without
        rows where the trial has no criteria of lesions.
    subjects : DataFrame
        One row a subject: subject_id, status (``eligible``, ``not eligible``, ``not assessable``), reasons,
        n_lesions and n_qualifying_lesions (missing without criteria or records of lesions), and a column
        for each score that the criteria of subjects ask for.
    declared : tuple of Criterion
        The criteria of the study, in its order.
    """

    criteria: pd.DataFrame
    lesions: pd.DataFrame
    subjects: pd.DataFrame
    declared: tuple[Criterion, ...]

    def summary(self) -> pd.DataFrame:
        """Count the rows of each criterion by status.

        Returns
        -------
        DataFrame
            Columns criterion, kind, label, unit, met, not_met, not_assessable; one row a criterion in the
            order of the study.
        """
        counts = self.criteria.groupby(["criterion", "status"]).size()
        return pd.DataFrame(
            [
                {
                    "criterion": criterion.id,
                    "kind": criterion.kind,
                    "label": criterion.label,
                    "unit": criterion.unit,
                    **{status: int(counts.get((criterion.id, status), 0)) for status in _STATUSES},
                }
                for criterion in self.declared
            ]
        )


def assess_eligibility(records: TrialRecords, study: Study) -> Eligibility:
    """Evaluate the eligibility criteria of a study on the records of each subject and lesion.

    Use it to check who was randomised, and to see what the records cannot answer: where data are missing
    the verdict is ``not assessable``, never eligible.

    Parameters
    ----------
    records : TrialRecords
        Subjects, and lesions where the study has criteria of lesions.
    study : Study
        Its ``eligibility`` says the criteria and its ``eligibility_options`` how unclear places are read.

    Returns
    -------
    Eligibility
        Verdicts of criteria, lesions and subjects with their reasons.

    Raises
    ------
    InvalidArgument
        The study has no eligibility criteria.
    InvalidRecords
        Lesions of subjects who are not in ``subjects``.

    Notes
    -----
    Kleene three-valued logic: a missing value leaves a criterion open unless the rest decides it.  A subject
    is not eligible as soon as one criterion fails, not assessable where none fails but one is open, and
    eligible where all pass; a lesion qualifies by the same rule over the criteria of lesions.  A count of
    lesions lies between those that pass and those that may; it decides a criterion only where both ends do.
    A column that the records do not have leaves every subject open.  R, SAS: none.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> from skeletal.study import load_study
    >>> subjects = pd.DataFrame(
    ...     {"subject_id": ["1"], "arm": ["observational"], "randomised_date": ["2025-03-01"], "age": [17]}
    ... )
    >>> result = assess_eligibility(make_records({"subjects": subjects}), load_study("hermes"))
    >>> result.subjects["status"].item()
    'not eligible'
    >>> result.subjects["reasons"].item()
    'Does not meet "Aged 18 years or more": age 17.'
    """
    if not study.eligibility:
        raise InvalidArgument(
            f"study {study.id!r} has no eligibility criteria: add [[eligibility]] to its file"
        )
    subjects = records.subjects.reset_index(drop=True)
    lesions, owner = _lesions_of(records, subjects)
    owners = subjects.iloc[owner].reset_index(drop=True)
    of_lesions = judge(study, Frames("lesions", lesions, owners), _no_count)
    counter = LesionCounter(
        judged=of_lesions, owner=owner, n_subjects=len(subjects), recorded="lesions" in records
    )
    of_subjects = judge(study, Frames("subjects", subjects, subjects), counter.count)
    lesion_table = _lesion_table(of_lesions, lesions)
    return Eligibility(
        criteria=_criteria_table(study, of_subjects, of_lesions, subjects, lesions, owner),
        lesions=lesion_table,
        subjects=_subject_table(study, of_subjects, counter, subjects, lesion_table),
        declared=study.eligibility,
    )


def _no_count(ids: Sequence[str], words: str) -> Quantity:
    """Refuse to count the lesions of a lesion; the study was checked not to ask for it."""
    raise InvalidArgument(f"a criterion of lesions cannot count {words} by {', '.join(ids)}")


def _lesions_of(records: TrialRecords, subjects: pd.DataFrame) -> tuple[pd.DataFrame, IntArray]:
    """Return the lesions, and the row of the subject of each."""
    columns = ["subject_id", "lesion_id"]
    if "lesions" in records:
        lesions = records["lesions"].reset_index(drop=True)
    else:
        lesions = pd.DataFrame({name: pd.Series(dtype="string") for name in columns})
    owner = pd.Index(subjects["subject_id"]).get_indexer(pd.Index(lesions["subject_id"]))
    if (owner < 0).any():
        unknown = lesions.loc[owner < 0, "subject_id"]
        raise InvalidRecords(
            f"lesions: {len(unknown)} row(s) of subjects who are not in subjects "
            f"({name_some(sorted(set(unknown.astype(str))))}); correct the label or add the subject"
        )
    return lesions, owner.astype(np.int64)


def _criteria_table(
    study: Study,
    of_subjects: Judged,
    of_lesions: Judged,
    subjects: pd.DataFrame,
    lesions: pd.DataFrame,
    owner: IntArray,
) -> pd.DataFrame:
    """Return the rows of all criteria: subjects in their order, then their lesions, then the criteria."""
    first, second = of_subjects.rows, of_lesions.rows
    if len(first):
        missing = pd.Series(pd.NA, index=first.index, dtype="string")
        first = first.assign(subject=first["row"], lesion=-1, lesion_id=missing)
    if len(second):
        number = second["row"].to_numpy(dtype=np.int64)
        labels = lesions["lesion_id"].iloc[number].to_numpy(dtype=object)
        second = second.assign(
            subject=owner[number], lesion=number, lesion_id=pd.array(labels, dtype="string")
        )
    rows = pd.concat([table for table in (first, second) if len(table)], ignore_index=True)
    place = {criterion.id: number for number, criterion in enumerate(study.eligibility)}
    rows = rows.assign(
        place=rows["criterion"].map(place),
        subject_id=subjects["subject_id"].iloc[rows["subject"]].to_numpy(dtype=object),
    ).sort_values(["subject", "lesion", "place"], kind="stable")
    columns = ["subject_id", "lesion_id", "criterion", "kind", "label", "status", "value", "reason"]
    return rows[columns].astype("string").reset_index(drop=True)


def _reasons(judged: Judged, status: LabelArray, words: tuple[str, str], passed: str) -> LabelArray:
    """Return the sentences that decide each row: those it fails, else those that are open."""
    failed, open_ = (joined_reasons(judged.rows, judged.n, verdict) for verdict in ("fails", "open"))
    return np.select([status == words[0], status == words[1]], [failed, open_], passed)


def _lesion_table(judged: Judged, lesions: pd.DataFrame) -> pd.DataFrame:
    if not judged.criteria:
        lesions = lesions.iloc[:0]
    n = len(lesions)
    status = judged.status(("qualifying", "not qualifying", "not assessable"))[:n]
    reasons = _reasons(judged, status, ("not qualifying", "not assessable"), _ALL_PASSED)[:n]
    return pd.DataFrame(
        {
            "subject_id": lesions["subject_id"].astype("string"),
            "lesion_id": lesions["lesion_id"].astype("string"),
            "status": pd.array(status, dtype="string"),
            "reasons": pd.array(reasons, dtype="string"),
            **score_columns(judged),
        }
    )


def _subject_table(
    study: Study,
    judged: Judged,
    counter: LesionCounter,
    subjects: pd.DataFrame,
    lesions: pd.DataFrame,
) -> pd.DataFrame:
    status = judged.status(("eligible", "not eligible", "not assessable"))
    reasons = _reasons(judged, status, ("not eligible", "not assessable"), _ALL_PASSED)
    passes, _, total = counter.bounds()
    known = counter.recorded and bool(counter.judged.criteria)
    if known:
        reasons = reasons + np.where(
            _asks_for_lesions(study, judged, status) & (passes == 0), _by_lesion(lesions, subjects), ""
        )
    counts = {"n_lesions": total, "n_qualifying_lesions": passes}
    return pd.DataFrame(
        {
            "subject_id": subjects["subject_id"].astype("string"),
            "status": pd.array(status, dtype="string"),
            "reasons": pd.array(reasons, dtype="string"),
            **{
                name: pd.array(each if known else [pd.NA] * len(subjects), dtype="Int64")
                for name, each in counts.items()
            },
            **score_columns(judged),
        }
    )


def _asks_for_lesions(study: Study, judged: Judged, status: LabelArray) -> Any:
    """Return which subjects have their status from a criterion that counts lesions."""
    found = np.full(judged.n, False)
    for criterion in judged.criteria:
        if any(rule.lesions is not None for rule in rules_in_use(criterion, study)):
            passes, fails = judged.passing([criterion.id])
            found |= np.where(status == "not assessable", ~passes, fails)
    return found


def _by_lesion(lesions: pd.DataFrame, subjects: pd.DataFrame) -> LabelArray:
    """Return the reasons of the lesions of each subject that do not qualify, joined."""
    rows = lesions.loc[lesions["status"] != "qualifying"]
    text = " Lesion " + rows["lesion_id"].astype(object) + ": " + rows["reasons"].astype(object)
    found = text.groupby(rows["subject_id"].astype(object)).agg("".join).to_dict() if len(rows) else {}
    return np.array([found.get(subject, "") for subject in subjects["subject_id"]], dtype=object)
