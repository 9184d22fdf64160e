"""Every contradiction of the records with the study and with themselves, listed at once."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.review_rules import REVIEW_RULES, SEVERITIES

from . import (
    after,
    arms,
    completeness,
    contradictions,
    duplicates,
    keys,
    order,
    plausibility,
    schema,
    units,
    visits,
)
from .facts import gather_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.review_rules import Severity
    from skeletal.study import Study

    from ..schema import TrialRecords
    from .findings import Check

COLUMNS = ("rule", "category", "severity", "subject_id", "table", "row", "found", "expected", "query")
_MODULES = (
    after,
    arms,
    completeness,
    contradictions,
    duplicates,
    keys,
    order,
    plausibility,
    schema,
    units,
    visits,
)


def _check_of(name: str) -> Check:
    """Return the function that bears the name of a rule."""
    if name in order.ORDERED:
        return order.ORDERED[name]
    found: Check = next(getattr(module, name) for module in _MODULES if hasattr(module, name))
    return found


CHECKS: Mapping[str, Check] = MappingProxyType({name: _check_of(name) for name in REVIEW_RULES})


def review_records(records: TrialRecords, study: Study) -> pd.DataFrame:
    """List every contradiction of the records with the study and with themselves.

    Use it before any analysis, and send the queries to the sites.  It judges no outcome and repairs
    nothing.

    Parameters
    ----------
    records : TrialRecords
        The records.
    study : Study
        Says which rows are events, which are deaths, which date is time zero, which visits are planned
        and which treatment departs from an arm; ``study.review`` changes the severity of rules.

    Returns
    -------
    DataFrame
        One row a finding, errors first: ``rule``, ``category``, ``severity``, ``subject_id``, ``table``,
        ``row`` (of the file that the row came from, counted from 1 below the header), ``found``,
        ``expected`` (what must hold) and ``query`` (a sentence to the site).  "error": a number depends on
        which record is true, so no analysis should be read before it is resolved.  "warning": the analysis
        has a rule for it, but somebody should look.  "note": a convention of the study decides.

    Notes
    -----
    Partial dates are compared by their bounds: a rule speaks only where no possible day satisfies it.  The
    rules are those of :data:`skeletal.review_rules.REVIEW_RULES`; one that needs a table, a column or a
    part of the study that is not there finds nothing.

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
    >>> review = review_records(make_records({"subjects": subjects}), load_study("hermes"))
    >>> review["rule"].tolist()
    ['no_follow_up', 'empty_arm', 'randomised_before_consent']
    >>> print(review["query"].iloc[-1])
    Subject S1, subjects row 1: the consent is dated 2025-03-02, after the randomisation on 2025-03-01. Please correct one of the dates.
    """  # noqa: E501 - a sentence to be read
    facts = gather_facts(records, study)
    severity = _severities(study)
    parts = []
    for name in sorted(CHECKS, key=lambda name: SEVERITIES.index(severity[name])):
        found = CHECKS[name](facts)
        if not found.empty:
            rule = REVIEW_RULES[name]
            parts.append(
                found.assign(
                    rule=name,
                    category=rule.category,
                    severity=severity[name],
                    expected=found["expected"].mask(found["expected"] == "", rule.expected),
                    request=found["request"].mask(found["request"] == "", rule.request),
                )
            )
    if not parts:
        return _typed(pd.DataFrame({name: [] for name in COLUMNS}))
    listed = pd.concat(parts, ignore_index=True)
    return _typed(listed.assign(query=_queries(listed))[list(COLUMNS)])


def _severities(study: Study) -> dict[str, Severity]:
    """Return the severity of each rule in a study."""
    severity = {name: rule.severity for name, rule in REVIEW_RULES.items()}
    filters = (study.death, *study.components.values(), *study.intercurrent.values())
    measured = any(measure.kind == "days_at_home" for measure in study.measures.values())
    if not (measured or any(rule.table == "stays" for rule in filters)):
        severity["discharge_before_admission"] = "warning"  # no number of the study reads a stay
    return severity | {name: change.severity for name, change in study.review.items()}


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: "Int64" if name == "row" else "string" for name in COLUMNS})


def _queries(listed: pd.DataFrame) -> pd.Series[str]:
    """Return the sentences to the sites: where, what was found, what is asked."""
    row = listed["row"].astype("string")
    place = listed["table"] + (" row " + row).fillna("")
    who = ("Subject " + listed["subject_id"] + ", ").fillna("Table ")
    sentence: pd.Series[str] = who + place + ": " + listed["found"].fillna("") + ". " + listed["request"]
    return sentence
