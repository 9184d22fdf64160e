"""The methods of outcomes for measures: values at visits, the course of pain."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import InvalidArgument

from .measure_facts import measure_account
from .measures import measure_frame
from .pain_course import pain_course

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .family import Variable
    from .observation import Observation


class MeasuredOutcomes:
    """The methods of :class:`~skeletal.outcomes.Outcomes` for measures; each is derived when first asked."""

    __slots__ = ()

    study: Study
    records: TrialRecords
    measured_units: Mapping[str, pd.DataFrame]
    measured: dict[str, pd.DataFrame]

    @abstractmethod
    def _observation(self, endpoint: str, estimand: str | None, variable: Variable) -> Observation: ...

    def measure(self, name: str) -> pd.DataFrame:
        """Return the value of a measure for each analysed subject (or lesion) at each planned visit.

        Use it for means or responders at visits; for the time to a response let a component read the table
        pain_responses.

        Parameters
        ----------
        name : str
            Name of a measure of the study.

        Returns
        -------
        DataFrame
            ``subject_id [lesion_id] arm start_date visit planned_day date time value category status source
            source_row``, by subject, lesion and visit; days at home have one row a horizon ("Day 30", ...).
            A score has a visit "Baseline" unless the study plans a visit on day 0.  ``status``:

            * observed: ``value`` is the score, the days at home, or 1 for a responder and 0 for none, whose
              response is in ``category``.
            * death, intercurrent: it came before the assessment, or by the end of the visit's window without
              one.  ``value`` is the worst of the scale where the strategy says so (0 for a pain response),
              else missing.  Days at home after a death are as ``after_death`` says.
            * structural: planned after the event that ends collection, so not collected by design.
            * not_due: no assessment by the data cutoff (without one, the last day of any record), and the
              window was still open then; of everybody, the dead included.
            * missing: due, but without a value.

        Raises
        ------
        InvalidArgument
            If the study has no such measure.
        InvalidStudy
            If the value set that it names cannot be used.
        InvalidRecords
            If answers are outside the range of their scale or contradict each other.

        Notes
        -----
        Visits: :func:`skeletal.outcomes.visit_windows.place_assessments` says which assessment is whose.
        With ``collected_until_first`` the visit that the event brings forward is missing, not structural,
        where nothing was collected in ``collected_for_days``.  An event on the day of an assessment does not
        change its value.  R: admiral's ``derive_vars_joined`` with windows.  SAS: ADaM BDS with AVISIT.
        """
        if self._measure(name) not in self.measured:
            self.measured[name] = measure_frame(
                name, records=self.records, study=self.study, collected_until=self._end_of(name)
            )
        return self.measured[name].copy()

    def pain_course(self, name: str) -> pd.DataFrame:
        """Return the course of pain of each analysed subject (or lesion).

        Parameters
        ----------
        name : str
            Name of a measure of kind pain_response.

        Returns
        -------
        DataFrame
            ``subject_id [lesion_id] arm start_date n_assessments best_response response_date response_time
            duration ended end_date end_reason flare``.  ``best_response`` in the order complete, partial,
            indeterminate, progression; ``response_time`` is response_date - time zero + 1; ``duration``
            counts days from the first response to its end.  ``ended`` is false where it is censored.

        Raises
        ------
        InvalidArgument
            If the study has no such measure, or it is of another kind.

        Notes
        -----
        A response ends with the first later assessment that is neither complete nor partial (``end_reason``
        "progression", or "loss of response" for an indeterminate one), or with an intercurrent event whose
        strategy is composite; else it is censored at the last assessment ("last assessment").  Death does
        not end a response: it is censored before.  Only assessments with a response count, to death, the
        end of collection, the data cutoff and an intercurrent event that is not treatment policy; nothing
        that comes later, a composite event either, changes the course.  ``flare`` is a progression to
        ``flare_within_days`` after time zero, missing where no assessment in those days has a response.
        R, SAS: none.
        """
        return pain_course(
            self._measure(name), records=self.records, study=self.study, collected_until=self._end_of(name)
        )

    def measure_accounting(self) -> pd.DataFrame:
        """Return the numbers of subjects (or lesions) by measure and arm; they close.

        Returns
        -------
        DataFrame
            ``measure arm unit n_randomised n_analysed n_excluded``; n_randomised = n_analysed + n_excluded.
            :meth:`measure` has the rows of those analysed, ``exclusions`` those excluded, with the reason.
            Where ``unit`` is "lesion" all numbers are of lesions, as in :meth:`Outcomes.accounting`.
        """
        columns = ["measure", "arm", "unit", "n_randomised", "n_analysed", "n_excluded"]
        arms = self.study.arm_names
        parts = [measure_account(name, units, arms) for name, units in self.measured_units.items()]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)

    def _measure(self, name: str) -> str:
        if name not in self.study.measures:
            known = ", ".join(self.study.measures) or "none"
            raise InvalidArgument(f"no measure {name!r}; the study has {known}")
        return name

    def _end_of(self, name: str) -> Observation | None:
        """Return the reading of the endpoint whose first event ends collection: its first estimand."""
        endpoint = self.study.measures[name].collected_until_first
        return None if endpoint is None else self._observation(endpoint, None, "first")
