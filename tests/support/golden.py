"""Reference answers of other software and the data they belong to."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SURVFIT = {
    "n.risk": "n_at_risk",
    "surv": "estimate",
    "std.err": "std_error",
    "lower": "lower",
    "upper": "upper",
}  # columns of R's summary.survfit and our fields
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "oracles-data"


@cache
def cases(name):
    """Return the expected values by case; program, version and call are beside them in the file."""
    text = (GOLDEN / f"{name}.json").read_text(encoding="utf-8")
    return {key: case["expected"] for key, case in json.loads(text)["cases"].items()}


def read(name):
    """Read a data set that is kept with the tests."""
    return pd.read_csv(GOLDEN / "data" / f"{name}.csv")


def read_shared(name):
    """Read a data set that may not be kept with the tests, or skip."""
    path = SHARED / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"reference data absent: {path.name}")
    return pd.read_csv(path)
