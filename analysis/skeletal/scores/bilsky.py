"""Epidural spinal cord compression scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .points import aligned, in_bands, refuse_unknown

if TYPE_CHECKING:
    from .points import Bands, Items

BILSKY_GRADES = ("0", "1a", "1b", "1c", "2", "3")
BANDS: Bands = ((0, "low"), (3, "equivocal"), (4, "high"))


def bilsky(grade: Items) -> pd.DataFrame:
    """Bilsky grade of epidural cord compression as an order: 0 < 1a < 1b < 1c < 2 < 3.

    Use ``rank`` to compare grades, never arithmetic on it.

    Parameters
    ----------
    grade : scalar, array or Series, shape (n,)
        ``0`` bone only, ``1a`` epidural without deformation of the thecal sac, ``1b`` deformation of the sac
        without touching the cord, ``1c`` touching the cord, ``2`` cord compression with fluid visible, ``3``
        without.  0, 2 and 3 may be numbers.

    Returns
    -------
    DataFrame
        Columns grade, rank (0 to 5), band (``low`` 0 to 1b, ``equivocal`` 1c, ``high`` 2 to 3), missing where
        the grade is.

    Raises
    ------
    InvalidArgument
        A grade that is none of those above.

    Notes
    -----
    R: ``factor(grade, c("0", "1a", "1b", "1c", "2", "3"), ordered = TRUE)``.  SAS: none.

    References
    ----------
    Bilsky et al. (2010), J Neurosurg Spine 13, 324-328.

    Examples
    --------
    >>> bilsky(["1b", "1c", 3])["band"].tolist()
    ['low', 'equivocal', 'high']
    """
    values = aligned(grade=grade)["grade"]
    whole = {number: str(number) for number in (0, 2, 3)}
    labels = values.map(lambda item: item if isinstance(item, str | bool) else whole.get(item, item))
    refuse_unknown(labels.rename("grade"), BILSKY_GRADES)
    rank = labels.map({name: float(place) for place, name in enumerate(BILSKY_GRADES)}).astype("float64")
    return pd.DataFrame(
        {"grade": labels.astype("string"), "rank": rank, "band": in_bands(np.asarray(rank), BANDS)},
        index=values.index,
    )
