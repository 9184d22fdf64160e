"""How one estimand reads an endpoint: what ends observation, which records are its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some

from .filters import MISSING, NEVER
from .subject_dates import RECORD_ORDER, SubjectDates, choose, without_record

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import Estimand

    from .endpoint import EndpointFacts

IGNORED = "ignored: treatment policy"
DEATH_IGNORED = "ignored: the censoring rules alone end observation"
# A record that may end observation; the audit says whether it did.
STOP = "stop"
CENSORING_STRATEGIES = ("hypothetical", "while_on_treatment")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stop:
    """Something that ends observation.

    ``status`` is what it means where it comes first: 0 censored, 2 and up a competing cause.  A stop that
    is ``final`` (death, a competing event) ends observation on its own day; any other is a limit, and a
    subject without an event is censored at ``censor_day`` or when last seen before.
    """

    kind: str
    cause: str
    status: int
    final: bool
    dates: SubjectDates
    censor_day: IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Observation:
    """One endpoint under one estimand.

    Attributes
    ----------
    stops : tuple of Stop
        In the order that decides between stops of one day.
    which, day : ndarray of shape (n,)
        The stop that comes first and its day (``NEVER`` where nothing ends observation).
    censored : dict of str to ndarray of shape (n,)
        Where a subject without event or final stop is censored: ``day``, ``label`` and the record.
    rows : DataFrame
        The records considered by this estimand, index kept; ``rule`` is empty for accepted events.
    accepted : DataFrame
        The events that count, by subject, day, component and then the record.
    """

    name: str
    estimand: Estimand
    facts: EndpointFacts
    causes: tuple[str, ...]
    stops: tuple[Stop, ...]
    which: IntArray
    day: IntArray
    censored: dict[str, Any]
    rows: pd.DataFrame
    accepted: pd.DataFrame

    @property
    def final(self) -> BoolArray:
        """Which subjects are observed to death or a competing event, if no event comes first."""
        return np.array([stop.final for stop in self.stops])[self.which] & (self.day < NEVER)

    @property
    def status_of_stop(self) -> IntArray:
        """Status that the first stop gives each subject."""
        return np.where(self.final, np.array([stop.status for stop in self.stops])[self.which], 0)


def observe(facts: EndpointFacts, name: str, estimand: Estimand) -> Observation:
    """Read ``facts`` under ``estimand``."""
    causes, stops = _stops(facts, estimand)
    days = np.stack([stop.dates.day for stop in stops])
    which = np.asarray(np.argmin(days, axis=0), dtype=np.int64)
    day = days[which, np.arange(which.size)]
    rows = _considered(facts, estimand)
    proof = _proof_of_life(facts, estimand, rows)
    rows = rows.assign(rule=_rules(rows, stops, which, day))
    accepted = rows.loc[rows["rule"] == ""].sort_values(["subject", "day", "order", *RECORD_ORDER])
    return Observation(
        name=name,
        estimand=estimand,
        facts=facts,
        causes=causes,
        stops=stops,
        which=which,
        day=day,
        censored=_censored(facts, stops, which, proof),
        rows=rows,
        accepted=accepted,
    )


def _stops(facts: EndpointFacts, estimand: Estimand) -> tuple[tuple[str, ...], tuple[Stop, ...]]:
    """Return the causes and the stops: death, competing events, censoring events, the rules."""
    causes, stops = [facts.name], []
    if estimand.death == "competing":
        causes.append("death")
    if estimand.death != "ignored":
        stops.append(_final("death", facts.death, 2 if estimand.death == "competing" else 0))
    limits = []
    for event, strategy in estimand.intercurrent.items():
        dates = facts.intercurrent.get(event)
        if strategy == "competing" and dates is not None:
            causes.append(event)
            stops.append(_final(event, dates, len(causes)))
        elif strategy in CENSORING_STRATEGIES and dates is not None:
            limits.append(_limit(event, dates, dates.day))
    limits += [_limit("", limit.dates, limit.censor_day) for limit in facts.limits.values()]
    never = without_record("", np.full(facts.cohort.size, NEVER, dtype=np.int64))
    return tuple(causes), (*stops, *limits, _limit("", never, never.day))


def _final(kind: str, dates: SubjectDates, status: int) -> Stop:
    return Stop(kind=kind, cause=kind, status=status, final=True, dates=dates, censor_day=dates.day)


def _limit(kind: str, dates: SubjectDates, censor_day: IntArray) -> Stop:
    return Stop(kind=kind, cause="", status=0, final=False, dates=dates, censor_day=censor_day)


def _considered(facts: EndpointFacts, estimand: Estimand) -> pd.DataFrame:
    """Return the records that this estimand looks at, with the strategy for each.

    A record that is no component but a death or an intercurrent event is looked at once, as that.
    """
    kinds = {"component": "event", "death": estimand.death, **estimand.intercurrent}
    rows = facts.rows.loc[facts.rows["kind"].isin(list(kinds))]
    record = pd.MultiIndex.from_frame(rows[["table", "source", "source_row"]])
    no_component = (rows["order"] < 0).to_numpy()
    rows = rows.loc[~(no_component & record.isin(record[~no_component]))]
    strategy = rows["kind"].map(kinds).to_numpy(dtype=object)
    return rows.assign(strategy=strategy, is_event=np.isin(strategy.astype(str), ["event", "composite"]))


def _rules(rows: pd.DataFrame, stops: tuple[Stop, ...], which: IntArray, day: IntArray) -> Any:
    """Reject events after the stop; leave the other kinds of record for the audit to word."""
    number = rows["subject"].to_numpy()
    rule = rows["rule"].to_numpy(dtype=object)
    for strategy, ignored in (("treatment_policy", IGNORED), ("ignored", DEATH_IGNORED)):
        rule = np.where((rule == "") & (rows["strategy"] == strategy).to_numpy(), ignored, rule)
    after = np.array(
        ["rejected: after " + ("death" if s.kind == "death" else s.dates.label) for s in stops], dtype=object
    )
    late = (rule == "") & (rows["day"].to_numpy() > day[number])
    rule = np.where(late, after[which[number]], rule)
    return np.where((rule == "") & ~rows["is_event"].to_numpy(), STOP, rule)


def _proof_of_life(facts: EndpointFacts, estimand: Estimand, rows: pd.DataFrame) -> IntArray:
    """Return the last day on which an event, a competing event or the death shows the subject observed.

    What comes after a limit shows that the subject was seen until then; what comes after death shows
    nothing.  A death that the estimand ignores neither shows nor hides anything.
    """
    death = facts.death.day
    if estimand.death == "ignored":
        death = np.full(death.size, NEVER, dtype=np.int64)
    shows = rows["is_event"] | (rows["strategy"] == "competing")
    mine = rows.loc[shows & (rows["rule"] == "") & (rows["kind"] != "death"), ["subject", "day"]]
    last = np.where(death == NEVER, MISSING, death)
    for events in (mine, facts.other_events):
        number = events["subject"].to_numpy(dtype=np.int64)
        day = events["day"].to_numpy(dtype=np.int64)
        valid = day <= death[number]
        np.maximum.at(last, number[valid], day[valid])
    return last


def _censored(
    facts: EndpointFacts, stops: tuple[Stop, ...], which: IntArray, proof: IntArray
) -> dict[str, Any]:
    """Return the day and reason of censoring: the first stop, or the last day seen where that is earlier."""
    limit = choose([stop.dates for stop in stops], which)
    limit["day"] = np.stack([stop.censor_day for stop in stops])[which, np.arange(which.size)]
    if not facts.last_seen:
        _refuse_endless(facts, limit["day"])
        return limit
    seen, seen_order = _last_seen(facts, proof)
    orders = list(facts.study.censoring_of(facts.name))
    rules = [orders.index(name) for name in facts.limits]
    limit_order = np.array([*[-1] * (len(stops) - len(rules) - 1), *rules, len(orders) + 2])[which]
    earlier = (seen["day"] < limit["day"]) | ((seen["day"] == limit["day"]) & (seen_order < limit_order))
    return {key: np.where(earlier, seen[key], limit[key]) for key in limit}


def _last_seen(facts: EndpointFacts, proof_of_life: IntArray) -> tuple[dict[str, Any], IntArray]:
    """Return the last day seen by the rules, by a later event record, or time zero."""
    orders = list(facts.study.censoring_of(facts.name))
    numbers = [orders.index(name) for name in facts.last_seen]
    proof = without_record("Later event record", proof_of_life)
    nobody = without_record(f"No assessment after {facts.zero_label}", facts.start)
    options = [*facts.last_seen.values(), proof]
    days = np.stack([option.day for option in options])
    which = np.where((days == MISSING).all(axis=0), len(options), np.argmax(days, axis=0)).astype(np.int64)
    seen = choose([*options, nobody], which)
    return seen, np.array([*numbers, len(orders), len(orders) + 1])[which]


def _refuse_endless(facts: EndpointFacts, day: IntArray) -> None:
    """Refuse subjects whose follow-up nothing ends: to leave out only those without an event is bias."""
    endless = facts.analysed & (day == NEVER)
    if endless.any():
        who = facts.cohort.ids[endless]
        raise InvalidRecords(
            f"endpoint {facts.name!r}: nothing says how long {int(endless.sum())} subject(s) were followed "
            f"({name_some(who)}); give the study a data_cutoff, an after_days limit or a last_seen rule"
        )
