"""Sentences of the report: each takes its numbers from the records or, by key, from the results."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from skeletal.records import parse_dates

from .provenance import data_as_of
from .tables import Column, Row, Table, format_count, format_date, format_number
from .tables.format import NOT_ESTIMABLE
from .tables.outcomes import part_endpoints
from .tables.result_values import UNIT_DAYS, analysis_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.records import TrialRecords
    from skeletal.study import Analysis, CensoringRule, Study

    from .tables.result_values import DisplayUnit


def summary_text(records: TrialRecords, results: Results, study: Study) -> str:
    """Summarise enrolment, follow-up and events in a list (Markdown).

    Parameters
    ----------
    records : TrialRecords
        The records.
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the plan, arms and words.

    Returns
    -------
    str
        One item a fact; counts by arm follow where there is more than one arm.
    """
    lines = [
        f"**Data as of** {format_date(data_as_of(records, study))}.",
        _randomised(records, study),
        *_follow_up(results, study),
        *_events(results, study),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _randomised(records: TrialRecords, study: Study) -> str:
    subjects = records.subjects
    dates = parse_dates(subjects["randomised_date"])["earliest"].dropna()
    between = f" between {dates.min():%Y-%m-%d} and {dates.max():%Y-%m-%d}" if len(dates) else ""
    sites = subjects["site"].nunique() if "site" in subjects else 0
    where = f" at {format_count(sites)} site{'s' if sites > 1 else ''}" if sites else ""
    counts = subjects["arm"].value_counts()
    arms = _by_arm({name: format_count(int(counts.get(name, 0))) for name in study.arm_names}, study)
    share = format_count(records.n_subjects, study.n_subjects).split(" ", maxsplit=1)[-1].strip("()")
    return (
        f"**Randomised:** {format_count(records.n_subjects)} of {format_count(study.n_subjects)} planned "
        f"subjects ({share}){between}{where}{arms}."
    )


def _by_arm(values: dict[str, str], study: Study) -> str:
    """Values by arm in words; nothing where there is one arm."""
    if len(study.arms) < 2:
        return ""
    return f" ({_listed(values, study)})"


def _listed(values: dict[str, str], study: Study) -> str:
    """``Arm A: 5; Arm B: 7``, a short label kept on one line with its value."""
    words = {name: study.arm_label(name) for name in values}
    kept = {name: text.replace(" ", "\u00a0") if len(text) < 12 else text for name, text in words.items()}
    return "; ".join(f"{kept[name]}:\u00a0{value}" for name, value in values.items())


def _follow_up(results: Results, study: Study) -> Iterator[str]:
    curves = [key for key, item in study.analyses.items() if item.method == "kaplan_meier"]
    name = next((key for key in curves if _is_death(key, study)), curves[0] if curves else None)
    if name is None:
        return
    rows = results.select(analysis=name, statistic="median_follow_up").set_index("arm")["value"]
    unit = study.report.display_unit
    values = {
        arm: _duration(results.value(f"{name}/{arm}/median_follow_up"), unit)
        for arm in study.arm_names
        if arm in rows.index
    }
    if values:
        shown = _listed(values, study) if len(study.arms) > 1 else "; ".join(values.values())
        label = analysis_label(name, study)
        yield f"**Median follow-up** (reverse Kaplan-Meier of “{label}”): {shown}."


def _is_death(name: str, study: Study) -> bool:
    """Whether an analysis is about death alone."""
    endpoint = study.estimands[study.analyses[name].estimand].endpoint
    return not study.endpoints[endpoint].components


def _duration(days: float, unit: DisplayUnit) -> str:
    if math.isnan(days):
        return NOT_ESTIMABLE
    return f"{format_number(days / UNIT_DAYS[unit], 0 if unit == 'days' else 1)} {unit}"


def _events(results: Results, study: Study) -> Iterator[str]:
    told: set[tuple[str, bool]] = set()
    parts = part_endpoints(study)
    for name, estimand in study.estimands.items():
        events = (estimand.endpoint, estimand.death == "composite")
        endpoint = study.endpoints[estimand.endpoint]
        if estimand.variable != "first" or events in told or estimand.endpoint in parts:
            continue
        told.add(events)
        rows = results.select(analysis=f"{name}-accounting")
        total = rows.groupby("statistic")["value"].sum()
        counts = {
            arm: format_number(results.value(f"{name}-accounting/{arm}/n_events")) for arm in study.arm_names
        }
        competing = total.get("n_competing", 0.0)
        after = f", {format_count(competing)} with the competing event" if competing else ""
        yield (
            f"**{estimand.label}:** {format_count(total['n_events'], total['n_analysed'])} of "
            f"{format_count(total['n_analysed'])} analysed {endpoint.unit}s with the event"
            f"{_by_arm(counts, study)}{after}."
        )


def observation_text(study: Study) -> str:
    """Say in words where observation of a subject ends (Markdown).

    Parameters
    ----------
    study : Study
        The protocol.

    Returns
    -------
    str
        The censoring rules in order; then the endpoints that follow only some of them.
    """
    rules = [f"{place}. {_rule(rule)}" for place, rule in enumerate(study.censoring.values(), start=1)]
    numbers = {name: place for place, name in enumerate(study.censoring, start=1)}
    own = [
        f"- {endpoint.label}: only {', '.join(str(numbers[name]) for name in endpoint.censoring)}."
        for endpoint in study.endpoints.values()
        if endpoint.censoring is not None and set(endpoint.censoring) != set(study.censoring)
    ]
    text = "\n".join(["Observation ends, in this order of precedence:", "", *rules])
    return text + ("\n\nEndpoints that follow some of these rules:\n\n" + "\n".join(own) if own else "")


def _rule(rule: CensoringRule) -> str:
    kind = "events after it do not count" if rule.role == "limit" else "dates the censoring"
    return f"{rule.label} ({kind})."


CONVENTIONS = (
    "Times are whole days: date less the date of time zero, plus 1, so that time zero is day 1.",
    "A month is 30.4375 days and a year 365.25.",
    "At a tied time, events come before censorings; a subject counts as at risk just before a time.",
    "Intervals are pointwise 95% unless a method says otherwise.",
    "P-values are two-sided, and not adjusted for multiplicity or for looks.",
    "NE means not estimable. Decimals are rounded half away from zero.",
)


def conventions_text() -> str:
    """Return the conventions that every number of the report follows (Markdown)."""
    return "\n".join(f"- {line}" for line in CONVENTIONS)


COUNTED = re.compile(
    r"; \d+ of \d+ (?:censored before|evaluable).*|, \d+ and \d+ values$"
    r"| [\d.]+ of [\d.]+(?=;|$)"
)
CLUSTERS = re.compile(r"\bby \d+ (subject|cluster)s\b")


def methods_table(results: Results, study: Study) -> Table:
    """List each method, as the results name it, with the analyses that use it.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the words.

    Returns
    -------
    Table
        One row a method, in the order of the analyses that were run.
    """
    users: dict[str, list[str]] = {}
    for name, analysis in study.analyses.items():
        found = results.select(analysis=name)
        texts = dict.fromkeys(_method(item) for item in found["method"].astype(str) if item)
        known = [text for text in texts if not text.startswith("not estimable")]
        for text in known or texts:
            label, reads = analysis_label(name, study), _reads(analysis, study)
            users.setdefault(text, []).append(label if label == reads else f"{label} ({reads})")
    rows = [Row(cells=(text, "; ".join(labels))) for text, labels in users.items()]
    columns = tuple(
        Column(header=text, align="left") for text in ("Method", "Analysis (estimand or measure)")
    )
    return Table(name="methods", title="Methods of the analyses", columns=columns, rows=tuple(rows))


def _method(text: str) -> str:
    """Return the words of a method without the counts of its arm and time."""
    return CLUSTERS.sub(r"by \1", COUNTED.sub("", text))


def _reads(analysis: Analysis, study: Study) -> str:
    """Words for the estimand or measure of an analysis."""
    if analysis.measure:
        return study.measures[analysis.measure].label
    return study.estimands[analysis.estimand].label


def masking_text(study: Study) -> str:
    """Say what the letters of masked arms tell, and what they do not."""
    text = (
        f"The arms are masked. {study.control.label} is the reference of every contrast by its letter only, "
        "which does not tell the control arm of the trial."
    )
    if len({arm.ratio for arm in study.arms}) > 1:
        text += " Allocation is unequal: the numbers of subjects can tell the arms all the same."
    if any(
        event.table == "procedures" for event in (*study.components.values(), *study.intercurrent.values())
    ):
        text += " So can procedures that only one treatment brings with it."
    if study.measures:
        text += (
            " Imputation from the control arm, and shifts of the imputed values of one arm, are left out: "
            "they would tell it."
        )
    return text


def planned_text(study: Study) -> str:
    """Say which looks at the data were planned (Markdown)."""
    if not study.looks:
        return "The study file declares no planned looks."
    looks = []
    for look in study.looks:
        when = f", {format_date(look.date)}" if look.date else ""
        share = f", information {format_number(look.info_frac, 2)}" if look.info_frac is not None else ""
        looks.append(f"{look.name}{when}{share}")
    return f"Planned looks: {'; '.join(looks)}."
