"""What a study file cannot mean: each contradiction is refused when it is read, all in one message."""

from __future__ import annotations

import pytest

from skeletal.errors import InvalidStudy
from skeletal.study import load_study, parse_study

STUDY = """
id = "small"
acronym = "SMALL"
title = "A small trial"
n_subjects = 4
{top}
[[arms]]
name = "old"
control = true
[[arms]]
name = "new"
[[visits]]
name = "Month 1"
day = 30
[components.fracture]
label = "Fracture"
{fracture}
[intercurrent.agent]
label = "New bone agent"
{agent}
[endpoints.sre]
label = "SRE"
components = ["fracture"{more}]
{endpoint}
[endpoints.death]
label = "Death"
[estimands.first]
endpoint = "sre"
label = "First SRE"
paramcd = "TTSRE"
{estimand}
[estimands.survival]
endpoint = "death"
label = "Overall survival"
paramcd = "OS"
death = "composite"
{survival}
[measures.pain]
kind = "pain_response"
label = "Pain response"
paramcd = "PAIN"
[measures.home]
kind = "days_at_home"
label = "Days at home"
paramcd = "HOME"
[censoring.cutoff]
label = "Withdrew"
role = "limit"
{censoring}
{extra}
"""
PARTS = {
    "top": "",
    "fracture": 'table = "events"\nwhere = { component = "fracture" }',
    "agent": 'table = "therapies"\nwhere = { class = "bone_agent" }\ndate = "start_date"',
    "more": "",
    "endpoint": "",
    "estimand": 'death = "competing"',
    "survival": "",
    "censoring": 'table = "disposition"\nwhere = { status = "withdrew" }',
    "extra": "",
}
DEATH_COMPONENT = '[components.death]\nlabel = "Death"\ntable = "disposition"\n{where}'
DIED = 'where = { status = "died" }'


def text(**parts):
    return STUDY.format(**PARTS | parts)


def message(**parts):
    with pytest.raises(InvalidStudy) as caught:
        parse_study(text(**parts), origin="trial.toml")
    return str(caught.value)


def test_the_study_itself_is_good():
    assert parse_study(text()).id == "small"


@pytest.mark.parametrize("name", ["hermes", "perform", "rfa-ba", "rt-vertebroplasty"])
def test_library_studies_are_good(name):
    assert load_study(name).id == name


FILTERS = {
    "unknown table": (
        {"fracture": 'table = "event"'},
        "component 'fracture' reads table 'event', which is no record table (did you mean 'events'?)",
    ),
    "unknown table of an intercurrent event": (
        {"agent": 'table = "therapy"'},
        "'agent' reads table 'therapy', which is no record table (did you mean 'therapies'?)",
    ),
    "unknown table of a censoring rule": (
        {"censoring": 'table = "status"'},
        "censoring rule 'cutoff' reads table 'status', which is no record table",
    ),
    "unknown table of death": (
        {"top": 'death = { label = "Death", table = "dispositions" }'},
        "death reads table 'dispositions', which is no record table (did you mean 'disposition'?)",
    ),
    "value that is not allowed": (
        {"fracture": 'table = "events"\nwhere = { detection = "imagin" }'},
        "asks column 'detection' of events for 'imagin', which it never has (did you mean 'imaging'?)",
    ),
    "one of several values that is not allowed": (
        {"censoring": 'table = "disposition"\nwhere = { status = ["withdrew", "dead"] }'},
        "censoring rule 'cutoff' asks column 'status' of disposition for 'dead', which it never has",
    ),
    "refused value that is not allowed": (
        {"fracture": 'table = "procedures"\nunless = { intent = "prophylactic" }\ndate = "indicated_date"'},
        "asks column 'intent' of procedures for 'prophylactic', which it never has",
    ),
    "text of a flag": (
        {"fracture": 'table = "events"\nwhere = { symptomatic = "yes" }'},
        "asks column 'symptomatic' of events for 'yes', but it holds true or false",
    ),
    "number of a flag": (
        {"fracture": 'table = "events"\nwhere = { symptomatic = 1 }'},
        "asks column 'symptomatic' of events for 1, but it holds true or false",
    ),
    "text of a number": (
        {"fracture": 'table = "procedures"\nwhere = { fractions = "1" }\ndate = "indicated_date"'},
        "asks column 'fractions' of procedures for '1', but it holds numbers",
    ),
    "flag of a number": (
        {"fracture": 'table = "procedures"\nwhere = { fractions = true }\ndate = "indicated_date"'},
        "asks column 'fractions' of procedures for True, but it holds numbers",
    ),
    "flag of a text": (
        {"fracture": 'table = "events"\nwhere = { component = true }'},
        "asks column 'component' of events for True, but it holds text; write them in quotes",
    ),
    "number of a text": (
        {"fracture": 'table = "events"\nwhere = { lesion_id = [1, 2] }'},
        "asks column 'lesion_id' of events for 1, 2, but it holds text; write them in quotes",
    ),
    "date that is no date": (
        {"fracture": 'table = "events"\ndate = "component"'},
        "'fracture' is dated by column 'component' of events, which holds text (dates: date, last_neg",
    ),
    "date of a censoring rule that is no date": (
        {"censoring": 'table = "subjects"\ndate = "age"'},
        "censoring rule 'cutoff' is dated by column 'age' of subjects, which holds numbers",
    ),
    "time zero of the study that is no date": (
        {"top": 'time_zero = "site"'},
        "the study has time_zero 'site', which holds text",
    ),
    "time zero of an endpoint that is no date": (
        {"endpoint": 'time_zero = "age"'},
        "endpoint 'sre' has time_zero 'age', which holds numbers (dates of subjects: randomised_date",
    ),
    "derived table with a value that is not allowed": (
        {"fracture": 'table = "pain_responses"\nwhere = { response = "none" }'},
        "asks column 'response' of pain_responses for 'none', which it never has",
    ),
    "lesions of another kind": (
        {"endpoint": 'unit = "lesion"\nlesions = { target = "yes" }'},
        "endpoint 'sre' (lesions) asks column 'target' of lesions for 'yes', but it holds true or false",
    ),
    "absence of what has no date": (
        {"agent": 'table = "lesions"\nabsent_by = 21'},
        "absent_by asks for the day of a row of lesions, which has no date column 'date'; read a table",
    ),
    "absence without a date that is known": (
        {"agent": 'table = "procedures"\nabsent_by = 21'},
        "which has no date column 'date'; name one of indicated_date, performed_date",
    ),
    "unknown arm": (
        {"agent": PARTS["agent"] + '\narms = ["odl"]'},
        "intercurrent event 'agent' names arm 'odl', which is not declared (did you mean 'old'?)",
    ),
}


@pytest.mark.parametrize("case", FILTERS)
def test_filter_that_can_choose_nothing_is_refused(case):
    parts, expected = FILTERS[case]
    assert expected in message(**parts)


@pytest.mark.parametrize(
    "fracture",
    [
        'table = "events"\nwhere = { severity = "grade 3", own_flag = true }',
        'table = "events"\ndate = "our_date"',
        'table = "pain_responses"\nwhere = { measure = "pain", response = "progression" }',
        'table = "procedures"\nwhere = { fractions = [1, 5.0] }\ndate = "performed_date"',
    ],
    ids=["own columns", "own date", "derived table", "numbers"],
)
def test_what_the_records_may_hold_is_accepted(fracture):
    assert parse_study(text(fracture=fracture)).components["fracture"]


DEATHS = {
    "component that is death beside a competing death": (
        {"more": ', "death"', "extra": DEATH_COMPONENT.format(where=DIED)},
        "'first': death is both an event and 'competing': a component of endpoint 'sre' is every death",
    ),
    "component that is death among others": (
        {"more": ', "death"', "extra": DEATH_COMPONENT.format(where='where = { status = ["died", "lost"] }')},
        "estimand 'first': death is both an event and 'competing'",
    ),
    "component that is death beside a censoring death": (
        {"more": ', "death"', "extra": DEATH_COMPONENT.format(where=DIED), "estimand": 'death = "censor"'},
        "death is both an event and 'censor'",
    ),
    "component that is death beside a composite death": (
        {"more": ', "death"', "extra": DEATH_COMPONENT.format(where=DIED), "estimand": 'death = "composite"'},
        "estimand 'first': death is counted twice: a component of endpoint 'sre' is every death",
    ),
    "composite intercurrent event that is death": (
        {
            "agent": 'table = "disposition"\nwhere = { status = "died" }',
            "estimand": 'death = "competing"\nintercurrent = { agent = "composite" }',
        },
        "death is both 'competing' and 'composite': intercurrent event 'agent' is every death",
    ),
}


@pytest.mark.parametrize("case", DEATHS)
def test_death_that_is_two_things_is_refused(case):
    parts, expected = DEATHS[case]
    assert expected in message(**parts)


@pytest.mark.parametrize(
    "where",
    ['where = { status = "died", cause = "prostate_cancer" }', DIED + '\nunless = { cause = "other" }'],
)
def test_death_from_one_cause_may_be_a_component_beside_a_competing_death(where):
    study = parse_study(text(more=', "death"', extra=DEATH_COMPONENT.format(where=where)))
    assert study.endpoints["sre"].components == ("fracture", "death")


def test_death_as_a_component_needs_a_death_that_is_ignored_or_no_estimand():
    extra = DEATH_COMPONENT.format(where=DIED)
    study = parse_study(text(more=', "death"', extra=extra, estimand='death = "ignored"'))
    assert study.estimands["first"].death == "ignored"


ENDPOINTS = {
    "gap below 0": ({"endpoint": "min_gap_days = -1"}, "endpoints.sre.min_gap_days: Input should be greater"),
    "lesions of subjects": (
        {"endpoint": "lesions = { target = true }"},
        "endpoint 'sre' filters lesions, which needs unit = 'lesion'; it has 'subject'",
    ),
    "unknown definition": (
        {"endpoint": 'definition = "hermess"'},
        "endpoint 'sre': no definition 'hermess'; did you mean 'hermes'?",
    ),
    "later episode of recurrent events": (
        {"estimand": 'death = "competing"\nvariable = "recurrent"\norder = 2'},
        "estimand 'first': order = 2 needs variable = 'first'",
    ),
    "later death": (
        {"survival": "order = 2"},
        "estimand 'survival': order = 2 asks for a later episode of death, which is one",
    ),
    "responders of days at home": (
        {"extra": '[analyses.a]\nmeasure = "home"\nmethod = "responders"'},
        "analysis 'a': responders needs a measure of kind pain_response, 'home' is a days_at_home; use mean",
    ),
}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("death", "death itself"),
        ("component", "the components together"),
        ("fracture", "a component of its endpoint"),
        ("sre", "its endpoint"),
    ],
)
def test_an_intercurrent_event_with_the_name_of_another_outcome_is_refused(name, what):
    extra = f'[intercurrent.{name}]\nlabel = "Crossover"\n{PARTS["agent"]}'
    estimand = f'death = "competing"\nintercurrent = {{ {name} = "competing" }}'
    expected = f"estimand 'first': intercurrent event '{name}' has the name of {what}, and outcomes go by"
    assert expected in message(extra=extra, estimand=estimand)


@pytest.mark.parametrize("case", ENDPOINTS)
def test_rule_that_does_not_fit_its_endpoint_is_refused(case):
    parts, expected = ENDPOINTS[case]
    assert expected in message(**parts)


def test_a_definition_without_components_is_refused_outside_a_file():
    study = parse_study(text())
    endpoint = study.endpoints["sre"].model_copy(update={"definition": "zoom", "components": ()})
    content = study.model_dump() | {"endpoints": {**study.endpoints, "sre": endpoint}}
    with pytest.raises(ValueError, match="names definition 'zoom' but has no components"):
        type(study).model_validate(content)


def test_mean_reads_every_kind_of_measure():
    extra = "".join(f'[analyses.{name}]\nmeasure = "{name}"\nmethod = "mean"\n' for name in ("pain", "home"))
    assert list(parse_study(text(extra=extra)).analyses) == ["pain", "home"]


def test_all_contradictions_come_in_one_message_each_on_a_line():
    found = message(
        fracture='table = "event"',
        agent='table = "therapies"\nwhere = { class = 3 }\ndate = "drug"',
        censoring='table = "disposition"\nwhere = { status = "gone" }',
        survival="order = 2",
        endpoint="lesions = { target = 1 }",
    )
    assert len(found.splitlines()) == 1 + 7
