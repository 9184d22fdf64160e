"""Read a study and its records as the commands need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from skeletal.records import TrialRecords
    from skeletal.study import Study


def load(
    study: str, data: Path, *, cutoff: dt.date | None, say: Callable[[str], None]
) -> tuple[Study, TrialRecords]:
    """Read study and records, cut them at ``cutoff`` or the study's data cutoff, refuse contradictions."""
    from skeletal.records import cut_records, read_records, review_records
    from skeletal.study import load_study
    from skeletal_reports.contradictions import refuse_errors

    protocol = load_study(study)
    say(f"Reading {data}")
    records = read_records(data, protocol)
    date = cutoff or protocol.data_cutoff
    if date is not None:
        say(f"Cutting at {date}")
        records = cut_records(records, date)
    refuse_errors(review_records(records, protocol))
    return protocol, records


def choose_scenario(study: Study, name: str | None) -> str:
    """Return the scenario that was asked for, or the one the study's report names."""
    chosen = name or study.report.scenario
    if chosen not in study.scenarios:
        declared = ", ".join(study.scenarios) or "none"
        raise typer.BadParameter(
            f"{study.id} has no scenario {chosen!r} (declared: {declared}); or give records with --data"
        )
    return chosen
