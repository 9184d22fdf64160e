"""The JSON Schema says of a study file what the reader says."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest
from jsonschema import Draft202012Validator

from skeletal.study import lock_study, parse_study, study_schema, study_text

VALIDATOR = Draft202012Validator(study_schema())


def as_json(value):
    """Return TOML content with dates as text, which is how JSON holds them."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def content(name="hermes"):
    return as_json(tomllib.loads(study_text(name)))


def test_schema_is_itself_valid():
    Draft202012Validator.check_schema(study_schema())


@pytest.mark.parametrize("name", ["hermes", "perform"])
def test_library_study_satisfies_the_schema(name):
    assert [error.message for error in VALIDATOR.iter_errors(content(name))] == []


def test_locked_study_satisfies_the_schema():
    locked = as_json(tomllib.loads(lock_study(parse_study(study_text("hermes")))))
    assert [error.message for error in VALIDATOR.iter_errors(locked)] == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda study: study.update(acronim="X"),
        lambda study: study.pop("arms"),
        lambda study: study.update(n_subjects=1),
        lambda study: study["endpoints"]["sse"].update(gap_anchor="first"),
        lambda study: study["analyses"]["sse-mean"].update(method="median"),
        lambda study: study["components"]["fracture"]["where"].update(component=[]),
    ],
)
def test_schema_refuses_what_the_reader_refuses(break_it):
    study = content()
    break_it(study)
    assert not VALIDATOR.is_valid(study)
