"""The tables of a subject's profile: facts, outcomes by estimand, lesions, and what became of each record."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.records import TABLES

from .figures.timeline_marks import record_rows, words
from .figures.timeline_readings import death_of, zero_of
from .provenance import data_as_of
from .tables.format import format_number
from .tables.table import Column, Row, Table, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skeletal.outcomes import Outcomes

    from .figures.timeline_facts import Timeline

NOT_COMPONENT = "not a component"
LEFT = Column(header="", align="left")


class SubjectTables:
    """The outcomes, with the audit and the derived rows of the subjects wanted, each made once."""

    def __init__(self, outcomes: Outcomes, subjects: Sequence[str], audit: pd.DataFrame) -> None:
        self.outcomes, self.study = outcomes, outcomes.study
        self._audit = audit.loc[audit["subject_id"].isin(list(subjects)).to_numpy(dtype=bool)]
        self._subjects = list(subjects)
        self._frames: dict[tuple[str, str | None], pd.DataFrame] = {}

    def audit(self, subject: str, endpoint: str) -> pd.DataFrame:
        """Return the audit rows of a subject for an endpoint, of all its estimands."""
        mine = (self._audit["subject_id"] == subject) & (self._audit["endpoint"] == endpoint)
        return self._audit.loc[mine.to_numpy(dtype=bool)]

    def rows(self, subject: str, endpoint: str, estimand: str | None) -> pd.DataFrame:
        """Return the derived rows of a subject: first event, or all episodes."""
        key = (endpoint, estimand)
        if key not in self._frames:
            declared = self.study.estimands.get(estimand or "")
            recurrent = declared is not None and declared.variable == "recurrent"
            derive = self.outcomes.recurrent if recurrent else self.outcomes.first
            frame = derive(endpoint, estimand)
            self._frames[key] = frame.loc[frame["subject_id"].isin(self._subjects).to_numpy(dtype=bool)]
        frame = self._frames[key]
        return frame.loc[(frame["subject_id"] == subject).to_numpy(dtype=bool)]

    def estimands(self, endpoint: str) -> list[str | None]:
        """Return the estimands of an endpoint; None, the default reading, where it has none."""
        return list(self.study.estimands_of(endpoint)) or [None]

    def code(self, estimand: str) -> str:
        """Return the parameter code of an estimand."""
        declared = self.study.estimands.get(estimand)
        return declared.paramcd if declared is not None else "default"


def subject_facts(tables: SubjectTables, subject: str) -> tuple[tuple[str, str], ...]:
    """Return who a subject is, when it was randomised, last seen and died."""
    outcomes, study = tables.outcomes, tables.study
    frame = outcomes.subjects
    (row,) = record_rows(frame.loc[(frame["subject_id"] == subject).to_numpy(dtype=bool)], "subjects")
    zero = zero_of(outcomes, subject, study.time_zero)
    death = death_of(outcomes, subject)
    age = row.number("age")
    arm = row.text("arm")
    facts = {
        "Subject": subject,
        "Arm": study.arm_label(arm) if arm in study.arm_names else arm,
        "Site": row.text("site"),
        "Age and sex": ", ".join(
            filter(None, ("" if age is None else f"{format_number(age)} years", row.text("sex")))
        ),
        "Primary tumour": words(row.text("primary_tumour")),
        "Randomised": _as_recorded(row.recorded.get("randomised_date")),
        f"Time zero ({study.time_zero_label})": "none" if zero is None else _span(zero.first, zero.last),
        "Last dated record": _last_record(outcomes, subject, data_as_of(outcomes.records, study)),
        "Death": "not recorded" if death is None else f"{death.day}{death.imputed}",
    }
    return tuple((name, value or "not recorded") for name, value in facts.items())


def _span(first: dt.date, last: dt.date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _as_recorded(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return str(value.date() if isinstance(value, pd.Timestamp) else value)


def _last_record(outcomes: Outcomes, subject: str, as_of: dt.date) -> str:
    """Return the last date on which something happened to a subject, and what it was."""
    found: list[tuple[dt.date, str]] = []
    for table, frame in outcomes.records.tables.items():
        if "subject_id" in frame and table not in ("subjects", "lesions"):
            mine = frame.loc[frame["subject_id"].eq(subject).fillna(value=False).to_numpy(dtype=bool)]
            for row in record_rows(mine, table):
                days = [day.last for name, day in row.dates.items() if day and name != "reported_date"]
                what = row.text("status") if table == "disposition" else ""
                found += [(day, f"{table}{f': {what}' if what else ''}") for day in days if day <= as_of]
    if not found:
        return ""
    last = max(day for day, _ in found)
    return f"{last} ({', '.join(sorted({what for day, what in found if day == last}))})"


def not_drawn_table(timeline: Timeline) -> Table:
    """List the records without a place in the figure, and why."""
    left = sorted(timeline.not_drawn, key=lambda item: (item.table, item.why, item.source, item.source_row))
    rows = []
    for (source, why), group in groupby(left, key=lambda item: (item.source or item.table, item.why)):
        members = list(group)
        numbers = ", ".join(dict.fromkeys(str(item.source_row) for item in members if item.source_row >= 0))
        what = "; ".join(dict.fromkeys(item.what for item in members if item.what))
        rows.append(Row(cells=(source, numbers, what, words(why))))
    headers = ("Records", "Rows", "What", "Why it is not drawn")
    return Table(
        name="not-drawn",
        title="Records that the timeline does not draw",
        columns=tuple(Column(header=text, align="left") for text in headers),
        rows=tuple(rows),
    )


def lesion_table(tables: SubjectTables, subject: str) -> Table | None:
    """List the lesions of a subject with what is recorded of them; None where there are none."""
    records = tables.outcomes.records
    if "lesions" not in records:
        return None
    frame = records["lesions"]
    mine = frame.loc[frame["subject_id"].eq(subject).fillna(value=False).to_numpy(dtype=bool)]
    if mine.empty:
        return None
    known = [name for name in TABLES["lesions"].columns if name in mine and name != "subject_id"]
    shown = [name for name in known if mine[name].notna().any() and name != "lesion_id"]
    rows = [Row(cells=(words(name), *(_cell(value) for value in mine[name]))) for name in shown]
    return Table(
        name="lesions",
        title="Lesions at baseline",
        columns=(
            LEFT,
            *(Column(header=str(name), align="left") for name in mine["lesion_id"]),
        ),
        rows=tuple(rows),
    )


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return format_number(value, 0 if value == int(value) else 1)
    if isinstance(value, str):
        return value.replace("_", " ")
    return "yes" if bool(value) else "no"


def outcomes_table(tables: SubjectTables, subject: str) -> Table:
    """Give the outcome of a subject under every estimand: what ended the time, when, and why."""
    headers = ("Estimand", "Parameter", "Outcome", "Day", "Date", "What decides")
    columns = tuple(Column(header=text, align="right" if text == "Day" else "left") for text in headers)
    rows: list[Row] = []
    for endpoint, declared in tables.study.endpoints.items():
        rows.append(group_row(declared.label, len(columns)))
        for estimand in tables.estimands(endpoint):
            rows += _outcome_rows(tables, subject, endpoint, estimand)
    return Table(
        name="outcomes",
        title=f"Outcomes of subject {subject} by endpoint and estimand",
        columns=columns,
        rows=tuple(rows),
        notes=("Day 1 is time zero. NE: the subject is not analysed.",),
    )


def _outcome_rows(tables: SubjectTables, subject: str, endpoint: str, estimand: str | None) -> Iterator[Row]:
    study = tables.study
    declared = study.estimands.get(estimand or "")
    label = declared.label if declared is not None else "Death competing (no estimand declared)"
    code = tables.code(estimand or "")
    name = estimand or f"{endpoint} (default)"
    frame = tables.rows(subject, endpoint, estimand)
    if frame.empty:
        reason = _exclusion(tables, subject, name)
        yield Row(cells=(label, code, "Not analysed", "NE", "", reason), indent=1)
        return
    lesions = frame["lesion_id"].unique().tolist() if "lesion_id" in frame else [""]
    for lesion in lesions:
        mine = frame.loc[(frame["lesion_id"] == lesion).to_numpy(dtype=bool)] if lesion else frame
        recurrent = declared is not None and declared.variable == "recurrent"
        cells = _episodes(tables, subject, endpoint, name, mine) if recurrent else _first(tables, mine)
        text = f"{label}: {lesion}" if lesion else label
        yield Row(cells=(text, code, *cells), indent=1)


def _exclusion(tables: SubjectTables, subject: str, estimand: str) -> str:
    out = tables.outcomes.exclusions
    mine = out.loc[((out["estimand"] == estimand) & (out["subject_id"] == subject)).to_numpy(dtype=bool)]
    return "; ".join(dict.fromkeys(mine["reason"].astype(str)))


def _first(tables: SubjectTables, frame: pd.DataFrame) -> tuple[str, ...]:
    """Return what came first: the event, a competing event or the censoring."""
    row = frame.iloc[0]
    status, parts = int(row["status"]), str(row["components"]).split("+")
    if status == 1:
        outcome, why = "Event", ", ".join(_label(tables, part) for part in parts)
    elif status > 1:
        outcome, why = "Competing event", _label(tables, str(row["cause"]))
    else:
        outcome, why = "Censored", str(row["censor_reason"])
    return outcome, format_number(float(row["time"])), _day(row["date"]), why


def _episodes(
    tables: SubjectTables, subject: str, endpoint: str, estimand: str, frame: pd.DataFrame
) -> tuple[str, ...]:
    """Return the number of episodes, and where observation ends."""
    last = frame.iloc[-1]
    n = int((frame["status"] == 1).sum())
    audit = tables.audit(subject, endpoint)
    mine = (audit["estimand"] == estimand) & audit["rule"].isin(["competes", "censors"])
    if "lesion_id" in frame:
        mine &= audit["lesion_id"] == last["lesion_id"]
    ended = audit.loc[mine.fillna(value=False).to_numpy(dtype=bool)]
    competes = int(last["status"]) == 2
    why = ", ".join(dict.fromkeys(ended["label"].dropna().astype(str)))
    outcome = f"{n} episode{'' if n == 1 else 's'}; {'competing event' if competes else 'censored'}"
    column = tables.study.time_zero_of(endpoint)
    zero = zero_of(tables.outcomes, subject, column)
    stop = float(last["stop"])
    date = "" if zero is None else str(zero.first + dt.timedelta(days=int(stop) - 1))
    return outcome, format_number(stop, 0 if stop == int(stop) else 1), date, why


def _label(tables: SubjectTables, name: str) -> str:
    study = tables.study
    if name in study.components:
        return study.components[name].label
    if name in study.intercurrent:
        return study.intercurrent[name].label
    return study.death.label if name == "death" else name


def _day(value: Any) -> str:
    return "" if pd.isna(value) else str(value.date())


def audit_tables(tables: SubjectTables, subject: str) -> Iterator[Table]:
    """Give the sentences of the audit, one table an endpoint, by date.

    A sentence that several estimands share is given once.  Records that are no component share a row.
    """
    for endpoint, declared in tables.study.endpoints.items():
        audit = tables.audit(subject, endpoint)
        if audit.empty:
            continue
        n_estimands = audit["estimand"].nunique()
        headers = ["Date", "Record", "Fate", "Sentence", *(["Read by"] if n_estimands > 1 else [])]
        rows = list(_sentences(tables, audit))
        yield Table(
            name=f"audit-{endpoint}",
            title=f"{declared.label}: what became of each record",
            columns=tuple(Column(header=text, align="left") for text in headers),
            rows=tuple(Row(cells=cells[: len(headers)]) for cells in rows),
        )


def _sentences(tables: SubjectTables, audit: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    estimands = audit["estimand"].unique().tolist()
    read = audit.loc[(audit["rule"] != NOT_COMPONENT).to_numpy(dtype=bool)]
    keys = ["date", "table", "source", "source_row", "rule", "sentence"]
    read = read.sort_values("date", kind="stable", na_position="last")
    for (day, *_, rule, sentence), group in read.groupby(keys, sort=False, dropna=False):
        names = group["estimand"].unique().tolist()
        codes = "all" if len(names) == len(estimands) else ", ".join(dict.fromkeys(map(tables.code, names)))
        lesions = group["lesion_id"].dropna().unique().tolist() if "lesion_id" in group else []
        suffix = f" (lesion {', '.join(lesions)})" if lesions else ""
        record = f"{_record(group.iloc[0])}{suffix}"
        yield _day(day), record, str(rule).partition(":")[0], str(sentence), codes
    left = audit.loc[(audit["rule"] == NOT_COMPONENT).to_numpy(dtype=bool)]
    for source, group in left.groupby("source", sort=False):
        numbers = sorted(group["source_row"].dropna().unique().tolist())
        rows = f"{source}: row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
        yield "", rows, NOT_COMPONENT, "Read, and no component of this endpoint.", "all"


def _record(row: pd.Series[Any]) -> str:
    """Return where a record is; a rule that dates the end of observation has none."""
    if pd.isna(row["source_row"]):
        return "by a rule"
    return f"{row['source']}, row {row['source_row']}"
