"""``simulate``: the records of a trial that never was."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .loading import choose_scenario
from .options import (
    DEFAULT_SEED,
    ForceOption,
    MaybeCutoffOption,
    QuietOption,
    ScenarioOption,
    SeedOption,
    StudyArgument,
    VerboseOption,
)
from .output import new_folder
from .terminal import progress_to_stderr

if TYPE_CHECKING:
    from skeletal.records import TrialRecords
    from skeletal.study import RecordsMapping, Study

STUDY_FILE = "study.toml"
REDCAP_FILES = ("export.csv", "dictionary.csv")


class Format(StrEnum):
    """How the records are written."""

    native = "native"
    sdtm = "sdtm"
    redcap = "redcap"


def simulate(
    study: StudyArgument,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for the records.")],
    form: Annotated[
        Format,
        typer.Option(
            "--as",
            help="The record tables (csv), SDTM domains (.xpt) or a REDCap export with its data dictionary; "
            "the last two with a study file that reads them.",
        ),
    ] = Format.native,
    seed: SeedOption = None,
    scenario: ScenarioOption = None,
    n: Annotated[
        int | None, typer.Option("--n", min=2, help="Number of subjects; the study's if absent.")
    ] = None,
    cutoff: MaybeCutoffOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Simulate a trial under a scenario of its study and write its raw records."""
    from skeletal.records import cut_records
    from skeletal.study import load_study
    from skeletal_synthetic import simulate_trial

    protocol = load_study(study)
    chosen = DEFAULT_SEED if seed is None else seed
    say = progress_to_stderr(quiet=quiet)
    name = choose_scenario(protocol, scenario)
    say(f"Simulating {protocol.acronym}: scenario {name}, seed {chosen}")
    if force and not _is_simulated(out):
        raise FileExistsError(
            f"{out} holds records that were not simulated; --force does not replace them, name another place"
        )
    with new_folder(out, force=force, ours=_ours) as folder:
        records = simulate_trial(protocol, scenario=name, seed=chosen, n_subjects=n)
        if cutoff is not None:
            records = cut_records(records, cutoff)
        mapping = _write(records, protocol, form, folder)
        if mapping is not None:
            (folder / STUDY_FILE).write_text(_study_text(study, protocol, mapping), encoding="utf-8")
    say(f"{records.n_subjects} subjects, {len(records.tables)} tables")
    if form is not Format.native:
        say(f"Report them with: skeletal report {out / STUDY_FILE} --data {out}")
    typer.echo(out)


def _ours(name: str) -> bool:
    """Return whether a file is one that this command writes."""
    from skeletal.records import TABLES

    path = Path(name)
    tables = {f"{table}.csv" for table in TABLES}
    return name in {*tables, *REDCAP_FILES, STUDY_FILE} or path.suffix == ".xpt"


def _write(records: TrialRecords, study: Study, form: Format, folder: Path) -> RecordsMapping | None:
    """Write the records; return the mapping that reads them, where one is needed."""
    from skeletal.records import export_sdtm, write_csv, write_records, write_sdtm

    if form is Format.sdtm:
        sdtm = export_sdtm(records, study_id=study.id)
        write_sdtm(sdtm, folder)
        return sdtm.mapping
    if form is Format.redcap:
        from skeletal.records.redcap.export import export_redcap

        redcap = export_redcap(records)
        for name, frame in zip(REDCAP_FILES, (redcap.export, redcap.dictionary), strict=True):
            write_csv(frame, folder / name)
        return redcap.mapping
    write_records(records, folder)
    return None


def _study_text(name: str, study: Study, mapping: RecordsMapping) -> str:
    """Return the study with its mapping: the commented text of the library, or a study file in full."""
    from skeletal.study import list_studies, lock_study, mapping_text, study_text

    if name in set(list_studies()["name"]):
        return f"{study_text(name)}\n{mapping_text(mapping)}"
    return lock_study(study.model_copy(update={"records": mapping}))


def _is_simulated(out: Path) -> bool:
    """Return whether a folder holds no records, or only records that say that they were simulated."""
    from skeletal.errors import SkeletalError
    from skeletal.records import read_records
    from skeletal.study import load_study

    if not out.is_dir() or not any(_ours(item.name) for item in out.iterdir()):
        return True
    if (out / "subjects.csv").is_file():
        return _says_simulated(out / "subjects.csv")
    try:
        return read_records(out, load_study(out / STUDY_FILE)).simulated
    except SkeletalError:
        return False


def _says_simulated(subjects: Path) -> bool:
    """Return whether a table of subjects says of everybody that they were simulated."""
    import csv

    with subjects.open(encoding="utf-8", errors="replace", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return all(row.get("simulated") == "true" for row in rows)
