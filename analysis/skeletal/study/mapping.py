"""How foreign files become the record tables: declared in the study file."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Literal, Self

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, model_validator

from .redcap import FormMapping, RedcapProject
from .values import Scalar, Values


class CsvLayout(BaseModel):
    """How the text files of a trial are written, where it is not commas, points and UTF-8."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: str = Field(
        default="", max_length=1, description="Between fields; found in the header if empty"
    )
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of numbers")
    encoding: Literal["utf-8", "latin-1", "cp1252"] = Field(
        default="utf-8", description="Of files without a byte order mark"
    )

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        if self.delimiter and (
            not self.delimiter.isascii() or self.delimiter.isalnum() or self.delimiter in '"\r\n'
        ):
            raise ValueError(f"delimiter cannot be {self.delimiter!r}; write , ; | or \\t")
        if self.delimiter == self.decimal:
            raise ValueError(
                f"delimiter and decimal cannot both be {self.decimal!r}; with a decimal comma fields are "
                "mostly separated by ;"
            )
        return self


class JoinMapping(BaseModel):
    """Rows of another SDTM domain that say more about the rows of a table.

    A row belongs to those of the same USUBJID whose columns agree as ``on`` says; with ``relrec``, to those
    that RELREC relates to it; with neither, to every row of its subject.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: str = Field(default="", description="File name without its ending; the name of the join if empty")
    optional: bool = Field(default=False, description="Whether the trial may have no such file")
    on: dict[str, str] = Field(default_factory=dict, description="Column of this domain -> of the table's")
    relrec: bool = Field(default=False, description="Related by the records of RELREC")
    where: dict[str, Values] = Field(default_factory=dict, description="Keep rows with these values")
    exclude: dict[str, Values] = Field(default_factory=dict, description="Leave out rows with these values")
    test: str = Field(default="", description="Column that names the test of a row (TRTESTCD)")
    value: str = Field(default="", description="Column with the result of the test (TRSTRESN)")


class TableMapping(BaseModel):
    """Rows of one SDTM domain that become rows of one record table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: str = Field(min_length=1, description="File name without its ending, in any case")
    optional: bool = Field(default=False, description="Whether the trial may have no such file")
    where: dict[str, Values] = Field(default_factory=dict, description="Keep rows with these values")
    exclude: dict[str, Values] = Field(default_factory=dict, description="Leave out rows with these values")
    columns: dict[str, str] = Field(
        description="Our column -> theirs: COLUMN, SUPPxx.QNAM, or JOIN.COLUMN, JOIN.TEST, JOIN.TEST.COLUMN"
    )
    joins: dict[str, JoinMapping] = Field(default_factory=dict, description="Name -> rows that say more")
    values: dict[str, dict[str, Scalar]] = Field(
        default_factory=dict, description="Our column -> (their value -> ours); other values are errors"
    )
    units: dict[str, str] = Field(
        default_factory=dict, description="Our column -> the unit that theirs must have"
    )
    factors: dict[str, float] = Field(
        default_factory=dict, description="Our column -> what their number is multiplied by"
    )
    constants: dict[str, Scalar] = Field(default_factory=dict, description="Our column -> one value")


class RecordsMapping(BaseModel):
    """How files become the record tables.

    ``native``: files are the record tables; ``sdtm``: built from SDTM domains by ``tables``; ``redcap``:
    built from one REDCap export and its data dictionary by ``forms``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["native", "sdtm", "redcap"] = "native"
    csv: CsvLayout = CsvLayout()
    tables: dict[str, tuple[TableMapping, ...]] = Field(default_factory=dict)
    forms: dict[str, tuple[FormMapping, ...]] = Field(default_factory=dict)
    redcap: RedcapProject = RedcapProject()


def mapping_text(mapping: RecordsMapping) -> str:
    """Return a mapping as the section ``[records]`` of a study file.

    Parameters
    ----------
    mapping : RecordsMapping
        Keys that have their default are left out.

    Returns
    -------
    str
        TOML that can be appended to a study file without a section ``[records]``.

    Examples
    --------
    >>> print(mapping_text(RecordsMapping(format="sdtm")), end="")
    [records]
    format = "sdtm"
    """
    return tomli_w.dumps({"records": mapping.model_dump(mode="python", exclude_defaults=True)})


def sdtm_mapping_text() -> str:
    """Return the commented mapping of SDTM domains to start from, as TOML to append to a study file."""
    return (files("skeletal.study") / "mappings" / "sdtm.toml").read_text(encoding="utf-8")


def sdtm_mapping() -> RecordsMapping:
    """Return the mapping of SDTM domains to start from, by which records are exported too.

    Examples
    --------
    >>> sdtm_mapping().tables["lesions"][0].columns["diameter_cm"]
    'TR.LDIAM'
    """
    return RecordsMapping.model_validate(tomllib.loads(sdtm_mapping_text())["records"])
