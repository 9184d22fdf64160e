"""Definitions of skeletal events that trials have used, as cited data.

The same word stands for different sets of events in different trials.  A definition says which records count
in one trial, with the source of each component and how certain it is.
"""

from __future__ import annotations

import difflib
import functools
import tomllib
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

import pandas as pd
from pydantic import Field, ValidationError, model_validator

from skeletal.errors import InvalidStudy

from .rules import Component, DeathStrategy, Model, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

Mark = Literal["confirmed", "partly", "general knowledge", "unknown"]
ComponentName = Literal[
    "fracture",
    "radiation",
    "surgery",
    "cord_compression",
    "nerve_root_compression",
    "hypercalcaemia",
    "antineoplastic_change",
    "pain",
    "instability",
    "local_intervention",
    "death_prostate_cancer",
]
NOT_COUNTED = "\N{EN DASH}"
NOT_STATED = "not stated"
LAST_ROWS = ("symptomatic only", "gap", "unit", "death", "time zero", "source")

_DEATH_WORDS: Mapping[str, str] = MappingProxyType(
    {"censor": "censored", "competing": "competing event", "composite": "counts as the event"}
)


class _Statement(Model):
    """Something that a source states, or not, with its certainty."""

    mark: Mark
    source: str = ""

    @model_validator(mode="after")
    def _has_source(self) -> Self:
        if self.mark in ("confirmed", "partly") and not self.source:
            raise ValueError(f"what is {self.mark} needs a source")
        return self


class GapStatement(_Statement):
    """Days from one event to the next that counts."""

    days: int | None = Field(default=None, ge=0)


class DeathStatement(_Statement):
    """What a death before an event does."""

    strategy: DeathStrategy | None = None
    words: str = ""


class ZeroStatement(_Statement):
    """Where time begins."""

    column: str | None = Field(default=None, description="Date column of subjects")
    label: str = ""


class DefinitionComponent(Component):
    """A component of a definition: the filter, and what counts in words."""

    counts: str = Field(description="What counts, in words")
    mark: Mark


class Definition(Model):
    """What a trial counts as a skeletal event.

    Attributes
    ----------
    name, label, trials, registry
        What it is called and where it was used.
    components
        Component -> filter, in the order of their priority on one day.
    symptomatic_only
        Whether events without symptoms are left out; ``partly``: of fractures only.
    gap, unit, death, time_zero
        How events are counted; each with the certainty and source of what is stated.
    notes
        What the sources do not settle, and what is assumed instead.
    """

    name: str
    label: str
    endpoint: str = Field(description="Label of an endpoint that follows the definition")
    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,6}$")] = Field(description="Stem of PARAMCD")
    trials: str
    registry: tuple[str, ...] = ()
    symptomatic_only: Literal["yes", "partly", "no", "not stated"]
    unit: Unit = "subject"
    source: str = Field(min_length=1, description="Source of every component that names none of its own")
    mark: Mark
    notes: tuple[str, ...] = ()
    gap: GapStatement
    death: DeathStatement
    time_zero: ZeroStatement
    components: dict[ComponentName, DefinitionComponent] = Field(min_length=1)

    @model_validator(mode="after")
    def _sources(self) -> Self:
        for component in self.components.values():
            if not component.source:
                object.__setattr__(component, "source", self.source)
        return self

    def components_as(self, prefix: str = "") -> dict[str, Component]:
        """Return the components as those of a study, their names after ``prefix``."""
        fields = set(Component.model_fields)
        return {
            f"{prefix}{name}": Component.model_validate(item.model_dump(include=fields))
            for name, item in self.components.items()
        }

    def endpoint_fields(self) -> dict[str, Any]:
        """Return the fields of an endpoint that the definition fills, the components left out."""
        known = {"min_gap_days": self.gap.days, "time_zero": self.time_zero.column}
        return {
            "label": self.endpoint,
            "unit": self.unit,
            "definition": self.name,
            "source": f"definition {self.name}: {self.source}",
            **{name: value for name, value in known.items() if value is not None},
        }


def _files() -> dict[str, Traversable]:
    folder = files("skeletal.study") / "definitions"
    found = {
        item.name.removesuffix(".toml"): item for item in folder.iterdir() if item.name.endswith(".toml")
    }
    return dict(sorted(found.items()))


def definition_names() -> tuple[str, ...]:
    """Return the names of the definitions, sorted."""
    return tuple(_files())


def unknown_definition(name: str) -> str:
    """Say that there is no definition called ``name``, and which was meant; empty where there is one."""
    names = definition_names()
    if name in names:
        return ""
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
    return f"no definition {name!r}; {hint}"


@functools.cache
def load_definition(name: str) -> Definition:
    """Read and check one definition.

    Parameters
    ----------
    name : str
        A name that :func:`list_definitions` shows.

    Returns
    -------
    Definition
        Frozen; every component has its source.

    Raises
    ------
    InvalidStudy
        If there is no such definition.

    Examples
    --------
    >>> list(load_definition("zoom").components)
    ['cord_compression', 'fracture', 'surgery', 'radiation', 'hypercalcaemia']
    """
    if problem := unknown_definition(name):
        raise InvalidStudy(problem)
    content = tomllib.loads(_files()[name].read_text(encoding="utf-8"))
    try:
        return Definition.model_validate({"name": name, **content})
    except ValidationError as error:
        raise InvalidStudy(f"definition {name!r} is not valid: {error}") from None


def list_definitions() -> pd.DataFrame:
    """List the definitions.

    Returns
    -------
    DataFrame
        Columns name, label, trials, registry, components, symptomatic_only, unit, source.

    Examples
    --------
    >>> frame = list_definitions()
    >>> frame.loc[frame["unit"] == "lesion", "name"].tolist()
    ['gillespie']
    """
    found = [load_definition(name) for name in definition_names()]
    return pd.DataFrame(
        [
            {
                "name": item.name,
                "label": item.label,
                "trials": item.trials,
                "registry": ", ".join(item.registry),
                "components": ", ".join(item.components),
                "symptomatic_only": item.symptomatic_only,
                "unit": item.unit,
                "source": item.source,
            }
            for item in found
        ],
        dtype="string",
    )


def definition_table() -> pd.DataFrame:
    """Lay the definitions side by side, component by component.

    Returns
    -------
    DataFrame
        Rows: the components (index ``component``), then symptomatic only, gap, unit, death, time zero and
        source.  Columns: the definitions.  A cell says what counts; "–" is what does not.  Words in
        parentheses are the certainty where it is not confirmed, and a source other than the definition's.

    Examples
    --------
    >>> definition_table().loc["hypercalcaemia", ["hermes", "zoom"]].tolist()
    ['–', 'hypercalcaemia']
    """
    columns = {name: _column(load_definition(name)) for name in definition_names()}
    index = pd.Index([*get_args(ComponentName), *LAST_ROWS], name="component")
    return pd.DataFrame(columns, index=index, dtype="string")


def _column(definition: Definition) -> list[str]:
    cells = []
    for name in get_args(ComponentName):
        item = definition.components.get(name)
        own = item is not None and item.source != definition.source
        cells.append(_stated(item.counts, item.mark, item.source if own else "") if item else NOT_COUNTED)
    days = definition.gap.days
    words = {
        "gap": "" if days is None else f"{days} days",
        "death": definition.death.words or _DEATH_WORDS.get(definition.death.strategy or "", ""),
        "time_zero": definition.time_zero.label,
    }
    stated = {
        field: _stated(text, getattr(definition, field).mark, getattr(definition, field).source)
        for field, text in words.items()
    }
    return [
        *cells,
        definition.symptomatic_only,
        stated["gap"],
        definition.unit,
        stated["death"],
        stated["time_zero"],
        _stated(definition.source, definition.mark, ""),
    ]


def _stated(words: str, mark: str, source: str) -> str:
    """Return words with their certainty and source, as far as there is something to say."""
    if not words:
        return NOT_STATED
    more = "; ".join(filter(None, ("" if mark == "confirmed" else mark, source)))
    return f"{words} ({more})" if more else words
