"""The sentence of each audit row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import endpoint as base
from .absence import IN_TIME, OTHER_ARM, TOO_LATE
from .fates import (
    AFTER_EVENT,
    CENSORS,
    COMPETES,
    COUNTED,
    EARLIER,
    MERGED,
    NOT_DECISIVE,
    NOT_FIRST,
)
from .filters import NOT_RANDOMISED, recorded
from .lesions import NO_LESION, OTHER_LESION, UNKNOWN_LESION
from .observation import AFTER, DEATH_IGNORED, IGNORED
from .phrases import either, iso, joined, kinds, numbers, texts_of, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from skeletal.arrays import IntArray

    from .observation import Observation

    Writer = Callable[[pd.DataFrame, Observation], Any]

IMPUTED = {"": ")", "D": ", day imputed)", "M": ", month and day imputed)"}
READ = [
    "subject",
    "place",
    "table",
    "variable",
    "source",
    "source_row",
    "kind",
    "label",
    "day",
    "flag",
    "episode",
    "gap",
]


def sentences(rows: pd.DataFrame, observation: Observation) -> tuple[list[Any], list[IntArray]]:
    """Return the sentences of the rows of each rule, and their places among ``rows`` (with their fates)."""
    rule = rows["rule"].array
    parts, places = [texts_of([])], [np.empty(0, dtype=np.int64)]
    for code, name in enumerate(rule.categories):
        place = np.flatnonzero(rule.codes == code)
        if place.size:
            some = rows[READ].take(place)
            write = _too_late(name) if name.startswith(AFTER) and name not in _WRITERS else _WRITERS[name]
            parts.append(write(some, observation))
            places.append(place)
    return parts, places


def end_sentences(day: IntArray, start: IntArray, flag: Any, label: Any) -> Any:
    """Return the sentence of each end of observation that a rule dates."""
    return joined("Observation ends on ", _day_words(day, start, flag), ": ", kinds(label), ".")


def _day_words(day: IntArray, start: IntArray, flag: Any) -> Any:
    """Return ``2025-03-04 (day 31)``, saying what was imputed."""
    codes = np.select([flag == "D", flag == "M"], [1, 2], 0)
    return joined(iso(day), " (day ", numbers(day - start + 1), words(IMPUTED.values(), codes))


def _subject(rows: pd.DataFrame) -> IntArray:
    return rows["subject"].to_numpy(dtype=np.int64)


def _day(rows: pd.DataFrame) -> IntArray:
    return rows["day"].to_numpy(dtype=np.int64)


def _place(rows: pd.DataFrame) -> Any:
    return joined("row ", numbers(rows["source_row"]), " of ", kinds(rows["source"]))


def _on_day(rows: pd.DataFrame, observation: Observation) -> Any:
    start = observation.facts.start[_subject(rows)]
    return joined(kinds(rows["label"]), " on ", _day_words(_day(rows), start, rows["flag"].array))


def _undated(words_after: str | Callable[[pd.DataFrame, Observation], Any]) -> Writer:
    """Write of a record that has no day on the time scale: its place among the records."""

    def write(rows: pd.DataFrame, observation: Observation) -> Any:
        after = words_after if isinstance(words_after, str) else words_after(rows, observation)
        return joined(kinds(rows["label"]), " (", _place(rows), ") is rejected: ", after)

    return write


def _dated(words_after: str | Callable[[pd.DataFrame, Observation], Any]) -> Writer:
    """Write of a record on its day."""

    def write(rows: pd.DataFrame, observation: Observation) -> Any:
        after = words_after if isinstance(words_after, str) else words_after(rows, observation)
        return joined(_on_day(rows, observation), " ", after)

    return write


def _not_a_component(rows: pd.DataFrame, observation: Observation) -> Any:
    label = observation.facts.endpoint.label
    return joined("The record in ", _place(rows), f" is not a component of the endpoint {label}.")


def _not_randomised(rows: pd.DataFrame, observation: Observation) -> Any:
    who = recorded(observation.facts.records, rows, "subject_id")
    return joined(texts_of(who), " is not a randomised subject.")


def _excluded(rows: pd.DataFrame, observation: Observation) -> Any:
    reason = observation.facts.reason[_subject(rows)]
    return joined(f"the {observation.facts.endpoint.unit} is excluded (", texts_of(reason), ").")


def _no_date(rows: pd.DataFrame, observation: Observation) -> Any:
    written = recorded(observation.facts.records, rows).fillna("")
    absent = (written == "").to_numpy(dtype=np.bool_)
    return joined(
        either(absent, "it has no date", "its date is not precise enough ("),
        texts_of(written),
        either(absent, ".", ")."),
    )


def _before(rows: pd.DataFrame, observation: Observation) -> Any:
    apart = observation.facts.start[_subject(rows)] - _day(rows)
    return joined(
        kinds(rows["label"]),
        " on ",
        iso(_day(rows)),
        " is rejected: it comes ",
        numbers(apart),
        either(apart == 1, " day before ", " days before "),
        f"{observation.facts.zero_label}.",
    )


def _too_late(rule: str) -> Writer:
    label = rule.removeprefix(AFTER)

    def end(rows: pd.DataFrame, observation: Observation) -> Any:
        ended = iso(observation.day[_subject(rows)])
        return joined("is rejected: it comes after the end of observation on ", ended, f" ({label}).")

    return _dated(end)


def _other_arm(rows: pd.DataFrame, observation: Observation) -> Any:
    arm = texts_of(observation.facts.cohort.arm[_subject(rows)])
    return joined("changes nothing: in arm ", arm, " it is no intercurrent event.")


def _grace(rows: pd.DataFrame, observation: Observation) -> Any:
    """Return the last day by which a record of each row's kind prevents the event."""
    events = observation.facts.study.intercurrent
    days = [events[name].absent_by or 0 if name in events else 0 for name in rows["kind"].cat.categories]
    grace = np.array(days, dtype=np.int64)[rows["kind"].cat.codes.to_numpy()]
    return iso(observation.facts.start[_subject(rows)] + grace)


def _grace_sentence(ruled_out: str, in_time: str) -> Writer:
    """Write of a record that prevents an event, which is its absence, or comes too late to do so."""

    def write(rows: pd.DataFrame, observation: Observation) -> Any:
        label, day = kinds(rows["label"]), iso(_day(rows))
        record = joined(": the record in ", _place(rows), " is dated ", day, in_time)
        return joined(label, ruled_out, record, " (by ", _grace(rows, observation), ").")

    return write


def _the_event(observation: Observation) -> str:
    return "the first event" if observation.estimand.order == 1 else "the event"


def _counted(rows: pd.DataFrame, observation: Observation) -> Any:
    if observation.estimand.variable == "first":
        order = observation.estimand.order
        if order == 1:
            return words(["is counted as the first event."], np.zeros(len(rows), dtype=np.int8))
        death = (rows["kind"] == "death").to_numpy(dtype=np.bool_)
        return either(
            death, "is counted as the event.", f"is counted as the event: it opens episode {order}."
        )
    number = _subject(rows)
    tied = (_day(rows) == observation.day[number]) & (observation.status_of_stop[number] > 0)
    note = " Its row ends half a day earlier, so that the competing event of that day keeps its own."
    return joined("is counted as episode ", numbers(rows["episode"]), either(tied, "." + note, "."))


def _merged(rows: pd.DataFrame, observation: Observation) -> Any:
    if observation.estimand.variable == "first":
        text = f"is merged into {_the_event(observation)}: same day."
        return words([text], np.zeros(len(rows), dtype=np.int8))
    endpoint = observation.facts.endpoint
    gap = rows["gap"].to_numpy(dtype=np.int64)
    anchor = "it" if endpoint.gap_anchor == "counted" else "the event before"
    apart = f" after {anchor}, fewer than {endpoint.min_gap_days} days."
    why = words(["same day.", " day" + apart, " days" + apart], np.minimum(gap, 2).astype(np.int8))
    return joined("is merged into episode ", numbers(rows["episode"]), ": ", _unless_zero(gap), why)


def _unless_zero(values: IntArray) -> Any:
    """Return numbers as digits, nothing for 0."""
    largest = int(values.max(initial=0))
    return words(["", *map(str, range(1, largest + 1))], values)


def _earlier(rows: pd.DataFrame, observation: Observation) -> Any:
    order = observation.estimand.order
    return joined(
        "is part of episode ", numbers(rows["episode"]), f": the event looked for is episode {order}."
    )


def _after_event(rows: pd.DataFrame, observation: Observation) -> Any:
    same = rows["gap"].to_numpy() == 0
    event = _the_event(observation)
    return joined("is rejected: ", either(same, f"{event} came on the same day.", f"it comes after {event}."))


def _censors(rows: pd.DataFrame, observation: Observation) -> Any:
    text = f"ends observation: the {observation.facts.endpoint.unit} is censored."
    return words([text], np.zeros(len(rows), dtype=np.int8))


_WRITERS: Mapping[str, Writer] = {
    base.NOT_A_COMPONENT: _not_a_component,
    NOT_RANDOMISED: _undated(_not_randomised),
    NO_LESION: _undated("it names no lesion."),
    UNKNOWN_LESION: _undated("its lesion is not among those of the subject."),
    OTHER_LESION: _undated("its lesion is not one of this endpoint."),
    base.EXCLUDED: _undated(_excluded),
    base.NO_DATE: _undated(_no_date),
    base.BEFORE: _before,
    OTHER_ARM: _dated(_other_arm),
    IN_TIME: _grace_sentence(" does not apply", ", in time"),
    TOO_LATE: _grace_sentence(" is not ruled out", ", too late"),
    COUNTED: _dated(_counted),
    MERGED: _dated(_merged),
    EARLIER: _dated(_earlier),
    COMPETES: _dated("ends observation as a competing event."),
    CENSORS: _dated(_censors),
    IGNORED: _dated("changes nothing: under treatment policy, follow-up goes on."),
    DEATH_IGNORED: _dated("changes nothing: the censoring rules alone end observation."),
    NOT_FIRST: _dated(_after_event),
    AFTER_EVENT: _dated(_after_event),
    NOT_DECISIVE: _dated("is rejected: another record ended observation."),
}
