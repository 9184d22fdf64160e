"""From records and a study to outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument

from .accounting import accounting_frame, exclusions_frame, record_accounting_frame
from .adam import write_adam
from .audit import RECORD_COLUMNS, audit_columns, audit_frame, stacked_audits
from .censoring import done_assessments
from .deaths import death_rows
from .endpoint import EndpointFacts, default_estimand, endpoint_facts
from .family import EndpointFamily
from .filters import cohort_of
from .first_event import FIRST_COLUMNS, first_frame
from .inputs import check_inputs
from .intervals import interval_frame
from .measure_facts import excluded_units, measure_exclusions
from .measured import MeasuredOutcomes
from .observation import Observation, observe
from .pain import with_tables_read
from .recurrent import RECURRENT_COLUMNS, recurrent_frame
from .subject_dates import SubjectDates, take_dates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .family import Variable


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outcomes(EndpointFamily, MeasuredOutcomes):
    """The outcomes of a study, as they follow from its records.

    Attributes
    ----------
    study : Study
        The protocol.
    subjects : DataFrame
        The randomised subjects, sorted by ``subject_id``, as in the records.
    exclusions : DataFrame
        Subjects that an estimand, or a measure, cannot analyse: ``estimand subject_id arm reason``.
    records, deaths, facts, observations, frames, assessments, measured_units
        The working parts behind the methods; not meant for use elsewhere.

    Notes
    -----
    ``time`` is date - time zero + 1 in days: time zero itself is day 1.  Observation of a subject ends
    with the earliest limit or with death.  An event on the day of a limit or of death counts; events come
    before competing events, and those before censoring.  A subject without an event is censored when last
    seen (by the last_seen rules, or by an event, competing event or death that comes later than a limit),
    not after the limit; with limits only, at the limit.  A death that the estimand ignores shows nothing.
    """

    study: Study
    records: TrialRecords
    subjects: pd.DataFrame
    exclusions: pd.DataFrame
    deaths: SubjectDates
    facts: Mapping[str, EndpointFacts]
    observations: Mapping[str, Observation]
    frames: Mapping[str, pd.DataFrame]
    assessments: Mapping[str, pd.DataFrame]
    measured_units: Mapping[str, pd.DataFrame]

    @property
    def audit(self) -> pd.DataFrame:
        """One row for every record considered, by endpoint and estimand, and what became of it.

        Columns ``endpoint estimand subject_id table source_row date rule episode sentence``.  ``rule`` is
        "counted", "merged", "competes", "censors", "ignored: ...", "rejected: ..." or "not a component"
        (a row of a component's table that its filter leaves out, unless the estimand reads it as a death or
        intercurrent event).  A record that is both a component and one of those has a row for each.  A
        censoring that no record dates has no ``table``.
        """
        observations = self.observations.values()
        return stacked_audits([audit_frame(item, audit_columns(item)) for item in observations])

    def audit_of(self, estimand: str) -> pd.DataFrame:
        """Return the rows of :attr:`audit` of one estimand; for large records, one after the other.

        Parameters
        ----------
        estimand : str
            Name of an estimand, or of the default reading of an endpoint that has none
            (``"sse (default)"``).

        Returns
        -------
        DataFrame
            As :attr:`audit`, with ``lesion_id`` after ``subject_id`` for an endpoint of unit lesion.

        Raises
        ------
        InvalidArgument
            If there is no such estimand.
        """
        if estimand not in self.observations:
            known = ", ".join(self.observations)
            raise InvalidArgument(f"no estimand {estimand!r}; the outcomes have {known}")
        observation = self.observations[estimand]
        return audit_frame(observation, audit_columns(observation))

    def full_audit(self) -> pd.DataFrame:
        """Return the audit with further columns of the records: kind, name, label, flag, variable."""
        return stacked_audits(
            [
                audit_frame(item, [*audit_columns(item), *RECORD_COLUMNS])
                for item in self.observations.values()
            ]
        )

    def first(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return the time to the event of each analysed subject (or lesion), sorted by subject.

        Parameters
        ----------
        endpoint : str
            Name of an endpoint.
        estimand : str, optional
            Name of one of its estimands of variable "first"; by default the first that the study
            declares, or death competing where it declares none.

        Returns
        -------
        DataFrame
            ``subject_id arm start_date date time status cause component components censor_reason source
            source_row date_flag``.  ``status`` 0 censored, k the k-th of :meth:`causes`; ``component`` what
            counted ("death" for death), ``components`` all of that day joined by "+"; ``source`` and
            ``source_row`` the record behind ``date``; ``date_flag`` "D" or "M" where its day, or month and
            day, were imputed.  An endpoint of unit "lesion" has one row a lesion, and ``lesion_id`` after
            ``subject_id``.  With ``order`` n the event is the one that opens the n-th episode.

        Raises
        ------
        InvalidArgument
            If the endpoint or estimand is unknown or of the other variable.

        Notes
        -----
        R: ``Surv(time, status)``.  SAS: ADTTE with ``CNSR`` = 0 where ``status`` is 1.
        """
        return self._frame(endpoint, estimand, "first")

    def recurrent(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return all episodes of each analysed subject as rows (start, stop].

        Parameters
        ----------
        endpoint, estimand : str
            As for :meth:`first`, of variable "recurrent".

        Returns
        -------
        DataFrame
            ``subject_id arm start stop status episode component components source source_row``; status 1
            an episode, 2 a competing event (death), 0 neither; at least one row a subject.

        Raises
        ------
        InvalidArgument
            As for :meth:`first`; or if the endpoint is death alone.

        Notes
        -----
        An episode on the last day of observation ends the last row.  Where a competing death falls on the
        day of an episode, the episode's row ends half a day earlier and the death keeps its own row.
        R: ``Surv(start, stop, status == 1)``.  SAS: ``(start, stop)*status(0 2)``.
        """
        return self._frame(endpoint, estimand, "recurrent")

    def causes(self, estimand: str) -> tuple[str, ...]:
        """Return the names of status 1, 2, ... of ``estimand``; the first is its endpoint's name."""
        return self._declared(estimand).causes

    def intervals(self, endpoint: str) -> pd.DataFrame:
        """Return the interval (left, right] that holds each analysed subject's first event.

        Parameters
        ----------
        endpoint : str
            Name of an endpoint; read as :meth:`first` reads it by default.

        Returns
        -------
        DataFrame
            ``subject_id arm left right status component detection``, in days on the scale of ``time``.
            left == right: exact; right = inf: not seen, also where a competing event came first (status).

        Notes
        -----
        The record that dates the event makes the interval; a later film may have found an event that
        happened earlier still, which no interval can show.  R: ``Surv(left, right, type="interval2")``.
        """
        observation = self._observation(endpoint, None, "first")
        return interval_frame(observation, self.assessments[endpoint])

    def accounting(self) -> pd.DataFrame:
        """Return the numbers of subjects (or lesions) by estimand and arm; they close.

        Returns
        -------
        DataFrame
            ``estimand arm unit n_randomised n_analysed n_excluded n_events n_competing n_censored``.
            n_randomised = n_analysed + n_excluded, n_analysed = n_events + n_competing + n_censored.  For
            recurrent events: subjects with at least one; without one and a competing event; neither.
            Where ``unit`` is "lesion" all numbers are of lesions; subjects without any are in
            ``exclusions`` only.
        """
        parts = [accounting_frame(self.observations[name]) for name in self.study.estimands]
        return pd.concat(parts, ignore_index=True)

    def record_accounting(self) -> pd.DataFrame:
        """Return the numbers of records by endpoint and estimand; they close.

        Returns
        -------
        DataFrame
            ``endpoint estimand n_records n_counted n_merged n_rejected n_competes n_censors n_ignored
            n_not_component``; ``n_records`` is the sum of the others: the rows of :attr:`audit` that are
            records.  A record that is both a component and a death or intercurrent event is counted once
            as each; for lesions, a record of the whole subject once for each of its lesions.
        """
        return record_accounting_frame(self.observations.values())

    def to_adam(self, folder: str | Path) -> list[Path]:
        """Write ADSL, ADSRE, ADTTE and ADRECUR as csv and SAS transport files into ``folder``.

        See :mod:`skeletal.outcomes.adam` for their columns and the codes of CNSR.
        """
        return write_adam(self, folder)

    def _frame(self, endpoint: str, estimand: str | None, variable: Variable) -> pd.DataFrame:
        observation = self._observation(endpoint, estimand, variable)
        columns = FIRST_COLUMNS if variable == "first" else RECURRENT_COLUMNS
        found = self.frames.get(observation.name)
        frame = _derive(observation) if found is None else found
        return frame[[*observation.facts.cohort.key, *columns[1:]]]

    def _observation(self, endpoint: str, estimand: str | None, variable: Variable) -> Observation:
        if endpoint not in self.facts:
            raise InvalidArgument(f"no endpoint {endpoint!r}; the study has {', '.join(self.facts)}")
        if variable == "recurrent" and not self.facts[endpoint].endpoint.components:
            raise InvalidArgument(f"endpoint {endpoint!r} is death alone, which does not recur")
        if estimand is None:
            declared = self.study.estimands_of(endpoint)
            estimand = next((name for name, item in declared.items() if item.variable == variable), None)
        if estimand is None:
            return observe(
                self.facts[endpoint],
                f"{endpoint} (default)",
                default_estimand(self.study, endpoint, variable),
            )
        observation = self._declared(estimand)
        if observation.facts.name != endpoint or observation.estimand.variable != variable:
            raise InvalidArgument(
                f"estimand {estimand!r} reads endpoint {observation.facts.name!r} as "
                f"{observation.estimand.variable!r}, not {endpoint!r} as {variable!r}"
            )
        return observation

    def _declared(self, estimand: str) -> Observation:
        if estimand not in self.study.estimands:
            known = ", ".join(self.study.estimands) or "none"
            raise InvalidArgument(f"no estimand {estimand!r}; the study has {known}")
        return self.observations[estimand]


@dataclass(frozen=True, slots=True, eq=False)
class Frames(Mapping[str, pd.DataFrame]):
    """The derived frame of each declared estimand, made when it is asked for."""

    observations: Mapping[str, Observation]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return _derive(self.observations[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.observations)

    def __len__(self) -> int:
        return len(self.observations)


def _derive(observation: Observation) -> pd.DataFrame:
    first = observation.estimand.variable == "first"
    return first_frame(observation) if first else recurrent_frame(observation)


def derive_outcomes(records: TrialRecords, study: Study) -> Outcomes:
    """Derive every outcome that ``study`` declares from ``records``.

    Parameters
    ----------
    records : TrialRecords
        The raw tables.
    study : Study
        Endpoints, estimands, censoring rules.

    Returns
    -------
    Outcomes
        First events, recurrent episodes, intervals, audit, accounting.  It does not depend on the order
        of rows, or on records that no rule of the study speaks of.

    Raises
    ------
    InvalidRecords
        If a table or column that an endpoint needs is not there, an arm is not the study's, or nothing
        says how long a subject was followed.

    Notes
    -----
    R: admiral's ``derive_param_tte``.  SAS: the data steps behind ADTTE.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> from skeletal.study import load_study
    >>> hermes = load_study("hermes")
    >>> sse = {"endpoints": {"sse": hermes.endpoints["sse"]}, "estimands": {}, "measures": {}, "analyses": {}}
    >>> study = hermes.model_copy(update=sse)
    >>> who = {"subject_id": ["1", "2"]}
    >>> day = {"randomised_date": "2025-03-01"}
    >>> reason = {"reason": "bone_pain", "intent": "palliative"}
    >>> tables = {
    ...     "subjects": pd.DataFrame({**who, "arm": ["observational", "upfront-rt"], **day}),
    ...     "events": pd.DataFrame(
    ...         {"subject_id": ["1"], "event_id": ["1"], "component": "fracture", "date": "2025-03-31",
    ...          "symptomatic": True}
    ...     ),
    ...     "procedures": pd.DataFrame(
    ...         {"subject_id": ["1"], "procedure_id": ["1"], "kind": "radiation",
    ...          "indicated_date": "2025-04-02", **reason}
    ...     ),
    ...     "assessments": pd.DataFrame({**who, "visit": "Month 6", "date": "2025-09-01", "done": True}),
    ...     "disposition": pd.DataFrame({**who, "date": "2025-12-01", "status": ["died", "alive"]}),
    ... }
    >>> outcomes = derive_outcomes(make_records(tables, study=study), study)
    >>> outcomes.first("sse")[["subject_id", "time", "status", "component", "censor_reason"]]
      subject_id  time  status component     censor_reason
    0          1    31       1  fracture              <NA>
    1          2   276       0      <NA>  Last known alive
    """
    given, records = records, with_tables_read(records, study)
    check_inputs(records, study)
    cohort = cohort_of(records, study)
    deaths = death_rows(records, study, cohort)
    facts = {name: endpoint_facts(records, study, cohort, name, deaths) for name in study.endpoints}
    observations = {
        name: observe(facts[estimand.endpoint], name, estimand) for name, estimand in study.estimands.items()
    }
    frames = Frames(dict(observations))
    for name in study.endpoints:
        if not study.estimands_of(name):
            own = f"{name} (default)"
            observations[own] = observe(facts[name], own, default_estimand(study, name, "first"))
    units = excluded_units(records, study, cohort, deaths)
    out = [exclusions_frame(item) for item in observations.values()]
    out += [measure_exclusions(name, frame) for name, frame in units.items()]
    outcomes = Outcomes(
        study=study,
        records=given,
        subjects=cohort.frame,
        exclusions=pd.concat(out, ignore_index=True),
        deaths=take_dates(deaths, cohort.size, label=study.death.label),
        facts=facts,
        observations=observations,
        frames=frames,
        assessments={
            name: fact.cohort.shared(
                ("done", study.time_zero_of(name)),
                partial(_done_days, records, fact),
            )
            for name, fact in facts.items()
        },
        measured_units=units,
    )
    cohort.known.clear()
    return outcomes


def _done_days(records: TrialRecords, facts: EndpointFacts) -> pd.DataFrame:
    """Return ``subject`` and ``day`` of the assessments that were done."""
    if "assessments" not in records:
        return pd.DataFrame({"subject": np.empty(0, np.int64), "day": np.empty(0, np.int64)})
    return done_assessments(records, facts.cohort, facts.start)[["subject", "day"]]
