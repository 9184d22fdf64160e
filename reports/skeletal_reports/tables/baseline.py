"""Baseline characteristics by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some

from .columns import arm_columns
from .format import format_count, format_number
from .table import Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.arrays import BoolArray, FloatArray
    from skeletal.records.schema import TrialRecords
    from skeletal.study import Baseline, Study

    from .columns import ArmColumns

QUARTILES: Literal["averaged_inverted_cdf"] = (
    "averaged_inverted_cdf"  # SAS PCTLDEF=5, the default there; R quantile(type = 2)
)
MOST_DECIMALS = 2


def baseline_table(records: TrialRecords, study: Study) -> Table:
    """Describe by arm, and over all, the baseline columns that the study declares.

    Parameters
    ----------
    records : TrialRecords
        Its subjects.
    study : Study
        Gives the columns, their kinds and the arms.

    Returns
    -------
    Table
        Continuous: n, mean (SD), median, quartiles, range; categorical: n (%) of those with a value.
        Missing values are counted.

    Raises
    ------
    InvalidRecords
        If a declared column is absent from the subjects, or a continuous one is no number.

    Notes
    -----
    Mean, SD, median and quartiles have one decimal more than the data.  Quartiles: SAS PCTLDEF=5.
    R: quantile(type = 2).  SAS: PROC MEANS N MEAN STD MEDIAN Q1 Q3 MIN MAX.
    """
    subjects = records.subjects
    if absent := [item.column for item in study.baseline if item.column not in subjects]:
        raise InvalidRecords(
            f"subjects have no baseline column(s) {name_some(absent)}. "
            "Add them to the records, or take them out of the study's baseline."
        )
    arms = arm_columns(subjects, study)
    columns = arms.columns()
    rows: list[Row] = []
    for item in study.baseline:
        unit = f" ({item.unit})" if item.unit else ""
        rows.append(group_row(f"{item.label}{unit}", len(columns)))
        values = subjects[item.column]
        rows += _continuous(item, values, arms) if item.kind == "continuous" else _categories(values, arms)
    return Table(
        name="baseline",
        title="Baseline characteristics of randomised subjects",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Percentages are of subjects with a value. SD: standard deviation; quartiles as SAS PCTLDEF=5.",
            data_note(study, records),
        ),
    )


def _missing(missing: BoolArray, arms: ArmColumns) -> Iterator[Row]:
    if missing.any():
        yield arms.counts("Missing", missing, percent=False, indent=1)


def _continuous(item: Baseline, values: pd.Series[float], arms: ArmColumns) -> Iterator[Row]:
    if not pd.api.types.is_numeric_dtype(values):
        raise InvalidRecords(
            f"baseline column {item.column!r} is declared continuous, but is not a number. "
            "Correct the records, or declare it categorical."
        )
    numbers = np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    present = ~np.isnan(numbers)
    decimals = _decimals(numbers[present])
    yield arms.counts("n", present, percent=False, indent=1)
    described = [_describe(numbers[member & present], decimals) for member in arms.members]
    for label in described[0]:
        yield Row(cells=(label, *(texts[label] for texts in described)), indent=1)
    yield from _missing(~present, arms)


def _decimals(numbers: FloatArray) -> int:
    """Decimals of the data as they came, at most two."""
    for decimals in range(MOST_DECIMALS):
        if np.array_equal(np.round(numbers, decimals), numbers):
            return decimals
    return MOST_DECIMALS


def _describe(numbers: FloatArray, decimals: int) -> dict[str, str]:
    more = decimals + 1
    some: FloatArray = numbers if numbers.size else np.full(1, np.nan)
    spread = float(np.std(numbers, ddof=1)) if numbers.size > 1 else np.nan
    low, middle, high = np.quantile(some, [0.25, 0.5, 0.75], method=QUARTILES)
    return {
        "Mean (SD)": f"{format_number(float(np.mean(some)), more)} ({format_number(spread, more)})",
        "Median": format_number(middle, more),
        "Q1 to Q3": f"{format_number(low, more)} to {format_number(high, more)}",
        "Minimum to maximum": " to ".join(
            format_number(float(end), decimals) for end in (some.min(), some.max())
        ),
    }


def _categories(values: pd.Series[str], arms: ArmColumns) -> Iterator[Row]:
    """One row a category, the most frequent first."""
    texts = values.astype("string")
    missing = texts.isna().to_numpy(dtype=bool)
    found = texts.fillna("").to_numpy(dtype=object)
    names, sizes = np.unique(found[~missing].astype(str), return_counts=True)
    totals = [int((member & ~missing).sum()) for member in arms.members]
    for _, name in sorted(zip(-sizes, names, strict=True)):
        chosen = (found == name) & ~missing
        cells = [
            format_count(int((member & chosen).sum()), total)
            for member, total in zip(arms.members, totals, strict=True)
        ]
        yield Row(cells=(str(name), *cells), indent=1)
    yield from _missing(missing, arms)
