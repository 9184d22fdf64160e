"""Joins and exports on the records of a real trial."""

from pathlib import Path

import pandas as pd
import pytest

from skeletal.records import export_sdtm, make_records, read_records, write_sdtm
from skeletal.study import load_study, mapping_text, parse_study

ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT.parent / "shared" / "real" / "cdisc-pilot"
STUDY = ROOT / "tests" / "studies" / "cdisc-pilot.toml"

pytestmark = pytest.mark.skipif(not PILOT.is_dir(), reason=f"CDISC pilot records absent: {PILOT}")


@pytest.fixture(scope="module")
def pilot():
    return read_records(PILOT, load_study(STUDY))


def test_the_first_dose_of_every_subject_is_that_of_the_sponsor(pilot):
    mapping = 'first_dose_date = "FIRST.EXSTDTC", first_dose = "FIRST.EXDOSE", treatment_date = "RFSTDTC"'
    join = (
        'units = { age = "YEARS", first_dose = "mg" }\n[records.tables.subjects.joins.FIRST]\ndomain = "EX"\n'
        'where = { VISIT = "BASELINE" }\n'
    )
    text = STUDY.read_text(encoding="utf-8")
    changed = text.replace('treatment_date = "RFSTDTC"', mapping, 1)
    start = "\n[[records.tables.screening]]"
    subjects = read_records(PILOT, parse_study(changed.replace(start, f"{join}{start}", 1))).subjects
    # RFXSTDTC is the sponsor's own derivation, in the file that the join does not read.
    sponsor = pd.read_csv(PILOT / "dm.csv", dtype="string").set_index("USUBJID")["RFXSTDTC"]
    assert len(subjects) == 254
    assert subjects["first_dose_date"].tolist() == sponsor[subjects["subject_id"]].tolist()
    doses = subjects.groupby("arm")["first_dose"].unique().map(list).to_dict()
    assert doses == {"Placebo": [0.0], "Xanomeline High Dose": [54.0], "Xanomeline Low Dose": [54.0]}


def test_the_records_of_the_trial_survive_an_export(pilot, tmp_path):
    export = export_sdtm(pilot, study_id="CDISCPILOT01")
    write_sdtm(export, tmp_path)
    text = STUDY.read_text(encoding="utf-8").split("\n[records]\n")[0]
    back = read_records(tmp_path, parse_study(f"{text}\n{mapping_text(export.mapping)}"))
    native = make_records(
        {name: frame.drop(columns=["source", "source_row"]) for name, frame in pilot.tables.items()}
    )
    for name, frame in native.tables.items():
        columns = [column for column in frame.columns if column not in ("source", "source_row")]
        pd.testing.assert_frame_equal(back[name][columns], frame[columns])
