"""From a folder or zip archive of tables to trial records."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords, name_some
from skeletal.tables import TABLES

from .faults import did_you_mean
from .files import ENDINGS, read_table_file
from .sdtm import MISSING, check_mapping, map_tables
from .validate import Origin, checked_records

if TYPE_CHECKING:
    from skeletal.study import Study

    from .files import TableFile
    from .schema import TrialRecords


def read_records(path: str | Path, study: Study) -> TrialRecords:
    """Read the records of a trial from a folder or a ``.zip`` of tables.

    Parameters
    ----------
    path : str or Path
        Holds ``.csv`` (UTF-8), ``.parquet``, ``.xpt`` or ``.sas7bdat`` files: the record tables by name
        (``subjects.csv``, in any case), or SDTM domains where ``study.records.format`` is "sdtm".
    study : Study
        Its arms are checked, and its ``records`` says how SDTM domains become record tables.

    Returns
    -------
    TrialRecords
        With the SHA-256 of each file read, and notes on files and rows that were left out.

    Raises
    ------
    InvalidRecords
        All problems of all files together: no such folder, no tables, two files for one table, a file that
        is empty, broken or not what its name says, and whatever :func:`make_records` refuses.  Rows are
        counted from 1 below the header.
    InvalidStudy
        If the mapping of the study names a table that does not exist.

    Notes
    -----
    Every field of a csv file is read as text and then converted by the schema.  In native csv files only
    the empty field is missing, so that a text ``NA`` survives; in csv files of SDTM domains the unquoted
    field ``NA`` is missing too, as R writes it.  Numbers of SAS files become dates only where they have a
    SAS date format.

    R: haven::read_xpt(), read.csv(colClasses = "character")  SAS: LIBNAME ... XPORT
    """
    path = Path(path)
    if not path.exists():
        raise InvalidRecords(f"{path} does not exist; give the folder (or .zip) that holds the tables")
    if path.is_dir():
        return _read_files(sorted(path.iterdir()), str(path), study)
    if path.suffix.lower() != ".zip":
        raise InvalidRecords(f"{path} is a file; give the folder (or .zip) that holds the tables")
    with tempfile.TemporaryDirectory() as folder:
        return _read_files(_unpacked(path, Path(folder)), path.name, study)


def _unpacked(path: Path, folder: Path) -> list[Path]:
    """Write the files of an archive, whatever their folder there, into numbered folders."""
    files = []
    try:
        with zipfile.ZipFile(path) as archive:
            for number, item in enumerate(archive.infolist()):
                inside = PurePosixPath(item.filename.replace("\\", "/"))
                if item.is_dir() or "__MACOSX" in inside.parts:
                    continue
                target = folder / str(number) / inside.name
                target.parent.mkdir()
                target.write_bytes(archive.read(item))
                files.append(target)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise InvalidRecords(f"{path.name} cannot be unpacked ({error}); zip the tables again") from None
    return files


def _read_files(paths: list[Path], place: str, study: Study) -> TrialRecords:
    sdtm = study.records.format == "sdtm"
    if sdtm:
        check_mapping(study.records)
        wanted = {part.domain.lower() for parts in study.records.tables.values() for part in parts}
    else:
        wanted = set(TABLES)
    inside = [path for path in paths if path.is_dir()]
    paths = [path for path in paths if path.is_file() and not path.name.startswith((".", "~$"))]
    chosen = {path: path.stem.lower() for path in paths if path.suffix.lower() in ENDINGS}
    if not chosen:
        raise InvalidRecords(f"{place} holds no tables ({', '.join(ENDINGS)}){_elsewhere(inside)}")
    used = {path: stem for path, stem in chosen.items() if stem in wanted}
    others = [path.name for path in paths if path not in used]
    problems = _repeated(used)
    files = _contents(used, MISSING if sdtm else ("",), problems)
    notes = [f"files not read: {', '.join(others)}"] if others else []
    if sdtm:
        needed = sorted(wanted - set(used.values()))
        if needed:
            problems.append(
                f"{place} has no file for the SDTM domain(s) {', '.join(map(str.upper, needed))}, which the "
                "study maps; add the files or take the domains out of the study"
            )
        tables, origins = map_tables(study.records, files, problems, notes)
    else:
        problems += _no_subjects(used, others, place)
        tables = {name: files[name].frame for name in TABLES if name in files}
        origins = {name: Origin(label=files[name].name) for name in tables}
    return checked_records(
        tables,
        origins,
        study=study,
        digests={file.name: file.digest for file in files.values()},
        notes=notes,
        data_cutoff=None,
        problems=problems,
    )


def _elsewhere(folders: list[Path]) -> str:
    """Say where the tables may be instead: in a folder of the folder."""
    for folder in folders:
        if any(path.suffix.lower() in ENDINGS for path in folder.iterdir()):
            return f". Did you mean the folder {folder}?"
    return "; give the folder (or .zip) that holds them"


def _contents(used: dict[Path, str], missing: tuple[str, ...], problems: list[str]) -> dict[str, TableFile]:
    """Read each file once; add to ``problems`` what cannot be read."""
    files = {}
    for path, stem in used.items():
        try:
            files[stem] = read_table_file(path, missing=missing)
        except InvalidRecords as error:
            problems += error.problems
    return files


def _repeated(used: dict[Path, str]) -> list[str]:
    stems = list(used.values())
    return [
        f"more than one file for table {stem!r}: "
        f"{name_some(path.name for path, other in used.items() if other == stem)}; keep one"
        for stem in sorted({stem for stem in stems if stems.count(stem) > 1})
    ]


def _no_subjects(used: dict[Path, str], others: list[str], place: str) -> list[str]:
    if "subjects" in used.values():
        return []
    stems = [Path(name).stem for name in others]
    hint = did_you_mean("subjects", stems)
    if same := [name for name in others if name.lower().split(".")[0] == "subjects"]:
        hint = f" {same[0]} is not read: save it as {' or '.join(ENDINGS)}."
    if "dm" in map(str.lower, stems):
        hint = " There is a DM domain: for SDTM, the study needs [records] format = 'sdtm' and its tables."
    found = name_some([path.name for path in used] + others)
    return [f"{place} has no table 'subjects' (found {found}).{hint}"]
