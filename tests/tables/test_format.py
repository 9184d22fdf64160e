"""The formatter: exact texts."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeletal_reports.tables import (
    format_count,
    format_date,
    format_interval,
    format_number,
    format_p_value,
    format_percent,
    format_percent_interval,
)

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2.5, 0, "3"),
        (3.5, 0, "4"),
        (-2.5, 0, "-3"),
        (2.675, 2, "2.68"),
        (0.285, 2, "0.29"),
        (1.005, 2, "1.01"),
        (0.05, 1, "0.1"),
        (-0.04, 1, "0.0"),
        (-0.0, 0, "0"),
        (0.0, 2, "0.00"),
        (1234567.891, 1, "1,234,567.9"),
        (999.95, 1, "1,000.0"),
        (1e-7, 2, "0.00"),
        (1e22, 1, "1.0e+22"),
        (NAN, 2, "NE"),
        (INF, 2, "NE"),
        (-INF, 2, "NE"),
    ],
)
def test_numbers_are_rounded_half_away_from_zero(value, decimals, text):
    assert format_number(value, decimals) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0005, "<0.001"),
        (0.00049, "<0.001"),
        (0.000999, "<0.001"),
        (0.001, "0.001"),
        (0.0014, "0.001"),
        (0.0015, "0.002"),
        (0.04996, "0.050"),
        (0.0345, "0.035"),
        (0.999, "0.999"),
        (0.9991, ">0.999"),
        (1.0, ">0.999"),
        (0.0, "<0.001"),
        (NAN, "NE"),
    ],
)
def test_p_values(value, text):
    assert format_p_value(value) == text


@pytest.mark.parametrize(
    ("count", "total", "text"),
    [
        (29, 84, "29 (34.5%)"),
        (1, 16, "1 (6.3%)"),
        (1, 8, "1 (12.5%)"),
        (1, 2000, "1 (0.1%)"),
        (0, 60, "0 (0.0%)"),
        (60, 60, "60 (100.0%)"),
        (1234, 2468, "1,234 (50.0%)"),
        (0, 0, "0"),
        (5, None, "5"),
        (NAN, 10, "NE"),
        (5, NAN, "5"),
    ],
)
def test_counts_with_percentages(count, total, text):
    assert format_count(count, total) == text


def test_ratios_with_limits():
    assert format_interval(0.25, 0.12, 0.54) == "0.25 (0.12 to 0.54)"
    assert format_interval(0.25, 0.12, 0.54, 1) == "0.3 (0.1 to 0.5)"
    assert format_interval(0.5, 0.2, NAN) == "0.50 (0.20 to NE)"
    assert format_interval(NAN, 0.2, 0.3) == "NE"


def test_percentages():
    assert format_percent(0.345) == "34.5%"
    assert format_percent(0.0625) == "6.3%"
    assert format_percent(0.3456, 0) == "35%"
    assert format_percent(NAN) == "NE"
    assert format_percent_interval(0.345, 0.25, 0.458) == "34.5% (25.0% to 45.8%)"
    assert format_percent_interval(NAN, NAN, NAN) == "NE"


def test_dates():
    assert format_date(dt.date(2028, 2, 5)) == "2028-02-05"
    assert format_date(None) == "-"


@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_a_text_is_within_half_a_unit_of_its_number(value, decimals):
    text = format_number(value, decimals)
    assert abs(float(text.replace(",", "")) - value) <= 0.5 * 10.0**-decimals * (1 + 1e-9) + 1e-12 * abs(
        value
    )
    assert not (text.startswith("-") and float(text.replace(",", "")) == 0)
