"""EQ-5D index from a value set that the user gives: none is built in, and which one it was is recorded."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..errors import InvalidArgument, name_some
from .scales import EQ5D_ITEMS

if TYPE_CHECKING:
    from ..arrays import FloatArray

Levels = Literal[3, 5]


def read_value_set(path: str | Path, levels: Levels) -> pd.Series[Any]:
    """Read an EQ-5D value set: the index value of every profile.

    Parameters
    ----------
    path : str or Path
        A csv file with columns ``profile`` (five digits in the order mobility, self-care, usual activities,
        pain, anxiety: 11111 is full health) and ``value``.
    levels : {3, 5}
        EQ-5D-3L has 243 profiles, EQ-5D-5L 3125.

    Returns
    -------
    Series of float
        By profile, in order of the profiles.

    Raises
    ------
    InvalidArgument
        If the file is not there or no csv, a column is missing, a profile is none, is there twice or is
        missing, or a value is no number.

    Notes
    -----
    R: the tables behind ``eq5d``.  SAS: a format of the value set.
    """
    checks.option(levels, Levels, "levels")
    where = f"value set {Path(path).name or str(path)!r}"
    try:
        frame = pd.read_csv(path, dtype="string", skipinitialspace=True)
    except OSError as error:
        place = Path(path).absolute().parent
        raise InvalidArgument(f"{where} in folder {place} cannot be read: {error.strerror}") from error
    except ValueError as error:  # the parser's errors are ValueErrors
        raise InvalidArgument(f"{where} is no csv file: {error}") from error
    if absent := [name for name in ("profile", "value") if name not in frame]:
        raise InvalidArgument(
            f"{where} needs columns profile and value, with commas between them; it lacks "
            f"{' and '.join(absent)} and has {', '.join(map(repr, map(str, frame.columns)))}"
        )
    profiles = frame["profile"].str.strip()
    every = ["".join(digits) for digits in product("12345"[:levels], repeat=len(EQ5D_ITEMS))]
    values = pd.to_numeric(frame["value"], errors="coerce").astype("float64")
    no_value = profiles[~np.isfinite(values)].fillna("(empty)")
    faults = {
        f"profile(s) that EQ-5D-{levels}L does not have": profiles[~profiles.isin(every)].fillna("(empty)"),
        "profile(s) more than once": profiles[profiles.duplicated()].drop_duplicates(),
        "profile(s) missing": pd.Series([item for item in every if item not in set(profiles.dropna())]),
        "profile(s) whose value is no number": no_value,
    }
    found = [f"{len(which)} {words} ({name_some(which)})" for words, which in faults.items() if len(which)]
    if found:
        raise InvalidArgument(
            f"{where} has {'; '.join(found)}; give one value for each of {len(every)} profiles"
        )
    return pd.Series(values.to_numpy(), index=pd.Index(profiles, dtype="string"), name="value").loc[every]


def eq5d_index(answers: pd.DataFrame, value_set: pd.Series[Any]) -> pd.Series[Any]:
    """EQ-5D index: the value of the health state; 1 is full health, 0 as bad as being dead.

    Use it with the value set of the country whose preferences count, and name it.

    Parameters
    ----------
    answers : DataFrame, shape (n, 5)
        Columns mobility, self_care, usual_activities, pain, anxiety: levels 1 to 3 or 1 to 5.
    value_set : Series
        From :func:`read_value_set`.

    Returns
    -------
    Series, shape (n,)
        NaN where a dimension is missing.

    Raises
    ------
    InvalidArgument
        A dimension without a column, or answers that are no profile of the value set.

    Notes
    -----
    R: ``eq5d::eq5d``.  SAS: a format of the value set.

    References
    ----------
    EuroQol Group (1990), Health Policy 16, 199-208.

    Examples
    --------
    >>> states = pd.DataFrame([[1, 1, 1, 1, 1]], columns=list(EQ5D_ITEMS))
    >>> eq5d_index(states, pd.Series({"11111": 1.0})).item()
    1.0
    """
    if absent := [item for item in EQ5D_ITEMS if item not in answers]:
        raise InvalidArgument(f"EQ-5D needs a column for each dimension; {', '.join(absent)} is not there")
    profile = profiles_of(answers)
    unknown = profile[profile.notna() & ~profile.isin(value_set.index)]
    if len(unknown):
        raise InvalidArgument(
            f"{len(unknown)} answer(s) are no profile of the value set: {name_some(unknown.unique())}"
        )
    return pd.Series(index_values(profile, value_set), index=answers.index, name="index")


def profiles_of(answers: pd.DataFrame) -> pd.Series[Any]:
    """Return the five digits of each row, missing where a dimension is."""
    levels = answers[list(EQ5D_ITEMS)].astype("float64")
    profile = pd.Series("", index=answers.index, dtype="string")
    for item in EQ5D_ITEMS:
        profile = profile + levels[item].map("{:g}".format, na_action="ignore").astype("string")
    return profile


def index_values(profile: pd.Series[Any], value_set: pd.Series[Any]) -> FloatArray:
    """Return the value of each profile, NaN where it is missing."""
    place = pd.Index(value_set.index).get_indexer(pd.Index(profile))
    values = value_set.to_numpy(dtype="float64")
    return pd.Series(values).reindex(place).to_numpy(dtype="float64")
