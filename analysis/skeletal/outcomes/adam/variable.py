"""Variables and data sets: one description that the files and the define table both follow."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.records.write import MOST_LABEL, MOST_TEXT, text_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["text", "whole", "number", "date"]
# SAS format by kind; text has its length alone.
FORMATS: Mapping[str, str] = MappingProxyType(
    {"text": "", "whole": "8.", "number": "BEST12.", "date": "DATE9."}
)
NUMBER_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A value that a variable can have, and what it means; ``parameter`` where that depends on PARAMCD."""

    value: str
    meaning: str
    definition: str = ""
    parameter: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A column of a data set.

    Attributes
    ----------
    name, label : str
        At most 8 characters and at most 40 bytes, as SAS transport files of version 5 hold.
    kind : {"text", "whole", "number", "date"}
        Decides type and format.
    origin : str
        "Assigned", "Derived", or "Predecessor: table.column".
    derivation, source : str
        In words; the record table and column, or the rule of the study, with where it comes from.
    codes : tuple of Code
        Its values, where they are from a list.
    """

    name: str
    label: str
    kind: Kind
    origin: str = "Derived"
    derivation: str = ""
    source: str = ""
    codes: tuple[Code, ...] = ()

    @property
    def format(self) -> str:
        """SAS format, empty for text."""
        return FORMATS[self.kind]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DataSet:
    """A data set: its rows, and a description of each column in their order.

    Attributes
    ----------
    name, label : str
        As in the transport file.
    structure : str
        What a row is.
    keys : tuple of str
        Variables that tell rows apart.
    variables : tuple of Variable
        One a column of ``frame``.
    frame : DataFrame
        Text as ``string``, numbers as ``float64``, dates as ``datetime64[ns]``.
    """

    name: str
    label: str
    structure: str
    keys: tuple[str, ...]
    variables: tuple[Variable, ...]
    frame: pd.DataFrame

    def length(self, variable: Variable) -> int:
        """Return the bytes that a value takes in the transport file."""
        return text_length(self.frame[variable.name]) if variable.kind == "text" else NUMBER_LENGTH


def data_set(
    *,
    name: str,
    label: str,
    structure: str,
    keys: Iterable[str],
    catalogue: Iterable[Variable],
    columns: Mapping[str, Any],
) -> DataSet:
    """Return the data set of ``columns``, each typed and described by the variable of its name."""
    known = {variable.name: variable for variable in catalogue}
    variables = tuple(known[column] for column in columns)
    frame = pd.DataFrame({item.name: _typed(columns[item.name], item.kind) for item in variables})
    made = DataSet(
        name=name,
        label=label,
        structure=structure,
        keys=tuple(key for key in keys if key in frame),
        variables=variables,
        frame=frame,
    )
    _refuse_long_texts(made)
    return made


def _typed(values: Any, kind: Kind) -> pd.Series[Any]:
    series = pd.Series(values).reset_index(drop=True)
    if kind == "text":
        text = series.astype("string")
        return text.mask(text == "")
    if kind == "date":
        return pd.Series(pd.to_datetime(series).astype("datetime64[ns]"))
    return pd.Series(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _refuse_long_texts(made: DataSet) -> None:
    """Refuse what a transport file of version 5 cannot hold: nothing is cut off in silence."""
    for variable in made.variables:
        if variable.kind != "text" or made.length(variable) <= MOST_TEXT:
            continue
        values = made.frame[variable.name]
        long = values.fillna("").map(lambda text: len(text.encode()) > MOST_TEXT).to_numpy(dtype=np.bool_)
        raise InvalidRecords(
            f"{made.name}.{variable.name} has {int(long.sum())} text(s) longer than the {MOST_TEXT} bytes "
            f"of a SAS transport file (of {name_some(sorted(set(made.frame['USUBJID'][long])))}); shorten "
            f"them in {variable.source or 'the records or the study file'}"
        )


def short_label(words: str) -> str:
    """Return ``words`` as a label: where too long cut at a word, with three dots that say so."""
    if len(words.encode()) <= MOST_LABEL:
        return words
    room = MOST_LABEL - len("...")
    cut = words.encode()[: room + 1].decode(errors="ignore").rpartition(" ")[0]
    cut = cut or words.encode()[:room].decode(errors="ignore")
    return f"{cut.rstrip(' ,;:(')}..."
