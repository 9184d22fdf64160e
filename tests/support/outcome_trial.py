"""A small study and record tables counted in study days: day 1 is 2025-01-01, time zero of everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records
from skeletal.study import parse_study

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

START = pd.Timestamp("2025-01-01")

HEAD = """
id = "small"
acronym = "SMALL"
title = "A small trial"
n_subjects = 4
{top}
[[arms]]
name = "old"
control = true
[[arms]]
name = "new"
[components.cord]
label = "Cord compression"
table = "events"
where = {{ component = "cord" }}
[components.fracture]
label = "Fracture"
table = "events"
where = {{ component = "fracture" }}
[components.radiation]
label = "Radiotherapy"
table = "procedures"
where = {{ kind = "radiation", intent = "palliative" }}
date = "indicated_date"
[endpoints.sre]
label = "SRE"
components = ["cord", "fracture", "radiation"]
{endpoint}
[endpoints.death]
label = "Death from any cause"
{death_endpoint}
[estimands.competing]
endpoint = "sre"
label = "First SRE, death competing"
paramcd = "TTSRE"
death = "competing"
[estimands.composite]
endpoint = "sre"
label = "SRE-free survival"
paramcd = "SREFS"
death = "composite"
[estimands.censor]
endpoint = "sre"
label = "First SRE, death censored"
paramcd = "TTSRECS"
death = "censor"
[estimands.all]
endpoint = "sre"
label = "All SREs"
paramcd = "TTMSRE"
variable = "recurrent"
death = "competing"
[estimands.all-censor]
endpoint = "sre"
label = "All SREs, death censored"
paramcd = "TTMSREC"
variable = "recurrent"
death = "censor"
[estimands.survival]
endpoint = "death"
label = "Overall survival"
paramcd = "OS"
death = "composite"
{extra}
"""
CENSORING = """
[censoring.withdrawal]
label = "Withdrew"
role = "limit"
table = "disposition"
where = { status = "withdrew" }
[censoring.horizon]
label = "Horizon"
role = "limit"
after_days = 199
[censoring.contact]
label = "Last contact"
role = "last_seen"
table = "disposition"
where = { status = "alive" }
[censoring.visit]
label = "Last visit"
role = "last_seen"
table = "assessments"
where = { done = true }
"""
EVENT_COLUMNS = ["subject_id", "event_id", "component", "date", "detection", "last_negative_date"]


def iso(day: int | str | None) -> str | None:
    """Date of a study day; text is taken as it is."""
    if isinstance(day, int):
        return (START + pd.Timedelta(days=day - 1)).strftime("%Y-%m-%d")
    return day


def small_study(
    *,
    top: str = "",
    endpoint: str = "",
    death_endpoint: str = "",
    extra: str = "",
    censoring: str = CENSORING,
) -> Study:
    """Build the study, with lines added at the top, to an endpoint or at the end."""
    text = HEAD.format(top=top, endpoint=endpoint, death_endpoint=death_endpoint, extra=extra)
    return parse_study(text + censoring)


def estimand_text(
    name: str, code: str, events: Mapping[str, str], *, variable: str = "first", order: int = 1, death: str
) -> str:
    """Return an estimand of the endpoint sre with a strategy for each intercurrent event, as TOML."""
    handled = ", ".join(f'{event} = "{strategy}"' for event, strategy in events.items())
    return f"""
[estimands.{name}]
endpoint = "sre"
label = "{name}"
paramcd = "{code}"
variable = "{variable}"
order = {order}
death = "{death}"
intercurrent = {{ {handled} }}
"""


def chosen_estimands(event: str, strategy: str) -> str:
    """Return the estimands "chosen" (first event) and "chosen-all" with one intercurrent event."""
    events = {event: strategy}
    return estimand_text("chosen", "TTX", events, death="competing") + estimand_text(
        "chosen-all", "TTXM", events, variable="recurrent", death="competing"
    )


def small_tables(
    *,
    events: Sequence[tuple[Any, ...]] = (),
    radiation: Sequence[tuple[Any, ...]] = (),
    status: Sequence[tuple[Any, ...]] = (),
    visits: Sequence[tuple[Any, ...]] = (),
    subjects: Sequence[str] = ("A",),
    start: Mapping[str, Any] | None = None,
) -> dict[str, pd.DataFrame]:
    """Build record tables from rows of study days.

    Events are (subject, component, day, detection, last negative day), radiation (subject, day, intent),
    status (subject, status, day), visits (subject, day, done, visit); the last ones may be left out.
    """
    starts = dict.fromkeys(subjects, 1) | dict(start or {})
    return {
        "subjects": pd.DataFrame(
            {
                "subject_id": list(subjects),
                "arm": ["old" if i % 2 == 0 else "new" for i in range(len(subjects))],
                "randomised_date": [iso(starts[name]) for name in subjects],
            },
            dtype="string",
        ),
        "events": pd.DataFrame(
            [
                (row[0], f"e{i}", row[1], iso(row[2]), *[*row[3:4], *map(iso, row[4:]), None, None][:2])
                for i, row in enumerate(events)
            ],
            columns=EVENT_COLUMNS,
            dtype="string",
        ),
        "procedures": pd.DataFrame(
            [
                (row[0], f"p{i}", "radiation", [*row[2:], "palliative"][0], iso(row[1]))
                for i, row in enumerate(radiation)
            ],
            columns=["subject_id", "procedure_id", "kind", "intent", "indicated_date"],
            dtype="string",
        ),
        "disposition": pd.DataFrame(
            [(row[0], row[1], iso(row[2])) for row in status],
            columns=["subject_id", "status", "date"],
            dtype="string",
        ),
        "assessments": pd.DataFrame(
            [
                (row[0], [*row[3:], f"v{i}"][0], iso(row[1]), [*row[2:3], "true"][0])
                for i, row in enumerate(visits)
            ],
            columns=["subject_id", "visit", "date", "done"],
            dtype="string",
        ),
    }


def small_outcomes(study: Study | None = None, **tables: Any) -> Outcomes:
    """Derive the outcomes of the small study from rows as :func:`small_tables` takes them."""
    study = study or small_study()
    return derive_outcomes(make_records(small_tables(**tables), study=study), study)


def only(frame: pd.DataFrame, *columns: str) -> tuple[Any, ...]:
    """Return the given columns of a frame of one row, missing as None."""
    assert len(frame) == 1
    row = frame.iloc[0]
    return tuple(None if pd.isna(row[name]) else row[name] for name in columns)


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Return the given columns of every row, missing as None."""
    chosen = frame[list(columns)].astype(object)
    return [
        tuple(None if pd.isna(v) else v for v in row) for row in chosen.itertuples(index=False, name=None)
    ]
