"""The facts of a subject's timeline: records, episodes, ends of observation, and the days of its axis."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.errors import InvalidArgument, name_some
from skeletal.records.faults import did_you_mean
from skeletal_reports.tables.outcomes import part_endpoints

from .timeline_marks import Days, Mark, NotDrawn, subject_marks
from .timeline_readings import Reading, Window, death_of, intercurrent_marks, readings_of, zero_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study
    from skeletal_reports.tables.result_values import DisplayUnit

PARTS = ("endpoint", "intercurrent", "record")
TABLE_ORDER = (
    "screening",
    "subjects",
    "events",
    "procedures",
    "stays",
    "therapies",
    "assessments",
    "questionnaires",
    "disposition",
)
BEFORE_SHARE, BEFORE_LEAST = 0.25, 90  # how long before time zero the axis may begin
SHORT = 75  # days: a shorter axis is in days
CUTOFF_SHARE = 1.15  # a later data cutoff is told in words: it would press the records together


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A day that every lane is read against."""

    label: str
    look: str
    days: Days


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Timeline:
    """Everything that is drawn for one subject, and what is not.

    Attributes
    ----------
    subject_id : str
        The subject.
    origin : date
        Day 0 of the axis: time zero, or the first dated record of a subject without one.
    axis_label : str
        Words under the axis.
    unit : {"days", "months", "years"}
        Unit of the axis.
    first, last : date
        Ends of the axis.
    marks : tuple of Mark
        Every drawn record, episode, end of observation and intercurrent event.
    readings : tuple of Reading
        For each endpoint the span observed; its lane.
    windows : tuple of Window
        Days of the gap rule after each counted episode.
    lines : tuple of Line
        Time zero, death, data cutoff.
    worst : mapping of str to tuple of (date, float)
        For each pain item its daily maximum.
    not_drawn : tuple of NotDrawn
        Records of the subject without a place in the figure.
    notes : tuple of str
        What a reader must know beside the figure.
    """

    subject_id: str
    origin: dt.date
    axis_label: str
    unit: DisplayUnit
    first: dt.date
    last: dt.date
    marks: tuple[Mark, ...]
    readings: tuple[Reading, ...]
    windows: tuple[Window, ...]
    lines: tuple[Line, ...]
    worst: Mapping[str, tuple[tuple[dt.date, float], ...]]
    not_drawn: tuple[NotDrawn, ...]
    notes: tuple[str, ...]

    @property
    def lanes(self) -> tuple[tuple[str, str], ...]:
        """(part, name) of each lane from top to bottom, without the axes of pain and doses."""
        found = dict.fromkeys(("endpoint", item.lane) for item in self.readings)
        for part in PARTS:
            found |= dict.fromkeys((part, mark.lane) for mark in self.marks if mark.part == part)
        return tuple(found)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each thing drawn, with its record, dates and days since the origin."""
        rows = [
            *(self._row(mark) for mark in self.marks),
            *(self._window(item) for item in self.windows),
            *(self._span("observed", item.lane, item.begin, item.end) for item in self.readings),
            *(self._line(item) for item in self.lines),
        ]
        return pd.DataFrame([row for row in rows if row], columns=COLUMNS)

    def _row(self, mark: Mark) -> dict[str, Any]:
        end = mark.end or mark.begin
        row = {item.name: getattr(mark, item.name) for item in fields(Mark)}
        del row["begin"], row["end"]
        dates = {"first": mark.begin.first, "begin_last": mark.begin.last}
        return self._dated({**row, **dates, "end_first": end.first, "last": end.last})

    def _dated(self, row: dict[str, Any]) -> dict[str, Any]:
        days = {"first_day": row["first"], "last_day": row["last"]}
        since = {name: (day - self.origin).days for name, day in days.items()}
        written = {
            key: value.isoformat() if isinstance(value, dt.date) else value for key, value in row.items()
        }
        number = row.get("source_row", -1)
        return {**written, **since, "source_row": None if number == -1 else number}

    def _span(self, look: str, lane: str, begin: dt.date | None, end: dt.date | None) -> dict[str, Any]:
        if begin is None or end is None:
            return {}
        whole = {"first": begin, "begin_last": begin, "end_first": end, "last": end}
        return self._dated({"part": "endpoint", "lane": lane, "look": look, **whole})

    def _window(self, window: Window) -> dict[str, Any]:
        row = self._span("window", window.lane, window.first, window.last)
        return {**row, "label": f"episode {window.episode}"}

    def _line(self, line: Line) -> dict[str, Any]:
        return {**self._span(line.look, "", *line.days), "part": "line", "label": line.label}


COLUMNS = [
    "part",
    "lane",
    "look",
    "label",
    "table",
    "source",
    "source_row",
    "variable",
    "first",
    "begin_last",
    "end_first",
    "last",
    "open",
    "value",
    "first_day",
    "last_day",
]


def subject_timelines(
    outcomes: Outcomes,
    subjects: Sequence[str],
    *,
    endpoints: Sequence[str] | None = None,
    audit: pd.DataFrame | None = None,
) -> dict[str, Timeline]:
    """Collect the facts of the timelines of some subjects.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``, of the whole trial.
    subjects : sequence of str
        ``subject_id`` of each, in the order wanted.
    endpoints : sequence of str, optional
        Endpoints with a lane; the study's first and those of which all events are read if absent.
    audit : DataFrame, optional
        ``outcomes.full_audit()``, where it is at hand.

    Returns
    -------
    dict of str to Timeline
        Subject -> facts.

    Raises
    ------
    InvalidArgument
        If no subject is given, one is not randomised, or an endpoint is unknown or death alone.
    """
    chosen = drawn_endpoints(outcomes.study) if endpoints is None else list(endpoints)
    lanes = [name for name, item in outcomes.study.endpoints.items() if item.components]
    if wrong := [name for name in chosen if name not in lanes]:
        raise InvalidArgument(
            f"no endpoint with components is called {name_some(map(repr, wrong))}; "
            f"the study has {name_some(lanes)}.{did_you_mean(wrong[0], lanes)}"
        )
    require_subjects(outcomes, subjects)
    audit = outcomes.full_audit() if audit is None else audit
    audit = audit.loc[audit["subject_id"].isin(list(subjects)).to_numpy(dtype=bool)]
    return {
        name: _timeline(outcomes, name, audit.loc[(audit["subject_id"] == name).to_numpy(dtype=bool)], chosen)
        for name in subjects
    }


def drawn_endpoints(study: Study) -> list[str]:
    """Return the endpoints that have a lane by default: the first, and those of which all events are read.

    An endpoint that is one component of an earlier one has none.
    """
    parts = part_endpoints(study)
    lanes = [name for name, item in study.endpoints.items() if item.components and name not in parts]
    recurrent = {item.endpoint for item in study.estimands.values() if item.variable == "recurrent"}
    return [name for place, name in enumerate(lanes) if not place or name in recurrent]


def require_subjects(outcomes: Outcomes, subjects: Sequence[str]) -> None:
    """Refuse subjects that are not in the trial, each with the nearest that is."""
    if not subjects:
        raise InvalidArgument("name at least one subject")
    known = outcomes.subjects["subject_id"].astype(str).tolist()
    unknown = [name for name in subjects if name not in set(known)]
    if unknown:
        hint = did_you_mean(unknown[0], known)
        examples = "" if hint else f" Subjects are named like {name_some(known[:3])}."
        raise InvalidArgument(
            f"{len(unknown)} of the subjects asked for are not among the {len(known)} randomised: "
            f"{name_some(map(repr, unknown))}.{hint}{examples}"
        )


def _timeline(outcomes: Outcomes, subject: str, audit: pd.DataFrame, endpoints: Sequence[str]) -> Timeline:
    study = outcomes.study
    found, left = subject_marks(outcomes.records, subject, pain_items(study))
    readings, windows, ends = readings_of(outcomes, subject, audit, endpoints)
    zero = zero_of(outcomes, subject, study.time_zero)
    lines, notes = _lines(outcomes, subject, zero)
    marks = [*ends, *intercurrent_marks(audit, study), *sorted(found, key=_table_place)]
    days = [day for mark in marks for item in (mark.begin, mark.end) if item for day in item]
    days += [day for line in lines for day in line.days]
    origin = zero.first if zero else min(days, default=dt.date(2000, 1, 1))
    last = max(days, default=origin)
    first, early = _first_day(marks, days, origin, last)
    cutoff = outcomes.records.data_cutoff or study.data_cutoff
    if cutoff is not None and (cutoff - origin).days <= CUTOFF_SHARE * (last - origin).days:
        lines.append(Line(label=f"Data cutoff {cutoff}", look="cutoff", days=Days(cutoff, cutoff)))
        last = max(last, cutoff)
    elif cutoff is not None:
        notes.append(f"The data cutoff, {cutoff}, is later than what is drawn.")
    last = max(last, first + dt.timedelta(days=1))
    unit: DisplayUnit = "days" if (last - first).days < SHORT else study.report.display_unit
    words = study.time_zero_label if zero else f"{origin}, the first record: {study.time_zero_label} unknown"
    return Timeline(
        subject_id=subject,
        origin=origin,
        axis_label=f"{unit.capitalize()} since {words}",
        unit=unit,
        first=first,
        last=last,
        marks=tuple(mark for mark in marks if mark not in early),
        readings=tuple(readings),
        windows=tuple(windows),
        lines=tuple(lines),
        worst=_worst(marks),
        not_drawn=(*left, *(_too_early(mark, first) for mark in early)),
        notes=tuple(notes),
    )


def pain_items(study: Study) -> list[tuple[str, str]]:
    """Return (instrument, item) of the pain scores that the study's measures read."""
    found = []
    for measure in study.measures.values():
        if measure.kind == "pain_response":
            found.append((measure.instrument, measure.item))
        elif measure.kind == "score" and measure.scale in ("pain", "worst_pain"):
            found.append((measure.instrument, measure.scale))
    return list(dict.fromkeys(found))


def _table_place(mark: Mark) -> int:
    return TABLE_ORDER.index(mark.table) if mark.table in TABLE_ORDER else len(TABLE_ORDER)


def _lines(outcomes: Outcomes, subject: str, zero: Days | None) -> tuple[list[Line], list[str]]:
    lines, notes = [], []
    label = outcomes.study.time_zero_label
    label = label[:1].upper() + label[1:]
    if zero is not None:
        lines.append(Line(label=label, look="zero", days=zero))
        if zero.first != zero.last:
            notes.append(f"{label} is not known to the day: {zero.first} to {zero.last}.")
    death = death_of(outcomes, subject)
    if death is not None:
        lines.append(
            Line(label=f"Death {death.day}{death.imputed}", look="death", days=Days(death.day, death.day))
        )
    return lines, notes


def _first_day(
    marks: list[Mark], days: list[dt.date], origin: dt.date, last: dt.date
) -> tuple[dt.date, list[Mark]]:
    """Return the first day of the axis, and the points that lie long before it."""
    room = dt.timedelta(days=max(int(BEFORE_SHARE * (last - origin).days), BEFORE_LEAST))
    least = min(origin - room, last)
    first = min([*(day for day in days if day >= least), origin])
    early = [mark for mark in marks if mark.open != "end" and (mark.end or mark.begin).last < first]
    return first, early


def _too_early(mark: Mark, first: dt.date) -> NotDrawn:
    begin = (
        mark.begin.first
        if mark.begin.first == mark.begin.last
        else f"{mark.begin.first} to {mark.begin.last}"
    )
    return NotDrawn(
        table=mark.table,
        source=mark.source,
        source_row=mark.source_row,
        what=f"{mark.lane}{f' ({mark.label})' if mark.label else ''}, {begin}",
        why=f"long before the first day of the figure, {first}",
    )


def _worst(marks: Sequence[Mark]) -> dict[str, tuple[tuple[dt.date, float], ...]]:
    """Return the highest score of each day with a whole date, by pain item."""
    by_series: dict[str, dict[dt.date, float]] = {}
    for mark in marks:
        if mark.part == "pain" and mark.value is not None and mark.begin.first == mark.begin.last:
            days = by_series.setdefault(mark.lane, {})
            days[mark.begin.first] = max(mark.value, days.get(mark.begin.first, mark.value))
    return {series: tuple(sorted(days.items())) for series, days in by_series.items()}
