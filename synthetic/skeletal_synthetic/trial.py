"""A whole simulated trial as raw records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument
from skeletal.records import make_records
from skeletal.records.schema import TABLES

from .baseline import count_lesions, draw_lesions, draw_screening, draw_subjects
from .enrolment import draw_enrolment, number, rank_within
from .events import add_treatments, check_components, draw_events
from .hazards import draw_courses
from .records import event_tables, protocol_procedures, stack, who_is_treated
from .scenarios import check_time_zero, find_scenario, streams
from .visits import draw_disposition, draw_visits

if TYPE_CHECKING:
    import datetime as dt

    from skeletal.arrays import FloatArray, LabelArray
    from skeletal.records.schema import TrialRecords
    from skeletal.study import CensoringRule, RecordFilter, Study

    from .enrolment import Enrolment

Columns = dict[str, Any]


def simulate_trial(
    study: Study, *, scenario: str = "planning", seed: int, n_subjects: int | None = None
) -> TrialRecords:
    """Draw the raw records of a whole trial under one of the study's scenarios.

    Use it to rehearse a study's analyses and reports on records of known truth
    (:func:`~skeletal_synthetic.true_values`).  It is no model of what a trial will find: every number is
    an assumption that the study file states.

    Parameters
    ----------
    study : Study
        Its time zero is ``randomised_date`` or ``treatment_date``.
    scenario : str
        Name of one of the study's scenarios.
    seed : int
        At least 0.  The same study, scenario, seed and size give the same records.
    n_subjects : int, optional
        Number of randomised subjects; the study's if absent.

    Returns
    -------
    TrialRecords
        The tables subjects, screening, lesions, assessments, disposition, those that the components read,
        and procedures where the protocol gives local treatment.  The trial is complete: it is not cut at
        the study's ``data_cutoff``.  An empty table is left out.

    Raises
    ------
    InvalidArgument
        If the study has no such scenario, the seed or the size is no such number, the study's time zero is
        another date, or a component reads a table in which events cannot be simulated.

    Notes
    -----
    Dates of randomisation are uniform over the accrual; sites have random shares; arms come in permuted
    blocks of twice the sum of the ratios within a site.  Given a gamma frailty z of mean 1, events are a
    Poisson process with rate ``event_rate * z`` from time zero on, and death is exponential from
    randomisation with rate ``death_rate * z ** frailty_death_power``; dropout is exponential and
    independent.  A continuous time t falls on the day ``floor(t)`` after its origin, so that the analysis
    time (date - time zero + 1) is at most h exactly if t < h.  Who dies or leaves before treatment has no
    ``treatment_date``, and, where that is time zero, no events.  Half of the events that a procedure of
    the study can treat are followed by it within the gap; such a row names its event in
    ``related_event_id``.

    R: frailtypack and reReg simulate parts of this.  SAS: a data step with RAND.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> records = simulate_trial(load_study("hermes"), seed=1, n_subjects=8)
    >>> records.n_subjects
    8
    """
    chosen = find_scenario(study, scenario)
    n = _check_size(study.n_subjects if n_subjects is None else n_subjects)
    rng = streams(study, scenario, seed)
    check_time_zero(study)
    check_components(study, chosen)
    enrolment = draw_enrolment(study, chosen, n, rng["enrolment"])
    courses = draw_courses(study, chosen, enrolment.arm, rng["courses"])
    subjects = draw_subjects(study, enrolment, rng["baseline"])
    lesions = draw_lesions(study, enrolment.subject_id, subjects["primary_tumour"], rng["lesions"])
    n_lesions = count_lesions(lesions.pop("owner"), n)
    screening, screening_id, screening_day = draw_screening(chosen, enrolment, rng["screening"])
    events = draw_events(study, chosen, enrolment.arm, courses, rng["events"])
    occurrences = add_treatments(study, events, courses, rng["dressing"])
    tables = event_tables(study, occurrences, courses, n_lesions, rng["dressing"])
    treated = who_is_treated(study, enrolment.arm, courses)
    protocol = protocol_procedures(study, enrolment.arm, courses, n_lesions, rng["dressing"])
    tables["procedures"] = stack(protocol, tables.get("procedures", {}))
    tables = {name: _from_accrual(name, columns, enrolment) for name, columns in tables.items()}
    subjects |= {
        "simulated": np.full(n, "true"),
        "n_lesions": n_lesions,
        "screening_id": screening_id,
        "consent_date": screening_day.astype(np.float64),
        "randomised_date": enrolment.day.astype(np.float64),
        "treatment_date": np.where(treated, enrolment.day + courses.delay, np.nan),
    }
    visits = draw_visits(study, chosen, enrolment, courses, rng["visits"])
    tables["assessments"] = stack(visits, tables.get("assessments", {}))
    tables["disposition"] = draw_disposition(study, chosen, enrolment, courses, rng["visits"])
    tables |= {"subjects": subjects, "screening": screening, "lesions": lesions}
    return make_records(
        _frames(study, tables, chosen.accrual_start),
        study=study,
        notes=(f"Simulated: scenario {scenario!r} of study {study.id!r}, seed {seed}, {n} subjects.",),
    )


def _check_size(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InvalidArgument(f"n_subjects must be a whole number of at least 1, got {n!r}")
    return int(n)


def _from_accrual(name: str, columns: Columns, enrolment: Enrolment) -> Columns:
    """Sort rows by subject and day, number procedures, and count days from the start of accrual."""
    if not columns:
        return columns
    dates = _date_columns(name, columns)
    owner = columns["owner"]
    first = np.fmin.reduce([columns[each] for each in dates]) if dates else np.zeros(owner.size)
    order = np.lexsort((first, owner))
    owner = owner[order].astype(np.int64)
    moved: Columns = {"subject_id": enrolment.subject_id[owner]}
    if name == "procedures":
        moved["procedure_id"] = number(rank_within(owner) + 1, prefix="P")
    for each, values in columns.items():
        if each != "owner":
            moved[each] = values[order] + enrolment.day[owner] if each in dates else values[order]
    return moved


def _frames(study: Study, tables: dict[str, Columns], start: dt.date) -> dict[str, pd.DataFrame]:
    """Make the frames; a table or column that the study reads is there even where nothing happened."""
    needed = _columns_read(study)
    frames = {}
    for name in TABLES:
        columns = tables.get(name) or {}
        if not columns and name not in needed:
            continue
        n = len(next(iter(columns.values()), ()))
        wanted = [*TABLES[name].required, *needed.get(name, ())]
        missing = {each: np.full(n, None, dtype=object) for each in wanted if each not in columns}
        frames[name] = _frame(name, columns, start).assign(**missing)
    return frames


def _columns_read(study: Study) -> dict[str, list[str]]:
    """Return the columns of each table that the study's filters read."""
    filters: list[RecordFilter | CensoringRule] = [study.death]
    filters += [*study.components.values(), *study.intercurrent.values(), *study.censoring.values()]
    read: dict[str, list[str]] = {}
    for each in filters:
        if each.table in TABLES:
            read.setdefault(str(each.table), []).extend([*each.where, each.date])
    return read


def _date_columns(table: str, columns: Columns) -> list[str]:
    known = TABLES[table].columns
    return [name for name in columns if name in known and known[name].kind == "date"]


def _frame(table: str, columns: Columns, start: dt.date) -> pd.DataFrame:
    """Make a frame with the columns of the schema first and dates as ISO 8601 text."""
    dates = _date_columns(table, columns)
    done = {name: _iso(values, start) if name in dates else values for name, values in columns.items()}
    order = [name for name in TABLES[table].columns if name in done]
    frame = pd.DataFrame(
        {name: done[name] for name in [*order, *(each for each in done if each not in order)]}
    )
    keys = [key for key in TABLES[table].key if key in frame]
    return frame.drop_duplicates(keys, ignore_index=True) if keys else frame


def _iso(days: FloatArray, start: dt.date) -> LabelArray:
    """Return days from ``start`` as ISO 8601 text, each distinct day written once; NaN gives None."""
    distinct, place = np.unique(days, return_inverse=True)
    known = ~np.isnan(distinct)
    text = np.full(distinct.size, None, dtype=object)
    whole = np.datetime64(start, "D") + distinct[known].astype("timedelta64[D]")
    text[known] = np.datetime_as_string(whole, unit="D").astype(object)
    return text[place]
