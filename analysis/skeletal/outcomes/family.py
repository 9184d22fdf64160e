"""Readings of an endpoint beside first and recurrent events: by component, by a day, rates, periods."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from skeletal import checks
from skeletal.arrays import DAYS_PER_YEAR
from skeletal.errors import InvalidArgument

from .first_event import FIRST_COLUMNS, first_frame

if TYPE_CHECKING:
    from skeletal.arrays import LabelArray

    from .observation import Observation

Variable = Literal["first", "recurrent"]
PartialPeriod = Literal["event", "exclude", "include"]


class EndpointFamily:
    """The methods of :class:`~skeletal.outcomes.Outcomes` that follow from first and recurrent events."""

    __slots__ = ()

    @abstractmethod
    def first(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return the time to the event of each analysed unit."""

    @abstractmethod
    def recurrent(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return all episodes of each analysed unit."""

    @abstractmethod
    def _observation(self, endpoint: str, estimand: str | None, variable: Variable) -> Observation: ...

    def by_component(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return the time to the first event of each component alone.

        Use it to see which component an effect comes from, or for an endpoint such as time to first
        radiotherapy to bone.  The other components neither stop nor hide it: a fracture after
        radiotherapy is still the first fracture.

        Parameters
        ----------
        endpoint, estimand : str
            As for :meth:`first`; the order of the estimand is taken as 1.

        Returns
        -------
        DataFrame
            The rows of :meth:`first` for each component, in the order of the endpoint, with
            ``component_name`` before the other columns.  Death, and an intercurrent event, is a
            component of its own where the estimand makes it one; for the others such a death then ends
            observation as a censoring.

        Raises
        ------
        InvalidArgument
            As for :meth:`first`.

        Notes
        -----
        A subject is known to be observed by the events of every component.  R: one ``survfit`` for each
        component.  SAS: one PARAMCD for each component.
        """
        observation = self._observation(endpoint, estimand, "first")
        parts = []
        events, facts = observation.accepted, observation.facts
        alone = observation.estimand.model_copy(update={"order": 1})
        for order, (name, is_part) in enumerate(zip(facts.names, _is_part(observation), strict=True)):
            if is_part:
                mine = events.loc[(events["order"] == order).to_numpy()]
                frame = first_frame(replace(observation, estimand=alone, accepted=mine))
                frame.insert(0, "component_name", pd.Series(name, index=frame.index, dtype="string"))
                parts.append(frame[["component_name", *facts.cohort.key, *FIRST_COLUMNS[1:]]])
        return pd.concat(parts, ignore_index=True)

    def by_horizon(self, endpoint: str, day: int, estimand: str | None = None) -> pd.DataFrame:
        """Return what is known of each analysed unit by the end of a day.

        Parameters
        ----------
        endpoint : str
            Name of an endpoint.
        day : int
            Day on the scale of ``time`` (AVAL): day 1 is time zero.
        estimand : str, optional
            As for :meth:`first`.

        Returns
        -------
        DataFrame
            ``subject_id [lesion_id] arm outcome``; outcome "event", "competing", "event-free" (observed to
            the end of the day without either) or "unknown" (censored before the day).

        Raises
        ------
        InvalidArgument
            As for :meth:`first`; or if ``day`` is below 1.

        Notes
        -----
        R: ``ifelse(time <= day & status == 1, "event", ...)``.  SAS: a data step on ADTTE.
        """
        if day < 1:
            raise InvalidArgument(f"day must be at least 1, the day of time zero, got {day}")
        frame = self.first(endpoint, estimand)
        outcome = pd.Series(horizon_outcome(frame, day), index=frame.index, dtype="string")
        return frame[[*unit_key(frame), "arm"]].assign(outcome=outcome)

    def episodes(self, endpoint: str, estimand: str | None = None) -> pd.DataFrame:
        """Return the number of episodes, the days at risk and the yearly rate of each analysed unit.

        Use it for the skeletal morbidity rate: its mean over subjects, or all episodes over all days.
        A subject observed for a few days can have a huge rate, so that the two differ.

        Parameters
        ----------
        endpoint, estimand : str
            As for :meth:`recurrent`.

        Returns
        -------
        DataFrame
            ``subject_id [lesion_id] arm n_episodes days_at_risk rate``; rate = 365.25 n_episodes /
            days_at_risk, episodes per subject-year.

        Raises
        ------
        InvalidArgument
            As for :meth:`recurrent`.

        Notes
        -----
        Episodes follow the gap rule; days after an episode in which no new one can start are at risk.
        R: ``aggregate`` on the rows of :meth:`recurrent`.  SAS: PROC MEANS on ADRECUR.

        References
        ----------
        ZOOM (NCT00375427): 365.25 times the number of events over the days of the risk period.
        """
        frame = self.recurrent(endpoint, estimand)
        days = frame["stop"] - frame["start"]
        event = (frame["status"] == 1).astype(np.int64)
        found = _by_unit(frame.assign(n_episodes=event, days_at_risk=days), ["n_episodes", "days_at_risk"])
        return found.assign(rate=DAYS_PER_YEAR * found["n_episodes"] / found["days_at_risk"])

    def periods(
        self,
        endpoint: str,
        period_days: int,
        estimand: str | None = None,
        *,
        partial: PartialPeriod = "event",
    ) -> pd.DataFrame:
        """Return the periods on study of each analysed unit, and those in which an episode began.

        Use it for the skeletal morbidity period rate, which hardly depends on how events close to each
        other are counted.

        Parameters
        ----------
        endpoint, estimand : str
            As for :meth:`recurrent`.
        period_days : int
            Length of a period; the trials of ibandronate took 12 weeks (84 days).
        partial : {"event", "exclude", "include"}
            The last period, where observation ends within it: counted only if it has an episode,
            never counted (nor its episodes), or always counted.

        Returns
        -------
        DataFrame
            ``subject_id [lesion_id] arm n_periods n_periods_with_event rate``; rate is the share of the
            periods that have an episode, NaN without a period.

        Raises
        ------
        InvalidArgument
            As for :meth:`recurrent`; ``period_days`` below 1; an unknown ``partial``.

        Notes
        -----
        Period j holds the days (j - 1) period_days + 1 to j period_days on the scale of AVAL.  No source
        of the trials says what becomes of the last, partial period: the default is an assumption.
        It counts every observed event, and so leans upwards for subjects who leave within a period.
        R: no standard function.  SAS: a data step on ADRECUR.
        """
        checks.option(partial, PartialPeriod, "partial")
        if period_days < 1:
            raise InvalidArgument(f"period_days must be at least 1, got {period_days}")
        frame = self.recurrent(endpoint, estimand)
        key = unit_key(frame)
        last = frame.groupby(key, sort=False)["stop"].transform("max").to_numpy(dtype=np.float64)
        full = np.floor(last / period_days)
        period = np.ceil(frame["stop"].to_numpy(dtype=np.float64) / period_days)
        began = (frame["status"] == 1).to_numpy() & ((period <= full) | (partial != "exclude"))
        began[began] = ~frame.assign(period=period).loc[began].duplicated([*key, "period"]).to_numpy()
        opening = ~frame.duplicated(key).to_numpy()
        beyond = opening & (last > full * period_days) if partial == "include" else began & (period > full)
        counts = {
            "n_periods": np.where(opening, full, 0).astype(np.int64) + beyond,
            "n_periods_with_event": began.astype(np.int64),
        }
        found = _by_unit(frame.assign(**counts), list(counts))
        n_periods = found["n_periods"].to_numpy(dtype=np.float64)
        share = np.divide(
            found["n_periods_with_event"].to_numpy(dtype=np.float64),
            n_periods,
            out=np.full(len(found), np.nan),
            where=n_periods > 0,
        )
        return found.assign(rate=share)


def unit_key(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a derived frame that name its units."""
    return [name for name in ("subject_id", "lesion_id") if name in frame]


def horizon_outcome(frame: pd.DataFrame, day: float) -> LabelArray:
    """Return for each row of ``Outcomes.first`` what is known by the end of ``day``."""
    time, status = frame["time"].to_numpy(), frame["status"].to_numpy()
    by_then = time <= day
    chosen = np.select(
        [by_then & (status == 1), by_then & (status > 1), time >= day],
        ["event", "competing", "event-free"],
        default="unknown",
    )
    return np.asarray(chosen, dtype=object)


def _is_part(observation: Observation) -> list[bool]:
    """Say of each name of the endpoint's records whether the estimand counts it as an event."""
    estimand = observation.estimand
    n_components = len(observation.facts.endpoint.components)
    composite = [
        (estimand.death if name == "death" else estimand.intercurrent.get(name)) == "composite"
        for name in observation.facts.names[n_components:]
    ]
    return [True] * n_components + composite


def _by_unit(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sum ``columns`` over the rows of each unit, in the order of the rows."""
    key = unit_key(frame)
    return frame.groupby([*key, "arm"], sort=False, as_index=False)[columns].sum()
