"""``check``: whether a study is valid and its records contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .exits import ExitCode
from .options import JsonOption, MaybeCutoffOption, MaybeDataOption, QuietOption, StudyArgument, VerboseOption
from .terminal import frame_rows, print_frame, print_json, progress_to_stderr

if TYPE_CHECKING:
    from skeletal.study import Study

SHOWN = ("severity", "rule", "subject_id", "table", "row", "found", "suggestion")
SEVERITIES = ("error", "warning", "note")


def check(
    study: StudyArgument,
    *,
    data: MaybeDataOption = None,
    cutoff: MaybeCutoffOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check a study file and, with --data, review its records; exit 5 on errors or warnings."""
    from skeletal.study import load_study

    protocol = load_study(study)
    say = progress_to_stderr(quiet=quiet)
    say(f"Study {protocol.id} is valid: {_contents(protocol)}")
    if data is None:
        if json:
            print_json({"study": protocol.id, "digest": protocol.digest()})
        return
    from skeletal.records import cut_records, read_records, review_records

    records = read_records(data, protocol)
    if cutoff is not None:
        records = cut_records(records, cutoff)
    findings = review_records(records, protocol)
    counts = {severity: int((findings["severity"] == severity).sum()) for severity in SEVERITIES}
    for note in records.notes:
        say(note)
    say(f"{records.n_subjects} subjects; " + ", ".join(f"{n} {name}(s)" for name, n in counts.items()))
    if json:
        content = {"study": protocol.id, "digest": protocol.digest(), "n_subjects": records.n_subjects}
        print_json({**content, "counts": counts, "findings": frame_rows(findings)})
    elif len(findings):
        print_frame(findings, shown=SHOWN)
    if counts["error"] or counts["warning"]:
        raise typer.Exit(ExitCode.DIFFERENCES)


def _contents(study: Study) -> str:
    parts = {
        "arms": study.arms,
        "endpoints": study.endpoints,
        "estimands": study.estimands,
        "analyses": study.analyses,
        "scenarios": study.scenarios,
    }
    return ", ".join(f"{len(items)} {name}" for name, items in parts.items())
