"""Trials of which each row and each cell is made together with the day on which it was learnt.

What was known by a day is put together from these days alone, without any look at the dates in the tables.
Day 1 is 2025-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .outcome_trial import START, iso

SPAN = 70  # all but months that go on end within these days
ALWAYS = 0
NEVER = 10**6


@dataclass
class Row:
    """A row, the day it was learnt, and its cells: a value and the day it was learnt."""

    known: int
    cells: dict[str, tuple[Any, int]] = field(default_factory=dict)

    def put(self, column: str, value: Any, known: int = ALWAYS) -> None:
        self.cells[column] = (value, known)


@dataclass
class LearntTrial:
    """Rows by table."""

    rows: dict[str, list[Row]]
    columns: dict[str, list[str]]

    def tables(self, day: int = NEVER) -> dict[str, pd.DataFrame]:
        """Return the tables as they were by the end of ``day``; all of it if absent."""
        return {name: self._table(name, day) for name in self.rows}

    def _table(self, name: str, day: int) -> pd.DataFrame:
        columns = self.columns[name]
        kept = [(n, row) for n, row in enumerate(self.rows[name], start=1) if row.known <= day]
        data: dict[str, Any] = {column: [_cell(row, column, day) for _, row in kept] for column in columns}
        frame = pd.DataFrame({column: pd.array(cells, dtype="string") for column, cells in data.items()})
        return frame.assign(source_row=pd.array([n for n, _ in kept], dtype="int64"))


def _cell(row: Row, column: str, day: int) -> str | None:
    if column == "randomised" and "later" in row.cells:  # true from the day of randomisation, false before
        return "true" if row.cells["later"][0] <= day else "false"
    value, known = row.cells.get(column, (None, ALWAYS))
    return value if known <= day else None


def _month_end(day: int) -> int:
    last = (START + pd.Timedelta(days=day - 1)) + pd.offsets.MonthEnd(0)
    return int((last - START).days) + 1


class Maker:
    """Draws the rows of one trial."""

    def __init__(self, seed: int, n_subjects: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows: dict[str, list[Row]] = {}
        self.columns: dict[str, list[str]] = {}
        self.lesions: dict[tuple[str, str], int] = {}
        self.events: dict[tuple[str, str], int] = {}
        for number in range(n_subjects):
            self.subject(number)

    def day(self, after: int = 1, within: int = SPAN) -> int:
        return int(self.rng.integers(after, max(after, min(after + within, SPAN)) + 1))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one(self, *values: str) -> str:
        return str(self.rng.choice(values))

    def written(self, day: int, share: float = 0.15) -> tuple[str, int]:
        """Return a date as text, perhaps a month only, and the day on which it had passed for certain."""
        text = str(iso(day))
        return (text[:7], _month_end(day)) if self.chance(share) else (text, day)

    def add(self, table: str, known: int, columns: str, **cells: Any) -> Row:
        row = Row(known=known)
        for column, value in cells.items():
            row.put(column, *(value if isinstance(value, tuple) else (value,)))
        self.rows.setdefault(table, []).append(row)
        self.columns[table] = columns.split()
        return row

    def dated(self, table: str, start: int, columns: str, column: str, **cells: Any) -> tuple[Row, int]:
        """Add a row with its date, perhaps partial, perhaps reported later."""
        happened = self.day(start)
        text, sure = self.written(happened)
        known = max(sure, start)
        if self.chance(0.5):
            report = self.day(happened, within=25)
            reported, surely = self.written(report)
            cells["reported_date"] = reported
            known = max(surely, happened if len(text) == 10 else 1, start)
        return self.add(table, known, f"{columns} {column} reported_date", **cells, **{column: text}), known

    def subject(self, number: int) -> None:
        who, start = f"S{number}", self.day(1, within=30)
        treated = self.day(start, within=15)
        text, sure = self.written(treated)
        dies = self.day(start) if self.chance(0.3) else NEVER
        row = self.add(
            "subjects",
            start,
            "subject_id arm randomised_date screening_id treatment_date treatment_site "
            "death_date death_cause seen",
            subject_id=who,
            arm=("old", "new")[number % 2],
            randomised_date=iso(start),
            screening_id=f"SCR{number}",
            treatment_date=(text, sure),
            treatment_site=("elsewhere", sure),
        )
        row.put("death_date", iso(dies) if dies < NEVER else None, dies)
        row.put("death_cause", "cancer" if dies < NEVER else None, dies)
        contact = self.day(start)
        row.put("seen", f"clinic on {iso(contact)}, well", contact)
        self.screening(number, start)
        for make in (
            self.lesion,
            self.lesion,
            self.event,
            self.event,
            self.event,
            self.procedure,
            self.visit,
        ):
            make(who, start)
        for make in (self.answer, self.dose, self.stay, self.therapy, self.status, self.status):
            make(who, start)
        if dies < NEVER:
            self.death(who, start, dies)

    def screening(self, number: int, start: int) -> None:
        columns = "screening_id site date eligible consent_date consented randomised"
        for name, later in ((f"SCR{number}", start), (f"FAIL{number}", 2 * NEVER)):
            seen = self.day(1, within=start - 1) if start > 1 else 1
            consent = self.day(seen, within=5)
            row = self.add("screening", seen, columns, screening_id=name, site="A", date=iso(seen))
            row.put("eligible", "true")
            row.put("consent_date", iso(consent), consent)
            row.put("consented", "true", consent)
            row.put("later", later)

    def lesion(self, who: str, start: int) -> None:
        name = f"L{len(self.lesions)}"
        found = self.day(start) if self.chance(0.4) else None
        known = max(start, found or ALWAYS)
        self.lesions[who, name] = known
        self.add(
            "lesions",
            known,
            "subject_id lesion_id bone detected_date",
            subject_id=who,
            lesion_id=name,
            bone="femur",
            detected_date=iso(found),
        )

    def reference(self, who: str, targets: dict[tuple[str, str], int]) -> tuple[str | None, int]:
        mine = [(name, known) for (owner, name), known in targets.items() if owner == who]
        return mine[int(self.rng.integers(len(mine)))] if mine and self.chance(0.8) else (None, ALWAYS)

    def event(self, who: str, start: int) -> None:
        name = f"e{len(self.events)}"
        row, known = self.dated(
            "events",
            start,
            "subject_id event_id component lesion_id adjudicated adjudicated_date adjudicated_by",
            "date",
            subject_id=who,
            event_id=name,
            component=self.one("cord", "fracture"),
            lesion_id=self.reference(who, self.lesions),
        )
        self.events[who, name] = known
        if self.chance(0.8):
            text, sure = self.written(self.day(start))
            row.put("adjudicated_date", text, sure)
            row.put("adjudicated", self.one("true", "true", "false"), sure)
            row.put("adjudicated_by", "panel", sure)

    def procedure(self, who: str, start: int) -> None:
        planned, done = self.day(start), NEVER
        if self.chance(0.7):
            done = self.day(planned)
        unplanned = done < NEVER and self.chance(0.3)
        self.add(
            "procedures",
            done if unplanned else planned,
            "subject_id procedure_id kind intent indicated_date performed_date dose_gy related_event_id",
            subject_id=who,
            procedure_id=f"p{who}",
            kind="radiation",
            intent="palliative",
            indicated_date=None if unplanned else iso(planned),
            performed_date=(iso(done) if done < NEVER else None, done),
            dose_gy=("8" if done < NEVER else None, done),
            related_event_id=self.reference(who, self.events),
        )

    def visit(self, who: str, start: int) -> None:
        for number in range(3):
            columns = "subject_id visit done result result_date"
            row, known = self.dated(
                "assessments", start, columns, "date", subject_id=who, visit=f"V{number}", done="true"
            )
            read = self.day(start)
            row.put("result_date", iso(read), read)
            row.put("result", "stable", max(read, known))

    def answer(self, who: str, start: int) -> None:
        columns = "subject_id instrument item value"
        self.dated(
            "questionnaires",
            start,
            columns,
            "date",
            subject_id=who,
            instrument="BPI",
            item="worst",
            value="4",
        )

    def dose(self, who: str, start: int) -> None:
        self.dated("analgesics", start, "subject_id omed_mg", "date", subject_id=who, omed_mg="30")

    def stay(self, who: str, start: int) -> None:
        columns = "subject_id place discharge_date discharge_to"
        row, _ = self.dated("stays", start, columns, "admission_date", subject_id=who, place="hospital")
        text, sure = self.written(self.day(start))
        row.put("discharge_date", text, sure)
        row.put("discharge_to", "home", sure)

    def therapy(self, who: str, start: int) -> None:
        columns = "subject_id drug stop_date stop_reason"
        row, _ = self.dated("therapies", start, columns, "start_date", subject_id=who, drug="denosumab")
        stop = self.day(start)
        row.put("stop_date", iso(stop), stop)
        row.put("stop_reason", "toxicity", stop)

    def status(self, who: str, start: int) -> None:
        status = self.one("alive", "alive", "withdrew")
        self.dated(
            "disposition", start, "subject_id status cause cause_date", "date", subject_id=who, status=status
        )

    def death(self, who: str, start: int, dies: int) -> None:
        columns = "subject_id status cause cause_date date reported_date"
        reported = self.day(dies, within=30)
        known = self.day(dies)
        self.add(
            "disposition",
            max(reported, start),
            columns,
            subject_id=who,
            status="died",
            date=iso(dies),
            reported_date=iso(reported),
            cause_date=(iso(known), known),
            cause=("cancer", known),
        )


def learnt_trial(seed: int, n_subjects: int = 6) -> LearntTrial:
    """Draw a trial."""
    made = Maker(seed, n_subjects)
    return LearntTrial(rows=made.rows, columns=made.columns)
