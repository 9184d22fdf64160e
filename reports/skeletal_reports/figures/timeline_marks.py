"""What the timeline of a subject shows: every record as a mark on a lane, or the reason why it is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pandas as pd

from skeletal.records import TABLES, parse_dates
from skeletal.records.dates import invalid_dates
from skeletal_reports.tables.format import format_number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Sequence

    from skeletal.records import TrialRecords

Part = Literal["endpoint", "intercurrent", "record", "pain", "dose"]
MOST_KINDS = 8  # more kinds of event, procedure or therapy share one lane, and each mark bears its name
LONGEST_ACRONYM = 4
PAIN_ITEMS = ("worst_pain", "pain")


class Days(NamedTuple):
    """The first and last possible day of a date; the same where it is whole."""

    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing drawn for one record.

    Attributes
    ----------
    part, lane : str
        Where it is drawn; lanes of one part have different names.
    look : str
        Key of ``LOOKS``.
    label : str
        Words beside it; may be empty.
    table, source, source_row : str, str, int
        The record; ``source_row`` is -1 where none is behind it.
    variable : str
        Date column that ``begin`` was read from.
    begin, end : Days or None
        A mark without ``end`` is a point.
    open : {"", "start", "end"}
        Which end of a bar is not recorded.
    value : float or None
        Of a pain score or a dose.
    """

    part: Part
    lane: str
    look: str
    begin: Days
    end: Days | None = None
    label: str = ""
    table: str = ""
    source: str = ""
    source_row: int = -1
    variable: str = ""
    open: Literal["", "start", "end"] = ""
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDrawn:
    """A record of the subject that has no place on the time axis, and why."""

    table: str
    source: str
    source_row: int
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One record: its place, its values as recorded and its dates."""

    table: str
    source: str
    source_row: int
    recorded: dict[str, Any]
    dates: dict[str, Days | None]

    def text(self, column: str) -> str:
        """Return a value as text; empty where it is missing or the column is not there."""
        value = self.recorded.get(column)
        return "" if value is None or pd.isna(value) else str(value)

    def flag(self, column: str) -> bool | None:
        """Return a flag, None where it is missing."""
        value = self.recorded.get(column)
        return None if value is None or pd.isna(value) else bool(value)

    def number(self, column: str) -> float | None:
        """Return a number, None where it is missing."""
        value = self.recorded.get(column)
        return None if value is None or pd.isna(value) else float(value)

    def mark(self, lane: str, look: str, column: str, **more: Any) -> Mark:
        """Return a mark of this record that begins on the date in ``column``."""
        begin = more.pop("begin", None) or self.dates[column]
        assert begin is not None, f"{column} of {self.table} is missing"
        return Mark(
            part=more.pop("part", "record"),
            lane=lane,
            look=look,
            begin=begin,
            table=self.table,
            source=self.source,
            source_row=self.source_row,
            variable=column,
            **more,
        )

    def no_mark(self, why: str, what: str = "") -> NotDrawn:
        """Return why this record has no mark."""
        return NotDrawn(table=self.table, source=self.source, source_row=self.source_row, what=what, why=why)


Found = Mark | NotDrawn


def words(name: str) -> str:
    """Return a name of the records in words: ``spinal_pain`` is "Spinal pain", acronyms stay."""
    text = name.replace("_", " ").strip()
    if text.isupper() and len(text) > LONGEST_ACRONYM:
        text = text.lower()
    return text[:1].upper() + text[1:]


def record_rows(frame: pd.DataFrame, table: str) -> list[RecordRow]:
    """Return the rows of a record table with their dates."""
    days = {column: _days(frame[column]) for column in _date_columns(frame, table)}
    return [
        RecordRow(
            table=table,
            source=str(values.get("source", table)),
            source_row=int(values.get("source_row", place + 1)),
            recorded={str(key): value for key, value in values.items()},
            dates={column: found[place] for column, found in days.items()},
        )
        for place, values in enumerate(frame.to_dict("records"))
    ]


def _date_columns(frame: pd.DataFrame, table: str) -> list[str]:
    """Return the date columns of the schema, and further ones that are named and filled like dates."""
    known = TABLES[table].columns if table in TABLES else {}
    dated = [name for name, column in known.items() if column.kind == "date" and name in frame]
    more = [str(name) for name in frame if str(name) == "date" or str(name).endswith("_date")]
    return [*dated, *(name for name in more if name not in known and _holds_dates(frame[name]))]


def _holds_dates(values: pd.Series[Any]) -> bool:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return True
    text = pd.api.types.is_string_dtype(values.dtype) or values.dtype == object
    return bool(text and values.notna().any() and not invalid_dates(values).any())


def _days(values: pd.Series[Any]) -> list[Days | None]:
    found = parse_dates(values)
    pairs = zip(found["earliest"], found["latest"], strict=True)
    return [None if pd.isna(first) else Days(first.date(), last.date()) for first, last in pairs]


def subject_marks(
    records: TrialRecords, subject: str, pain_items: Sequence[tuple[str, str]]
) -> tuple[list[Mark], list[NotDrawn]]:
    """Return the marks of all records of a subject, table by table, and the records without one.

    ``pain_items`` are the (instrument, item) of the pain scores; where there are none, the items called
    worst_pain or pain.
    """
    marks: list[Mark] = []
    left: list[NotDrawn] = []
    for table, frame in records.tables.items():
        rows = record_rows(_of_subject(records, frame, subject), table)
        for found in _found(table, rows, pain_items):
            (marks if isinstance(found, Mark) else left).append(found)  # type: ignore[arg-type]
    return marks, left


def _of_subject(records: TrialRecords, frame: pd.DataFrame, subject: str) -> pd.DataFrame:
    if "subject_id" in frame:
        return frame.loc[frame["subject_id"].eq(subject).fillna(value=False).to_numpy(dtype=bool)]
    who = records.subjects
    if "screening_id" not in frame or "screening_id" not in who:
        return frame.iloc[:0]
    mine = who.loc[who["subject_id"].eq(subject).fillna(value=False).to_numpy(dtype=bool), "screening_id"]
    return frame.loc[frame["screening_id"].isin(mine.dropna()).to_numpy(dtype=bool)]


def _found(table: str, rows: list[RecordRow], pain_items: Sequence[tuple[str, str]]) -> Iterator[Found]:
    if table == "questionnaires":
        yield from _answers(rows, pain_items)
    elif table in _KINDS:
        column, draw = _KINDS[table]
        shared = len({row.text(column) for row in rows}) > MOST_KINDS
        for row in rows:
            yield from draw(row, shared)
    else:
        for row in rows:
            yield from _WRITERS.get(table, _other)(row)


def _event(row: RecordRow, shared: bool) -> Iterator[Found]:
    kind = words(row.text("component") or "not named")
    lane = "Events" if shared else f"Event: {kind}"
    label = ", ".join(filter(None, (kind if shared else "", row.text("lesion_id"))))
    if row.dates.get("date") is None:
        yield row.no_mark("no date", kind)
        return
    imaging = row.text("detection") == "imaging"
    negative = row.dates.get("last_negative_date")
    if imaging and negative is not None:
        yield row.mark(lane, "negative", "last_negative_date", end=row.dates["date"])
    yield row.mark(lane, "imaging" if imaging else "event", "date", label=label)


def _procedure(row: RecordRow, shared: bool) -> Iterator[Found]:
    kind = ", ".join(filter(None, (words(row.text("kind") or "not named"), row.text("intent"))))
    lane = "Procedures" if shared else f"Procedure: {kind}"
    dose = row.number("dose_gy")
    gray = "" if dose is None else f"{format_number(dose, 0 if dose == int(dose) else 1)} Gy"
    fractions = row.number("fractions")
    if gray and fractions is not None:
        gray += f" in {format_number(fractions)}"
    label = ", ".join(filter(None, (kind if shared else "", row.text("lesion_id"), gray)))
    indicated, performed = (row.dates.get(name) for name in ("indicated_date", "performed_date"))
    if indicated is None and performed is None:
        yield row.no_mark("no date", kind)
        return
    if indicated is not None and performed is not None and indicated != performed:
        yield row.mark(lane, "wait", "indicated_date", end=performed)
    if indicated is not None and indicated != performed:
        yield row.mark(lane, "indicated", "indicated_date", label="" if performed else label)
    if performed is not None:
        yield row.mark(lane, "performed", "performed_date", label=label)


def _therapy(row: RecordRow, shared: bool) -> Iterator[Found]:
    drug = words(row.text("drug") or "not named")
    lane, label = ("Therapies", drug) if shared else (f"Therapy: {drug}", "")
    yield _bar(row, lane, "therapy", ("start_date", "stop_date"), label, drug)


def _stay(row: RecordRow) -> Iterator[Found]:
    place = words(row.text("place") or "place not named")
    look = {True: "bone stay", False: "stay", None: "stay of unknown reason"}[row.flag("bone_related")]
    yield _bar(row, f"Stay: {place}", look, ("admission_date", "discharge_date"), "", place)


def _bar(row: RecordRow, lane: str, look: str, columns: tuple[str, str], label: str, what: str) -> Found:
    """Return a bar from one date to the other; an end that is not recorded is open."""
    start, end = (row.dates.get(name) for name in columns)
    if start is None and end is None:
        return row.no_mark("no date", what)
    if start is None:
        return row.mark(lane, look, columns[1], begin=end, end=end, open="start", label=label)
    if end is None:
        return row.mark(lane, look, columns[0], open="end", label=label)
    return row.mark(lane, look, columns[0], end=end, label=label)


def _assessment(row: RecordRow) -> Iterator[Found]:
    lane = f"Assessment: {words(row.text('modality') or 'visit')}"
    if row.dates.get("date") is None:
        yield row.no_mark("no date", row.text("visit"))
    else:
        yield row.mark(lane, "missed" if row.flag("done") is False else "done", "date")


def _answers(rows: list[RecordRow], pain_items: Sequence[tuple[str, str]]) -> Iterator[Found]:
    """Yield a tick for each answer, and for a pain score its value too."""
    for row in rows:
        instrument, item = row.text("instrument"), row.text("item")
        if row.dates.get("date") is None:
            yield row.no_mark("no date", f"{instrument} {item}")
            continue
        yield row.mark(f"Form: {instrument}", "form", "date")
        is_pain = (instrument, item) in pain_items if pain_items else item in PAIN_ITEMS
        value = row.number("value")
        if is_pain and value is not None:
            series = f"{instrument} {item}".replace("_", " ")
            yield row.mark(series, "pain", "date", part="pain", value=value, label=row.text("lesion_id"))


def _dose(row: RecordRow) -> Iterator[Found]:
    value = row.number("omed_mg")
    if row.dates.get("date") is None or value is None:
        yield row.no_mark("no date" if row.dates.get("date") is None else "no dose", "opioid dose")
    else:
        yield row.mark("Oral morphine equivalent", "dose", "date", part="dose", value=value)


def _status(row: RecordRow) -> Iterator[Found]:
    status = row.text("status") or "not named"
    cause = (row.text("cause") or row.text("reason")).replace("_", " ")
    cause = cause.lower() if cause.isupper() else cause
    text = status if not cause or cause in (status, "death") else f"{status} ({cause})"
    if row.dates.get("date") is None:
        yield row.no_mark("no date", text)
    else:
        alive = status == "alive"
        yield row.mark("Status", "alive" if alive else "status", "date", label="" if alive else text)


def _milestones(row: RecordRow) -> Iterator[Found]:
    """Yield one mark a day, with the names of all dates of that day."""
    by_day: dict[Days, list[str]] = {}
    for column, days in row.dates.items():
        if days is not None:
            by_day.setdefault(days, []).append(column)
    if not by_day:
        yield row.no_mark("no date", row.table)
    for columns in by_day.values():
        names = [_milestone(name, row.table) for name in columns]
        yield row.mark("Milestones", "milestone", columns[0], label=words(", ".join(names)))


def _milestone(column: str, table: str) -> str:
    name = column.removesuffix("date").strip("_").replace("_", " ")
    return name or ("screened" if table == "screening" else words(table).lower())


def _lesion(row: RecordRow) -> Iterator[Found]:
    yield row.no_mark("has no date; in the table of lesions", row.text("lesion_id"))


def _other(row: RecordRow) -> Iterator[Found]:
    """Yield the dates of a table that is not of the schema."""
    dated = [column for column, days in row.dates.items() if days is not None]
    if not dated:
        yield row.no_mark("no date", words(row.table))
    for column in dated:
        yield row.mark(f"{words(row.table)}: {_milestone(column, row.table)}", "done", column)


_KINDS: dict[str, tuple[str, Callable[[RecordRow, bool], Iterator[Found]]]] = {
    "events": ("component", _event),
    "procedures": ("kind", _procedure),
    "therapies": ("drug", _therapy),
}
_WRITERS: dict[str, Callable[[RecordRow], Iterator[Found]]] = {
    "subjects": _milestones,
    "screening": _milestones,
    "lesions": _lesion,
    "assessments": _assessment,
    "analgesics": _dose,
    "stays": _stay,
    "disposition": _status,
}
