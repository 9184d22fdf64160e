"""NRF, Linden and revised Tokuhashi scores: whole grids against the published tables, bands, errors."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
from tests.support.score_grids import check_whole_grid

from skeletal.errors import InvalidArgument
from skeletal.scores import PRIMARY_TUMOURS, linden, nrf, tokuhashi

TUMOURS = {
    "lung", "osteosarcoma", "stomach", "bladder", "oesophagus", "pancreas", "liver", "gall_bladder",
    "unidentified", "other", "kidney", "renal", "uterus", "rectum", "thyroid", "breast", "prostate",
    "carcinoid",
}  # fmt: skip
# Tokuhashi et al. (2005), table 2, as in the appendix of NICE CG75; renal is another word for kidney.
TOKUHASHI = {
    "kps": {0: None, 10: 0, 20: 0, 30: 0, 40: 0, 50: 1, 60: 1, 70: 1, 80: 2, 90: 2, 100: 2},
    "extraspinal_foci": {0: 2, 1: 1, 2: 1, 3: 0, 4: 0},
    "vertebral_metastases": {1: 2, 2: 1, 3: 0, 9: 0},
    "organ_metastases": {"unremovable": 0, "removable": 1, "none": 2},
    "primary": {
        "lung": 0, "osteosarcoma": 0, "stomach": 0, "bladder": 0, "oesophagus": 0, "pancreas": 0,
        "liver": 1, "gall_bladder": 1, "unidentified": 1, "other": 2, "kidney": 3, "renal": 3, "uterus": 3,
        "rectum": 4, "thyroid": 5, "breast": 5, "prostate": 5, "carcinoid": 5,
    },
    "frankel": {"A": 0, "B": 0, "C": 1, "D": 1, "E": 2},
}  # fmt: skip
FLAGS = [True, False, "yes", "no", None]


def test_the_vocabulary_of_tumours_is_that_of_the_tables():
    assert set(PRIMARY_TUMOURS) == TUMOURS == set(TOKUHASHI["primary"])
    assert len(PRIMARY_TUMOURS) == len(TUMOURS)


def test_tokuhashi_whole_grid():
    def band(total):
        return "under 6 months" if total <= 8 else "6 months or more" if total <= 11 else "1 year or more"

    totals = check_whole_grid(tokuhashi, TOKUHASHI, band)
    assert (min(totals), max(totals)) == (0, 15)


@pytest.mark.parametrize("cutoff", ["<=60", "<60"])
def test_nrf_whole_grid(cutoff):
    rows = list(product([*sorted(TUMOURS), None], FLAGS, [*range(0, 101, 10), None]))
    result = nrf(*zip(*rows, strict=True), kps_cutoff=cutoff)
    for (tumour, other, kps), found in zip(rows, result.itertuples(), strict=True):
        if None in (tumour, other, kps):
            assert pd.isna(found.total)
            assert pd.isna(found.band)
            continue
        low = kps in (0, 10, 20, 30, 40, 50) or (cutoff == "<=60" and kps == 60)
        expected = (tumour != "breast") + (other in (True, "yes")) + low
        assert found.total == expected
        assert found.band == {0: "I", 1: "I", 2: "II", 3: "III"}[expected]


def test_nrf_cut_off_moves_a_karnofsky_status_of_60_only():
    kps = list(range(0, 101, 10))
    new, old = (nrf("breast", False, kps, kps_cutoff=cutoff)["total"] for cutoff in ("<=60", "<60"))
    assert [status for status, moved in zip(kps, new != old, strict=True) if moved] == [60]


def test_linden_whole_grid():
    points = {"breast": 3, "prostate": 2, "lung": 1}
    groups = {0: "A", 1: "A", 2: "A", 3: "A", 4: "B", 5: "B", 6: "C"}
    status = {20: 0, 30: 0, 40: 0, 50: 1, 60: 1, 70: 1, 80: 2, 90: 2, 100: 2}
    rows = list(product([*sorted(TUMOURS), None], FLAGS, [*range(0, 101, 10), None]))
    result = linden(*zip(*rows, strict=True))
    seen = {}
    for (tumour, visceral, kps), found in zip(rows, result.itertuples(), strict=True):
        if None in (tumour, visceral, kps) or kps not in status:
            assert pd.isna(found.total)
            assert pd.isna(found.band)
            continue
        expected = points.get(tumour, 0) + (visceral in (False, "no")) + status[kps]
        assert found.total == expected
        assert found.band == groups[expected]
        seen.setdefault(tumour, set()).add(found.band)
    # Only breast cancer can reach C; beside it only prostate and lung cancer reach B.
    assert {tumour for tumour, bands in seen.items() if "C" in bands} == {"breast"}
    assert {tumour for tumour, bands in seen.items() if "B" in bands} == {"breast", "prostate", "lung"}


def test_lung_cancer_reaches_b_only_with_a_good_status_and_no_visceral_metastases():
    rows = list(product([True, False], range(20, 101, 10)))
    bands = linden("lung", *zip(*rows, strict=True))["band"]
    assert [row for row, band in zip(rows, bands, strict=True) if band == "B"] == [
        (False, 80),
        (False, 90),
        (False, 100),
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nrf("Breast", True, 60), r"primary: 1 value.*'Breast'.*write one of 'lung'"),
        (lambda: nrf("breast", "maybe", 60), r"other_metastases: 1 value.*'maybe'.*'yes', 'no'"),
        (lambda: nrf("breast", True, 65), "kps is a Karnofsky performance status.*steps of 10.*65"),
        (lambda: nrf("breast", True, 110), "kps must be numbers from 0 to 100, got 1 other"),
        (lambda: nrf("breast", True, True), "kps must be numbers from 0 to 100"),
        (lambda: nrf("breast", True, 60, kps_cutoff="60"), "kps_cutoff must be one of '<=60', '<60'"),
        (lambda: linden("mamma", True, 60), "primary: 1 value"),
        (lambda: linden("breast", 1, 60), "visceral_metastases: 1 value"),
        (lambda: linden("breast", True, "good"), "kps must be numbers"),
        (
            lambda: tokuhashi(80, -1, 1, "none", "breast", "E"),
            "extraspinal_foci must be whole numbers of at least 0",
        ),
        (lambda: tokuhashi(80, 1.5, 1, "none", "breast", "E"), "extraspinal_foci must be whole numbers"),
        (
            lambda: tokuhashi(80, 0, 0, "none", "breast", "E"),
            "vertebral_metastases must be whole numbers of at least 1",
        ),
        (lambda: tokuhashi(80, 0, 1, "some", "breast", "E"), "organ_metastases: 1 value"),
        (lambda: tokuhashi(80, 0, 1, "none", "breast", "F"), "frankel: 1 value"),
    ],
)
def test_what_is_no_item_is_refused(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()


def test_a_mapping_is_no_item():
    with pytest.raises(InvalidArgument, match="primary must be a value, an array or a Series, got dict"):
        nrf({"a": "lung"}, True, 60)
