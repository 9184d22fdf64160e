"""A whole simulated trial as raw records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal.errors import InvalidArgument
from skeletal.records import make_records

from .baseline import count_targets, draw_lesions, draw_screening, draw_subjects
from .columns import add_columns
from .enrolment import draw_enrolment
from .events import add_treatments, draw_events
from .frames import from_accrual, record_frames
from .hazards import draw_courses
from .imaging import film_rows, films_taken, find_silent
from .kinds import check_kinds
from .others import draw_others
from .protocol import declared_procedures, implied_procedures, who_is_treated
from .questionnaires import questionnaire_tables
from .records import event_tables, stack
from .scenarios import check_time_zero, find_scenario, streams
from .stays import draw_stays
from .visits import draw_disposition, draw_visits, visit_rows

if TYPE_CHECKING:
    from skeletal.records.schema import TrialRecords
    from skeletal.study import Study


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
        procedures where the protocol gives local treatment, and what the parts of the scenario add:
        questionnaires, analgesics, stays, therapies, other events.  The trial is complete: it is not cut
        at the study's ``data_cutoff``.  An empty table is left out.

    Raises
    ------
    InvalidArgument
        If the study has no such scenario, the seed or the size is no such number, the study's time zero is
        another date, a component reads a table in which events cannot be simulated or would not take its
        own rows, or an endpoint would count rows of other or intercurrent events.

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

    The parts of a scenario draw from streams of their own.  Other events and intercurrent events are
    Poisson processes apart from the frailty; a silent event is dated by the first film on or after its day
    and leaves no record if none is taken.  docs/study-file.md says how each part is drawn.

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
    check_kinds(study, chosen)
    enrolment = draw_enrolment(study, chosen, n, rng["enrolment"])
    arm = enrolment.arm
    courses = draw_courses(study, chosen, arm, rng["courses"])
    subjects = draw_subjects(study, enrolment, rng["baseline"])
    subjects = add_columns(subjects, chosen.subjects, rng["columns"], enrolment.day)
    lesions = draw_lesions(study, chosen, enrolment.subject_id, subjects["primary_tumour"], rng)
    targets = count_targets(lesions, n)
    all_lesions = np.bincount(lesions["owner"], minlength=n).astype(np.float64)
    screening, screening_id, screening_day = draw_screening(chosen, enrolment, rng["screening"])
    events = draw_events(study, chosen, arm, courses, rng["events"])
    occurrences = add_treatments(study, events, courses, rng["dressing"])
    visits = draw_visits(study, chosen, courses, rng["visits"])
    films = films_taken(study, chosen, visits)
    occurrences = find_silent(study, chosen, occurrences, films, courses, rng["imaging"])
    tables = event_tables(study, occurrences, courses, targets, rng["dressing"])
    treated = who_is_treated(study, arm, courses)
    if chosen.protocol:
        treated, given = declared_procedures(study, chosen, courses, targets, rng["protocol"])
    else:
        given = implied_procedures(study, arm, courses, targets, rng["dressing"])
    others = draw_others(study, chosen, courses, films, (targets, all_lesions), rng["others"])
    others["procedures"] = stack(given, others.get("procedures", {}))
    tables |= questionnaire_tables(study, chosen, courses, visits, lesions, tables, rng)
    admissions = draw_stays(study, chosen, courses, occurrences, treated, rng["stays"])
    others["stays"] = admissions
    for name, rows in others.items():
        tables[name] = stack(rows, tables.get(name, {}))
    tables = {name: from_accrual(name, columns, enrolment) for name, columns in tables.items()}
    seen = stack(visit_rows(study, visits), film_rows(study, chosen, visits))
    tables["assessments"] = stack(from_accrual("assessments", seen, enrolment), tables.get("assessments", {}))
    subjects |= {
        "simulated": np.full(n, "true"),
        "n_lesions": targets,
        "screening_id": screening_id,
        "consent_date": screening_day.astype(np.float64),
        "randomised_date": enrolment.day.astype(np.float64),
        "treatment_date": np.where(treated, enrolment.day + courses.delay, np.nan),
    }
    tables["disposition"] = draw_disposition(
        study, chosen, enrolment, courses, subjects["primary_tumour"], rng["visits"]
    )
    del lesions["owner"]
    tables |= {"subjects": subjects, "screening": screening, "lesions": lesions}
    return make_records(
        record_frames(study, tables, chosen.accrual_start),
        study=study,
        notes=(f"Simulated: scenario {scenario!r} of study {study.id!r}, seed {seed}, {n} subjects.",),
    )


def _check_size(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise InvalidArgument(f"n_subjects must be a whole number of at least 1, got {n!r}")
    return int(n)
