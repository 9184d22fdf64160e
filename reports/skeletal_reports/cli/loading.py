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
    """Read study and records, cut them at ``cutoff`` or as the study says, refuse contradictions."""
    from skeletal.records import review_records
    from skeletal.study import load_study
    from skeletal_reports.contradictions import refuse_errors
    from skeletal_reports.cut_folder import read_trial

    protocol = load_study(study)
    say(f"Reading {data}")
    records = cut_as_asked(read_trial(data, protocol), protocol, cutoff, say)
    refuse_errors(review_records(records, protocol))
    return protocol, records


def cut_as_asked(
    records: TrialRecords, study: Study, cutoff: dt.date | None, say: Callable[[str], None]
) -> TrialRecords:
    """Cut at ``cutoff``, else as the study says (``data_cut`` before ``data_cutoff``), and say so.

    Records of a data cut stay as they stood.
    """
    from skeletal.errors import InvalidRecords
    from skeletal.outcomes import cut_as_planned
    from skeletal.records import cut_records

    before = records.data_cutoff
    if cutoff is not None and before is not None and cutoff > before:
        raise InvalidRecords(
            f"the records were cut at {before}, so that nothing is known to {cutoff}; leave --cutoff out, or "
            "give the uncut records"
        )
    records = cut_records(records, cutoff) if cutoff is not None else cut_as_planned(records, study)
    if cutoff is None and before is not None:
        say(f"The records were cut at {before}")
    elif cutoff is None and study.data_cut is not None:
        say(f"Cutting at {records.data_cutoff}. {study.data_cut.sentence(study)}")
    elif records.data_cutoff is not None:
        say(f"Cutting at {records.data_cutoff}")
    return records


def choose_scenario(study: Study, name: str | None) -> str:
    """Return the scenario that was asked for, or the one the study's report names."""
    chosen = name or study.report.scenario
    if not study.scenarios:
        raise typer.BadParameter(
            f"{study.id} declares no scenario, so that nothing can be simulated; write [scenarios.{chosen}] "
            "into the study file (docs/study-file.md, Scenarios), or give skeletal report records with --data"
        )
    if chosen not in study.scenarios:
        declared = ", ".join(study.scenarios)
        raise typer.BadParameter(
            f"{study.id} has no scenario {chosen!r} (declared: {declared}); or give records with --data"
        )
    return chosen
