"""Digests tell studies and records apart; the manifest lists every file."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import pandas as pd

from skeletal.records import TrialRecords, make_records
from skeletal.study import load_study
from skeletal_reports.provenance import (
    data_as_of,
    file_digest,
    package_versions,
    provenance_table,
    records_digest,
    run_name,
    write_manifest,
)

STUDY = load_study("hermes")
OPEN_ENDED = STUDY.model_copy(update={"data_cutoff": None})


def records(*, date="2026-01-15", digests=None, data_cutoff=None):
    subjects = {"subject_id": ["S1"], "arm": ["observational"], "randomised_date": [date]}
    died = {"subject_id": ["S1"], "status": ["alive"], "date": ["2026-03"]}
    tables = {"subjects": pd.DataFrame(subjects), "disposition": pd.DataFrame(died)}
    return make_records(tables, study=STUDY, digests=digests, data_cutoff=data_cutoff)


def test_data_go_to_the_cutoff_of_the_records_then_of_the_study_then_to_the_last_date():
    assert data_as_of(records(data_cutoff=dt.date(2026, 5, 1)), STUDY) == dt.date(2026, 5, 1)
    assert data_as_of(records(), STUDY) == dt.date(2028, 2, 5)
    assert data_as_of(records(), OPEN_ENDED) == dt.date(2026, 3, 1)
    assert data_as_of(records(date="2026-04-30"), OPEN_ENDED) == dt.date(2026, 4, 30)


def test_the_digest_of_records_is_that_of_their_files_or_of_their_content():
    assert records_digest(records()) == records_digest(records())
    assert records_digest(records()) != records_digest(records(date="2026-01-16"))
    one, two = {"a.csv": "1" * 64}, {"a.csv": "2" * 64}
    assert records_digest(records(digests=one)) == records_digest(records(date="2026-01-16", digests=one))
    assert records_digest(records(digests=one)) != records_digest(records(digests=two))


def test_a_run_is_named_by_study_date_and_both_digests():
    name = run_name(STUDY, records())
    assert name.rsplit("-", 1)[0] == "hermes-2028-02-05"
    assert name != run_name(STUDY, records(date="2026-01-16"))
    changed = STUDY.model_copy(update={"n_subjects": 121})
    assert name != run_name(changed, records())


def test_the_manifest_lists_the_digest_of_every_file_and_the_time(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.csv").write_bytes(b"abc")
    manifest = json.loads(write_manifest(tmp_path, {"simulated": True}).read_text())
    # FIPS 180-2, appendix B.1
    assert manifest["outputs"] == {
        "data/a.csv": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    }
    assert manifest["simulated"] is True
    assert dt.datetime.fromisoformat(manifest["created"]).tzinfo is not None
    assert manifest["versions"]["pandas"] == pd.__version__


def test_the_digest_of_a_file_is_its_sha_256(tmp_path):
    (tmp_path / "x").write_bytes(b"skeletal" * 100_000)
    assert file_digest(tmp_path / "x") == hashlib.sha256(b"skeletal" * 100_000).hexdigest()


def test_a_package_that_is_absent_is_named_so(monkeypatch):
    monkeypatch.setattr("skeletal_reports.provenance.PACKAGES", ("no-such-package",))
    assert package_versions()["no-such-package"] == "not installed"


def test_the_table_shows_digests_given_before_those_of_what_it_was_given():
    def cells(**given):
        return {row.cells[0]: row.cells[1] for row in provenance_table(STUDY, records(), **given).rows}

    own = cells()
    assert own["Digest of the study (SHA-256)"] == STUDY.digest()
    assert own["Digest of the records (SHA-256)"] == records_digest(records())
    told = cells(study_digest="s", digest_of_records="r")
    assert (told["Digest of the study (SHA-256)"], told["Digest of the records (SHA-256)"]) == ("s", "r")


def test_records_without_any_other_table_have_a_date():
    subjects = records().subjects
    assert data_as_of(TrialRecords(tables={"subjects": subjects}), OPEN_ENDED) == dt.date(2026, 1, 15)
