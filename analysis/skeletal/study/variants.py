"""A study changed in one part and checked again: an endpoint under a definition of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidStudy

from .consistency import study_problems
from .definitions import definition_names, load_definition
from .rules import Component, Endpoint, Estimand

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from .definitions import Definition
    from .protocol import Study


def changed_study(study: Study, **parts: Any) -> Study:
    """Return ``study`` with some fields replaced, refused where it then contradicts itself."""
    made = study.model_copy(update=parts)
    if problems := study_problems(made):
        raise InvalidStudy("the changed study is not valid:" + "".join(f"\n  {text}" for text in problems))
    return made


def free_code(wanted: str, taken: Container[str]) -> str:
    """Return ``wanted`` as a PARAMCD of at most eight letters that is not ``taken``, numbered if need be."""
    code = wanted[:8]
    number = 2
    while code in taken:
        code = f"{wanted[: 8 - len(str(number))]}{number}"
        number += 1
    return code


def with_definition(study: Study, name: str) -> Study:
    """Return ``study`` with one more endpoint: what the definition called ``name`` counts.

    Use it to read the records of one trial under the rules of another.  It changes no rule of censoring:
    where observation ends is that of ``study``.

    Parameters
    ----------
    study : Study
        The protocol.
    name : str
        A name that :func:`list_definitions` shows.

    Returns
    -------
    Study
        With the endpoint ``name``, its components as ``name.component``, and the estimands ``name-first``
        and ``name-recurrent``.  Death is taken as the definition takes it, as competing where it does not
        say; composite is read as competing for recurrent events, which cannot have it.

    Raises
    ------
    InvalidStudy
        If there is no such definition, or the study has an endpoint, component or estimand of one of
        these names.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> study = with_definition(load_study("perform"), "denosumab-sre")
    >>> study.endpoints["denosumab-sre"].min_gap_days
    21
    """
    definition = load_definition(name)
    components = definition.components_as(f"{name}.")
    first, recurrent = f"{name}-first", f"{name}-recurrent"
    taken = [name] if name in study.endpoints else []
    taken += [item for item in components if item in study.components]
    taken += [item for item in (first, recurrent) if item in study.estimands]
    if taken:
        raise InvalidStudy(f"the study already has {', '.join(taken)}: rename them to read it under {name!r}")
    endpoint = Endpoint.model_validate({"components": tuple(components), **definition.endpoint_fields()})
    codes = {item.paramcd for item in (*study.estimands.values(), *study.measures.values())}
    estimands = {}
    for key, variable, letter in ((first, "first", "T"), (recurrent, "recurrent", "M")):
        code = free_code(f"{letter}{definition.code}", codes)
        codes.add(code)
        estimands[key] = _estimand(definition, variable, code)
    return changed_study(
        study,
        components={**study.components, **components},
        endpoints={**study.endpoints, name: endpoint},
        estimands={**study.estimands, **estimands},
    )


def _estimand(definition: Definition, variable: str, code: str) -> Estimand:
    death = definition.death.strategy or "competing"
    if variable == "recurrent" and death == "composite":
        death = "competing"
    words = {"competing": "death competing", "composite": "or death", "censor": "deaths censored"}
    number = "First" if variable == "first" else "All"
    label = f"{number} event by {definition.label}, {words[death]}"
    source = f"definition {definition.name}: {definition.death.source or 'how death is taken was not found'}"
    return Estimand.model_validate(
        {
            "endpoint": definition.name,
            "label": label,
            "paramcd": code,
            "variable": variable,
            "death": death,
            "source": source,
        }
    )


def expand_definitions(content: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Fill the endpoints of the TOML ``content`` of a study that name a definition.

    Keys that the file gives stay.  Components of the definition are added under their plain names: all of
    them, or those that the endpoint lists and the file does not declare.

    Returns
    -------
    dict
        The content with those endpoints and components filled; ``content`` itself is left as it is.
    list of str
        Components that the file or another definition declares in another way, one sentence each.
    """
    endpoints = content.get("endpoints")
    if not isinstance(endpoints, dict):
        return content, []
    declared = content.get("components")
    components: dict[str, Any] = dict(declared) if isinstance(declared, dict) else {}
    of_file = set(components)
    filled: dict[str, Any] = {}
    problems: list[str] = []
    for name, endpoint in endpoints.items():
        wanted = endpoint.get("definition") if isinstance(endpoint, dict) else None
        if wanted not in definition_names():
            # A label, so that the message is about the definition and not about what it would have filled.
            named = isinstance(wanted, str) and wanted != ""
            filled[name] = {"label": name, **endpoint} if named else endpoint
            continue
        definition = load_definition(str(wanted))
        found = {
            key: item.model_dump(exclude_defaults=True) for key, item in definition.components_as().items()
        }
        listed = endpoint.get("components")
        chosen = list(found) if listed is None else [key for key in _texts(listed) if key in found]
        for key in chosen:
            if listed is not None and key in of_file:
                continue
            if key in components and not _same_filter(components[key], found[key]):
                problems.append(_clash(name, definition, key, of_file=key in of_file))
            components.setdefault(key, found[key])
        filled[name] = {"components": tuple(chosen), **definition.endpoint_fields(), **endpoint}
    return {**content, "endpoints": filled, "components": components}, problems


def _texts(values: Any) -> Iterable[str]:
    return [item for item in values if isinstance(item, str)] if isinstance(values, list | tuple) else []


def _same_filter(one: Any, other: Any) -> bool:
    """Return whether two components in TOML choose the same rows and dates; one that is invalid does not."""
    try:
        first, second = Component.model_validate(one), Component.model_validate(other)
    except ValueError:
        return False
    return all(getattr(first, key) == getattr(second, key) for key in ("table", "where", "unless", "date"))


def _clash(endpoint: str, definition: Definition, component: str, *, of_file: bool) -> str:
    other = "in this file" if of_file else "by the definition of another endpoint"
    remedy = (
        "rename yours, or list components in the endpoint to use yours"
        if of_file
        else "declare the components of one of the endpoints under names of your own and list them in it"
    )
    return (
        f"endpoint {endpoint!r}: definition {definition.name!r} has a component {component!r} whose filter "
        f"differs from that declared {other}; {remedy}"
    )
