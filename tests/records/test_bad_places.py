"""Folders and archives that cannot be read: one message each, and nothing written or changed."""

from __future__ import annotations

import io
import os
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest
from tests.records.corpus.case import SUBJECTS
from tests.records.corpus.typed import cells, workbook
from tests.records.test_bad_files import contents_of

from skeletal.errors import InvalidRecords
from skeletal.records import read_records
from skeletal.records.formats import archive as archives


def archive(*members, compression=zipfile.ZIP_DEFLATED):
    """Return an archive of (name or ZipInfo, content)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
    return stream.getvalue()


def patched(data, local, central, new):
    """Return an archive with two bytes changed in each local and central header (at these offsets)."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        start = changed.find(mark)
        while start >= 0:
            changed[start + offset : start + offset + 2] = struct.pack("<H", new)
            start = changed.find(mark, start + 4)
    return bytes(changed)


def link(name, target):
    item = zipfile.ZipInfo(name)
    item.external_attr = (stat.S_IFLNK | 0o777) << 16
    return item, target


GOOD = ("subjects.csv", SUBJECTS)
OUT = "holds names that lead out of the archive"
ARCHIVES = {
    "name with ..": (archive(("../subjects.csv", SUBJECTS)), (OUT, "'../subjects.csv'", "zip the folder")),
    "name with .. inside": (archive(GOOD, ("a/../../b.csv", b"x")), (OUT, "a/../../b.csv")),
    "name with backslashes": (archive(GOOD, ("..\\..\\b.csv", b"x")), (OUT,)),
    "absolute name": (archive(("/tmp/subjects.csv", SUBJECTS)), (OUT, "/tmp/subjects.csv")),
    "name with a drive": (archive(("C:\\data\\subjects.csv", SUBJECTS)), (OUT,)),
    "link": (archive(link("subjects.csv", "/etc/passwd")), (OUT, "subjects.csv")),
    "password": (
        patched(archive(GOOD), 6, 8, 1),
        ("has a password (subjects.csv); unpack it and give the folder",),
    ),
    "unknown compression": (
        patched(archive(GOOD), 8, 10, 97),
        ("cannot be unpacked (That compression method",),
    ),
    "damaged content": (
        archive(GOOD, compression=zipfile.ZIP_STORED).replace(b"70.5", b"99.9"),
        ("cannot be unpacked (Bad CRC-32 for file 'subjects.csv'); zip the tables again",),
    ),
    "cut short": (archive(GOOD)[:-30], ("trial.zip cannot be unpacked",)),
    "web page": (b"<html></html>", ("trial.zip cannot be unpacked (File is not a zip file)",)),
    "zero bytes": (b"", ("trial.zip cannot be unpacked",)),
    "nothing inside": (
        archive(),
        ("trial.zip holds no tables (.csv, ", "give the folder (or .zip) that holds them"),
    ),
    "archive inside": (
        archive(("data.zip", archive(GOOD))),
        ("trial.zip holds no tables", "another archive (data.zip): unpack that"),
    ),
    "table as an archive inside": (
        archive(GOOD, ("events.zip", archive(GOOD))), ("events.zip is not read: unpack it", "save it as .csv")
    ),
    "a table twice": (
        archive(("a/subjects.csv", SUBJECTS), ("b/subjects.csv", SUBJECTS)),
        ("more than one file for table 'subjects': subjects.csv, subjects.csv; keep one",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_bad_archive_gives_one_message(name, tmp_path, study, monkeypatch):
    content, says = ARCHIVES[name]
    inside = tmp_path / "inside"
    inside.mkdir()
    path = inside / "trial.zip"
    path.write_bytes(content)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = contents_of(tmp_path)
    with pytest.raises(InvalidRecords) as error:
        read_records(path, study)
    (problem,) = error.value.problems
    assert [words for words in says if words not in problem] == []
    assert contents_of(tmp_path) == before


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ("LARGEST_FILE", "subjects.csv in trial.zip unpacks to 0.0 GB, more than the 0.0 GB that is read"),
        (
            "LARGEST_ARCHIVE",
            "trial.zip unpacks to 0.0 GB, more than the 0.0 GB that is read; leave documents",
        ),
    ],
)
def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(limit, says, tmp_path, study, monkeypatch):
    path = tmp_path / "trial.zip"
    path.write_bytes(archive(("subjects.csv", b"0" * 100_000)))
    monkeypatch.setattr(archives, limit, 50_000)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(InvalidRecords, match=says):
        read_records(path, study)


def test_other_files_of_an_archive_are_neither_unpacked_nor_counted(tmp_path, study, monkeypatch):
    path = tmp_path / "trial.zip"
    path.write_bytes(archive(GOOD, ("scan.dcm", b"0" * 100_000)))
    monkeypatch.setattr(archives, "LARGEST_ARCHIVE", 50_000)
    assert read_records(path, study).notes == ("files not read: scan.dcm",)


def problem_of(folder, study):
    with pytest.raises(InvalidRecords) as error:
        read_records(folder, study)
    (problem,) = error.value.problems
    return problem


def test_a_folder_called_like_a_table_is_named(folder, study):
    (folder / "events.csv").unlink()
    (folder / "events.csv").mkdir()
    assert problem_of(folder, study).startswith("events.csv is a folder, not a file; give the folder itself")


def test_a_link_to_nothing_is_named(folder, study):
    (folder / "events.csv").unlink()
    (folder / "events.csv").symlink_to(folder / "gone.csv")
    assert problem_of(folder, study).startswith("events.csv cannot be read: No such file or directory; check")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_not_waited_for(folder, study):
    (folder / "events.csv").unlink()
    os.mkfifo(folder / "events.csv")
    assert problem_of(folder, study).startswith("events.csv is not read")


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "No such file"), PermissionError(13, "Permission denied")]
)
def test_a_file_that_disappears_or_may_not_be_opened_is_named(folder, study, monkeypatch, error):
    read = Path.read_bytes

    def failing(path):
        if path.name == "events.csv":
            raise error
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    assert problem_of(folder, study) == (
        f"events.csv cannot be read: {error.strerror}; check that it is there and may be opened"
    )


def test_a_file_that_does_not_fit_into_memory_is_named(folder, study, monkeypatch):
    def failing(path):
        raise MemoryError

    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(
        InvalidRecords, match=r"subjects\.csv does not fit into memory; leave out the columns"
    ):
        read_records(folder, study)


@pytest.mark.parametrize("name", ["events.csv.gz", "events.docx", "Events.sav", "events.zip"])
def test_a_table_in_a_file_that_is_not_read_is_no_note(folder, study, name):
    (folder / "events.csv").rename(folder / name)
    problem = problem_of(folder, study)
    assert problem.startswith(
        f"{name} is not read: unpack it if it is an archive and save it as .csv or .tsv"
    )


def test_a_document_beside_its_table_is_only_noted(folder, study):
    (folder / "events.docx").write_text("how events were collected")
    assert read_records(folder, study).notes == ("files not read: events.docx",)


def test_a_table_in_two_formats_is_refused(folder, study):
    (folder / "trial.xlsx").write_bytes(workbook({"Subjects": cells(), "notes": []}))
    assert problem_of(folder, study) == (
        "more than one file for table 'subjects': subjects.csv, trial.xlsx, sheet Subjects; keep one"
    )


def test_a_workbook_that_cannot_be_opened_hides_no_other_problem(folder, study):
    (folder / "subjects.csv").unlink()
    (folder / "budget.xlsx").write_bytes(b"PK\x03\x04 broken")
    assert problem_of(folder, study).startswith("budget.xlsx is broken or cut short")


def test_a_folder_that_may_not_be_listed_is_named(folder, study, monkeypatch):
    def failing(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", failing)
    assert problem_of(folder, study) == (
        f"{folder} cannot be read: Permission denied; check that you may open it"
    )
