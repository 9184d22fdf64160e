"""Mirels' score: the whole grid against the published table, boundaries, errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from tests.support.score_grids import check_whole_grid

from skeletal.errors import InvalidArgument
from skeletal.scores import mirels

# Mirels (1989), table 1, as reproduced on radiopaedia and epomedicine; a lesion without pain scores as mild.
TABLE = {
    "site": {"upper_limb": 1, "lower_limb": 2, "peritrochanteric": 3},
    "pain": {"none": 1, "mild": 1, "moderate": 2, "functional": 3},
    "lesion": {"blastic": 1, "mixed": 2, "lytic": 3},
    "size": {"<1/3": 1, "1/3-2/3": 2, ">2/3": 3},
}
THIRD, TWO_THIRDS = 1 / 3, 2 / 3


def band(total):
    return "low risk" if total <= 7 else "borderline" if total == 8 else "high risk"


def test_whole_grid_has_the_published_points_and_bands():
    totals = check_whole_grid(mirels, TABLE, band)
    assert (min(totals), max(totals)) == (4, 12)


def test_published_example_scores_10():
    # epomedicine: 3 + 2 + 2 + 3 = 10.
    row = mirels("peritrochanteric", "moderate", "mixed", ">2/3").iloc[0]
    assert row[["site", "pain", "lesion", "size", "total"]].tolist() == [3, 2, 2, 3, 10]
    assert row["band"] == "high risk"


@pytest.mark.parametrize(
    ("size", "middle", "outer"),
    [
        (0, 1, 1),
        (np.nextafter(THIRD, 0), 1, 1),
        (THIRD, 2, 1),
        (np.nextafter(THIRD, 1), 2, 2),
        (0.5, 2, 2),
        (np.nextafter(TWO_THIRDS, 0), 2, 2),
        (TWO_THIRDS, 2, 3),
        (np.nextafter(TWO_THIRDS, 1), 3, 3),
        (1, 3, 3),
    ],
)
def test_fractions_at_the_thirds(size, middle, outer):
    def points(**options):
        return mirels("upper_limb", "mild", "lytic", size, **options)["size"].item()

    assert points() == points(boundary="middle") == middle
    assert points(boundary="outer") == outer


def test_fractions_and_classes_may_be_mixed_as_text():
    result = mirels("upper_limb", "mild", "lytic", pd.Series(["0.7", "<1/3", None], dtype="string"))
    assert result["size"].tolist()[:2] == [3, 1]
    assert math.isnan(result["size"].iloc[2])
    assert result["band"].isna().tolist() == [False, False, True]


def test_a_series_keeps_its_index():
    sites = pd.Series(["upper_limb", "lower_limb"], index=["a", "b"])
    assert mirels(sites, "mild", "lytic", 0.1).index.tolist() == ["a", "b"]


def test_unknown_labels_are_named_with_the_allowed_ones():
    with pytest.raises(
        InvalidArgument, match=r"site: 2 value\(s\).*\('femur', 'Arm'\).*'upper_limb', 'lower_limb'"
    ):
        mirels(["femur", "upper_limb", "Arm"], "mild", "lytic", 0.2)
    with pytest.raises(InvalidArgument, match=r"pain: 1 value.*'severe'"):
        mirels("upper_limb", "severe", "lytic", 0.2)
    with pytest.raises(InvalidArgument, match=r"lesion: 1 value.*'sclerotic'"):
        mirels("upper_limb", "mild", "sclerotic", 0.2)
    with pytest.raises(InvalidArgument, match=r"size: 1 value.*'half'"):
        mirels("upper_limb", "mild", "lytic", "half")


@pytest.mark.parametrize("size", [-0.1, 1.01, 50, math.inf])
def test_a_percentage_is_no_fraction(size):
    with pytest.raises(InvalidArgument, match="size must be numbers from 0 to 1"):
        mirels("upper_limb", "mild", "lytic", size)


def test_options_and_lengths_are_checked():
    with pytest.raises(InvalidArgument, match="boundary must be one of 'middle', 'outer'"):
        mirels("upper_limb", "mild", "lytic", 0.2, boundary="up")
    with pytest.raises(InvalidArgument, match="site 2, pain 3"):
        mirels(["upper_limb"] * 2, ["mild"] * 3, "lytic", 0.2)
    with pytest.raises(InvalidArgument, match="must share one index; that of pain differs"):
        mirels(pd.Series(["upper_limb"]), pd.Series(["mild"], index=[7]), "lytic", 0.2)
    with pytest.raises(InvalidArgument, match="one dimension"):
        mirels([["upper_limb"]], "mild", "lytic", 0.2)
