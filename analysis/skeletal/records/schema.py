"""Records checked against the tables of :mod:`skeletal.tables`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrialRecords:
    """The raw record tables of one trial, typed and complete as they came.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        The tables that are there, by name; ``subjects`` always is.  Columns of the schema have the
        dtypes of :class:`Column`; further columns are kept.  Each table has two more columns:
        ``source`` (the file or SDTM domain a row came from) and ``source_row`` (its data row there,
        from 1).  Frames must not be changed; functions that change records return new ones.
    digests : mapping of str to str
        SHA-256 of each file read, by file name; empty for simulated records.
    notes : tuple of str
        What a reader should know of how the tables were made (rows that a mapping left out, ...).
    data_cutoff : date or None
        The day after which nothing is known, where the records were cut.
    """

    tables: Mapping[str, pd.DataFrame]
    digests: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    data_cutoff: dt.date | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    @property
    def subjects(self) -> pd.DataFrame:
        """One row a randomised subject."""
        return self.tables["subjects"]

    @property
    def n_subjects(self) -> int:
        """Number of randomised subjects."""
        return len(self.subjects)

    @property
    def simulated(self) -> bool:
        """Whether subjects say that they were drawn from a scenario; the mark survives files and cuts."""
        return "simulated" in self.subjects and bool(self.subjects["simulated"].fillna(False).any())
