"""Karnofsky and ECOG in both published maps, row by row; Bilsky grades as an order."""

from __future__ import annotations

import math

import pytest

from skeletal.errors import InvalidArgument
from skeletal.scores import bilsky, ecog_from_kps, kps_from_ecog

# Karnofsky, ECOG by the conventional table, ECOG by PMC6230919 (1,501 patients, 5,844 pairs).
ROWS = [
    (100, 0, 0),
    (90, 0, 1),
    (80, 1, 1),
    (70, 1, 2),
    (60, 2, 3),
    (50, 2, 3),
    (40, 3, 4),
    (30, 3, 4),
    (20, 4, 4),
    (10, 4, 4),
    (0, 5, 5),
]


@pytest.mark.parametrize(("kps", "conventional", "paired"), ROWS)
def test_each_row_of_both_maps(kps, conventional, paired):
    assert ecog_from_kps(kps)["ecog"].item() == conventional
    assert ecog_from_kps(kps, mapping="paired")["ecog"].item() == paired


@pytest.mark.parametrize(("mapping", "column"), [("conventional", 1), ("paired", 2)])
@pytest.mark.parametrize("ecog", range(6))
def test_the_way_back_is_the_range_of_the_same_rows(mapping, column, ecog):
    going = [row[0] for row in ROWS if row[column] == ecog]
    found = kps_from_ecog(ecog, mapping=mapping).iloc[0]
    assert (found["kps_lowest"], found["kps_highest"]) == (min(going), max(going))


def test_maps_disagree_at_the_published_statuses():
    kps = [row[0] for row in ROWS]
    one, other = (ecog_from_kps(kps, mapping=name)["ecog"] for name in ("conventional", "paired"))
    assert [k for k, differs in zip(kps, one != other, strict=True) if differs] == [90, 70, 60, 50, 40, 30]


def test_the_map_stands_in_the_result_and_missing_stays_missing():
    result = ecog_from_kps([None, 60], mapping="paired")
    assert result["mapping"].tolist() == ["paired", "paired"]
    assert math.isnan(result["ecog"].iloc[0])
    back = kps_from_ecog([None, 2])
    assert back["mapping"].tolist() == ["conventional", "conventional"]
    assert back["kps_lowest"].isna().tolist() == back["kps_highest"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ecog_from_kps(75), "steps of 10"),
        (lambda: ecog_from_kps(60, mapping="usual"), "mapping must be one of"),
        (lambda: kps_from_ecog(6), "ecog must be whole numbers from 0 to 5"),
        (lambda: kps_from_ecog(1.5), "ecog must be whole numbers"),
        (lambda: kps_from_ecog(1, mapping="usual"), "mapping must be one of"),
    ],
)
def test_what_is_no_status_is_refused(call, message):
    with pytest.raises(InvalidArgument, match=message):
        call()


def test_bilsky_grades_are_ordered_and_grouped():
    result = bilsky(["0", "1a", "1b", "1c", "2", "3", None])
    assert result["rank"].tolist()[:6] == [0, 1, 2, 3, 4, 5]
    assert result["band"].tolist()[:6] == ["low", "low", "low", "equivocal", "high", "high"]
    assert result.iloc[6].isna().all()


def test_bilsky_grades_without_letter_may_be_numbers():
    assert bilsky([0, 2.0, 3])["grade"].tolist() == ["0", "2", "3"]


@pytest.mark.parametrize("grade", ["1", 1, "1d", 4, True])
def test_other_bilsky_grades_are_refused(grade):
    with pytest.raises(InvalidArgument, match=r"grade: 1 value.*'0', '1a', '1b', '1c', '2', '3'"):
        bilsky(grade)
