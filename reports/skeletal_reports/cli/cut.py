"""``cut``: the trial exactly as it stood on a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import (
    DataOption,
    ForceOption,
    JsonOption,
    QuietOption,
    StudyArgument,
    VerboseOption,
    parse_date,
)
from .output import new_folder, refuse_existing
from .terminal import print_json, progress_to_stderr

if TYPE_CHECKING:
    from skeletal.study import DataCut, Study


def cut(
    study: StudyArgument,
    *,
    data: DataOption,
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder for the records as they stood.")
    ],
    date: Annotated[
        dt.date | None,
        typer.Option("--date", metavar="DATE", parser=parse_date, help="Cut at the end of this day."),
    ] = None,
    events: Annotated[
        int | None,
        typer.Option("--events", min=1, metavar="N", help="Cut when N subjects with an event were known."),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="NAME", help="The endpoint of --events.")
    ] = None,
    follow_up: Annotated[
        int | None,
        typer.Option(
            "--follow-up", min=1, metavar="DAYS", help="Cut so many days after the last randomisation."
        ),
    ] = None,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write the records as they stood on a day; by the data_cut of the study if no rule is given."""
    from skeletal.outcomes import data_cut_date
    from skeletal.study import load_study
    from skeletal_reports.cut_folder import CUT_FILE, is_cut_file, read_trial, write_cut

    protocol = load_study(study)
    rule = _rule(protocol, date=date, events=events, endpoint=endpoint, follow_up=follow_up)
    refuse_existing(out, force=force)
    if out.is_dir() and any(out.iterdir()) and not (out / CUT_FILE).is_file():
        raise FileExistsError(f"{out} holds no data cut; --force does not replace it, name another place")
    if out.resolve() == data.resolve():
        raise FileExistsError(f"{out} holds the records to cut; name another place with --out")
    say = progress_to_stderr(quiet=quiet)
    say(f"Reading {data}")
    records = read_trial(data, protocol)
    say(rule.sentence(protocol))
    day = data_cut_date(records, protocol, rule)
    with new_folder(out, force=force, ours=is_cut_file) as folder:
        content = write_cut(records, protocol, rule, day, folder)
    for line in _counts(content):
        say(line)
    if json:
        print_json(content)
    else:
        typer.echo(f"{day} {out}")


def _rule(
    study: Study, *, date: dt.date | None, events: int | None, endpoint: str | None, follow_up: int | None
) -> DataCut:
    """Return the rule that the options give, or that of the study."""
    from skeletal.study import DataCut

    given = {"--date": date, "--events": events, "--follow-up": follow_up}
    chosen = [name for name, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise typer.BadParameter(f"{' and '.join(chosen)} are two rules; give one")
    if (endpoint is None) != (events is None):
        raise typer.BadParameter("--events and --endpoint belong together; give both")
    if chosen:
        return DataCut(date=date, n_events=events, endpoint=endpoint, follow_up_days=follow_up)
    if study.data_cut is None:
        raise typer.BadParameter(
            f"{study.id} declares no data_cut; give --date, --events with --endpoint, or --follow-up"
        )
    return study.data_cut


def _counts(content: dict[str, Any]) -> list[str]:
    """Return what was kept and what was taken out, a line each."""
    rows = ", ".join(f"{name} {n}" for name, n in content["rows"].items())
    taken = [
        f"Taken out: {'.'.join(filter(None, (item['table'], item['column'])))}, {item['n']} {item['reason']}"
        for item in content["taken_out"]
    ]
    return [f"Cut at {content['date']}: {content['subjects']} subjects; rows: {rows}", *taken]
