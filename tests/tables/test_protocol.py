"""Endpoints component by component, and estimands by their attributes."""

from __future__ import annotations

from tests.support import report_trial as trial

from skeletal.records import make_records
from skeletal.study import Study
from skeletal_reports.blinding import blind_records
from skeletal_reports.tables import endpoints_table, estimands_table


def groups(table):
    found, head = {}, ""
    for row in table.rows:
        if row.group:
            head = row.cells[0]
            found[head] = []
        else:
            found[head].append(row.cells)
    return found


def with_(**changes):
    """HERMES with one endpoint of four components and some of its fields changed."""
    content = trial.study().model_dump()
    content["endpoints"]["sse"].update(changes)
    return Study.model_validate(content)


def masked():
    """HERMES as a masked report has it."""
    subjects = trial.subjects(list(trial.ARMS) * 4).assign(primary_tumour="lung", sex="F", n_lesions=1.0)
    subjects["randomised_date"] = "2025-03-01"
    return blind_records(make_records({"subjects": subjects}), trial.study(), kind="closed")[1]


def test_components_stand_in_their_order_with_date_and_source():
    table = endpoints_table(with_(definition=""))
    rows = groups(table)["Symptomatic skeletal event: counted from randomisation"]
    assert (
        "Unless an endpoint says otherwise: a new episode at least 21 days after the last counted event."
        in table.notes
    )
    labels = [trial.study().components[name].label for name in trial.study().endpoints["sse"].components]
    assert [cells[0] for cells in rows] == labels
    dates = {cells[0]: cells[1] for cells in rows}
    assert dates["Symptomatic pathological fracture"] == "Date of the record"
    assert dates["Indication for palliative radiotherapy"] == "Date indicated"
    assert all(cells[2].startswith("NCT07146074") for cells in rows)


def test_an_endpoint_of_death_alone_shows_what_is_a_death():
    found = groups(endpoints_table(trial.study()))
    (rows,) = (cells for head, cells in found.items() if head.startswith("Death from any cause"))
    assert [cells[0] for cells in rows] == [trial.study().death.label]


def test_unit_time_zero_anchor_and_definition_are_named():
    study = with_(time_zero="treatment_date", gap_anchor="any", min_gap_days=14)
    content = study.endpoints["sse"].model_copy(update={"unit": "lesion", "definition": "sse-2015"})
    study = study.model_copy(update={"endpoints": {**study.endpoints, "sse": content}})
    table = endpoints_table(study)
    assert next(iter(groups(table))) == (
        "Symptomatic skeletal event: counted from treatment, per lesion, definition “sse-2015”"
    )
    assert (
        "Unless an endpoint says otherwise: a new episode at least 14 days after the last event of any kind."
        in table.notes
    )


def test_gap_rules_that_differ_stand_with_their_endpoints():
    other = trial.study().endpoints["sse"].model_copy(update={"min_gap_days": 0, "label": "Any event"})
    study = trial.study().model_copy(update={"endpoints": {**trial.study().endpoints, "any": other}})
    table = endpoints_table(study)
    heads = list(groups(table))
    assert heads[0] == "Symptomatic skeletal event: counted from randomisation"
    assert heads[2] == "Any event: counted from randomisation, every day with an event is an episode"


def test_a_blinded_study_shows_no_sources():
    blinded = masked()
    heads = [column.header for column in endpoints_table(blinded).columns]
    assert heads == ["Endpoint and component", "Date that counts"]


EVERY = "In every estimand, unless it says otherwise"


def test_what_most_estimands_share_is_said_once_and_the_rest_under_each():
    found = groups(estimands_table(trial.study()))
    assert next(iter(found)) == EVERY
    front = dict(found[EVERY])
    assert front["Population"] == "All randomised subjects, as randomised"
    rows = dict(found["First SSE, death competing"])
    assert "Population" not in rows
    assert rows["Variable"] == "Time from randomisation to the first event: Symptomatic skeletal event"
    assert set(found) > {estimand.label for estimand in trial.study().estimands.values()}


def test_death_is_told_in_front_where_it_is_usual_and_else_under_the_estimand():
    found = groups(estimands_table(trial.study()))
    usual = "Death: a competing event that ends the time at risk (competing)."
    assert dict(found[EVERY])["Intercurrent events"] == usual
    assert "Intercurrent events" not in dict(found["First SSE, death competing"])
    assert dict(found["SSE-free survival"])["Intercurrent events"].startswith("Death: counts as the event")


def test_events_that_are_treated_alike_stand_together():
    content = trial.study().model_dump()
    event = {"table": "therapies", "date": "start_date"}
    content["intercurrent"] = {"a": {"label": "New agent", **event}, "b": {"label": "New line", **event}}
    for estimand in content["estimands"].values():
        estimand["intercurrent"] = {"a": "treatment_policy", "b": "treatment_policy"}
    content["estimands"]["sse-hazard"]["intercurrent"]["b"] = "hypothetical"
    found = groups(estimands_table(Study.model_validate(content)))
    policy = "New agent, New line: not regarded, later events count (treatment policy)."
    assert policy in dict(found[EVERY])["Intercurrent events"]
    own = dict(found["First SSE, deaths censored"])["Intercurrent events"]
    assert "New line: ends observation as censored" in own
    assert "New agent" not in own


def test_an_attribute_that_differs_stands_under_its_estimand():
    content = trial.study().model_dump()
    content["estimands"]["overall-survival"]["population"] = "Those treated"
    found = groups(estimands_table(Study.model_validate(content)))
    assert dict(found["Overall survival"])["Population"] == "Those treated"
    assert "Population" not in dict(found["SSE-free survival"])


def test_measures_have_their_own_front():
    content = trial.study().model_dump()
    home = {"kind": "days_at_home", "horizons": [30]}
    content["measures"] = {
        "a": {**home, "label": "Days at home", "paramcd": "DAH"},
        "b": {**home, "label": "Days at home, death 0", "paramcd": "DAHZ", "after_death": "zero"},
    }
    found = groups(estimands_table(Study.model_validate(content)))
    front = dict(found["In every measure, unless it says otherwise"])
    assert front["Population"] == "All randomised subjects, as randomised"
    words = "Days alive and at home within 30 days of randomisation"
    assert dict(found["Days at home"])["Variable"] == words
    own = dict(found["Days at home, death 0"])["Intercurrent events"]
    assert own == "Death: makes the number of days 0 (composite)."


def test_masked_estimands_name_letters_only():
    text = str(groups(estimands_table(masked())))
    assert "Arm B versus Arm A" in text
    assert "Observational" not in text
