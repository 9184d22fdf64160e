"""The small clean trial, in memory and as csv files."""

import pandas as pd
import pytest
from tests.support.tiny_trial import STUDY, TABLES

from skeletal.study import parse_study


@pytest.fixture(scope="session")
def study():
    return parse_study(STUDY)


@pytest.fixture
def tables():
    """Give the clean trial as text, as it comes from csv files."""
    return {name: pd.DataFrame(columns, dtype="string") for name, columns in TABLES.items()}


@pytest.fixture
def folder(tmp_path, tables):
    """Write the clean trial as a folder of csv files."""
    place = tmp_path / "trial"
    place.mkdir()
    for name, frame in tables.items():
        frame.to_csv(place / f"{name}.csv", index=False)
    return place
