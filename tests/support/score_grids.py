"""Every combination of the items of a score, missing ones among them, against a table written by hand."""

from __future__ import annotations

from itertools import product

import pandas as pd


def check_whole_grid(score, table, band_of):
    """Compare ``score`` with the points of ``table`` (item -> value -> points) on all combinations.

    ``band_of`` gives the words of a total.  ``None`` in a table is an item that is not assessable.
    """
    levels = {item: [*points.items(), (None, None)] for item, points in table.items()}
    rows = list(product(*levels.values()))
    inputs = {item: [row[place][0] for row in rows] for place, item in enumerate(table)}
    result = score(**inputs)
    assert len(result) == len(rows)
    for place, item in enumerate(result.columns[: len(table)]):
        expected = pd.Series([row[place][1] for row in rows], dtype="float64")
        pd.testing.assert_series_equal(result[item], expected, check_names=False)
    totals = [
        None if any(points is None for _, points in row) else sum(points for _, points in row) for row in rows
    ]
    pd.testing.assert_series_equal(result["total"], pd.Series(totals, dtype="float64"), check_names=False)
    bands = pd.Series([None if total is None else band_of(total) for total in totals], dtype="string")
    pd.testing.assert_series_equal(result["band"], bands, check_names=False)
    return [total for total in totals if total is not None]
