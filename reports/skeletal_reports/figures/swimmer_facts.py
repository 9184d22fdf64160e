"""The facts of a swimmer plot: time observed, episodes, intercurrent events and ends of all subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, name_some
from skeletal.records import parse_dates
from skeletal.records.faults import did_you_mean

from .timeline_readings import NO_EVENT, NOT_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

ENDS = ("death", "competing", "followed", "seen", "lost", "ended")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Swimmer:
    """What a swimmer plot draws.

    Attributes
    ----------
    bars : DataFrame
        One row a subject, in the order drawn: ``subject_id arm time end reason``, times in days from time
        zero; ``end`` is one of "death", "competing", "followed", "seen", "lost", "ended".
    marks : DataFrame
        ``subject_id kind name time``: kind "episode" (name: the component) or "intercurrent".
    labels : mapping of str to str
        Component or intercurrent event -> words.
    endpoint, estimand : str
        What is read, and how, in words.
    """

    bars: pd.DataFrame
    marks: pd.DataFrame
    labels: Mapping[str, str]
    endpoint: str
    estimand: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each bar end and mark."""
        row = pd.Series(np.arange(1, len(self.bars) + 1), index=self.bars["subject_id"])
        ends = self.bars.rename(columns={"end": "name"}).assign(kind="end")
        arm = self.bars.set_index("subject_id")["arm"]
        marks = self.marks.assign(arm=self.marks["subject_id"].map(arm), reason="")
        columns = ["row", "subject_id", "arm", "kind", "name", "time", "reason"]
        parts = [ends, marks.astype({"time": "float64"})]
        both = pd.concat([part for part in parts if len(part)], ignore_index=True)
        both = both.assign(row=both["subject_id"].map(row))
        return both.sort_values(["row", "time", "kind"], kind="stable", ignore_index=True)[columns]


def swimmer_facts(outcomes: Outcomes, endpoint: str | None = None, estimand: str | None = None) -> Swimmer:
    """Collect the facts of a swimmer plot.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    endpoint : str, optional
        An endpoint of unit subject; the study's first of which all events are read, else its first.
    estimand : str, optional
        One of its estimands of variable "recurrent"; as ``Outcomes.recurrent`` chooses if absent.  An
        endpoint that is death alone is read as its first event.

    Returns
    -------
    Swimmer
        Subjects that are analysed, by arm in the order of the study and from the longest time down.

    Raises
    ------
    InvalidArgument
        If the endpoint or estimand is unknown, its unit is the lesion, or nobody is analysed.
    """
    study = outcomes.study
    name = _endpoint(study, endpoint)
    components = study.endpoints[name].components
    read = estimand or next(
        (key for key, item in study.estimands_of(name).items() if item.variable == "recurrent"), None
    )
    audit = outcomes.full_audit()
    if components:
        frame = outcomes.recurrent(name, read)
    else:
        read = estimand or next(iter(study.estimands_of(name)), None)
        frame = outcomes.first(name, read).rename(columns={"time": "stop"})
    if frame.empty:
        raise InvalidArgument(f"endpoint {name!r}: no subject is analysed, so there is nothing to draw")
    bars = _bars(frame, audit, outcomes, read or f"{name} (default)", deaths_end=not components)
    episodes = frame.loc[(frame["status"] == 1).to_numpy(dtype=bool) & bool(components)]
    marks = pd.concat(
        [
            pd.DataFrame(
                {
                    "subject_id": episodes["subject_id"],
                    "kind": "episode",
                    "name": episodes["component"].astype("string"),
                    "time": episodes["stop"].astype("float64"),
                }
            ),
            _intercurrent(audit, outcomes, name, bars),
        ],
        ignore_index=True,
    )
    words = {key: item.label for key, item in {**study.components, **study.intercurrent}.items()}
    declared = study.estimands.get(read or "")
    return Swimmer(
        bars=bars,
        marks=marks,
        labels={**words, "death": study.death.label},
        endpoint=study.endpoints[name].label,
        estimand=declared.label if declared is not None else "death competing, no estimand declared",
    )


def _endpoint(study: Study, endpoint: str | None) -> str:
    """Return the endpoint asked for, or the first of unit subject of which all events are read."""
    fitting = [name for name, item in study.endpoints.items() if item.unit == "subject"]
    if endpoint is None:
        recurrent = {item.endpoint for item in study.estimands.values() if item.variable == "recurrent"}
        ranked = sorted(fitting, key=lambda name: name not in recurrent)
        if not ranked:
            raise InvalidArgument(
                "a swimmer plot has one bar a subject; the study has endpoints of lesions only"
            )
        return ranked[0]
    if endpoint not in fitting:
        raise InvalidArgument(
            f"a swimmer plot needs an endpoint with one outcome a subject, not {endpoint!r}; "
            f"the study has {name_some(fitting)}.{did_you_mean(endpoint, fitting)}"
        )
    return endpoint


def _bars(
    frame: pd.DataFrame, audit: pd.DataFrame, outcomes: Outcomes, estimand: str, *, deaths_end: bool
) -> pd.DataFrame:
    """Return one row a subject with its last day and what ended it."""
    study = outcomes.study
    last = frame.groupby("subject_id", sort=False).tail(1).reset_index(drop=True)
    ended = audit.loc[((audit["estimand"] == estimand) & (audit["rule"] == "censors")).to_numpy(dtype=bool)]
    reason = last["subject_id"].map(ended.drop_duplicates("subject_id").set_index("subject_id")["label"])
    competes = last["status"].to_numpy() > 1
    died = np.asarray(competes & last["component"].eq("death").fillna(value=False).to_numpy(dtype=bool))
    if deaths_end:
        died = last["status"].to_numpy() == 1
    kinds = _censor_kinds(study)
    censored = [kinds.get(text, "ended") for text in reason.fillna("").astype(str)]
    end = np.select([died, competes], ["death", "competing"], default=np.array(censored, dtype=object))
    why = reason.astype("string").fillna("Censored").mask(competes | died, last["component"].astype("string"))
    bars = pd.DataFrame(
        {
            "subject_id": last["subject_id"].astype("string"),
            "arm": last["arm"].astype("string"),
            "time": last["stop"].astype("float64"),
            "end": pd.Series(end, dtype="string"),
            "reason": why,
        }
    )
    order = {arm: place for place, arm in enumerate(study.arm_names)}
    place = bars["arm"].map(order).fillna(len(order)).astype("int64")
    return (
        bars.assign(place=place)
        .sort_values(["place", "time", "subject_id"], ascending=[True, False, True], ignore_index=True)
        .drop(columns="place")
    )


def _censor_kinds(study: Study) -> dict[str, str]:
    """Return what each label of a censoring means: still followed, last seen, lost, or ended otherwise."""
    kinds = {}
    for rule in study.censoring.values():
        statuses = set(map(str, rule.where.get("status", ())))
        if rule.data_cutoff:
            kinds[rule.label] = "followed"
        elif rule.role == "last_seen":
            kinds[rule.label] = "seen"
        elif rule.missed_visits is not None or (statuses and statuses <= {"lost", "withdrew"}):
            kinds[rule.label] = "lost"
        else:
            kinds[rule.label] = "ended"
    return kinds


def _intercurrent(audit: pd.DataFrame, outcomes: Outcomes, endpoint: str, bars: pd.DataFrame) -> pd.DataFrame:
    """Return the intercurrent events within the time observed, each once."""
    study = outcomes.study
    kinds = ~audit["kind"].isin(NOT_KINDS) & audit["kind"].isin(list(study.intercurrent))
    kinds &= (audit["endpoint"] == endpoint) & audit["date"].notna() & ~audit["rule"].isin(NO_EVENT)
    mine = audit.loc[kinds.to_numpy(dtype=bool), ["subject_id", "kind", "date"]].drop_duplicates()
    frame = outcomes.subjects
    zero = parse_dates(frame[study.time_zero_of(endpoint)])["earliest"]
    start = mine["subject_id"].map(pd.Series(zero.to_numpy(), index=frame["subject_id"].to_numpy()))
    time = (mine["date"] - start).dt.days + 1
    last = mine["subject_id"].map(bars.set_index("subject_id")["time"])
    found = pd.DataFrame(
        {"subject_id": mine["subject_id"], "kind": "intercurrent", "name": mine["kind"], "time": time}
    )
    return found.loc[(time <= last).fillna(value=False).to_numpy(dtype=bool)].astype({"time": "float64"})
