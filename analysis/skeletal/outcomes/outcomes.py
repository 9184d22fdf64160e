"""The outcomes of a study: what a derivation gives, and the frames that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import InvalidArgument

from .accounting import accounting_frame, record_accounting_frame
from .adam import write_adam
from .audit import RECORD_COLUMNS, audit_columns, audit_frame, stacked_audits
from .endpoint import default_estimand
from .family import EndpointFamily
from .first_event import FIRST_COLUMNS, first_frame
from .intervals import interval_frame
from .measured import MeasuredOutcomes
from .observation import observe
from .recurrent import RECURRENT_COLUMNS, recurrent_frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .endpoint import EndpointFacts
    from .family import Variable
    from .observation import Observation
    from .subject_dates import SubjectDates


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
    records, deaths, facts, observations, frames, assessments, measured_units, measured
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
    measured: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

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

    def intervals(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return the interval (left, right] that holds each analysed subject's first event.

        Parameters
        ----------
        endpoint, estimand : str
            As for :meth:`first`.

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
        observation = self._observation(endpoint, estimand, "first")
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
        """Write ADSL, ADSRE, ADTTE, ADRECUR (and ADPAIN) as csv and SAS transport files into ``folder``.

        ``define.csv`` describes every variable, ``define-values.csv`` every value of a codelist.  See
        :mod:`skeletal.outcomes.adam` for the data sets and the codes of CNSR.
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
