"""How foreign files become the record tables: declared in the study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Scalar = str | bool | int | float


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


_Several = Annotated[tuple[Scalar, ...], Field(min_length=1)]
# One value or a list of them; the schema says so too.
Values = Annotated[_Several, BeforeValidator(_as_tuple, json_schema_input_type=Scalar | _Several)]


class TableMapping(BaseModel):
    """Rows of one SDTM domain that become rows of one record table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: str = Field(min_length=1, description="File name without its ending, in any case")
    where: dict[str, Values] = Field(default_factory=dict, description="Keep rows with these values")
    exclude: dict[str, Values] = Field(default_factory=dict, description="Leave out rows with these values")
    columns: dict[str, str] = Field(description="Our column -> theirs")
    values: dict[str, dict[str, Scalar]] = Field(
        default_factory=dict, description="Our column -> (their value -> ours); other values are errors"
    )
    constants: dict[str, Scalar] = Field(default_factory=dict, description="Our column -> one value")


class RecordsMapping(BaseModel):
    """``native``: files are the record tables; ``sdtm``: built from SDTM domains by ``tables``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["native", "sdtm"] = "native"
    tables: dict[str, tuple[TableMapping, ...]] = Field(default_factory=dict)
