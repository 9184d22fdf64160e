"""The library studies: every number has its source, or says that it is an assumption."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest

from skeletal.study import load_study, study_text


def numbers(value, path=()):
    """Yield the path of every number and date below ``value``, list positions left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            yield from numbers(item, path)
    elif isinstance(value, int | float | dt.date) and not isinstance(value, bool):
        yield path


def owners(value, path):
    """Yield the tables on ``path`` with the rest of the path below each; list items all count."""
    if isinstance(value, list):
        for item in value:
            yield from owners(item, path)
    elif isinstance(value, dict):
        yield value, path
        if path:
            yield from owners(value.get(path[0]), path[1:])


def has_source(study, path):
    listed = study["sources"]
    if {path[0], path[-1], f"{path[0]}.{path[-1]}"} & set(listed):
        return True
    below = [(table, rest) for table, rest in owners(study, path) if table is not study and rest]
    return bool(below) and any(
        table.get("source") or rest[0] in table.get("sources", {}) for table, rest in below
    )


def all_sources(value):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "source":
                yield item
            elif key == "sources":
                yield from item.values()
            else:
                yield from all_sources(item)
    elif isinstance(value, list):
        for item in value:
            yield from all_sources(item)


@pytest.mark.parametrize("name", ["hermes", "perform"])
def test_every_number_has_a_source(name):
    study = tomllib.loads(study_text(name))
    missing = {".".join(path) for path in numbers(study) if not has_source(study, path)}
    assert missing == set()


@pytest.mark.parametrize("name", ["hermes", "perform"])
def test_no_source_is_empty_or_a_placeholder(name):
    found = list(all_sources(tomllib.loads(study_text(name))))
    assert found
    assert not [text for text in found if len(text) < len("assumption") or "TODO" in text]


def test_the_check_of_sources_sees_a_number_without_one():
    study = tomllib.loads(study_text("hermes"))
    study["scenarios"]["planning"]["sources"].pop("frailty_variance")
    assert not has_source(study, ("scenarios", "planning", "frailty_variance"))
    del study["sources"]["n_subjects"]
    assert not has_source(study, ("n_subjects",))


def test_hermes_is_the_registered_trial():
    # NCT07146074: 120 participants, 1:1, visits at 1, 3, 6, 12, 18 and 24 months.
    study = load_study("hermes")
    assert study.n_subjects == 120
    assert [arm.ratio for arm in study.arms] == [1, 1]
    assert [round(visit.day / 30.4375) for visit in study.visits] == [1, 3, 6, 12, 18, 24]


def test_perform_states_no_primary_outcome():
    # Neither the primary outcome nor the reason for 334 subjects was found in public text.
    study = load_study("perform")
    assert study.n_subjects == 334
    assert not [name for name, analysis in study.analyses.items() if analysis.primary]
    assert "unknown" in study.sources["n_subjects"]


@pytest.mark.parametrize("name", ["hermes", "perform"])
def test_scenario_covers_arms_and_components(name):
    study = load_study(name)
    planning = study.scenarios["planning"]
    assert set(planning.event_rate) == set(study.arm_names)
    assert set(planning.component_mix) <= set(study.components)
