"""The revised Tokuhashi score of survival with spinal metastases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .points import aligned, karnofsky, label_points, numbers, pieces, score_frame
from .primaries import TOKUHASHI_PRIMARY

if TYPE_CHECKING:
    import pandas as pd

    from .points import Bands, Items

ORGANS = {"unremovable": 0.0, "removable": 1.0, "none": 2.0}
FRANKEL = {"A": 0.0, "B": 0.0, "C": 1.0, "D": 1.0, "E": 2.0}
BANDS: Bands = ((0, "under 6 months"), (9, "6 months or more"), (12, "1 year or more"))


def tokuhashi(
    kps: Items,
    extraspinal_foci: Items,
    vertebral_metastases: Items,
    organ_metastases: Items,
    primary: Items,
    frankel: Items,
) -> pd.DataFrame:
    """Revised Tokuhashi score (0 to 15) of survival with spinal metastases.

    Use it before an operation of the spine.

    Parameters
    ----------
    kps : scalar, array or Series, shape (n,)
        Karnofsky performance status: 10 to 40 0, 50 to 70 1, 80 to 100 2; 0 is not assessable.
    extraspinal_foci : scalar, array or Series, shape (n,)
        Number of bone metastases outside the spine: 3 or more 0, 1 to 2 1, none 2.
    vertebral_metastases : scalar, array or Series, shape (n,)
        Number of vertebral bodies with metastases: 3 or more 0, 2 1, 1 2.
    organ_metastases : scalar, array or Series, shape (n,)
        Metastases of major organs: ``unremovable`` 0, ``removable`` 1, ``none`` 2.
    primary : scalar, array or Series, shape (n,)
        A tumour of ``skeletal.scores.PRIMARY_TUMOURS``: lung, osteosarcoma, stomach, bladder, oesophagus,
        pancreas 0; liver, gall bladder, unidentified 1; other 2; kidney (renal), uterus 3; rectum 4;
        thyroid, breast, prostate, carcinoid 5.
    frankel : scalar, array or Series, shape (n,)
        Frankel grade of palsy: ``A``, ``B`` 0; ``C``, ``D`` 1; ``E`` 2.

    Returns
    -------
    DataFrame
        Columns with the points of each item, total, band (predicted survival: ``under 6 months`` to 8,
        ``6 months or more`` 9 to 11, ``1 year or more`` from 12); total and band are missing where an item
        is.

    Raises
    ------
    InvalidArgument
        Unknown labels, a Karnofsky status that is none, counts that are not whole or too small, items of
        different length.

    Notes
    -----
    Some pages print the bands with their signs reversed; higher totals mean longer survival.  R, SAS: none.

    References
    ----------
    Tokuhashi et al. (2005), Spine 30, 2186-2191, table 2.

    Examples
    --------
    >>> tokuhashi(80, 0, 1, "none", "breast", "E")["total"].item()
    15.0
    """
    items = aligned(
        kps=kps,
        extraspinal_foci=extraspinal_foci,
        vertebral_metastases=vertebral_metastases,
        organ_metastases=organ_metastases,
        primary=primary,
        frankel=frankel,
    )
    foci = numbers(items["extraspinal_foci"], 0, np.inf, whole=True)
    bodies = numbers(items["vertebral_metastases"], 1, np.inf, whole=True)
    points = {
        "kps": pieces(karnofsky(items["kps"]), (10, 50, 80), (0, 1, 2)),
        "extraspinal_foci": pieces(foci, (0, 1, 3), (2, 1, 0)),
        "vertebral_metastases": pieces(bodies, (1, 2, 3), (2, 1, 0)),
        "organ_metastases": label_points(items["organ_metastases"], ORGANS),
        "primary": label_points(items["primary"], TOKUHASHI_PRIMARY),
        "frankel": label_points(items["frankel"], FRANKEL),
    }
    return score_frame(points, BANDS, items.index)
