"""Creatinine clearance by the formula of Cockcroft and Gault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..errors import InvalidArgument
from .points import aligned, label_points, numbers

if TYPE_CHECKING:
    from .points import Items

CreatinineUnit = Literal["mg/dL", "umol/L"]
CreatinineConversion = Literal["88.4", "1.04-1.23", "0.81"]
WeightKind = Literal["actual", "ideal", "adjusted"]

SEX = {"female": 1.0, "male": 0.0}


def cockcroft_gault(
    age: Items,
    weight_kg: Items,
    creatinine: Items,
    sex: Items,
    *,
    unit: CreatinineUnit,
    conversion: CreatinineConversion = "88.4",
    weight: WeightKind = "actual",
) -> pd.DataFrame:
    """Creatinine clearance in mL/min by the formula of Cockcroft and Gault.

    Use it where a protocol names it; it is not the glomerular filtration rate normalised to body surface.

    Parameters
    ----------
    age : scalar, array or Series, shape (n,)
        Years, 0 to below 140.
    weight_kg : scalar, array or Series, shape (n,)
        Body weight in kg, of the kind that ``weight`` names.
    creatinine : scalar, array or Series, shape (n,)
        Serum creatinine in ``unit``.
    sex : scalar, array or Series, shape (n,)
        ``female`` or ``male``.
    unit : {"mg/dL", "umol/L"}
        Unit of ``creatinine``; it has no default.
    conversion : {"88.4", "1.04-1.23", "0.81"}
        How umol/L enter: divided by 88.4; by the factors 1.04 (female) and 1.23 (male); or by the divisor
        0.81.  They differ by up to 1 %, enough to pass a limit of 45.  Without effect for mg/dL.
    weight : {"actual", "ideal", "adjusted"}
        Which weight was given; recorded in the result, it changes no number.

    Returns
    -------
    DataFrame
        Columns clearance_ml_min, unit, conversion, weight; the clearance is NaN where an input is missing.

    Raises
    ------
    InvalidArgument
        Numbers outside their range, creatinine or weight of 0, unknown labels or options, inputs of
        different length.

    Notes
    -----
    mg/dL: (140 - age) weight / (72 creatinine), times 0.85 for women.  umol/L: the same with
    creatinine/88.4; (140 - age) weight f / creatinine with f = 1.04 or 1.23; or (140 - age) weight /
    (0.81 creatinine), times 0.85 for women.  Nothing is rounded.
    R: ``transplantr::cockcroft(creat, age, sex, weight)``.  SAS: a data step.

    References
    ----------
    Cockcroft and Gault (1976), Nephron 16, 31-41.

    Examples
    --------
    >>> result = cockcroft_gault(25, 60, 1.0, "female", unit="mg/dL")
    >>> round(result["clearance_ml_min"].item(), 2)
    81.46
    """
    checks.option(unit, CreatinineUnit, "unit")
    checks.option(conversion, CreatinineConversion, "conversion")
    checks.option(weight, WeightKind, "weight")
    items = aligned(age=age, weight_kg=weight_kg, creatinine=creatinine, sex=sex)
    years = numbers(items["age"], 0, 140)
    mass = numbers(items["weight_kg"], 0, np.inf)
    level = numbers(items["creatinine"], 0, np.inf)
    for name, values in (("weight_kg", mass), ("creatinine", level)):
        if (values == 0).any():
            raise InvalidArgument(f"{name} must be above 0, got 0 in {int((values == 0).sum())} row(s)")
    female = label_points(items["sex"], SEX).to_numpy()
    reduced = np.where(np.isnan(female), np.nan, np.where(female == 1, 0.85, 1.0))
    factor = np.where(np.isnan(female), np.nan, np.where(female == 1, 1.04, 1.23))
    if unit == "mg/dL":
        clearance = (140 - years) * mass / (72 * level) * reduced
    elif conversion == "88.4":
        clearance = (140 - years) * mass / (72 * (level / 88.4)) * reduced
    elif conversion == "0.81":
        clearance = (140 - years) * mass / (0.81 * level) * reduced
    else:
        clearance = (140 - years) * mass * factor / level
    return pd.DataFrame(
        {"clearance_ml_min": clearance, "unit": unit, "conversion": conversion, "weight": weight},
        index=items.index,
    )
