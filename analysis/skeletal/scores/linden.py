"""The spine score of the Dutch Bone Metastasis Study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .points import aligned, karnofsky, label_points, pieces, score_frame
from .primaries import LINDEN_PRIMARY

if TYPE_CHECKING:
    import pandas as pd

    from .points import Bands, Items

VISCERAL = {"yes": 0.0, "no": 1.0}
BANDS: Bands = ((0, "A"), (4, "B"), (6, "C"))


def linden(primary: Items, visceral_metastases: Items, kps: Items) -> pd.DataFrame:
    """Linden score (0 to 6) of survival with painful spinal metastases.

    Use it for metastases of the spine without cord compression, as it was made.

    Parameters
    ----------
    primary : scalar, array or Series, shape (n,)
        A tumour of ``skeletal.scores.PRIMARY_TUMOURS``: ``breast`` 3, ``prostate`` 2, ``lung`` 1, every
        other 0.
    visceral_metastases : scalar, array or Series, shape (n,)
        True (or ``yes``) 0, false (or ``no``) 1.
    kps : scalar, array or Series, shape (n,)
        Karnofsky performance status: 80 to 100 2, 50 to 70 1, 20 to 40 0.  Below 20 the published table has
        no points: not assessable.

    Returns
    -------
    DataFrame
        Columns primary, visceral_metastases, kps (points), total, band (group ``A`` to 3, ``B`` 4 to 5, ``C``
        6); total and band are missing where an item is.

    Raises
    ------
    InvalidArgument
        Unknown labels, a Karnofsky status that is none, items of different length.

    Notes
    -----
    There is no group D here: A to D belongs to another classification (Bollen et al. 2014).  Only breast
    cancer reaches C; beside it only prostate and lung cancer reach B.  R, SAS: none.

    References
    ----------
    Van der Linden et al. (2005), Cancer 103, 320-328.

    Examples
    --------
    >>> linden(["breast", "lung"], False, 80)["band"].tolist()
    ['C', 'B']
    """
    items = aligned(primary=primary, visceral_metastases=visceral_metastases, kps=kps)
    points = {
        "primary": label_points(items["primary"], LINDEN_PRIMARY),
        "visceral_metastases": label_points(items["visceral_metastases"], VISCERAL),
        "kps": pieces(karnofsky(items["kps"]), (20, 50, 80), (0, 1, 2)),
    }
    return score_frame(points, BANDS, items.index)
