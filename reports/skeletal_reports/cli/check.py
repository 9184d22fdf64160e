"""``check``: whether a study is valid and its records contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exits import ExitCode
from .loading import cut_as_asked
from .options import (
    ForceOption,
    JsonOption,
    MaybeCutoffOption,
    MaybeDataOption,
    QuietOption,
    VerboseOption,
)
from .terminal import frame_rows, print_frame, print_json, progress_to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from skeletal.records import TrialRecords
    from skeletal.study import Study

SHOWN = ("severity", "rule", "subject_id", "table", "row", "found", "expected")
RULE_COLUMNS = ("rule", "category", "severity", "finds")
MaybeStudyArgument = Annotated[
    str | None, typer.Argument(metavar="STUDY", help="A study of the library, or a study file (.toml).")
]
RulesOption = Annotated[bool, typer.Option("--rules", help="List the rules of the review.")]
FolderOption = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Write review.csv and review.html there.")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the findings as csv.")]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the findings as one html page.")
]


def check(
    study: MaybeStudyArgument = None,
    *,
    data: MaybeDataOption = None,
    cutoff: MaybeCutoffOption = None,
    out: FolderOption = None,
    csv: CsvOption = None,
    html: HtmlOption = None,
    rules: RulesOption = False,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check a study file and, with --data, review its records; exit 5 on errors or warnings."""
    if rules:
        _list_rules(json=json)
        return
    if study is None:
        raise typer.BadParameter("name a study of the library or a study file, or ask for --rules")
    files = {".csv": csv or (out and out / "review.csv"), ".html": html or (out and out / "review.html")}
    _refuse(files, data=data, force=force)
    from skeletal.study import load_study

    protocol = load_study(study)
    say = progress_to_stderr(quiet=quiet)
    say(f"Study {protocol.id} is valid: {_contents(protocol)}")
    if data is None:
        if json:
            print_json({"study": protocol.id, "digest": protocol.digest()})
        return
    from skeletal.records import review_records
    from skeletal_reports.cut_folder import read_trial

    records = read_trial(data, protocol)
    if cutoff is not None:
        records = cut_as_asked(records, protocol, cutoff, say)
    findings = review_records(records, protocol)
    counts = _report(findings, records, protocol, say=say, json=json)
    _write(files, findings, protocol, records)
    if counts["error"] or counts["warning"]:
        raise typer.Exit(ExitCode.DIFFERENCES)


def _report(
    findings: pd.DataFrame,
    records: TrialRecords,
    protocol: Study,
    *,
    say: Callable[[str], None],
    json: bool,
) -> dict[str, int]:
    """Say what was found and print it; return the findings by severity."""
    from skeletal.review_rules import SEVERITIES
    from skeletal_reports.tables import change_notes

    counts = {str(name): int((findings["severity"] == name).sum()) for name in SEVERITIES}
    for note in (*records.notes, *change_notes(protocol)):
        say(note)
    say(f"{records.n_subjects} subjects; " + ", ".join(f"{n} {name}(s)" for name, n in counts.items()))
    verdicts = _eligibility(records, protocol)
    if verdicts:
        say("Eligibility: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()))
    if json:
        content = {"study": protocol.id, "digest": protocol.digest(), "n_subjects": records.n_subjects}
        found = {"counts": counts, "eligibility": verdicts, "findings": frame_rows(findings)}
        print_json({**content, **found})
    elif len(findings):
        print_frame(findings, shown=SHOWN)
    return counts


def _refuse(files: dict[str, Path | None], *, data: Path | None, force: bool) -> None:
    """Refuse files without records to review, and files that are there."""
    wanted = [path for path in files.values() if path is not None]
    if wanted and data is None:
        raise typer.BadParameter("--out, --csv and --html hold findings of records: add --data FOLDER")
    there = [str(path) for path in wanted if path.exists()]
    if there and not force:
        raise FileExistsError(f"{' and '.join(there)} exists; add --force to replace it")


def _write(
    files: dict[str, Path | None], findings: pd.DataFrame, protocol: Study, records: TrialRecords
) -> None:
    from skeletal.records import write_csv
    from skeletal_reports.render.review import render_review

    for ending, path in files.items():
        if path is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".csv":
            write_csv(findings, path)
        else:
            path.write_text(render_review(findings, protocol, records), encoding="utf-8")


def _list_rules(*, json: bool) -> None:
    import pandas as pd

    from skeletal.review_rules import REVIEW_RULES

    listed = pd.DataFrame(
        [(rule.name, rule.category, rule.severity, rule.finds) for rule in REVIEW_RULES.values()],
        columns=list(RULE_COLUMNS),
    )
    if json:
        print_json(frame_rows(listed))
    else:
        print_frame(listed, shown=RULE_COLUMNS)


def _contents(study: Study) -> str:
    parts = {
        "arms": study.arms,
        "endpoints": study.endpoints,
        "estimands": study.estimands,
        "measures": study.measures,
        "analyses": study.analyses,
        "scenarios": study.scenarios,
        "eligibility criteria": study.eligibility,
    }
    always = ("arms", "endpoints", "estimands", "analyses", "scenarios")
    return ", ".join(f"{len(items)} {name}" for name, items in parts.items() if items or name in always)


def _eligibility(records: TrialRecords, study: Study) -> dict[str, int]:
    """Count the subjects by verdict; empty where the study has no criteria."""
    if not study.eligibility:
        return {}
    from skeletal.scores import assess_eligibility

    status = assess_eligibility(records, study).subjects["status"]
    return {name: int((status == name).sum()) for name in ("eligible", "not eligible", "not assessable")}
