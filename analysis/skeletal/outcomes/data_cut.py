"""The day on which the data are cut: found from what was known on each day."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, InvalidRecords, name_some
from skeletal.records import cut_records
from skeletal.records.cutoff_days import known_days, last_day, reported, row_known
from skeletal.records.dates import possible_days
from skeletal.study.data_cut import data_cut_problems

from .derive import derive_outcomes
from .endpoint import default_estimand
from .filters import matching, passing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skeletal.records import TrialRecords
    from skeletal.study import DataCut, Estimand, RecordFilter, Study

# More episodes than any subject can have.
_ANY_NUMBER = 10**6


def data_cut_date(records: TrialRecords, study: Study, cut: DataCut | None = None) -> dt.date:
    """Find the last day of which anything is known under the rule of a data cut.

    Use it to plan an event-driven cut, and to repeat it later: the day follows from what was known by then
    alone, so that records which only grow after it give the same day.  A rule by follow-up needs the
    complete list of the randomised.

    Parameters
    ----------
    records : TrialRecords
        The records of a later day.
    study : Study
        Its endpoints, and its ``data_cutoff`` where it has one: nothing after it is known.
    cut : DataCut, optional
        The rule; ``study.data_cut`` if absent.

    Returns
    -------
    date
        By ``date``: that day.  By ``n_events``: the first day at the end of which the records cut at that
        day give so many subjects with an event (or episodes).  By ``follow_up_days``: so many days after
        the randomisation of the last subject, or of the subject in the middle (with an even number, of the
        later of the two).  ``latest`` where the rule is not met by then.

    Raises
    ------
    InvalidArgument
        If there is no rule, or it contradicts the study.
    InvalidRecords
        If the rule is not met in the records: the message says how far they go.  If ``adjudicated`` is
        "confirmed" and a table of the endpoint does not say what was adjudicated.  If a randomisation is
        not dated.  As :func:`derive_outcomes`.

    Notes
    -----
    An event is known on the last of its date, its report and, where asked, its confirming verdict; a table
    without report dates was known at once.  The number known need not rise from day to day: a death
    reported late takes away the events after it.  The day is the first on which the number is reached.
    A day on which less is to be learnt than events are missing is passed over, which changes no result.

    R: no standard function.  SAS: no procedure.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> from skeletal.study import DataCut, load_study
    >>> subjects = pd.DataFrame(
    ...     {"subject_id": ["1", "2"], "arm": ["observational", "upfront-rt"],
    ...      "randomised_date": ["2025-03-01", "2025-06-01"]}
    ... )
    >>> seen = pd.DataFrame({"subject_id": ["1"], "date": ["2026-01-31"], "status": ["alive"]})
    >>> records = make_records({"subjects": subjects, "disposition": seen})
    >>> data_cut_date(records, load_study("hermes"), DataCut(follow_up_days=182))
    datetime.date(2025, 11, 30)
    """
    rule = study.data_cut if cut is None else cut
    if rule is None:
        raise InvalidArgument("the study has no data_cut; give a rule")
    if problems := list(data_cut_problems(study.model_copy(update={"data_cut": rule}))):
        raise InvalidArgument("\n".join(problems))
    known = records if study.data_cutoff is None else cut_records(records, study.data_cutoff)
    if rule.date is not None:
        return _refuse_beyond(rule.date, known)
    end = known.data_cutoff or last_day(known.tables).item()
    if rule.n_events is not None:
        day, found = _events_day(known, study, rule, end)
    else:
        day, found = _follow_up_day(known, rule, end)
    if rule.latest is not None and (day is None or day > rule.latest) and rule.latest <= end:
        return rule.latest
    if day is None or day > end:
        raise InvalidRecords(
            f"the data cannot be cut yet: by {end}, the last day of the records, {found}, or say with "
            "latest on which day to cut at the latest"
        )
    return day


def cut_as_planned(records: TrialRecords, study: Study) -> TrialRecords:
    """Cut records as a study says: by its ``data_cut``, else at its ``data_cutoff``.

    Parameters
    ----------
    records : TrialRecords
        Records that were cut before are returned as they are.
    study : Study
        The protocol; without either the records stay as they are.

    Returns
    -------
    TrialRecords
        As :func:`cut_records`; a cut by rule is the first of the new ``notes``, in words.

    Raises
    ------
    InvalidArgument, InvalidRecords
        As :func:`data_cut_date` and :func:`cut_records`.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> from skeletal_synthetic import simulate_trial
    >>> hermes = load_study("hermes")
    >>> cut_as_planned(simulate_trial(hermes, seed=1, n_subjects=8), hermes).data_cutoff
    datetime.date(2028, 2, 5)
    """
    if records.data_cutoff is not None:
        return records
    if study.data_cut is not None:
        date = data_cut_date(records, study)
        noted = (*records.notes, study.data_cut.sentence(study))
        return cut_records(dataclasses.replace(records, notes=noted), date)
    return records if study.data_cutoff is None else cut_records(records, study.data_cutoff)


def _refuse_beyond(day: dt.date, known: TrialRecords) -> dt.date:
    if known.data_cutoff is not None and day > known.data_cutoff:
        raise InvalidRecords(
            f"the records were cut at {known.data_cutoff}, so that nothing is known to {day}; give an "
            "earlier day, or the uncut records"
        )
    return day


def _follow_up_day(known: TrialRecords, rule: DataCut, end: dt.date) -> tuple[dt.date, str]:
    """Return the day on which the rule by follow-up is met, and how far the records go, in words."""
    days = possible_days(known.subjects["randomised_date"]).latest
    if (undated := np.isnat(days)).any():
        raise InvalidRecords(
            f"subjects: {int(undated.sum())} without randomised_date "
            f"({name_some(known.subjects['subject_id'][undated])}), so that nobody's follow-up can be said "
            "to be the last; fill in the dates"
        )
    last = rule.of == "last_randomised"
    since = np.sort(days)[-1 if last else days.size // 2].item()
    who = "the last randomised subject" if last else "the subject in the middle"
    followed = (end - since).days
    return since + dt.timedelta(days=int(rule.follow_up_days or 0)), (
        f"{who}, randomised on {since}, is followed {followed} days, not {rule.follow_up_days}; wait, say "
        "with data_cutoff of the study to which day the records go"
    )


def _events_day(known: TrialRecords, study: Study, rule: DataCut, end: dt.date) -> tuple[dt.date | None, str]:
    """Return the first day on which so many events were known, and how many there are, in words."""
    study, estimand = _one_endpoint(study, rule)
    if rule.adjudicated == "confirmed":
        _refuse_unadjudicated(known, study, str(rule.endpoint))

    def counted(day: dt.date) -> pd.Series[int]:
        return _counted(cut_records(known, day), study, rule)

    wanted = int(rule.n_events or 0)
    learnt = _days_to_look_at(known, study, estimand, end)
    day = _first_day(learnt, _candidates(known, study, estimand), counted, rule)
    unit = "subjects with an event" if rule.count == "subjects" else "episodes"
    label = study.endpoints[str(rule.endpoint)].label
    proven = ", confirmed by adjudication," if rule.adjudicated == "confirmed" else ""
    if day is not None:
        return day, ""
    return (
        None,
        f"{int(counted(end).sum())} {unit} of {label!r}{proven} are known, not {wanted}; wait, ask for fewer",
    )


def _one_endpoint(study: Study, rule: DataCut) -> tuple[Study, Estimand]:
    """Return the study with nothing but what the count reads, and the estimand that it is."""
    name = str(rule.endpoint)
    variable = "first" if rule.count == "subjects" else "recurrent"
    declared = study.estimands_of(name)
    fitting = (key for key, item in declared.items() if item.variable == variable)
    chosen = rule.estimand or next(fitting, None)
    estimands = {} if chosen is None else {chosen: declared[chosen]}
    parts: dict[str, Any] = {"endpoints": {name: study.endpoints[name]}, "estimands": estimands}
    if all(study.components[item].table != "pain_responses" for item in study.endpoints[name].components):
        parts["measures"] = {}
    found = next(iter(estimands.values()), default_estimand(study, name, variable))
    return study.model_copy(update={**parts, "analyses": {}, "data_cut": None}), found


def _counted(cut: TrialRecords, study: Study, rule: DataCut) -> pd.Series[int]:
    """Return how many events each subject counts in records that were cut."""
    name = str(rule.endpoint)
    if rule.adjudicated == "confirmed":
        cut = _without_unconfirmed(cut, study, name)
    outcomes = derive_outcomes(cut, study)
    frame = outcomes.first(name) if rule.count == "subjects" else outcomes.recurrent(name)
    events = frame.loc[(frame["status"] == 1).to_numpy(), "subject_id"].value_counts()
    return events.clip(upper=1) if rule.count == "subjects" else events


def _refuse_unadjudicated(known: TrialRecords, study: Study, name: str) -> None:
    for component in (study.components[item] for item in study.endpoints[name].components):
        frame = known.tables.get(component.table, pd.DataFrame())
        if "adjudicated" not in frame or not pd.api.types.is_bool_dtype(frame["adjudicated"].dtype):
            raise InvalidRecords(
                f"data_cut counts confirmed events of {name!r}, but table {component.table!r} "
                f"({component.label}) has no column 'adjudicated' of true and false; add it, or count "
                "adjudicated = 'any'"
            )


def _without_unconfirmed(cut: TrialRecords, study: Study, name: str) -> TrialRecords:
    """Leave out the rows of the components of an endpoint whose event nobody had confirmed."""
    tables = dict(cut.tables)
    components = [study.components[item] for item in study.endpoints[name].components]
    for table in {component.table for component in components} & set(tables):
        frame = cut[table]
        read = np.logical_or.reduce([passing(frame, item) for item in components if item.table == table])
        confirmed = frame["adjudicated"].fillna(False).to_numpy(dtype=bool)
        tables[table] = frame[~read | confirmed].reset_index(drop=True)
    return dataclasses.replace(cut, tables=tables)


def _days_to_look_at(
    known: TrialRecords, study: Study, estimand: Estimand, end: dt.date
) -> list[tuple[dt.date, list[str]]]:
    """Return each day on which the count can change, with the subjects of whom something is learnt."""
    learnt = known_days(known.tables)
    zero = possible_days(known.subjects[study.time_zero_of(estimand.endpoint)])
    graces = [study.intercurrent[event].absent_by for event in estimand.intercurrent]
    parts = [learnt]
    for grace in (int(item) for item in graces if item is not None):
        days = zero.latest + np.timedelta64(grace, "D")
        parts.append(pd.DataFrame({"subject_id": known.subjects["subject_id"], "day": days}))
    learnt = pd.concat(parts, ignore_index=True).dropna()
    first = np.fmin.reduce(possible_days(known.subjects["randomised_date"]).latest)
    day = np.maximum(learnt["day"].to_numpy(dtype="datetime64[D]"), first)
    by_end = day <= np.datetime64(end, "D")
    who = pd.Series(learnt["subject_id"].to_numpy(), index=day).loc[by_end].sort_index(kind="stable")
    days, starts = np.unique(who.index.to_numpy(dtype="datetime64[D]"), return_index=True)
    groups = np.split(who.to_numpy(), starts[1:])
    return [(day, list(group)) for day, group in zip(days.tolist(), groups, strict=True)] if len(days) else []


def _counted_filters(study: Study, estimand: Estimand) -> Iterator[RecordFilter]:
    """Yield the filters of all records that the estimand can count as events."""
    components = study.endpoints[estimand.endpoint].components
    yield from (study.components[name] for name in components)
    if estimand.death == "composite":
        yield study.death
    for event, strategy in estimand.intercurrent.items():
        if strategy == "composite":
            yield study.intercurrent[event]


def _candidates(known: TrialRecords, study: Study, estimand: Estimand) -> pd.DataFrame:
    """Return ``subject_id``, ``day`` and ``n``: how many events a subject can have from that day on.

    Each record that passes a filter is one, from the day on which it was known.  Where an event need not
    be a record of its subject alone, any number is possible from the beginning.
    """
    filters = list(_counted_filters(study, estimand))
    unsure = any(item.table not in known or getattr(item, "absent_by", None) is not None for item in filters)
    if unsure or study.endpoints[estimand.endpoint].unit == "lesion":
        who = known.subjects["subject_id"].to_numpy()
        return pd.DataFrame({"subject_id": who, "day": np.datetime64("NaT", "s"), "n": _ANY_NUMBER})
    parts = []
    for item in filters:
        rows = known[item.table].loc[matching(known[item.table], item.where)]
        days = np.fmax(row_known(item.table, rows), reported(rows))
        parts.append(pd.DataFrame({"subject_id": rows["subject_id"].to_numpy(), "day": days, "n": 1}))
    return pd.concat(parts, ignore_index=True)


def _first_day(
    learnt: list[tuple[dt.date, list[str]]],
    candidates: pd.DataFrame,
    counted: Callable[[dt.date], pd.Series[int]],
    rule: DataCut,
) -> dt.date | None:
    """Return the first day on which the events of ``rule`` are counted; None where there is none.

    From one day to another the count rises by no more than the events that those subjects can have of whom
    something was learnt in between, less what they had: days on which that is not enough are passed over.
    """
    wanted = int(rule.n_events or 0)
    largest = 1 if rule.count == "subjects" else _ANY_NUMBER
    can, waiting = dict[str, int](), candidates.sort_values("day", na_position="first")
    coming = list(zip(*(waiting[name].tolist() for name in ("day", "subject_id", "n")), strict=True))
    now, total, gains, place = dict[str, int](), 0, dict[str, int](), 0
    for day, who in learnt:
        while place < len(coming) and not coming[place][0] > pd.Timestamp(day):
            can[coming[place][1]] = can.get(coming[place][1], 0) + coming[place][2]
            place += 1
        gains |= {item: min(can.get(item, 0), largest) - now.get(item, 0) for item in who}
        if total + sum(gains.values()) < wanted:
            continue
        now = {str(key): int(n) for key, n in counted(day).items()}
        total, gains = sum(now.values()), {}
        if total >= wanted:
            return day
    return None
