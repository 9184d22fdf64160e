"""A real trial of three arms: the derived outcome equals the sponsor's own ADTTE for every subject."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from skeletal.outcomes import derive_outcomes
from skeletal.records import read_records
from skeletal.study import load_study

ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT.parent / "shared" / "real" / "cdisc-pilot"
pytestmark = pytest.mark.skipif(not PILOT.is_dir(), reason=f"CDISC pilot records absent: {PILOT}")


@pytest.fixture(scope="module")
def outcomes():
    study = load_study(ROOT / "tests" / "studies" / "cdisc-pilot.toml")
    return derive_outcomes(read_records(PILOT, study), study)


@pytest.fixture(scope="module")
def sponsor() -> pd.DataFrame:
    frame, _ = pyreadstat.read_xport(str(PILOT / "adtte.xpt"))
    assert set(frame["PARAMCD"]) == {"TTDE"}
    return frame.sort_values("USUBJID").reset_index(drop=True)


def test_all_254_subjects_agree_with_the_sponsor_in_aval_and_cnsr(outcomes, sponsor) -> None:
    ours = outcomes.first("dermatologic", "dermatologic-hazard")

    assert len(sponsor) == 254
    assert ours["subject_id"].tolist() == sponsor["USUBJID"].tolist()
    assert ours["time"].tolist() == sponsor["AVAL"].tolist()
    assert (ours["status"] != 1).astype(int).tolist() == sponsor["CNSR"].tolist()


def test_the_events_by_arm_are_those_published(outcomes) -> None:
    ours = outcomes.first("dermatologic", "dermatologic-hazard")
    counts = ours.groupby("arm")["status"].agg(["sum", "size"])

    assert int(counts["sum"].sum()) == 152
    assert counts.to_numpy().tolist() == [[29, 86], [61, 84], [62, 84]]
    assert counts.index.tolist() == ["Placebo", "Xanomeline High Dose", "Xanomeline Low Dose"]


def test_the_adam_file_agrees_with_the_sponsor(outcomes, sponsor, tmp_path) -> None:
    outcomes.to_adam(tmp_path)
    ours = pyreadstat.read_xport(str(tmp_path / "adtte.xpt"))[0].query("PARAMCD == 'TTDE'")
    both = ours.merge(sponsor, on="USUBJID", suffixes=("", "_sponsor"))

    assert len(both) == 254
    np.testing.assert_array_equal(both["AVAL"], both["AVAL_sponsor"])
    np.testing.assert_array_equal(both["CNSR"] > 0, both["CNSR_sponsor"] > 0)
    np.testing.assert_array_equal(pd.to_datetime(both["ADT"]), pd.to_datetime(both["ADT_sponsor"]))


def test_the_subjects_ended_the_study_as_the_sponsor_says(outcomes, tmp_path) -> None:
    outcomes.to_adam(tmp_path)
    ours = pyreadstat.read_xport(str(tmp_path / "adsl.xpt"))[0]
    theirs = pyreadstat.read_xport(str(PILOT / "adsl.xpt"))[0]
    both = ours.merge(theirs, on="USUBJID", suffixes=("", "_sponsor"))
    left = (both["EOSSTT"] == "DISCONTINUED").to_numpy()

    assert len(both) == len(ours) == 254
    assert set(both["EOSSTT"]) == {"COMPLETED", "DISCONTINUED"}
    np.testing.assert_array_equal(left, both["DISCONFL"] == "Y")
    assert both.loc[left, "DCSREASP"].tolist() == both.loc[left, "DCDECOD"].tolist()
    for name in ("SITEID", "AGE", "SEX", "RACE", "ETHNIC", "DTHFL", "TRTSDT"):
        assert both[name].tolist() == both[f"{name}_sponsor"].tolist(), name


def test_the_records_and_the_subjects_close(outcomes) -> None:
    table = outcomes.accounting()

    assert (table["n_randomised"] == table["n_analysed"] + table["n_excluded"]).all()
    assert table.groupby("estimand")["n_randomised"].sum().eq(254).all()
    audit = outcomes.audit.query("estimand == 'dermatologic-recurrent' and table == 'events'")
    assert len(audit) == 1191
