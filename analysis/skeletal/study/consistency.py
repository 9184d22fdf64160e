"""What contradicts itself inside a study: names that are not declared, strategies that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .analysis_methods import METHODS
from .data_cut import data_cut_problems
from .definitions import unknown_definition
from .eligibility import eligibility_problems
from .filter_problems import death_problems, did_you_mean, filter_problems
from .multiplicity import multiplicity_problems

if TYPE_CHECKING:
    from .analysis import Analysis
    from .protocol import Study
    from .rules import Endpoint, Estimand


def _unknown(kind: str, where: str, names: Any, known: Any) -> list[str]:
    return [
        f"{where} names {kind} {name!r}, which is not declared{did_you_mean(name, known)}"
        for name in names
        if name not in known
    ]


def _arm_problems(study: Study) -> list[str]:
    names = [arm.name for arm in study.arms]
    problems = []
    if len(names) < 2 and study.masking != "pooled":
        problems.append(f"a randomised trial needs at least two arms, got {len(names)}")
    if len(set(names)) < len(names):
        problems.append(f"arm names must be distinct, got {', '.join(names)}")
    if sum(arm.control for arm in study.arms) != 1:
        problems.append("exactly one arm must say control = true")
    return problems


def _endpoint_problems(study: Study) -> list[str]:
    problems = []
    for name, endpoint in study.endpoints.items():
        where = f"endpoint {name!r}"
        if len(set(endpoint.components)) < len(endpoint.components):
            problems.append(f"{where} names a component twice, got {', '.join(endpoint.components)}")
        problems += _unknown("component", where, endpoint.components, study.components)
        problems += _unknown("censoring rule", where, endpoint.censoring or (), study.censoring)
        problems += _definition_problems(where, endpoint)
        if endpoint.lesions and endpoint.unit != "lesion":
            problems.append(f"{where} filters lesions, which needs unit = 'lesion'; it has {endpoint.unit!r}")
        if endpoint.unit == "lesion" and not (endpoint.components or endpoint.definition):
            problems.append(f"{where}: unit = 'lesion' needs components; death is of the subject")
    for name, event in study.intercurrent.items():
        problems += _unknown("arm", f"intercurrent event {name!r}", event.arms, [a.name for a in study.arms])
    for name, estimand in study.estimands.items():
        where = f"estimand {name!r}"
        problems += _unknown("endpoint", where, [estimand.endpoint], study.endpoints)
        problems += _unknown("intercurrent event", where, estimand.intercurrent, study.intercurrent)
        problems += _estimand_problems(where, estimand, study.endpoints.get(estimand.endpoint))
    codes = [item.paramcd for item in (*study.estimands.values(), *study.measures.values())]
    if len(set(codes)) < len(codes):
        problems.append(f"every estimand and measure needs its own paramcd, got {', '.join(codes)}")
    return problems


def _definition_problems(where: str, endpoint: Endpoint) -> list[str]:
    if not endpoint.definition:
        return []
    if unknown := unknown_definition(endpoint.definition):
        return [f"{where}: {unknown}"]
    if not endpoint.components:
        return [f"{where} names definition {endpoint.definition!r} but has no components; list some"]
    return []


def _estimand_problems(where: str, estimand: Estimand, endpoint: Endpoint | None) -> list[str]:
    problems = []
    alone = endpoint is not None and not endpoint.components and not endpoint.definition
    if alone and (estimand.death, estimand.variable) != ("composite", "first"):
        problems.append(f"{where}: an endpoint without components needs death = 'composite'")
    if estimand.variable == "recurrent" and estimand.death not in ("competing", "censor"):
        problems.append(f"{where}: recurrent events take death as 'competing' or 'censor'")
    if estimand.order > 1 and estimand.variable == "recurrent":
        problems.append(f"{where}: order = {estimand.order} needs variable = 'first' (time to that episode)")
    if estimand.order > 1 and alone:
        problems.append(f"{where}: order = {estimand.order} asks for a later episode of death, which is one")
    return [*problems, *_name_problems(where, estimand, endpoint)]


def _name_problems(where: str, estimand: Estimand, endpoint: Endpoint | None) -> list[str]:
    """Say which names the outcomes of an estimand could not tell apart."""
    components = endpoint.components if endpoint else ()
    kept = {estimand.endpoint: "its endpoint", **dict.fromkeys(components, "a component of its endpoint")}
    kept |= {"death": "death itself", "component": "the components together"}
    return [
        f"{where}: intercurrent event {event!r} has the name of {kept[event]}, and outcomes go by names; "
        "give it another"
        for event in estimand.intercurrent
        if event in kept
    ]


def _measure_problems(study: Study) -> list[str]:
    problems = []
    visits = [visit.name for visit in study.visits]
    if both := [name for name in study.measures if name in study.estimands]:
        problems.append(f"measure {both[0]!r} has the name of an estimand; give each its own")
    for name, measure in study.measures.items():
        where = f"measure {name!r}"
        problems += _unknown("visit", where, measure.visits, visits)
        problems += _unknown("intercurrent event", where, measure.intercurrent, study.intercurrent)
        if measure.collected_until_first:
            problems += _unknown("endpoint", where, [measure.collected_until_first], study.endpoints)
        if "competing" in measure.intercurrent.values():
            problems.append(f"{where}: a value has no competing events; use composite or hypothetical")
    pain = [name for name, measure in study.measures.items() if measure.kind == "pain_response"]
    for name, component in study.components.items():
        if component.table == "pain_responses":
            names = component.where.get("measure", ())
            where = f"component {name!r}"
            problems += _unknown("measure of kind pain_response", where, names, pain)
            if not names:
                problems.append(
                    f"{where} reads pain_responses: name the measure, where = {{ measure = ... }}"
                )
    return problems


def _value_problems(study: Study, name: str, analysis: Analysis) -> list[str]:
    problems = _unknown("measure", f"analysis {name!r}", [analysis.measure], study.measures)
    measure = study.measures.get(analysis.measure)
    if measure and analysis.method == "responders" and measure.kind != "pain_response":
        problems.append(
            f"analysis {name!r}: responders needs a measure of kind pain_response, {analysis.measure!r} is a "
            f"{measure.kind}; use mean"
        )
    if analysis.method != "responders" and getattr(measure, "unit", "subject") == "lesion":
        problems.append(
            f"analysis {name!r}: {analysis.method} takes the lesions of a subject as independent; "
            "use unit = 'subject'"
        )
    return problems


def _event_problems(study: Study, name: str, analysis: Analysis) -> list[str]:
    where = f"analysis {name!r}"
    estimand = study.estimands.get(analysis.estimand)
    if not estimand:
        return _unknown("estimand", where, [analysis.estimand], study.estimands)
    problems = []
    if analysis.variable != estimand.variable:
        problems.append(
            f"{where}: {analysis.method} needs an estimand with variable = "
            f"{analysis.variable!r}, {analysis.estimand!r} has {estimand.variable!r}"
        )
    endpoint = study.endpoints.get(estimand.endpoint)
    if not endpoint:
        return problems
    outcomes = [*endpoint.components, *(n for n, item in study.estimands.items() if item.variable == "first")]
    problems += _unknown("component or estimand of a first event", where, analysis.priorities, outcomes)
    rule = METHODS[analysis.method]
    if endpoint.unit == "lesion" and not rule.clustered:
        allowed = [method for method, rule in METHODS.items() if rule.clustered and rule.reads != "value"]
        problems.append(
            f"{where}: {analysis.method} takes the lesions of a subject as independent; "
            f"use {', '.join(allowed[:-1])} or {allowed[-1]}"
        )
    if endpoint.unit == "lesion" and analysis.ties == "exact":
        problems.append(f"{where}: ties = 'exact' has no covariance robust by subject for lesions")
    if endpoint.unit != "lesion" and rule.lesions_only:
        problems.append(f"{where}: {analysis.method} needs an endpoint with unit = 'lesion'")
    return problems


def study_problems(study: Study) -> list[str]:
    """Return what contradicts itself in ``study``, one sentence each."""
    problems = [*_arm_problems(study), *filter_problems(study), *_endpoint_problems(study)]
    problems += [*death_problems(study), *_measure_problems(study)]
    for name, analysis in study.analyses.items():
        reads = _value_problems if analysis.variable == "value" else _event_problems
        problems += reads(study, name, analysis)
    arms = {arm.name for arm in study.arms}
    arms_are_good = not _arm_problems(study)
    names = {
        "visit": {visit.name for visit in study.visits},
        "intercurrent event": {name for name, event in study.intercurrent.items() if event.absent_by is None},
        "score": {name for name, measure in study.measures.items() if measure.kind == "score"},
    }
    for name, scenario in study.scenarios.items() if arms_are_good else ():
        found = scenario.problems(arms, set(study.components), names)
        problems += [f"scenario {name!r}: {problem}" for problem in found]
    if study.scenarios:
        problems += _unknown("scenario", "report.scenario", [study.report.scenario], study.scenarios)
    if not study.censoring:
        problems.append("declare at least one censoring rule")
    problems += [*eligibility_problems(study), *data_cut_problems(study), *multiplicity_problems(study)]
    return problems
