"""The flow of participants as counts (CONSORT): screened, randomised, followed, analysed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal_reports.tables.status import subject_status

if TYPE_CHECKING:
    from skeletal.outcomes import Outcomes
    from skeletal.records.schema import TrialRecords
    from skeletal.study import Study

MOST_REASONS = 5
Reasons = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningFlow:
    """Persons screened, and why some were not randomised."""

    n_screened: int
    n_excluded: int
    reasons: Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFlow:
    """Counts of one arm.

    Attributes
    ----------
    arm, label : str
        Name and words.
    n_allocated : int
        Subjects randomised to the arm.
    n_treated : int or None
        With a recorded date of treatment; None where treatment dates are not recorded at all.
    n_ongoing, n_completed, n_died, n_withdrew, n_lost : int
        How follow-up ended; they add up to ``n_allocated``.
    n_died_later : int
        Deaths known after another end of follow-up; among the completed, withdrawn and lost.
    n_analysed : int
        In the analysis of the estimand.
    excluded : tuple of (str, int)
        Reasons for not being analysed; with ``n_analysed`` they add up to ``n_allocated``.
    """

    arm: str
    label: str
    n_allocated: int
    n_treated: int | None
    n_ongoing: int
    n_completed: int
    n_died: int
    n_withdrew: int
    n_lost: int
    n_died_later: int
    n_analysed: int
    excluded: Reasons

    @property
    def n_excluded(self) -> int:
        """Subjects allocated but not analysed."""
        return sum(n for _, n in self.excluded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The flow of participants of one estimand.

    Attributes
    ----------
    estimand : str
        Words for the estimand.
    screening : ScreeningFlow or None
        None where no screening log is there.
    n_randomised : int
        Subjects randomised.
    arms : tuple of ArmFlow
        Control first; one where the study is pooled.
    notes : tuple of str
        What a reader should know of the counts.
    """

    estimand: str
    screening: ScreeningFlow | None
    n_randomised: int
    arms: tuple[ArmFlow, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the counts, one a row: ``stage arm item n``."""
        rows: list[tuple[str, str, str, int]] = []
        if self.screening is not None:
            rows.append(("enrolment", "all", "screened", self.screening.n_screened))
            rows.append(("enrolment", "all", "not randomised", self.screening.n_excluded))
            rows += [("enrolment", "all", f"not randomised: {text}", n) for text, n in self.screening.reasons]
        rows.append(("enrolment", "all", "randomised", self.n_randomised))
        for arm in self.arms:
            rows.append(("allocation", arm.arm, "allocated", arm.n_allocated))
            if arm.n_treated is not None:
                rows.append(("allocation", arm.arm, "treatment date recorded", arm.n_treated))
            for name in ("ongoing", "completed", "died", "withdrew", "lost", "died_later"):
                rows.append(("follow-up", arm.arm, name, getattr(arm, f"n_{name}")))
            rows.append(("analysis", arm.arm, "analysed", arm.n_analysed))
            rows += [("analysis", arm.arm, f"excluded: {text}", n) for text, n in arm.excluded]
        return pd.DataFrame(rows, columns=["stage", "arm", "item", "n"])


def participant_flow(records: TrialRecords, study: Study, outcomes: Outcomes, estimand: str) -> Flow:
    """Count the flow of participants from screening to the analysis of one estimand.

    Parameters
    ----------
    records : TrialRecords
        Subjects, and where they are there the screening log and the disposition.
    study : Study
        Arms, control first; one arm where pooled.
    outcomes : Outcomes
        Who was analysed, and why others were not.
    estimand : str
        Name of the estimand.

    Returns
    -------
    Flow
        The counts; each arm's add up.

    Raises
    ------
    InvalidRecords
        If the subjects of an arm are not those analysed plus those excluded.

    References
    ----------
    Hopewell S et al., CONSORT 2025 statement, PLoS Med 2025, figure 1; deaths are counted apart.
    """
    status = subject_status(records, study)
    arms = tuple(_arm_flow(arm, status, study, outcomes, estimand) for arm in study.arm_names)
    screening = _screening(records)
    notes = []
    if screening is not None:
        logged = screening.n_screened - screening.n_excluded
        if logged != len(status):
            notes.append(
                f"The screening log counts {logged} randomised, the records of subjects {len(status)}."
            )
    return Flow(
        estimand=study.estimands[estimand].label,
        screening=screening,
        n_randomised=len(status),
        arms=arms,
        notes=tuple(notes),
    )


def _screening(records: TrialRecords) -> ScreeningFlow | None:
    if "screening" not in records:
        return None
    log = records["screening"]
    randomised = (
        log["randomised"].fillna(value=False).to_numpy(dtype=bool)
        if "randomised" in log
        else pd.Series(data=False, index=log.index).to_numpy(dtype=bool)
    )
    out = log.loc[~randomised]
    reasons = out.apply(_screening_reason, axis=1) if len(out) else pd.Series(dtype="string")
    return ScreeningFlow(
        n_screened=len(log), n_excluded=len(out), reasons=_top(reasons.astype("string").value_counts())
    )


def _screening_reason(row: pd.Series[str]) -> str:
    """Words for why a person was not randomised: the reason of the log, else what its flags say."""
    reason = row.get("reason")
    if pd.notna(reason) and str(reason).strip():
        return str(reason).strip().replace("_", " ").capitalize()
    for column, words in (("eligible", "Not eligible"), ("consented", "Declined")):
        flag = row.get(column)
        if pd.notna(flag) and not flag:
            return words
    return "Reason not stated"


def _top(counts: pd.Series[int]) -> Reasons:
    """Reasons by frequency, then name; the rarest together where there are more than five."""
    ordered = sorted(
        ((str(name), int(n)) for name, n in counts.items()), key=lambda item: (-item[1], item[0])
    )
    if len(ordered) <= MOST_REASONS:
        return tuple(ordered)
    rest = sum(n for _, n in ordered[MOST_REASONS - 1 :])
    return (*ordered[: MOST_REASONS - 1], ("Other reasons", rest))


def _arm_flow(arm: str, status: pd.DataFrame, study: Study, outcomes: Outcomes, estimand: str) -> ArmFlow:
    rows = status.loc[status["arm"] == arm]
    counts = rows["status"].value_counts()
    excluded = outcomes.exclusions
    left_out = excluded.loc[(excluded["estimand"] == estimand) & (excluded["arm"] == arm), "reason"]
    accounts = outcomes.accounting()
    found = accounts.loc[(accounts["estimand"] == estimand) & (accounts["arm"] == arm), "n_analysed"]
    n_analysed = int(found.sum())
    if n_analysed + len(left_out) != len(rows):
        raise InvalidRecords(
            f"arm {arm!r}: {len(rows)} subjects are randomised, but {n_analysed} analysed and "
            f"{len(left_out)} excluded ({name_some(left_out.unique())}). Derive outcomes from these records."
        )
    treated = rows["treated"]
    died_later = rows["died"] & (rows["status"] != "died")
    return ArmFlow(
        arm=arm,
        label=study.arm_label(arm),
        n_allocated=len(rows),
        n_treated=int(treated.sum()) if status["treated"].notna().any() else None,
        n_ongoing=int(counts.get("ongoing", 0)),
        n_completed=int(counts.get("completed", 0)),
        n_died=int(counts.get("died", 0)),
        n_withdrew=int(counts.get("withdrew", 0)),
        n_lost=int(counts.get("lost", 0)),
        n_died_later=int(died_later.sum()),
        n_analysed=n_analysed,
        excluded=_top(left_out.astype("string").fillna("not stated").str.replace("_", " ").value_counts()),
    )
