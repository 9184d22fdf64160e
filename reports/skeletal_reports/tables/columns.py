"""Columns by arm, and their counts: what the tables of subjects share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .format import format_count
from .table import Column, Row

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.arrays import BoolArray
    from skeletal.study import Study

TOTAL = "Total"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArmColumns:
    """One column an arm, control first, and one for all where there is more than one arm.

    Attributes
    ----------
    headers : tuple of str
        Words for each column.
    members : tuple of ndarray of bool
        Rows of the frame that belong to each column.
    """

    headers: tuple[str, ...]
    members: tuple[BoolArray, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows in each column."""
        return tuple(int(member.sum()) for member in self.members)

    def columns(self, first: str = "") -> tuple[Column, ...]:
        """Return the first column and one an arm, with its number of subjects."""
        sizes = [f"{text} (N={size})" for text, size in zip(self.headers, self.sizes, strict=True)]
        return (Column(header=first, align="left"), *(Column(header=text) for text in sizes))

    def counts(self, label: str, flag: BoolArray, *, percent: bool = True, indent: int = 0) -> Row:
        """Return a row with the members of each column for whom ``flag`` is true."""
        cells = [
            format_count(int((member & flag).sum()), size if percent else None)
            for member, size in zip(self.members, self.sizes, strict=True)
        ]
        return Row(cells=(label, *cells), indent=indent)


def arm_columns(frame: pd.DataFrame, study: Study, *, total: bool = True) -> ArmColumns:
    """Return the columns of a table about the rows of ``frame``, which has a column ``arm``."""
    arm = frame["arm"].astype("string")
    members = [arm.eq(name).fillna(value=False).to_numpy(dtype=bool) for name in study.arm_names]
    headers = [study.arm_label(name) for name in study.arm_names]
    if total and len(headers) > 1:
        headers.append(TOTAL)
        members.append(arm.isin(list(study.arm_names)).to_numpy(dtype=bool))
    return ArmColumns(headers=tuple(headers), members=tuple(members))
