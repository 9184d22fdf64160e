"""Faults to plant in the trial of :mod:`tests.support.review_trial`, and what a review then finds."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest


def put(table, row, **cells):
    """Change cells of one row; a column that is not there is made."""

    def change(tables):
        frame = tables[table]
        for column, value in cells.items():
            if column not in frame.columns:
                frame[column] = pd.Series(pd.NA, index=frame.index, dtype="string")
            frame.loc[row - 1, column] = value

    return change


def add(table, **cells):
    """Add a row."""

    def change(tables):
        tables[table] = pd.concat([tables[table], pd.DataFrame([cells], dtype="string")], ignore_index=True)

    return change


def drop(table, *rows):
    """Leave rows out."""

    def change(tables):
        tables[table] = tables[table].drop(index=[row - 1 for row in rows]).reset_index(drop=True)

    return change


def both(*changes):
    """Make several changes."""

    def change(tables):
        for each in changes:
            each(tables)

    return change


def case(rule, plant, found, twin, *, cutoff=dt.date(2025, 12, 31), also=()):
    """Return a rule, its planted fault, what it finds, a clean twin, and what else the fault brings about."""
    found = found if isinstance(found, list) else [found]
    return pytest.param(rule, plant, found, twin, cutoff, set(also), id=rule)


# A second death of 001, an event of 003, a fracture of 001, a stay of 002, an answer of 004, ...


DIED = {"subject_id": "001", "status": "died", "cause": "progression"}
FRACTURE = {"component": "fracture", "detection": "clinical", "symptomatic": "true", "lesion_id": "L1"}
VISIT = {"modality": "clinic", "done": "Y"}
ANSWER = {"instrument": "NRS", "item": "pain"}
RADIATION = {"kind": "radiation", "intent": "palliative", "reason": "bone_pain", "lesion_id": "L1"}
HOSPITAL = {"subject_id": "002", "place": "hospital"}
