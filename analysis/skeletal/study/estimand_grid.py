"""One estimand of an endpoint for every combination of strategies."""

from __future__ import annotations

import itertools
import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from skeletal.errors import InvalidArgument, name_some

from .analysis import Analysis
from .rules import DeathStrategy, Estimand, Strategy
from .variants import changed_study, free_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .protocol import Study

MOST_ESTIMANDS = 500
# What the grid tries by default; a death that is not regarded is a sponsor's rule and no strategy.
_DEATHS: Mapping[str, tuple[DeathStrategy, ...]] = MappingProxyType(
    {"first": ("competing", "composite", "censor"), "recurrent": ("competing", "censor")}
)
_STRATEGIES: Mapping[str, tuple[Strategy, ...]] = MappingProxyType(
    {
        "first": get_args(Strategy),
        "recurrent": tuple(item for item in get_args(Strategy) if item != "composite"),
    }
)


def estimand_grid(
    study: Study,
    endpoint: str,
    *,
    variables: Sequence[str] = ("first", "recurrent"),
    deaths: Sequence[DeathStrategy] | None = None,
    strategies: Mapping[str, Sequence[Strategy]] | None = None,
    combine: Literal["all", "each"] | None = None,
    times: Sequence[int] = (),
) -> Study:
    """Return ``study`` with one estimand of ``endpoint`` for every combination of strategies.

    The records stay as they are: derive the outcomes of the new study from them, and the whole grid is there.
    Use it to see how far an answer depends on what is asked; the estimand of the trial is chosen before.

    Parameters
    ----------
    study : Study
        The protocol.
    endpoint : str
        Name of an endpoint with components.
    variables : sequence of {"first", "recurrent"}
        Which variables the grid has.
    deaths : sequence of str, optional
        Strategies for death; by default ``competing``, ``composite`` (first events only) and ``censor``.
    strategies : mapping of str to sequence of str, optional
        Intercurrent event -> strategies.  By default every strategy (``composite`` for first events only)
        of each event that an estimand of the endpoint names.  An empty mapping leaves them all out.
    combine : {"all", "each"}, optional
        ``all``: every strategy of one event with every strategy of the others; ``each``: one event after
        the other, the others having the first of their strategies (treatment policy by default).  If
        absent, ``all`` where that gives at most 500 estimands, else ``each``.
    times : sequence of int
        Days at which the curve of each estimand is read; no curve without them.

    Returns
    -------
    Study
        Its estimands are the grid, named ``endpoint-variable-death`` and then ``-event-strategy`` for each
        event that is not under treatment policy, each with a ``paramcd`` of its own; an estimand of the
        study that is one of them keeps its name and words.  Its analyses are those of the study that read an
        estimand that stays, then a hazard or rate ratio (and a curve at ``times``) of every new one.

    Raises
    ------
    InvalidArgument
        If the endpoint, an event or a strategy is unknown, the endpoint is death alone, or the grid has more
        than 500 estimands.

    Notes
    -----
    R, SAS: one derivation of ADTTE for each strategy.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> grid = estimand_grid(load_study("hermes"), "sse", variables=["first"], strategies={})
    >>> list(grid.estimands)
    ['sse-incidence', 'sse-free-survival', 'sse-hazard']
    """
    own = study.estimands_of(endpoint)
    events = dict.fromkeys(event for item in own.values() for event in item.intercurrent)
    choices = dict.fromkeys(events, get_args(Strategy)) if strategies is None else dict(strategies)
    _check_grid(study, endpoint, variables, deaths, choices)
    wanted = _combinations(variables, deaths, choices, combine)
    taken = {item.paramcd for item in (*study.estimands.values(), *study.measures.values())}
    estimands: dict[str, Estimand] = {}
    for variable, death, found in wanted:
        like = next((name for name, item in own.items() if _key(item) == (variable, death, found)), None)
        if like is not None:
            estimands[like] = own[like]
            continue
        code = free_code(f"G{len(estimands) + 1:03d}", taken)
        taken.add(code)
        of_event = {event: dict(found)[event] for event in choices if event in dict(found)}
        name = "-".join([endpoint, variable, death, *itertools.chain.from_iterable(of_event.items())])
        every = dict.fromkeys(choices, _POLICY) | of_event
        estimands[name] = _grid_estimand(study, endpoint, variable, death, every, code)
    gone = set(study.estimands) - set(estimands)
    kept = {
        name: item
        for name, item in study.analyses.items()
        if item.measure or (item.estimand in estimands and not gone & set(item.priorities))
    }
    families = {
        name: family
        for name, family in study.multiplicity.items()
        if all(hypothesis.partition("/")[0] in kept for hypothesis in family.hypotheses)
    }
    new = [name for name in estimands if name not in own]
    added = {label: item for name in new for label, item in _analyses(study, name, estimands[name], times)}
    analyses = {**kept, **added}
    return changed_study(study, estimands=estimands, analyses=analyses, multiplicity=families)


_POLICY: Strategy = "treatment_policy"
# Events that are not under treatment policy, sorted: an event that is, is as if it were not named.
_Events = tuple[tuple[str, Strategy], ...]
_Combination = tuple[str, DeathStrategy, _Events]


def _key(estimand: Estimand) -> tuple[str, str, _Events]:
    """Return what tells estimands of one endpoint apart; those of a later episode are not of the grid."""
    variable = estimand.variable if estimand.order == 1 else f"{estimand.variable} {estimand.order}"
    return variable, estimand.death, _active(estimand.intercurrent.items())


def _active(events: Iterable[tuple[str, Strategy]]) -> _Events:
    return tuple(sorted((event, strategy) for event, strategy in events if strategy != _POLICY))


def _check_grid(
    study: Study,
    endpoint: str,
    variables: Sequence[str],
    deaths: Sequence[DeathStrategy] | None,
    choices: Mapping[str, Sequence[Strategy]],
) -> None:
    if endpoint not in study.endpoints:
        raise InvalidArgument(f"no endpoint {endpoint!r}; the study has {', '.join(study.endpoints)}")
    if not study.endpoints[endpoint].components:
        raise InvalidArgument(f"endpoint {endpoint!r} is death alone: it has one estimand")
    if unknown := [event for event in choices if event not in study.intercurrent]:
        known = ", ".join(study.intercurrent) or "none"
        raise InvalidArgument(f"no intercurrent event {unknown[0]!r}; the study has {known}")
    if without := [event for event, listed in choices.items() if not listed]:
        raise InvalidArgument(f"intercurrent event {without[0]!r} has no strategy; name one or leave it out")
    named = [item for listed in choices.values() for item in listed]
    for kind, given, allowed in (
        ("variable", variables, tuple(_DEATHS)),
        ("death strategy", deaths or (), get_args(DeathStrategy)),
        ("strategy", named, get_args(Strategy)),
    ):
        if wrong := [item for item in given if item not in allowed]:
            raise InvalidArgument(f"no {kind} {wrong[0]!r}; there are {', '.join(allowed)}")


def _combinations(
    variables: Sequence[str],
    deaths: Sequence[DeathStrategy] | None,
    choices: Mapping[str, Sequence[Strategy]],
    combine: Literal["all", "each"] | None,
) -> list[_Combination]:
    """Return (variable, death, strategy of each event); what recurrent events cannot have is left out."""
    if combine not in ("all", "each", None):
        raise InvalidArgument(f"combine is 'all' or 'each', got {combine!r}")
    of_death: dict[str, Sequence[DeathStrategy]] = {}
    listed: dict[str, dict[str, list[Strategy]]] = {}
    for variable in variables:
        possible = get_args(DeathStrategy) if variable == "first" else _DEATHS["recurrent"]
        of_death[variable] = [item for item in deaths or _DEATHS[variable] if item in possible]
        listed[variable] = {
            event: [item for item in given if item in _STRATEGIES[variable]]
            for event, given in choices.items()
        }
    full = {name: math.prod(map(len, listed[name].values())) * len(of_death[name]) for name in of_death}
    each = combine == "each" or (combine is None and sum(full.values()) > MOST_ESTIMANDS)
    sets = {name: _one_by_one(listed[name]) if each else _product(listed[name]) for name in of_death}
    made = [
        (variable, death, events)
        for variable, found in of_death.items()
        for death in found
        for events in sets[variable]
    ]
    if len(made) > MOST_ESTIMANDS:
        raise InvalidArgument(
            f"the grid has more than {MOST_ESTIMANDS} estimands: name fewer deaths or strategies "
            f"(intercurrent events: {name_some(choices)}), or say combine='each'"
        )
    return made


def _product(listed: Mapping[str, Sequence[Strategy]]) -> list[_Events]:
    """Return every combination, at most one more than a grid may have."""
    pairs = [[(event, item) for item in given] for event, given in listed.items()]
    return [_active(events) for events in itertools.islice(itertools.product(*pairs), MOST_ESTIMANDS + 1)]


def _one_by_one(listed: Mapping[str, Sequence[Strategy]]) -> list[_Events]:
    """Return the first strategy of every event, then each other strategy of one event after the other."""
    if not all(listed.values()):
        return []
    base = {event: given[0] for event, given in listed.items()}
    changed = [base | {event: item} for event, given in listed.items() for item in given[1:]]
    return [_active(events.items()) for events in (base, *changed)]


def _grid_estimand(
    study: Study, endpoint: str, variable: str, death: DeathStrategy, events: dict[str, Strategy], code: str
) -> Estimand:
    first = "First" if variable == "first" else "All"
    words = [f"death {death}"]
    words += [
        f"{study.intercurrent[name].label} {item.replace('_', ' ')}"
        for name, item in events.items()
        if item != _POLICY
    ]
    own = list(study.estimands_of(endpoint).values())
    return Estimand.model_validate(
        {
            "endpoint": endpoint,
            "label": f"{first} {study.endpoints[endpoint].label}: {', '.join(words)}",
            "paramcd": code,
            "variable": variable,
            "death": death,
            "intercurrent": events,
            **({"population": own[0].population, "treatment": own[0].treatment} if own else {}),
        }
    )


def _analyses(
    study: Study, name: str, estimand: Estimand, times: Sequence[int]
) -> Iterator[tuple[str, Analysis]]:
    """Yield the ratio of the arms under one estimand, and its curve at ``times``."""
    first = estimand.variable == "first"
    ratio = {"estimand": name, "method": "cox" if first else "andersen_gill", "label": estimand.label}
    yield f"{name}-ratio", Analysis.model_validate(ratio)
    by_lesion = study.endpoints[estimand.endpoint].unit == "lesion"
    if not times or (by_lesion and not first):
        return
    curve = "mean_cumulative"
    if first:
        curve = "kaplan_meier" if estimand.death == "composite" else "cumulative_incidence"
    options = {"estimand": name, "method": curve, "label": estimand.label, "times": tuple(times)}
    yield f"{name}-curve", Analysis.model_validate(options)
