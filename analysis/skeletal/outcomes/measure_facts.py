"""What the outcomes say about the units of a measure: time zero, death, limits, intercurrent events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.study import ENDING_STRATEGIES, Endpoint, Estimand

from .censoring import data_cutoff_day
from .deaths import death_rows, last_known_alive
from .endpoint import endpoint_facts
from .filters import MISSING, NEVER, as_dates, cohort_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skeletal.arrays import IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import Measure, Study

    from .endpoint import EndpointFacts
    from .filters import Cohort
    from .observation import Observation

MEASURE_COLUMNS = [
    "arm",
    "start_date",
    "visit",
    "planned_day",
    "date",
    "time",
    "value",
    "category",
    "status",
    "source",
    "source_row",
]
STATUSES = ("observed", "missing", "structural", "death", "intercurrent", "not_due")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MeasureFacts:
    """The units of a measure and the days that decide about their values.

    Attributes
    ----------
    endpoint : EndpointFacts
        The measure's units, time zero, death, limits and intercurrent events, read as an endpoint's are.
    ends : ndarray of shape (n,)
        Day of the event that ends collection, ``NEVER`` where there is none.
    alive : ndarray of shape (n,)
        Last day on which a record shows the unit's subject alive.
    cutoff : int
        Data cutoff; without one the last day of any record.
    """

    measure: Measure
    endpoint: EndpointFacts
    ends: IntArray
    alive: IntArray
    cutoff: int

    @property
    def cohort(self) -> Cohort:
        """The units."""
        return self.endpoint.cohort

    @property
    def start(self) -> IntArray:
        """Day of time zero of each unit."""
        return self.endpoint.start

    @property
    def death(self) -> IntArray:
        """Day of death of each unit's subject, ``NEVER`` where there is none."""
        return self.endpoint.death.day

    def first_of(self, *strategies: str) -> IntArray:
        """Return the first day of an intercurrent event that the measure handles so, ``NEVER`` without."""
        first = np.full(self.cohort.size, NEVER, dtype=np.int64)
        for name, dates in self.endpoint.intercurrent.items():
            if self.measure.intercurrent[name] in strategies:
                first = np.minimum(first, dates.day)
        return first


def measure_facts(
    records: TrialRecords, study: Study, name: str, collected_until: Observation | None
) -> MeasureFacts:
    """Collect the facts of the measure called ``name``: it is read like an endpoint that is death alone."""
    measure = study.measures[name]
    subjects = cohort_of(records, study)
    alone = _as_endpoint(study, name, measure.intercurrent)
    deaths = death_rows(records, study, subjects)
    facts = endpoint_facts(records, alone, subjects, name, deaths)
    who = subjects.number(facts.cohort.frame["subject_id"])
    alive = last_known_alive(records, study, subjects)[who]
    ends = np.full(who.size, NEVER, dtype=np.int64)
    if collected_until is not None:
        ends = _first_component_days(collected_until, subjects)[who]
    cutoff = data_cutoff_day(records, study)
    if cutoff == NEVER:
        # Of every randomised subject, analysed or not: the end of the data is the same for all measures.
        died = deaths.loc[(deaths["subject"] >= 0).to_numpy(), "day"].to_numpy(dtype=np.int64)
        cutoff = int(max(alive.max(initial=MISSING), died.max(initial=MISSING)))
    return MeasureFacts(measure=measure, endpoint=facts, ends=ends, alive=alive, cutoff=cutoff)


def _as_endpoint(study: Study, name: str, events: Iterable[str]) -> Study:
    """Return the study with one endpoint, the measure called ``name`` as death alone with its ``events``."""
    measure = study.measures[name]
    per_lesion = measure.kind != "days_at_home" and measure.unit == "lesion"
    endpoint = Endpoint(
        label=measure.label,
        time_zero=measure.time_zero,
        unit="lesion" if per_lesion else "subject",
        lesions=measure.lesions if per_lesion and measure.kind != "days_at_home" else {},
    )
    estimand = Estimand(
        endpoint=name,
        label=measure.label,
        paramcd=measure.paramcd,
        death="composite",
        # Any strategy that ends observation has the day of the event found; first_of tells them apart.
        intercurrent=dict.fromkeys(events, "hypothetical"),
    )
    return study.model_copy(update={"endpoints": {name: endpoint}, "estimands": {name: estimand}})


def excluded_units(
    records: TrialRecords, study: Study, subjects: Cohort, deaths: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Return the units of each measure (subject, arm, reason; empty for those analysed, ``counted``).

    Measures with the same units and time zero share them: intercurrent events exclude nobody.
    """
    found: dict[Any, pd.DataFrame] = {}
    units = {}
    for name in study.measures:
        alone = _as_endpoint(study, name, ())
        endpoint = alone.endpoints[name]
        key = (endpoint.time_zero, endpoint.unit, repr(endpoint.lesions))
        if key not in found:
            # Without components the events of any kind would be looked for, which a measure does not read.
            alone = alone.model_copy(update={"components": {}})
            facts = endpoint_facts(records, alone, subjects, name, deaths)
            frame = facts.cohort.frame[[*facts.cohort.key, "arm"]]
            found[key] = frame.assign(
                unit=endpoint.unit,
                counted=facts.cohort.counted,
                reason=pd.Series(facts.reason, index=frame.index, dtype="string"),
            )
        units[name] = found[key]
    return units


def measure_exclusions(name: str, units: pd.DataFrame) -> pd.DataFrame:
    """Return the excluded units of the measure called ``name`` as rows of ``Outcomes.exclusions``."""
    out = units.loc[units["reason"] != ""].reset_index(drop=True)
    out.insert(0, "estimand", pd.Series(name, index=out.index, dtype="string"))
    return out.drop(columns=["unit", "counted"])


def measure_account(name: str, units: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Count the units of the measure called ``name`` by arm: randomised, analysed, excluded."""
    rows = []
    for arm in arms:
        mine = units.loc[((units["arm"] == arm) & units["counted"]).to_numpy(dtype=bool)]
        analysed = int((mine["reason"] == "").sum())
        counts = {"n_randomised": len(mine), "n_analysed": analysed, "n_excluded": len(mine) - analysed}
        rows.append(
            {"measure": name, "arm": arm, "unit": units["unit"].iloc[0] if len(units) else "", **counts}
        )
    return pd.DataFrame(rows)


def _first_component_days(observation: Observation, subjects: Cohort) -> IntArray:
    """Return the day of each subject's first event that is not a death, at any of its lesions."""
    first = np.full(subjects.size, NEVER, dtype=np.int64)
    events = observation.accepted.loc[observation.accepted["kind"] == "component"]
    who = subjects.number(observation.facts.cohort.frame["subject_id"])
    number = who[events["subject"].to_numpy(dtype=np.int64)]
    np.minimum.at(first, number, events["day"].to_numpy(dtype=np.int64))
    return first


def by_unit(parts: Sequence[pd.DataFrame], facts: MeasureFacts) -> pd.DataFrame:
    """Return rows of all units for each visit as rows of the analysed units, by unit and visit."""
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.loc[facts.endpoint.analysed[frame["unit"].to_numpy()]]
    ordered = pd.DataFrame(frame.sort_values("unit", kind="stable").reset_index(drop=True))
    return ordered[[*facts.cohort.key, *MEASURE_COLUMNS]]


def deciding_events(facts: MeasureFacts) -> tuple[IntArray, IntArray]:
    """Return what ends the values of each unit first and its day: death 0, composite 1, ending 2."""
    days = np.stack([facts.death, facts.first_of("composite"), facts.first_of(*ENDING_STRATEGIES)])
    which = np.asarray(np.argmin(days, axis=0), dtype=np.int64)
    return which, days[which, np.arange(which.size)]


def dated_columns(facts: MeasureFacts, name: str, planned: int, day: IntArray) -> dict[str, Any]:
    """Return visit, planned day, and date and time of what was taken (missing where ``day`` is)."""
    none = day == MISSING
    return {
        "visit": pd.array([name] * day.size, dtype="string"),
        "planned_day": np.full(day.size, planned, dtype=np.int64),
        "date": as_dates(day),
        "time": pd.arrays.IntegerArray(np.where(none, 0, day - facts.start + 1), none),
    }


def unit_columns(facts: MeasureFacts) -> dict[str, Any]:
    """Return the columns that every frame of a measure starts with."""
    frame = facts.cohort.frame
    return {
        "unit": np.arange(facts.cohort.size),
        **{key: frame[key].array for key in (*facts.cohort.key, "arm")},
        "start_date": as_dates(facts.start),
    }
