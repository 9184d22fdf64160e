"""How the forms of a REDCap project become the record tables: declared in the study file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .values import Scalar, Values


def _by_name(value: object) -> object:
    """Return a list of fields as a table in which each goes by its own name."""
    return {str(item): item for item in value} if isinstance(value, list | tuple) else value


_Items = Annotated[
    dict[str, str], BeforeValidator(_by_name, json_schema_input_type=dict[str, str] | list[str])
]


class FormMapping(BaseModel):
    """Rows of one form (instrument) that become rows of one record table.

    A field is named as in the data dictionary, one box of a checkbox field as ``field___code``; a field of
    another form is taken from the same event of the record, and ``[event][field]`` from that event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: str = Field(min_length=1, description="Name of the instrument in the data dictionary")
    where: dict[str, Values] = Field(
        default_factory=dict, description="Keep rows with these codes or labels in their field"
    )
    exclude: dict[str, Values] = Field(
        default_factory=dict, description="Leave out rows with these codes or labels in their field"
    )
    filled: tuple[str, ...] = Field(default=(), description="Keep rows in which these fields are not empty")
    columns: dict[str, str] = Field(default_factory=dict, description="Our column -> their field")
    values: dict[str, dict[str, Scalar]] = Field(
        default_factory=dict,
        description="Our column -> (their code or label -> ours); other values are errors",
    )
    constants: dict[str, Scalar] = Field(default_factory=dict, description="Our column -> one value")
    items: _Items = Field(
        default_factory=dict,
        description="Field -> name of the item: a row of questionnaires for each that is answered",
    )
    checked: dict[str, str] = Field(
        default_factory=dict,
        max_length=1,
        description="Our column -> checkbox field: a row for each box that is checked",
    )


class RedcapProject(BaseModel):
    """What neither the export nor the data dictionary of a REDCap project says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    missing: tuple[str, ...] = Field(default=(), description="Missing data codes of the project: not known")
    visits: dict[str, str] = Field(
        default_factory=dict, description="Event, as the export names it -> visit; for redcap_event_name"
    )
