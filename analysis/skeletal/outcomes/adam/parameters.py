"""What each parameter is, what its CNSR codes say and what can become of a record, in the study's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skeletal.outcomes import absence, endpoint, fates, lesions, observation
from skeletal.study import COMPETING_STRATEGIES, ENDING_STRATEGIES, estimand_attributes

from .selection import rows_where, selected
from .variable import Code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from skeletal.outcomes.observation import Observation
    from skeletal.study import CensoringRule, Estimand, Study

_OUTCOMES = {
    fates.COUNTED: "It is the event, or opens an episode",
    fates.MERGED: "On the day of the event, or within the gap of an episode: part of it",
    fates.COMPETES: "Ends observation as a competing event",
    fates.CENSORS: "Ends observation by censoring",
    fates.EARLIER: "Belongs to an earlier episode than the one that the parameter asks for",
    fates.NOT_FIRST: "Comes after the first event, which alone counts",
    fates.AFTER_EVENT: "Comes after the event of the parameter",
    fates.NOT_DECISIVE: "Another record ended observation",
    observation.IGNORED: "An intercurrent event under the treatment policy strategy",
    observation.DEATH_IGNORED: "A death that the estimand does not read",
    endpoint.EXCLUDED: "Of a subject or lesion that is not analysed; exclusions.csv has the reason",
    endpoint.NO_DATE: "No date, or one that is too incomplete to be imputed",
    endpoint.BEFORE: "Before time zero",
    lesions.NO_LESION: "Names no lesion, which the endpoint needs",
    lesions.UNKNOWN_LESION: "Names a lesion that the table lesions does not have",
    lesions.OTHER_LESION: "Of a lesion that the endpoint does not read",
    absence.OTHER_ARM: "The event is an intercurrent event in other arms only",
    absence.IN_TIME: "The treatment came in time: its absence is no intercurrent event",
    absence.TOO_LATE: "The treatment came later than the grace",
}


def outcome_codes(study: Study) -> tuple[Code, ...]:
    """Return what can become of a record, with the limits of the study after which none counts."""
    fixed = [Code(value=value, meaning=meaning) for value, meaning in _OUTCOMES.items()]
    ends = {f"{observation.AFTER}death": "death"}
    labels = [item.label for item in study.intercurrent.values()]
    labels += [rule.label for rule in study.censoring.values() if rule.role == "limit"]
    ends |= {f"{observation.AFTER}{label}": label for label in labels}
    late = [
        Code(value=value, meaning=f"After the end of observation: {words}") for value, words in ends.items()
    ]
    return (*fixed, *late)


def parameter_codes(study: Study, keep: Callable[[str], bool]) -> tuple[Code, ...]:
    """Return PARAMCD of the estimands and measures whose name passes ``keep``, each in a few sentences."""
    words = estimand_attributes(study).set_index("name")
    found = []
    items: dict[str, Any] = {**study.estimands, **study.measures}
    for name, item in items.items():
        if not keep(name):
            continue
        row = words.loc[name]
        sentences = [
            row["variable"],
            *_lesions(study, name),
            f"Time zero: subjects.{_time_zero(study, name)}",
            f"Population: {row['population']}",
            f"Strategies: {row['intercurrent']}",
            f"Summary: {row['summary']}",
        ]
        found.append(
            Code(
                value=item.paramcd,
                meaning=item.label,
                definition=". ".join(text.rstrip(".") for text in sentences) + ".",
                source=_sources(study, name),
            )
        )
    return tuple(found)


def _lesions(study: Study, name: str) -> list[str]:
    """Return which lesions are units, where not all of the table are."""
    chosen = study.endpoints[study.estimands[name].endpoint].lesions if name in study.estimands else {}
    return [f"Lesions: those{rows_where(chosen)}"] if chosen else []


def _time_zero(study: Study, name: str) -> str:
    if name in study.estimands:
        return study.time_zero_of(study.estimands[name].endpoint)
    return study.measures[name].time_zero or study.time_zero


def time_zeros(study: Study, names: Iterable[str]) -> str:
    """Return the columns of subjects from which the parameters called ``names`` are counted."""
    columns = dict.fromkeys(_time_zero(study, name) for name in names) or {study.time_zero: None}
    return "; ".join(f"subjects.{column}" for column in columns)


def _sources(study: Study, name: str) -> str:
    items: dict[str, Any] = {}
    if name in study.estimands:
        estimand = study.estimands[name]
        items[f"estimands.{name}"] = estimand
        items[f"endpoints.{estimand.endpoint}"] = study.endpoints[estimand.endpoint]
    else:
        items[f"measures.{name}"] = study.measures[name]
    return "; ".join(sourced(key, item.source) for key, item in items.items())


def sourced(key: str, source: str) -> str:
    """Return ``key``, with where it comes from behind it."""
    return f"{key} ({source})" if source else key


def competing_labels(item: Observation) -> dict[str, str]:
    """Return the name of death and of each intercurrent event of an estimand -> its words."""
    study = item.facts.study
    return {
        "death": study.death.label,
        **{name: study.intercurrent[name].label for name in item.estimand.intercurrent},
    }


def censor_codes(item: Observation) -> dict[str, int]:
    """Return the code of CNSR for each reason that ``item`` can give."""
    facts = item.facts
    reasons = [rule.label for rule in facts.study.censoring_of(facts.name).values()]
    reasons += [f"No assessment after {facts.zero_label}", "Later event record"]
    labels = list(competing_labels(item).values())
    return {reason: code for code, reason in reversed(list(enumerate([*reasons, *labels], start=1)))}


def described_censoring(item: Observation) -> tuple[Code, ...]:
    """Return the codes of CNSR of one parameter, each with its reason and the rule behind it."""
    codes = censor_codes(item)
    sources = _censor_sources(item)
    paramcd = item.estimand.paramcd
    events = _events(item.facts.study, item.estimand)
    competing = {words for words, (_, competes) in events.items() if competes}
    event = Code(value="0", meaning="Event", parameter=paramcd, source=_sources(item.facts.study, item.name))
    others = [
        Code(
            value=str(code),
            meaning=f"{reason} (competing event)" if reason in competing else f"Censored: {reason}",
            parameter=paramcd,
            source=sources[reason],
        )
        for reason, code in sorted(codes.items(), key=lambda pair: pair[1])
        if reason in sources
    ]
    return (event, *others)


def _censor_sources(item: Observation) -> dict[str, str]:
    """Return each reason that can occur -> the rule of the study behind it."""
    study, estimand = item.facts.study, item.estimand
    found = {
        rule.label: sourced(f"censoring.{name}", _rule_words(rule))
        for name, rule in study.censoring_of(item.facts.name).items()
    }
    if item.facts.last_seen:
        nobody = "rule: neither a last_seen rule nor a later record shows the subject after time zero"
        found.setdefault(f"No assessment after {item.facts.zero_label}", nobody)
        found.setdefault(
            "Later event record", "rule: an event or death after a limit shows the last day seen"
        )
    return found | {words: source for words, (source, _) in _events(study, estimand).items()}


def _events(study: Study, estimand: Estimand) -> dict[str, tuple[str, bool]]:
    """Return the words of each event that can end observation -> the rule behind it, whether it competes."""
    found = {}
    if estimand.death in ("competing", "censor"):
        competes = estimand.death == "competing"
        found[study.death.label] = (
            sourced(f"death, strategy {estimand.death}", study.death.source),
            competes,
        )
    for name, strategy in estimand.intercurrent.items():
        if strategy in ENDING_STRATEGIES:
            rule = study.intercurrent[name]
            source = sourced(f"intercurrent.{name}, strategy {strategy}", rule.source)
            found[rule.label] = (source, strategy in COMPETING_STRATEGIES)
    return found


def _rule_words(rule: CensoringRule) -> str:
    if rule.table is not None:
        where = f"{rule.role}, {rule.take} {selected(rule)}"
    elif rule.after_days is not None:
        where = f"{rule.role}, {rule.after_days} days after time zero"
    elif rule.data_cutoff:
        where = f"{rule.role}, data cutoff"
    else:
        where = f"{rule.role}, {rule.missed_visits} consecutive visits missed"
    return f"{where}; {rule.source}" if rule.source else where
