"""Mirels' score of the risk that a metastasis of a long bone fractures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import checks
from .points import aligned, label_points, numbers, refuse_unknown, score_frame

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from .points import Bands, Items

SizeBoundary = Literal["middle", "outer"]

SITE = {"upper_limb": 1.0, "lower_limb": 2.0, "peritrochanteric": 3.0}
# Mirels' table has no level without pain: it has the points of mild pain.
PAIN = {"none": 1.0, "mild": 1.0, "moderate": 2.0, "functional": 3.0}
LESION = {"blastic": 1.0, "mixed": 2.0, "lytic": 3.0}
SIZE = {"<1/3": 1.0, "1/3-2/3": 2.0, ">2/3": 3.0}
BANDS: Bands = ((4, "low risk"), (8, "borderline"), (9, "high risk"))


def mirels(
    site: Items, pain: Items, lesion: Items, size: Items, *, boundary: SizeBoundary = "middle"
) -> pd.DataFrame:
    """Mirels' score, 4 to 12, of the risk of pathological fracture of a long bone.

    Use it for metastases of the bones of the limbs; for the spine use :func:`sins`.  At least 9: fixation
    is advised before radiotherapy; 8: judgement; up to 7: no fixation.

    Parameters
    ----------
    site : scalar, array or Series, shape (n,)
        ``upper_limb`` 1, ``lower_limb`` 2, ``peritrochanteric`` 3.
    pain : scalar, array or Series, shape (n,)
        ``mild`` 1, ``moderate`` 2, ``functional`` 3 (severe, or made worse by use).  ``none`` scores 1: the
        published table has no level below mild.
    lesion : scalar, array or Series, shape (n,)
        ``blastic`` 1, ``mixed`` 2, ``lytic`` 3.
    size : scalar, array or Series, shape (n,)
        Part of the diameter (or cortex) taken by the lesion: a fraction from 0 to 1, or one of ``<1/3`` 1,
        ``1/3-2/3`` 2, ``>2/3`` 3.  Fractions may be written as text.
    boundary : {"middle", "outer"}
        Where fractions of exactly one third and two thirds belong: both to the middle class, as the
        published table prints it (``middle``), or to the class below and above (``outer``: at one third 1,
        at two thirds 3).

    Returns
    -------
    DataFrame
        Columns site, pain, lesion, size (points), total, band (``low risk`` to 7, ``borderline`` at 8,
        ``high risk`` from 9), one row an entry; total and band are missing where an item is.

    Raises
    ------
    InvalidArgument
        Labels that are none of those above, a fraction outside 0 to 1, unknown ``boundary``, items of
        different length.

    Notes
    -----
    total = site + pain + lesion + size.  Sources differ whether size is a part of the diameter or of the
    cortex; the function takes either.  R, SAS: none.

    References
    ----------
    Mirels (1989), Clin Orthop Relat Res 249, 256-264, tables 1 and 2.

    Examples
    --------
    >>> result = mirels("peritrochanteric", "moderate", "mixed", ">2/3")
    >>> result["total"].item(), result["band"].item()
    (10.0, 'high risk')
    """
    checks.option(boundary, SizeBoundary, "boundary")
    items = aligned(site=site, pain=pain, lesion=lesion, size=size)
    points = {
        "site": label_points(items["site"], SITE),
        "pain": label_points(items["pain"], PAIN),
        "lesion": label_points(items["lesion"], LESION),
        "size": size_points(items["size"], boundary),
    }
    return score_frame(points, BANDS, items.index)


def size_points(size: pd.Series[Any], boundary: SizeBoundary = "middle") -> FloatArray:
    """Return the points of fractions and classes of size."""
    known = pd.to_numeric(size, errors="coerce")
    labels = size.where(known.isna() & size.notna(), None)
    refuse_unknown(labels, SIZE)
    fraction = numbers(size.where(known.notna(), None), 0, 1)
    low, high = (fraction < 1 / 3, fraction > 2 / 3)
    if boundary == "outer":
        low, high = (fraction <= 1 / 3, fraction >= 2 / 3)
    points = np.select([low, high, fraction >= 0], [1.0, 3.0, 2.0], default=np.nan)
    return np.where(np.isnan(fraction), labels.map(SIZE).to_numpy(dtype=np.float64), points)
