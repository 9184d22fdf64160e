"""From a folder or zip archive of tables to trial records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords, name_some
from skeletal.tables import TABLES

from .faults import did_you_mean
from .formats.archive import unpacked
from .formats.files import TEXT, Reading
from .formats.place import folder_place, read_place
from .redcap.mapping import map_export
from .sdtm.mapping import MISSING, check_mapping, map_tables, wanted_domains
from .validate import Origin, checked_records

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.study import Study

    from .formats.place import Contents, Place
    from .schema import TrialRecords


def read_records(path: str | Path, study: Study) -> TrialRecords:
    """Read the records of a trial from a folder or a ``.zip`` of tables.

    Parameters
    ----------
    path : str or Path
        Holds the record tables by name (``subjects.csv``, in any case), SDTM domains where
        ``study.records.format`` is "sdtm", or one REDCap export with its data dictionary where it is
        "redcap".  Files may be delimited text (``.csv``, ``.tsv``, ``.txt``), Excel workbooks (``.xlsx``,
        ``.xls``: each sheet is the table of its name, a workbook of one sheet the table of its own name),
        ``.parquet``, SAS transport (``.xpt``, version 5 or 8) and data sets (``.sas7bdat``), and CDISC
        Dataset-JSON (``.json``, ``.ndjson``).
    study : Study
        Its arms are checked, and its ``records`` says how text files are written and how foreign files
        become record tables.

    Returns
    -------
    TrialRecords
        With the SHA-256 of each file read, and notes on files and rows that were left out and on what was
        found out about the files (a delimiter that is no comma, ...).

    Raises
    ------
    InvalidRecords
        All problems of all files together: no such folder, no tables, two files for one table, a file that
        is empty, broken, too large or not what its name says, and whatever :func:`make_records` refuses.
        Rows are counted from 1 below the header.
    InvalidStudy
        If the mapping of the study names a table that does not exist.

    Notes
    -----
    Every field of a text file is read as text and then converted by the schema.  In native csv files only
    the empty field is missing, so that a text ``NA`` survives; in csv files of SDTM domains the unquoted
    field ``NA`` is missing too, as R writes it.  Numbers of SAS files become dates only where they have a
    SAS date format; in Excel only cells formatted as dates are dates.  No file is changed, and an archive
    is unpacked into a temporary folder.

    R: haven::read_xpt(), read.csv(colClasses = "character")  SAS: LIBNAME ... XPORT
    """
    path = Path(path)
    if not path.exists():
        raise InvalidRecords(f"{path} does not exist; give the folder (or .zip) that holds the tables")
    if path.is_dir():
        return _read(folder_place(path), study)
    if path.suffix.lower() != ".zip":
        raise InvalidRecords(f"{path} is a file; give the folder (or .zip) that holds the tables")
    with unpacked(path) as place:
        return _read(place, study)


def _read(place: Place, study: Study) -> TrialRecords:
    mapped = {"native": _native, "sdtm": _sdtm, "redcap": _redcap}[study.records.format]
    return mapped(place, study)


def _native(place: Place, study: Study) -> TrialRecords:
    reading = Reading(layout=study.records.csv, wanted=frozenset(TABLES))
    contents = read_place(place, reading, lambda path: path.stem.lower() in TABLES)
    if "subjects" not in contents.known:
        reading.problems.append(_no_subjects(contents, place.label))
    files = contents.tables
    tables = {name: files[name].frame for name in TABLES if name in files}
    decimals = {name: study.records.csv.decimal for name in tables if files[name].ending in TEXT}
    origins = {name: Origin(label=files[name].name, decimal=decimals.get(name, ".")) for name in tables}
    return _checked(tables, origins, contents, reading, study)


def _sdtm(place: Place, study: Study) -> TrialRecords:
    check_mapping(study.records)
    required, optional = wanted_domains(study.records)
    wanted = frozenset(required | optional)
    reading = Reading(layout=study.records.csv, missing=MISSING, wanted=wanted)
    contents = read_place(place, reading, lambda path: path.stem.lower() in wanted)
    if needed := sorted(required - contents.known):
        reading.problems.append(
            f"{place.label} has no file for the SDTM domain(s) {', '.join(map(str.upper, needed))}, which "
            "the study maps; add the files or take the domains out of the study"
        )
    tables, origins = map_tables(study.records, contents.tables, reading.problems, reading.notes)
    return _checked(tables, _with_decimal(origins, study), contents, reading, study)


def _redcap(place: Place, study: Study) -> TrialRecords:
    reading = Reading(layout=study.records.csv, raw=True)
    contents = read_place(place, reading, lambda path: path.suffix.lower() == ".csv")
    if reading.problems:
        raise InvalidRecords(reading.problems)
    tables, origins = map_export(study.records, contents.tables, reading.problems, reading.notes)
    return _checked(tables, _with_decimal(origins, study), contents, reading, study)


def _with_decimal(origins: dict[str, Origin], study: Study) -> dict[str, Origin]:
    return {name: replace(origin, decimal=study.records.csv.decimal) for name, origin in origins.items()}


def _checked(
    tables: dict[str, pd.DataFrame],
    origins: dict[str, Origin],
    contents: Contents,
    reading: Reading,
    study: Study,
) -> TrialRecords:
    unread = [f"files not read: {', '.join(contents.others)}"] if contents.others else []
    return checked_records(
        tables,
        origins,
        study=study,
        digests=contents.digests,
        notes=[*unread, *reading.notes],
        data_cutoff=None,
        problems=reading.problems,
    )


def _no_subjects(contents: Contents, place: str) -> str:
    stems = [Path(name).stem for name in contents.others]
    hint = did_you_mean("subjects", stems)
    if "dm" in map(str.lower, stems):
        hint = " There is a DM domain: for SDTM, the study needs [records] format = 'sdtm' and its tables."
    found = name_some([*contents.digests, *contents.others]) or "nothing that could be read"
    return f"{place} has no table 'subjects' (found {found}).{hint}"
