"""``check``: whether a study is valid and its records contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .exits import ExitCode
from .options import JsonOption, MaybeCutoffOption, MaybeDataOption, QuietOption, StudyArgument, VerboseOption
from .terminal import frame_rows, print_frame, print_json, progress_to_stderr

if TYPE_CHECKING:
    from skeletal.records import TrialRecords
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
    verdicts = _eligibility(records, protocol)
    if verdicts:
        say("Eligibility: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()))
    if json:
        content = {"study": protocol.id, "digest": protocol.digest(), "n_subjects": records.n_subjects}
        found = {"counts": counts, "eligibility": verdicts, "findings": frame_rows(findings)}
        print_json({**content, **found})
    elif len(findings):
        print_frame(findings, shown=SHOWN)
    if counts["error"] or counts["warning"]:
        raise typer.Exit(ExitCode.DIFFERENCES)


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
