"""Spinal instability neoplastic score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import checks
from .points import aligned, label_points, numbers, refuse_unknown, score_frame
from .vertebrae import LEVELS, SINS_JUNCTIONAL

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from .points import Bands, Items

HalfCollapse = Literal["below", "above", "not assessable"]

_MOBILE = ("C3", "C4", "C5", "C6", "L2", "L3", "L4")
_RIGID = ("S2", "S3", "S4", "S5")


def _location(level: str) -> float:
    """Points of a level: junctional 3, mobile 2, semirigid 1, rigid 0."""
    if level in SINS_JUNCTIONAL:
        return 3.0
    if level in _MOBILE:
        return 2.0
    return 0.0 if level in _RIGID else 1.0


LOCATION = {"occiput": 3.0} | {level: _location(level) for level in LEVELS}
PAIN = {"none": 0.0, "non_mechanical": 1.0, "mechanical": 3.0}
LESION = {"blastic": 0.0, "mixed": 1.0, "lytic": 2.0}
ALIGNMENT = {"normal": 0.0, "deformity": 2.0, "subluxation": 4.0}
COLLAPSE = {"none": 0.0, "body_over_half": 1.0, "under_half": 2.0, "over_half": 3.0}
POSTEROLATERAL = {"none": 0.0, "unilateral": 1.0, "bilateral": 3.0}
_HALF = {"below": 2.0, "above": 3.0, "not assessable": np.nan}
BANDS: Bands = ((0, "stable"), (7, "potentially unstable"), (13, "unstable"))


def sins(
    level: Items,
    pain: Items,
    lesion: Items,
    alignment: Items,
    collapse: Items,
    posterolateral: Items,
    *,
    half: HalfCollapse = "below",
) -> pd.DataFrame:
    """Spinal instability neoplastic score, 0 to 18, of a metastasis of the spine.

    Use it for one vertebral lesion; a total of 7 or more asks for the opinion of a surgeon.  For the limbs
    use :func:`mirels`.

    Parameters
    ----------
    level : scalar, array or Series, shape (n,)
        ``C1`` to ``S5`` or ``occiput``.  Junctional (occiput to C2, C7 to T2, T11 to L1, L5 to S1) 3, mobile
        (C3 to C6, L2 to L4) 2, semirigid (T3 to T10) 1, rigid (S2 to S5) 0.
    pain : scalar, array or Series, shape (n,)
        ``mechanical`` (relieved lying down, or on movement or loading) 3, ``non_mechanical`` (occasional) 1,
        ``none`` 0.
    lesion : scalar, array or Series, shape (n,)
        ``lytic`` 2, ``mixed`` 1, ``blastic`` 0.
    alignment : scalar, array or Series, shape (n,)
        ``subluxation`` (or translation) 4, ``deformity`` (new kyphosis or scoliosis) 2, ``normal`` 0.
    collapse : scalar, array or Series, shape (n,)
        ``over_half`` 3, ``under_half`` 2, ``body_over_half`` (no collapse, more than half of the body
        involved) 1, ``none`` of these 0; or the collapse as a percentage, also written as text.  A
        percentage of 0 does not say how much of the body is involved and is not assessable.
    posterolateral : scalar, array or Series, shape (n,)
        Facet, pedicle or costovertebral joint: ``bilateral`` 3, ``unilateral`` 1, ``none`` 0.
    half : {"below", "above", "not assessable"}
        What a collapse of exactly 50 % counts as; the published table has only more and less than 50 %.

    Returns
    -------
    DataFrame
        Columns location, pain, lesion, alignment, collapse, posterolateral (points), total, band (``stable``
        to 6, ``potentially unstable`` 7 to 12, ``unstable`` from 13); total and band are missing where an
        item is.

    Raises
    ------
    InvalidArgument
        Labels that are none of those above, a percentage outside 0 to 100, unknown ``half``, items of
        different length.

    Notes
    -----
    The total is the sum of the points.  The junctional levels are not those of every trial (HERMES names
    fewer).  R, SAS: none.

    References
    ----------
    Fisher et al. (2010), Spine 35, E1221-E1229, table 2; bands: Fourney et al. (2011), J Clin Oncol 29,
    3072-3077.

    Examples
    --------
    >>> result = sins("T12", "mechanical", "lytic", "normal", 60, "unilateral")
    >>> result["total"].item(), result["band"].item()
    (12.0, 'potentially unstable')
    """
    checks.option(half, HalfCollapse, "half")
    items = aligned(
        location=level,
        pain=pain,
        lesion=lesion,
        alignment=alignment,
        collapse=collapse,
        posterolateral=posterolateral,
    )
    points = {
        "location": label_points(items["location"], LOCATION),
        "pain": label_points(items["pain"], PAIN),
        "lesion": label_points(items["lesion"], LESION),
        "alignment": label_points(items["alignment"], ALIGNMENT),
        "collapse": _collapse_points(items["collapse"], half),
        "posterolateral": label_points(items["posterolateral"], POSTEROLATERAL),
    }
    return score_frame(points, BANDS, items.index)


def _collapse_points(collapse: pd.Series[Any], half: HalfCollapse) -> FloatArray:
    known = pd.to_numeric(collapse, errors="coerce")
    labels = collapse.where(known.isna() & collapse.notna(), None)
    refuse_unknown(labels, COLLAPSE)
    percent = numbers(collapse.where(known.notna(), None), 0, 100)
    points = np.select([percent > 50, percent == 50, percent > 0], [3.0, _HALF[half], 2.0], default=np.nan)
    return np.where(np.isnan(percent), labels.map(COLLAPSE).to_numpy(dtype=np.float64), points)
