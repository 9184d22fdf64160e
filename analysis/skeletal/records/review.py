"""Every contradiction of the records with the study and with themselves, listed at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from . import review_dates, review_rows, review_values
from .review_dates import in_order
from .review_facts import gather_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from skeletal.study import Study

    from .review_facts import Facts
    from .schema import TrialRecords

Severity = Literal["error", "warning", "note"]
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One contradiction to look for."""

    name: str
    severity: Severity
    check: Callable[[Facts], pd.DataFrame]


def _rules(severity: Severity, **checks: Callable[[Facts], pd.DataFrame]) -> tuple[Rule, ...]:
    return tuple(Rule(name=name, severity=severity, check=check) for name, check in checks.items())


RULES: tuple[Rule, ...] = (
    # A number depends on which of two records is true.
    *_rules(
        "error",
        unknown_subject=review_rows.unknown_subject,
        unknown_arm=review_rows.unknown_arm,
        duplicate_key=review_rows.duplicate_key,
        event_after_death=review_dates.event_after_death,
        conflicting_deaths=review_dates.conflicting_deaths,
        death_before_start=review_dates.death_before_start,
        death_without_date=review_dates.death_without_date,
        partial_time_zero=review_dates.partial_time_zero,
        impossible_start_or_death=review_dates.impossible_start_or_death,
        discharge_before_admission=in_order(
            "stays", "admission_date", "discharge_date", "correct one of the dates"
        ),
    ),
    # The analysis has a rule for it, but somebody should look.
    *_rules(
        "warning",
        not_randomised=review_rows.not_randomised,
        missing_time_zero=review_dates.missing_time_zero,
        missing_value=review_rows.missing_value,
        component_without_date=review_dates.component_without_date,
        repeated_deaths=review_dates.repeated_deaths,
        repeated_row=review_rows.repeated_row,
        seen_after_death=review_dates.seen_after_death,
        status_after_death=review_dates.status_after_death,
        implausible_date=review_dates.implausible_date,
        out_of_range=review_rows.out_of_range,
        after_cutoff=review_dates.after_cutoff,
        randomised_before_consent=in_order(
            "subjects", "consent_date", "randomised_date", "check both dates; consent comes first"
        ),
        treatment_before_randomisation=in_order(
            "subjects", "randomised_date", "treatment_date", "check both dates; randomisation comes first"
        ),
        performed_before_indicated=in_order(
            "procedures", "indicated_date", "performed_date", "check both dates; the indication comes first"
        ),
        stop_before_start=in_order("therapies", "start_date", "stop_date", "check both dates"),
        reported_before_event=in_order(
            "events", "date", "reported_date", "check both dates; a report follows its event"
        ),
        reported_before_status=in_order(
            "disposition", "date", "reported_date", "check both dates; a report follows its fact"
        ),
        negative_after_event=in_order(
            "events", "last_negative_date", "date", "check both dates; the last negative film comes first"
        ),
        unknown_lesion=review_rows.unknown_lesion,
        no_follow_up=review_dates.no_follow_up,
        empty_arm=review_rows.empty_arm,
        unmatched_value=review_values.unmatched_value,
    ),
    # A convention of the study decides; listed so that nothing happens unseen.
    *_rules(
        "note",
        before_time_zero=review_dates.before_time_zero,
        partial_date=review_dates.partial_date,
        missing_site=review_rows.missing_site,
    ),
)


def review_records(records: TrialRecords, study: Study) -> pd.DataFrame:
    """List every contradiction of the records with the study and with themselves.

    Use it before any analysis, and send the list to the data managers.  It judges no outcome and repairs
    nothing.

    Parameters
    ----------
    records : TrialRecords
        The records.
    study : Study
        Says which rows are events, which are deaths, and which date is time zero.

    Returns
    -------
    DataFrame
        One row a contradiction, errors first: ``rule``, ``severity``, ``subject_id``, ``table``, ``row``
        (of the file that the row came from, counted from 1 below the header), ``found``, ``suggestion``.
        "error": a number depends on which record is true, so no analysis should be read before it is
        resolved.  "warning": the analysis has a rule for it, but somebody should look.  "note": a
        convention of the study decides.

    Notes
    -----
    Partial dates are compared by their bounds: a rule speaks only where no possible day satisfies it.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> from skeletal.study import load_study
    >>> subjects = pd.DataFrame(
    ...     {
    ...         "subject_id": ["S1"],
    ...         "arm": ["upfront-rt"],
    ...         "randomised_date": ["2025-03-01"],
    ...         "consent_date": ["2025-03-02"],
    ...     }
    ... )
    >>> review_records(make_records({"subjects": subjects}), load_study("hermes"))["rule"].tolist()
    ['randomised_before_consent', 'no_follow_up', 'empty_arm']
    """
    facts = gather_facts(records, study)
    parts = []
    for rule in RULES:
        found = rule.check(facts)
        if not found.empty:
            parts.append(found.assign(rule=rule.name, severity=rule.severity))
    columns = ["rule", "severity", "subject_id", "table", "row", "found", "suggestion"]
    if not parts:
        return pd.DataFrame(
            {name: pd.Series(dtype="Int64" if name == "row" else "string") for name in columns}
        )
    listed = pd.concat(parts, ignore_index=True)[columns]
    return listed.astype({"rule": "string", "severity": "string"})
