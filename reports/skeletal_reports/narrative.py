"""Sentences of the report: each takes its numbers from the records or, by key, from the results."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skeletal.records import parse_dates

from .provenance import data_as_of
from .tables import Column, Row, Table, format_count, format_date, format_number
from .tables.estimates import UNIT_DAYS, analysis_label
from .tables.format import NOT_ESTIMABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.records import TrialRecords
    from skeletal.study import CensoringRule, Endpoint, Estimand, Study

DEATH = {
    "competing": "death is a competing event",
    "composite": "death counts as an event",
    "censor": "death ends observation (censoring)",
    "ignored": "death plays no part, the censoring rules alone end observation",
}


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


def _duration(days: float, unit: str) -> str:
    if math.isnan(days):
        return NOT_ESTIMABLE
    return f"{format_number(days / UNIT_DAYS[unit], 0 if unit == 'days' else 1)} {unit}"


def _events(results: Results, study: Study) -> Iterator[str]:
    told: set[tuple[str, bool]] = set()
    for name, estimand in study.estimands.items():
        events = (estimand.endpoint, estimand.death == "composite")
        if estimand.variable != "first" or events in told:
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
            f"{format_count(total['n_analysed'])} analysed subjects with the event"
            f"{_by_arm(counts, study)}{after}."
        )


def definitions_text(study: Study) -> str:
    """Say in words how each endpoint is defined and where observation ends (Markdown).

    Parameters
    ----------
    study : Study
        The protocol.

    Returns
    -------
    str
        One item an endpoint with its estimands, then the censoring rules in order.
    """
    lines = [_endpoint(name, endpoint, study) for name, endpoint in study.endpoints.items()]
    rules = [f"  {place}. {_rule(rule)}" for place, rule in enumerate(study.censoring.values(), start=1)]
    return "\n".join([*lines, "- **Observation ends**, in this order of precedence:", *rules])


def _endpoint(name: str, endpoint: Endpoint, study: Study) -> str:
    parts = [study.components[key].label for key in endpoint.components]
    what = "; ".join(parts) if parts else "death from any cause"
    gap = (
        f" Events less than {endpoint.min_gap_days} days after the last {endpoint.gap_anchor} one belong to "
        "the same episode."
        if parts and endpoint.min_gap_days
        else ""
    )
    zero = endpoint.time_zero.removesuffix("_date").replace("_", " ") if endpoint.time_zero else ""
    estimands = "".join(f"\n  - {_estimand(item)}" for item in study.estimands_of(name).values())
    return f"- **{endpoint.label}**, counted from {zero or study.time_zero_label}: {what}.{gap}{estimands}"


def _estimand(estimand: Estimand) -> str:
    more = "".join(
        f"; {name.replace('_', ' ')}: {strategy.replace('_', ' ')}"
        for name, strategy in estimand.intercurrent.items()
    )
    summary = f" {estimand.summary}." if estimand.summary else ""
    code, death = estimand.paramcd, DEATH[estimand.death]
    return f"{estimand.label} ({code}): {death}{more}. {estimand.population}.{summary}"


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


def methods_table(results: Results, study: Study) -> Table:
    """List each analysis with its estimand and the method as its results name it.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the words.

    Returns
    -------
    Table
        One row an analysis that was run.
    """
    rows = []
    for name, analysis in study.analyses.items():
        found = results.select(analysis=name)
        methods = dict.fromkeys(text for text in found["method"].astype(str) if text)
        if methods:
            estimand = study.estimands[analysis.estimand].label
            rows.append(Row(cells=(analysis_label(name, study), estimand, "; ".join(methods))))
    columns = tuple(Column(header=text, align="left") for text in ("Analysis", "Estimand", "Method"))
    return Table(name="methods", title="Methods of the analyses", columns=columns, rows=tuple(rows))


def masking_text(study: Study) -> str:
    """Say what the letters of masked arms tell, and what they do not."""
    text = (
        f"The arms are masked. {study.control.label} is the reference of every contrast by its letter only, "
        "which does not tell the control arm of the trial."
    )
    if len({arm.ratio for arm in study.arms}) > 1:
        text += " Allocation is unequal: the numbers of subjects can tell the arms all the same."
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
