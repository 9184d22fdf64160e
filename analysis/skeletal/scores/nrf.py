"""Number of risk factors: prognosis of patients referred for palliative radiotherapy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from .points import aligned, karnofsky, label_points, score_frame
from .primaries import NRF_PRIMARY

if TYPE_CHECKING:
    import pandas as pd

    from .points import Bands, Items

NrfCutoff = Literal["<=60", "<60"]

YES_NO = {"yes": 1.0, "no": 0.0}
BANDS: Bands = ((0, "I"), (2, "II"), (3, "III"))


def nrf(
    primary: Items, other_metastases: Items, kps: Items, *, kps_cutoff: NrfCutoff = "<=60"
) -> pd.DataFrame:
    """NRF score: the number (0 to 3) of risk factors for short survival, three-variable model.

    Use it for patients with metastatic cancer who are considered for palliative radiotherapy.

    Parameters
    ----------
    primary : scalar, array or Series, shape (n,)
        A tumour of ``skeletal.scores.PRIMARY_TUMOURS``: ``breast`` 0, every other 1.
    other_metastases : scalar, array or Series, shape (n,)
        Whether there are metastases outside bone: true (or ``yes``) 1, false (or ``no``) 0.
    kps : scalar, array or Series, shape (n,)
        Karnofsky performance status, 0 to 100 in steps of 10: low 1, else 0.
    kps_cutoff : {"<=60", "<60"}
        What is low: at most 60 in the three-variable model, below 60 in the older one of six factors.

    Returns
    -------
    DataFrame
        Columns primary, other_metastases, kps (points), total, band (group ``I`` 0 to 1, ``II`` 2, ``III``
        3); total and band are missing where an item is.

    Raises
    ------
    InvalidArgument
        Unknown labels, a Karnofsky status that is none, unknown ``kps_cutoff``, items of different length.

    Notes
    -----
    R, SAS: none.

    References
    ----------
    Chow et al. (2008), J Clin Oncol 26, 5863-5869: groups of the number of risk factors.

    Examples
    --------
    >>> nrf(["lung", "breast"], [True, False], [60, 60])["band"].tolist()
    ['III', 'I']
    """
    checks.option(kps_cutoff, NrfCutoff, "kps_cutoff")
    items = aligned(primary=primary, other_metastases=other_metastases, kps=kps)
    status = karnofsky(items["kps"])
    low = status <= 60 if kps_cutoff == "<=60" else status < 60
    points = {
        "primary": label_points(items["primary"], NRF_PRIMARY),
        "other_metastases": label_points(items["other_metastases"], YES_NO),
        "kps": np.where(np.isnan(status), np.nan, low),
    }
    return score_frame(points, BANDS, items.index)
