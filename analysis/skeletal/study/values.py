"""One value or a list of values in a study file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

Scalar = str | bool | int | float


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


_Several = Annotated[tuple[Scalar, ...], Field(min_length=1)]
# One value or a list of them; the schema says so too.
Values = Annotated[_Several, BeforeValidator(_as_tuple, json_schema_input_type=Scalar | _Several)]
