"""The results of a study: one statistic a row, before any table or text is made."""

from __future__ import annotations

import difflib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skeletal.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from skeletal.results import Curve

COLUMNS = ("endpoint", "estimand", "analysis", "arm", "statistic", "time", "value", "unit", "method", "key")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Results:
    """What the declared analyses gave.

    Attributes
    ----------
    frame : DataFrame
        One statistic a row: ``endpoint estimand analysis arm statistic time value unit method key``.
        ``time`` in days on the scale of AVAL (day 1 is time zero), NaN where none belongs to the
        statistic; ``value`` is a float, NaN where not estimable; ``key`` is unique:
        ``analysis/arm/statistic`` and ``@time`` where there is one.  Rows of a contrast have the arm
        ``"experimental vs control"``, rows about all arms together ``"all"``.
    curves : mapping of str to mapping of str to Curve
        Analysis -> arm (control first) -> curve.
    """

    frame: pd.DataFrame
    curves: Mapping[str, Mapping[str, Curve]]

    def value(self, key: str) -> float:
        """Return the value of the statistic called ``key``.

        Raises
        ------
        InvalidArgument
            If there is no such statistic.
        """
        found = self.frame.loc[self.frame["key"] == key, "value"]
        if found.empty:
            close = difflib.get_close_matches(key, self.frame["key"].tolist(), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InvalidArgument(f"no statistic has the key {key!r}{hint}")
        return float(found.iloc[0])

    def select(self, **conditions: str) -> pd.DataFrame:
        """Return the rows whose columns equal ``conditions``, for example ``analysis="sse-mean"``."""
        rows = self.frame
        for column, wanted in conditions.items():
            if column not in rows:
                raise InvalidArgument(f"results have no column {column!r}; they have {', '.join(COLUMNS)}")
            rows = rows.loc[rows[column] == wanted]
        return rows

    def to_json(self) -> str:
        """Return the rows as JSON, a missing number as null."""
        records = [
            {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in row.items()
            }
            for row in self.frame.to_dict("records")
        ]
        return json.dumps(records, indent=1, ensure_ascii=False) + "\n"
