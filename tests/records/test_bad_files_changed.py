"""Valid files of each format with bytes cut off or changed: read, or refused by a message; never more."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.records.corpus.case import SUBJECTS
from tests.records.corpus.old_excel import old_workbook
from tests.records.corpus.other_software import SAS_DATA_SET, TRANSPORT_8
from tests.records.corpus.typed import cells, dataset, dataset_1_0, ndjson, parquet, transport, workbook

from skeletal.errors import InvalidRecords
from skeletal.records import TrialRecords, read_records


def archive():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("subjects.csv", SUBJECTS)
    return stream.getvalue()


QUOTED = SUBJECTS.replace(b"A", b'"A, ""x""\n"')
WHOLE = {
    "csv": ("subjects.csv", QUOTED),
    "csv in UTF-16": ("subjects.csv", QUOTED.decode().encode("utf-16")),
    "transport file of version 8": ("subjects.xpt", TRANSPORT_8),
    "transport file of two rows": ("subjects.xpt", transport(2)),
    "data set": ("subjects.sas7bdat", SAS_DATA_SET),
    "parquet": ("subjects.parquet", parquet()),
    "workbook": ("subjects.xlsx", workbook()),
    "old workbook": ("subjects.xls", old_workbook({"subjects": cells()})),
    "Dataset-JSON 1.1": ("subjects.json", json.dumps(dataset()).encode()),
    "Dataset-JSON 1.0": ("subjects.json", json.dumps(dataset_1_0()).encode()),
    "NDJSON": ("subjects.ndjson", ndjson()),
    "archive": ("trial.zip", archive()),
}


def outcome(name, content, study):
    """Return the records or the error of a place that holds one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            found = read_records(path if name.endswith(".zip") else folder, study)
        except InvalidRecords as error:
            found = error
        assert [item.name for item in Path(folder).iterdir()] == [name]
        assert path.read_bytes() == content
    return found


@pytest.mark.parametrize("kind", WHOLE)
def test_the_whole_file_is_read(kind, study):
    assert isinstance(outcome(*WHOLE[kind], study), TrialRecords)


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=25, deadline=10_000)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_read_or_refused(kind, study, share):
    name, content = WHOLE[kind]
    found = outcome(name, content[: int(share * len(content))], study)
    assert isinstance(found, TrialRecords | InvalidRecords)
    if isinstance(found, InvalidRecords):
        assert all("\n" not in problem and len(problem) < 700 for problem in found.problems)


CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=40, deadline=10_000)
@given(changes=CHANGES)
def test_a_file_with_bytes_changed_is_read_or_refused(kind, study, changes):
    name, content = WHOLE[kind]
    changed = bytearray(content)
    for share, byte in changes:
        changed[int(share * len(content))] = byte
    found = outcome(name, bytes(changed), study)
    assert isinstance(found, TrialRecords | InvalidRecords)
    if isinstance(found, InvalidRecords):
        assert found.problems
        assert all(problem for problem in found.problems)
