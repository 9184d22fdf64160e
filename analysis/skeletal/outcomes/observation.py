"""How one estimand reads an endpoint: what ends observation, which records are its events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.errors import InvalidRecords, name_some
from skeletal.study import COMPETING_STRATEGIES

from .filters import MISSING, NEVER
from .row_frames import coded, with_columns
from .subject_dates import SubjectDates, choose, last_observed, pick

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import Estimand

    from .endpoint import EndpointFacts

IGNORED = "ignored: treatment policy"
DEATH_IGNORED = "ignored: the censoring rules alone end observation"
AFTER = "rejected: after "
NOT_READ = "not read"
# A record that may end observation; the audit says whether it did.
STOP = "stop"
ACCEPTED_COLUMNS = [
    "subject",
    "day",
    "order",
    "kind",
    "name",
    "imaging",
    "last_negative",
    "table",
    "source",
    "source_row",
    "variable",
    "flag",
]


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
    ends : tuple of SubjectDates
        What may end observation: the dates of the stops, then those of the last day seen.
    censor_by, censor_day : ndarray of shape (n,)
        Which of ``ends`` censors a unit without event or final stop, and when.
    rows : DataFrame
        The records of the endpoint; ``rule`` is empty for accepted events, ``NOT_READ`` for records that
        this estimand does not consider.
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
    ends: tuple[SubjectDates, ...]
    censor_by: IntArray
    censor_day: IntArray
    rows: pd.DataFrame
    accepted: pd.DataFrame

    @property
    def final(self) -> BoolArray:
        """Which subjects are observed to death or a competing event, if no event comes first."""
        return np.array([stop.final for stop in self.stops])[self.which] & (self.day < NEVER)

    @property
    def ended(self) -> dict[str, Any]:
        """Where observation of a unit without event ends: ``day``, ``label`` and the record."""
        by = np.where(self.final, self.which, self.censor_by)
        return {**choose(self.ends, by), "day": np.where(self.final, self.day, self.censor_day)}

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
    rows = _read(facts, estimand)
    proof = _proof_of_life(facts, estimand, rows)
    rows = with_columns(facts.rows, rule=_rules(rows, stops, which, day))
    accepted = rows[ACCEPTED_COLUMNS].loc[(rows["rule"] == "").to_numpy()]
    censor_day, censor_by = _censored(facts, stops, which, proof)
    return Observation(
        name=name,
        estimand=estimand,
        facts=facts,
        causes=causes,
        stops=stops,
        which=which.astype(np.int8),
        day=day,
        ends=_ends(facts, stops),
        censor_by=censor_by.astype(np.int8),
        censor_day=censor_day,
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
        if strategy in COMPETING_STRATEGIES and dates is not None:
            causes.append(event)
            stops.append(_final(event, dates, len(causes)))
        elif strategy == "hypothetical" and dates is not None:
            limits.append(_limit(event, dates, dates.day))
    limits += [_limit("", limit.dates, limit.censor_day) for limit in facts.limits.values()]
    return tuple(causes), (*stops, *limits, _limit("", facts.never, facts.never.day))


def _final(kind: str, dates: SubjectDates, status: int) -> Stop:
    return Stop(kind=kind, cause=kind, status=status, final=True, dates=dates, censor_day=dates.day)


def _limit(kind: str, dates: SubjectDates, censor_day: IntArray) -> Stop:
    return Stop(kind=kind, cause="", status=0, final=False, dates=dates, censor_day=censor_day)


def _read(facts: EndpointFacts, estimand: Estimand) -> pd.DataFrame:
    """Return the records with the strategy of this estimand for each, empty where it does not read it."""
    strategies = {"component": "event", "death": estimand.death, **estimand.intercurrent}
    kind = facts.rows["kind"].array
    strategy = coded(kind.codes, [strategies.get(name, "") for name in kind.categories])
    return with_columns(facts.rows, strategy=strategy, is_event=strategy.isin(["event", "composite"]))


def _rules(
    rows: pd.DataFrame, stops: tuple[Stop, ...], which: IntArray, day: IntArray
) -> pd.Categorical[Any]:
    """Reject events after the stop; leave the other kinds of record for the audit to word."""
    number = rows["subject"].to_numpy()
    base = rows["rule"].array
    first = np.int16(len(base.categories))
    after = [AFTER + ("death" if s.kind == "death" else s.dates.label) for s in stops]
    late = (first + 5 + which).astype(np.int16)[number]
    codes = np.select(
        [
            (rows["strategy"] == "").to_numpy(),
            base != "",
            (rows["strategy"] == "treatment_policy").to_numpy(),
            (rows["strategy"] == "ignored").to_numpy(),
            rows["day"].to_numpy() > day[number],
            ~rows["is_event"].to_numpy(),
        ],
        [first + 4, base.codes, first, first + 1, late, first + 2],
        default=first + 3,
    )
    return coded(codes, [*base.categories, IGNORED, DEATH_IGNORED, STOP, "", NOT_READ, *after])


def _proof_of_life(facts: EndpointFacts, estimand: Estimand, rows: pd.DataFrame) -> IntArray:
    """Return the last day on which an event, a competing event or the death shows the subject observed.

    What comes after a limit shows that the subject was seen until then.  A death that the estimand
    ignores neither shows nor hides anything.
    """
    death = facts.death.day
    if estimand.death == "ignored":
        death = np.full(death.size, NEVER, dtype=np.int64)
    shows = rows["is_event"] | rows["strategy"].isin(COMPETING_STRATEGIES)
    mine = rows.loc[shows & (rows["rule"] == "") & (rows["kind"] != "death"), ["subject", "day"]]
    return last_observed(death, (mine, facts.other_events))


def _censored(
    facts: EndpointFacts, stops: tuple[Stop, ...], which: IntArray, proof: IntArray
) -> tuple[IntArray, IntArray]:
    """Return the day of censoring and its place in ``ends``: the first stop, or the last day seen before."""
    limit = pick([stop.censor_day for stop in stops], which)
    if not facts.last_seen:
        _refuse_endless(facts, limit)
        return limit, which
    orders = list(facts.study.censoring_of(facts.name))
    numbers = [*(orders.index(name) for name in facts.last_seen), len(orders), len(orders) + 1]
    seen, place = _last_seen(facts, proof)
    rules = [orders.index(name) for name in facts.limits]
    limit_order = np.array([*[-1] * (len(stops) - len(rules) - 1), *rules, len(orders) + 2])[which]
    earlier = (seen < limit) | ((seen == limit) & (np.array(numbers)[place] < limit_order))
    return np.where(earlier, seen, limit), np.where(earlier, len(stops) + place, which)


def _last_seen(facts: EndpointFacts, proof: IntArray) -> tuple[IntArray, IntArray]:
    """Return the last day seen, and by which rule, else by a later event record, else at time zero."""
    days = [*(dates.day for dates in facts.last_seen.values()), proof]
    last, place = facts.start, np.full(proof.size, len(days), dtype=np.int64)
    for number, day in enumerate(days):
        later = (day > last) if number else (day != MISSING)
        later |= (place == len(days)) & (day != MISSING)
        last, place = np.where(later, day, last), np.where(later, number, place)
    return last, place


def _ends(facts: EndpointFacts, stops: tuple[Stop, ...]) -> tuple[SubjectDates, ...]:
    """Return all that may end observation: the stops, the rules of the last day seen, and no record."""
    proof = replace(facts.never, label="Later event record")
    nobody = replace(facts.never, label=f"No assessment after {facts.zero_label}")
    return (*(stop.dates for stop in stops), *facts.last_seen.values(), proof, nobody)


def _refuse_endless(facts: EndpointFacts, day: IntArray) -> None:
    """Refuse subjects whose follow-up nothing ends: to leave out only those without an event is bias."""
    endless = facts.analysed & (day == NEVER)
    if endless.any():
        who = facts.cohort.ids[endless]
        raise InvalidRecords(
            f"endpoint {facts.name!r}: nothing says how long {int(endless.sum())} subject(s) were followed "
            f"({name_some(who)}); give the study a data_cutoff, an after_days limit or a last_seen rule"
        )
