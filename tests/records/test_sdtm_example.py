"""The commented example of a mapping reads what it says it reads."""

from pathlib import Path

import pandas as pd
import pytest

from skeletal.errors import InvalidRecords
from skeletal.records import export_sdtm, read_records, write_sdtm, write_xpt
from skeletal.records.sdtm.mapping import wanted_domains
from skeletal.study import load_study, parse_study, sdtm_mapping_text, study_text
from skeletal_synthetic import simulate_trial

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sdtm"
pytestmark = pytest.mark.skipif(
    not EXAMPLE.is_dir(), reason="examples/sdtm absent: the tests run outside a checkout"
)
ADVERSE = {
    "USUBJID": ["RFA-BA-01-001", "RFA-BA-01-001", "RFA-BA-01-002"],
    "AESEQ": [1.0, 2.0, 1.0],
    "AESPID": ["AE1", "AE2", "AE1"],
    "AEDECOD": ["Pathological fracture", "Nausea", "Spinal cord compression"],
    "AESTDTC": ["2025-10-01", "2025-10-02", "2025-11"],
    "AEDTC": ["2025-10-03", "2025-10-03", ""],
    "AELNKID": ["L1", "", ""],
}
FLAGGED = {
    "RDOMAIN": ["AE", "AE"],
    "USUBJID": ["RFA-BA-01-001", "RFA-BA-01-002"],
    "IDVAR": ["AESEQ", "AESEQ"],
    "IDVARVAL": ["1", "1"],
    "QNAM": ["SKELETAL", "SKELETAL"],
    "QVAL": ["Y", "Y"],
}
RELATED = {
    "RDOMAIN": ["AE", "FA"],
    "USUBJID": ["RFA-BA-01-001", "RFA-BA-01-001"],
    "IDVAR": ["AESEQ", "FASEQ"],
    "IDVARVAL": ["1", "90"],
    "RELID": ["1", "1"],
}


@pytest.fixture(scope="module")
def study():
    return parse_study(study_text("rfa-ba") + (EXAMPLE / "records.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def simulated():
    return simulate_trial(load_study("rfa-ba"), seed=1, n_subjects=12)


@pytest.fixture
def folder(simulated, tmp_path):
    write_sdtm(export_sdtm(simulated), tmp_path)
    return tmp_path


def test_the_example_is_the_mapping_of_the_package():
    assert (EXAMPLE / "records.toml").read_text(encoding="utf-8") == sdtm_mapping_text()


def test_the_example_takes_every_domain_that_it_names(study):
    required, optional = wanted_domains(study.records)
    assert {
        "dm",
        "ae",
        "ce",
        "pr",
        "fa",
        "ds",
        "tu",
        "tr",
        "qs",
        "lb",
        "cm",
        "sv",
        "ex",
    } <= required | optional
    assert "suppdm" in optional


def test_the_example_reads_an_exported_trial(study, simulated, folder):
    records = read_records(folder, study)
    assert {"events: no file ae, which the study calls optional"} <= set(records.notes)
    for name, frame in simulated.tables.items():
        shared = [
            column
            for column in frame.columns
            if column in records[name].columns and not column.startswith("source")
        ]
        assert len(shared) > 2
        expected, found = (
            table[shared].sort_values(shared, ignore_index=True) for table in (frame, records[name])
        )
        pd.testing.assert_frame_equal(found, expected)


def test_adverse_events_with_the_flag_join_the_clinical_events(study, simulated, folder):
    findings = export_sdtm(simulated).domains["FA"]
    more = pd.DataFrame(
        {"USUBJID": ["RFA-BA-01-001"], "FASEQ": [90.0], "FATESTCD": ["SYMPTOM"], "FASTRESC": ["Y"]}
    )
    write_xpt(pd.concat([findings, more.astype({"FASEQ": "float64"})]), folder / "fa.xpt", name="FA")
    for name, columns in {"ae": ADVERSE, "suppae": FLAGGED, "relrec": RELATED}.items():
        write_xpt(pd.DataFrame(columns), folder / f"{name}.xpt", name=name)
    events = read_records(folder, study)["events"]
    reported = events[events["source"] == "AE"]
    columns = ["subject_id", "event_id", "component", "date", "lesion_id", "symptomatic", "detection"]
    assert reported[columns].astype(object).where(reported[columns].notna(), None).to_numpy().tolist() == [
        ["RFA-BA-01-001", "AE1", "fracture", "2025-10-01", "L1", True, "clinical"],
        ["RFA-BA-01-002", "AE1", "cord_compression", "2025-11", None, None, "clinical"],
    ]
    assert len(events) == len(reported) + len(simulated["events"])


def test_a_flagged_term_that_is_not_named_is_refused(study, folder):
    terms = ["Hip fracture", "Nausea", "Spinal cord compression"]
    related = pd.DataFrame(RELATED).iloc[:0]
    write_xpt(pd.DataFrame(ADVERSE | {"AEDECOD": terms}), folder / "ae.xpt", name="AE")
    write_xpt(pd.DataFrame(FLAGGED), folder / "suppae.xpt", name="SUPPAE")
    write_xpt(related, folder / "relrec.xpt", name="RELREC")
    with pytest.raises(InvalidRecords) as error:
        read_records(folder, study)
    (problem,) = error.value.problems
    assert problem.startswith(
        "ae.xpt (events), column 'component' (from AEDECOD): values that the study does not map "
        "('Hip fracture') in 1 row: row 1"
    )


def test_the_first_steps_of_the_example_are_those_of_the_commands():
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert "cat examples/sdtm/records.toml >> trial.toml" in text
    assert "skeletal simulate hermes --as sdtm --out example" in text
