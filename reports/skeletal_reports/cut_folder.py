"""The folder of a data cut: the records as they stood, and ``cut.json``, which says how they were cut."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zipfile
from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidRecords, name_some
from skeletal.records import TABLES, cut_records, cut_removals, read_records, write_records
from skeletal.study import RecordsMapping

from .provenance import file_digest

if TYPE_CHECKING:
    from pathlib import Path

    from skeletal.records import TrialRecords
    from skeletal.study import DataCut, Study

CUT_FILE = "cut.json"
KIND = "skeletal data cut"
_LARGEST_CUT_FILE = 10**7  # bytes


def is_cut_file(name: str) -> bool:
    """Return whether a file of that name belongs to the folder of a data cut."""
    return name == CUT_FILE or name.removesuffix(".csv") in TABLES


def write_cut(
    records: TrialRecords, study: Study, rule: DataCut, date: dt.date, folder: Path
) -> dict[str, Any]:
    """Write the records as they stood at the end of a day, and how they were cut; no clock time.

    Parameters
    ----------
    records : TrialRecords
        The records of a later day.
    study : Study
        Its labels word the rule.
    rule : DataCut
        The rule that gave the day.
    date : date
        The last day of which anything is known.
    folder : Path
        An empty folder.

    Returns
    -------
    dict
        The content of ``cut.json``: kind, study, rule, words, date, subjects, rows by table, what was taken
        out by table and reason, and the SHA-256 of inputs, study and outputs.

    Raises
    ------
    InvalidRecords
        If no subject was randomised by then.
    """
    removed = cut_removals(records, date)
    cut = cut_records(records, date)
    files = write_records(cut, folder)
    content = {
        "kind": KIND,
        "study": study.id,
        "study_digest": study.digest(),
        "rule": rule.model_dump(mode="json", exclude_none=True),
        "words": rule.sentence(study),
        "date": date.isoformat(),
        "subjects": cut.n_subjects,
        "rows": {name: len(frame) for name, frame in cut.tables.items()},
        "taken_out": [dict(zip(removed.columns, row, strict=True)) for row in removed.to_numpy().tolist()],
        "inputs": dict(sorted(records.digests.items())),
        "outputs": {path.name: file_digest(path) for path in sorted(files)},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (folder / CUT_FILE).write_text(text, encoding="utf-8", newline="\n")
    return content


def read_trial(data: Path, study: Study) -> TrialRecords:
    """Read records as :func:`read_records` does; those of a data cut know the day of their cut.

    Parameters
    ----------
    data : Path
        Folder or zip archive.  One with the ``cut.json`` of :func:`write_cut` holds plain tables,
        whatever the study's mapping says of the files before the cut.
    study : Study
        The protocol.

    Returns
    -------
    TrialRecords
        With ``data_cutoff`` where they were cut, and the rule in words as a note.

    Raises
    ------
    InvalidRecords
        As :func:`read_records`; or if a file of the cut was changed, added or removed since.
    """
    cut = _cut_of(data)
    if cut is None:
        return read_records(data, study)
    records = read_records(data, study.model_copy(update={"records": RecordsMapping()}))
    written: dict[str, str] = cut["outputs"]
    names = sorted(written.keys() | records.digests.keys())
    if changed := [name for name in names if written.get(name) != records.digests.get(name)]:
        raise InvalidRecords(
            f"{data}: {len(changed)} file(s) are not as they were cut ({name_some(changed)}); "
            f"cut again, or delete {CUT_FILE} to use the files as uncut records"
        )
    notes = (note for note in records.notes if note != f"files not read: {CUT_FILE}")  # it was read here
    noted = dataclasses.replace(records, notes=(*notes, str(cut["words"])))
    return cut_records(noted, dt.date.fromisoformat(cut["date"]))


def _cut_of(data: Path) -> dict[str, Any] | None:
    """Return what ``cut.json`` of a folder or archive says; None where there is none of ours."""
    path = data / CUT_FILE
    written = path.read_bytes() if path.is_file() else _packed_cut(data)
    if written is None:
        return None
    try:
        content = json.loads(written.decode("utf-8"))
        if not isinstance(content, dict) or content.get("kind") != KIND:
            return None
        dt.date.fromisoformat(content["date"])
        outputs, words = content["outputs"], content["words"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRecords(
            f"{path} cannot be read as the file of a data cut ({error}); cut again"
        ) from None
    return {"date": content["date"], "outputs": dict(outputs), "words": words}


def _packed_cut(data: Path) -> bytes | None:
    """Return ``cut.json`` of a zip archive; None where there is none, or the archive is broken."""
    if not data.is_file() or data.suffix.lower() != ".zip":
        return None
    try:
        with zipfile.ZipFile(data) as archive:
            found = {
                item.filename: archive.read(item) for item in archive.infolist() if _is_cut_of_archive(item)
            }
    except Exception:  # zlib, lzma and bz2 have errors of their own: the reader names them
        return None
    if len(found) > 1:
        raise InvalidRecords(f"{data} holds several data cuts ({name_some(found)}); give one of them")
    return next(iter(found.values()), None)


def _is_cut_of_archive(item: zipfile.ZipInfo) -> bool:
    folder, _, name = item.filename.replace("\\", "/").rpartition("/")
    return name == CUT_FILE and "__MACOSX" not in folder and item.file_size <= _LARGEST_CUT_FILE
