"""The library studies: every number has its source, or says that it is an assumption."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest

from skeletal.study import list_studies, load_study, study_text
from skeletal.tables import DERIVED, TABLES
from skeletal_synthetic import true_values

NAMES = ("hermes", "perform", "rfa-ba", "rt-vertebroplasty")
every_study = pytest.mark.parametrize("name", NAMES)


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


@every_study
def test_every_number_has_a_source(name):
    study = tomllib.loads(study_text(name))
    missing = {".".join(path) for path in numbers(study) if not has_source(study, path)}
    assert missing == set()


@every_study
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


def test_the_library_holds_the_four_trials():
    assert tuple(list_studies()["name"]) == NAMES


# NCT07146074, NCT06863129, NCT07090122 and NCT04242589; the ratio of the second and of the last, and the
# visits of the last, are assumptions that the files name.
@pytest.mark.parametrize(
    ("name", "n_subjects", "ratios", "time_zero", "months"),
    [
        ("hermes", 120, {"observational": 1, "upfront-rt": 1}, "randomised_date", [1, 3, 6, 12, 18, 24]),
        (
            "perform",
            334,
            {"internal-fixation": 1, "reconstruction": 1},
            "treatment_date",
            [0.5, 1.5, 4, 6, 9, 12],
        ),
        ("rfa-ba", 36, {"rt-alone": 1, "rfa-ba-rt": 2}, "treatment_date", [1, 3, 6, 12, 24]),
        (
            "rt-vertebroplasty",
            64,
            {"ebrt": 1, "ebrt-vertebroplasty": 1},
            "randomised_date",
            [1, 2, 3, 6, 9, 12],
        ),
    ],
)
def test_the_study_is_the_registered_trial(name, n_subjects, ratios, time_zero, months):
    study = load_study(name)
    assert study.n_subjects == n_subjects
    assert {arm.name: arm.ratio for arm in study.arms} == ratios
    assert study.control.name == next(iter(ratios))
    assert study.time_zero == time_zero
    assert [round(visit.day / 30.4375 * 2) / 2 for visit in study.visits] == months


def test_two_to_one_makes_twenty_four_and_twelve():
    study = load_study("rfa-ba")
    total = sum(arm.ratio for arm in study.arms)
    shares = {arm.name: study.n_subjects * arm.ratio / total for arm in study.arms}
    assert shares == {"rt-alone": 12, "rfa-ba-rt": 24}


@pytest.mark.parametrize(
    ("name", "endpoint", "components"),
    [
        ("hermes", "sse", {"cord_compression", "fracture", "surgery", "radiation"}),
        (
            "rfa-ba",
            "sre",
            {
                "fracture",
                "cord_compression",
                "nerve_root_compression",
                "bone_pain",
                "instability",
                "surgery",
                "repeat_ablation",
                "radiotherapy",
            },
        ),
        ("perform", "implant_failure", {"revision"}),
        ("perform", "local_recurrence", {"local_recurrence"}),
        ("rt-vertebroplasty", "vcf", {"vcf"}),
    ],
)
def test_an_endpoint_has_the_components_of_its_source(name, endpoint, components):
    assert set(load_study(name).endpoints[endpoint].components) == components


def test_preventive_radiotherapy_is_an_intercurrent_event_and_no_sse():
    study = load_study("hermes")
    radiation = study.components["radiation"]
    assert radiation.where["intent"] == ("palliative",)
    assert radiation.date == study.components["surgery"].date == "indicated_date"
    assert study.intercurrent["preventive_rt"].where["intent"] == ("preventive",)
    assert study.intercurrent["never_treated"].absent_by == 21
    assert study.intercurrent["never_treated"].arms == ("upfront-rt",)


def test_questionnaires_of_hermes_end_with_the_first_sse_and_a_week():
    scores = [each for each in load_study("hermes").measures.values() if each.kind == "score"]
    assert scores
    assert {(each.collected_until_first, each.collected_for_days) for each in scores} == {("sse", 7)}


def test_perform_keeps_both_dates_and_its_two_premises_apart():
    study = load_study("perform")
    assert study.time_zero_of("implant_failure") == "treatment_date"
    assert study.time_zero_of("local_failure_from_randomisation") == "randomised_date"
    assert "revision" not in study.endpoints["local_recurrence"].components
    assert "local_recurrence" not in study.endpoints["implant_failure"].components
    assert "unknown" in study.sources["n_subjects"]


@every_study
def test_no_primary_outcome_is_stated(name):
    # None was found in public text, nor was an EQ-5D value set.
    study = load_study(name)
    assert not [key for key, analysis in study.analyses.items() if analysis.primary]
    assert not [key for key, each in study.measures.items() if getattr(each, "value_set", "")]


@every_study
def test_every_estimand_and_measure_has_its_five_attributes_in_words(name):
    study = load_study(name)
    for key, each in (*study.estimands.items(), *study.measures.items()):
        assert each.population, key
        assert each.treatment, key
        assert each.summary, key
        assert each.source, key
        assert each.intercurrent, key


@every_study
def test_every_endpoint_is_read_and_every_reading_analysed(name):
    study = load_study(name)
    assert {each.endpoint for each in study.estimands.values()} == set(study.endpoints)
    analysed = {each.estimand or each.measure for each in study.analyses.values()}
    # No mean takes lesions of one subject as dependent: the worst of a subject is analysed.
    per_lesion = {
        key for key, each in study.measures.items() if each.kind == "score" and each.unit == "lesion"
    }
    assert analysed == {*study.estimands, *study.measures} - per_lesion
    named = {event for each in study.estimands.values() for event in each.intercurrent}
    assert named == set(study.intercurrent)


@every_study
def test_filters_read_columns_that_the_record_tables_have(name):
    study = load_study(name)
    for key, rule in (*study.components.items(), *study.intercurrent.items()):
        columns = (DERIVED | TABLES)[rule.table].columns
        assert {*rule.where, *rule.unless, rule.date} <= set(columns), key
        for column, values in (*rule.where.items(), *rule.unless.items()):
            if columns[column].allowed:
                assert set(values) <= set(columns[column].allowed), (key, column)


@pytest.mark.parametrize(
    ("name", "endpoint", "risks"),
    [
        ("rfa-ba", "sre", {"rt-alone": 0.45, "rfa-ba-rt": 0.20}),
        ("rt-vertebroplasty", "vcf", {"ebrt": 0.45, "ebrt-vertebroplasty": 0.20}),
    ],
)
def test_rates_give_the_incidence_that_their_sources_claim(name, endpoint, risks):
    truth = true_values(load_study(name), "planning", [365])
    rows = truth.query("endpoint == @endpoint and quantity == 'cumulative_incidence'")
    assert rows.set_index("arm")["value"].round(3).to_dict() == risks


@every_study
def test_scenario_covers_arms_and_components(name):
    study = load_study(name)
    planning = study.scenarios["planning"]
    assert set(planning.event_rate) == set(study.arm_names)
    assert set(planning.component_mix) <= set(study.components)
