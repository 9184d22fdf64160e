"""Scores of questionnaires from their items: TESS, MSTS, QLQ-BM22, BPI.

Each function takes one row an assessment and one column an item, as the pivot of questionnaire rows has it;
an item that was not answered, or does not apply, is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..errors import InvalidArgument, name_some
from .points import aligned, numbers
from .scales import BM22_REVERSED, out_of_range, scale_of, scale_values

if TYPE_CHECKING:
    from .points import Items
    from .scales import Scale

Limb = Literal["lower", "upper"]
BM22_SCALES = ("painful_sites", "painful_characteristics", "functional_interference", "psychosocial_aspects")


def tess(answers: pd.DataFrame, version: Limb, *, least_answered: float = 0.5) -> pd.Series[Any]:
    """Toronto Extremity Salvage Score, 0 (cannot do anything) to 100 (no difficulty).

    Use it for function after surgery of a limb, lower or upper.

    Parameters
    ----------
    answers : DataFrame, shape (n, k)
        Columns "1", "2", ...; 1 (impossible) to 5 (not at all difficult).  Items that do not apply are
        missing, and so are those without a column.
    version : {"lower", "upper"}
        The classic questionnaires have 30 and 29 items; up to 32 are taken.
    least_answered : float
        Share of the items of the classic questionnaire that must be answered, above 0 to 1.

    Returns
    -------
    Series, shape (n,)
        NaN where too few items are answered.

    Raises
    ------
    InvalidArgument
        Columns that are no items, answers that are no whole numbers from 1 to 5, unknown ``version``.

    Notes
    -----
    (S - m) / (4 m) x 100 with S the sum of the m answered items.  The numbers of items, and that a share of
    them must be answered, are assumptions.  R, SAS: none.

    References
    ----------
    Davis et al. (1996), Qual Life Res 5, 508-516; formula and items not applicable: codetechnology.com.

    Examples
    --------
    >>> answers = pd.DataFrame([[5] * 20 + [3] * 10], columns=[str(item) for item in range(1, 31)])
    >>> round(float(tess(answers, "lower").item()), 2)
    83.33
    """
    checks.option(version, Limb, "version")
    return _scored(answers, scale_of("TESS", "total", version=version), "tess", least_answered)


def msts(answers: pd.DataFrame, version: Limb) -> pd.Series[Any]:
    """Musculoskeletal Tumor Society score of 1993, as per cent of 30 points; high is good.

    Use it for function as the surgeon rates it; for the patient's own view use :func:`tess`.

    Parameters
    ----------
    answers : DataFrame, shape (n, 6)
        0 to 5: pain, function, emotional_acceptance and, for the lower limb, supports, walking, gait; for
        the upper limb hand_positioning, dexterity, lifting.
    version : {"lower", "upper"}
        Which limb.

    Returns
    -------
    Series, shape (n,)
        NaN where any item is missing: no rule for missing items was published.

    Raises
    ------
    InvalidArgument
        Columns that are no items, answers that are no whole numbers from 0 to 5, unknown ``version``.

    Notes
    -----
    Sum of the six items / 30 x 100.  R, SAS: none.

    References
    ----------
    Enneking et al. (1993), Clin Orthop Relat Res 286, 241-246.

    Examples
    --------
    >>> items = ["pain", "function", "emotional_acceptance", "supports", "walking", "gait"]
    >>> msts(pd.DataFrame([[5, 4, 5, 3, 4, 3]], columns=items), "lower").item()
    80.0
    """
    checks.option(version, Limb, "version")
    return _scored(answers, scale_of("MSTS", "total", version=version), "msts", 1.0)


def qlq_bm22(
    answers: pd.DataFrame, *, least_answered: float = 0.5, reversed_items: tuple[str, ...] = BM22_REVERSED
) -> pd.DataFrame:
    """Four scales of the EORTC QLQ-BM22, 0 to 100.

    Use it with the QLQ-C30 or QLQ-C15-PAL in patients with bone metastases.

    Parameters
    ----------
    answers : DataFrame, shape (n, k)
        Columns "1" to "22" (items 31 to 52 where the QLQ-C30 comes first); 1 (not at all) to 4 (very much).
    least_answered : float
        Share of the items of a scale that must be answered; the EORTC manual says half.
    reversed_items : tuple of str
        Items of psychosocial_aspects worded so that a high answer is good; they are recoded (5 - answer).

    Returns
    -------
    DataFrame, shape (n, 4)
        painful_sites (items 1 to 5) and painful_characteristics (6 to 8): high is bad.
        functional_interference (9 to 16) and psychosocial_aspects (17 to 22): high is good.  NaN where fewer
        items are answered.

    Raises
    ------
    InvalidArgument
        Columns that are no items, answers that are no whole numbers from 1 to 4.

    Notes
    -----
    With the raw score RS, the mean of the answered items: symptoms (RS - 1) / 3 x 100, functions
    (1 - (RS - 1) / 3) x 100.  Sizes and kinds of the scales are published; that the items come in the order
    of the scales, and which are worded positively (hope and feeling positive, 21 and 22), are assumptions:
    compare them with the form in use.  R: PROscorer and QoLR score the QLQ-C30 so, not this module.  SAS:
    none.

    References
    ----------
    Chow et al. (2009), Eur J Cancer 45, 1146-1152 (5, 3, 8 and 6 items); Chow et al. (2012), Cancer 118,
    1457-1465; Fayers et al. (2001), EORTC QLQ-C30 Scoring Manual, 3rd ed. (transformation, half rule).

    Examples
    --------
    >>> answers = pd.DataFrame([[2] * 22], columns=[str(item) for item in range(1, 23)])
    >>> qlq_bm22(answers).iloc[0].round(2).tolist()
    [33.33, 33.33, 66.67, 55.56]
    """
    columns = {}
    scales = {name: scale_of("QLQ-BM22", name) for name in BM22_SCALES}
    last = BM22_SCALES[-1]
    scales[last] = scale_of("QLQ-BM22", last, reversed_items=tuple(reversed_items))
    _refuse_columns(answers, [item for scale in scales.values() for item in scale.items])
    for name, scale in scales.items():
        mine = answers[[column for column in answers if str(column) in scale.items]]
        columns[name] = _scored(mine, scale, name, least_answered)
    return pd.DataFrame(columns, index=answers.index)


def bpi(answers: pd.DataFrame, *, least_answered: float = 0.5) -> pd.DataFrame:
    """Brief Pain Inventory: severity and interference, 0 to 10; high is bad.

    Use it for pain and what it hinders; for the response to treatment use :func:`pain_response`.

    Parameters
    ----------
    answers : DataFrame, shape (n, k)
        0 to 10: worst_pain, least_pain, average_pain, current_pain; general_activity, mood, walking, work,
        relations, sleep, enjoyment.
    least_answered : float
        Share of the items of interference that must be answered.

    Returns
    -------
    DataFrame, shape (n, 2)
        severity, the mean of the four pain items (NaN where one is missing), and interference, the mean of
        the answered of the seven others (NaN where fewer are answered).

    Raises
    ------
    InvalidArgument
        Columns that are no items, answers that are no whole numbers from 0 to 10.

    Notes
    -----
    R, SAS: none.

    References
    ----------
    Cleeland (2009), The Brief Pain Inventory User Guide, MD Anderson Cancer Center.

    Examples
    --------
    >>> bpi(pd.DataFrame({"worst_pain": [8], "least_pain": [2], "average_pain": [5], "current_pain": [5],
    ...                   "walking": [4], "work": [6], "sleep": [2], "mood": [4]})).iloc[0].tolist()
    [5.0, 4.0]
    """
    scales = {name: scale_of("BPI", name) for name in ("severity", "interference")}
    _refuse_columns(answers, [item for scale in scales.values() for item in scale.items])
    columns = {
        name: _scored(
            answers[[column for column in answers if column in scale.items]], scale, name, least_answered
        )
        for name, scale in scales.items()
    }
    return pd.DataFrame(columns, index=answers.index)


def pain_band(worst_pain: Items, *, mild_to: float = 4, moderate_to: float = 6) -> pd.Series[Any]:
    """Severity of pain in words: none, mild, moderate, severe.

    Use it to describe; do not use it to define a response.

    Parameters
    ----------
    worst_pain : scalar, array or Series, shape (n,)
        0 to 10.
    mild_to, moderate_to : float
        Highest mild and highest moderate pain: 4 and 6 by default; 5 and 6 is also published.

    Returns
    -------
    Series of string
        Missing where pain is.

    Raises
    ------
    InvalidArgument
        Pain outside 0 to 10, or cut-offs that are not 0 < mild_to <= moderate_to < 10.

    Notes
    -----
    R, SAS: none.

    References
    ----------
    1-4, 5-6, 7-10: PubMed 18572084.  1-5, 6, 7-10: McDonald et al. (2016), Support Care Cancer 24,
    doi 10.1007/s00520-016-3341-9.

    Examples
    --------
    >>> pain_band([0, 4, 5, 7]).tolist()
    ['none', 'mild', 'moderate', 'severe']
    """
    if not 0 < mild_to <= moderate_to < 10:
        raise InvalidArgument(
            f"cut-offs must be 0 < mild_to <= moderate_to < 10, got {mild_to:g} and {moderate_to:g}"
        )
    items = aligned(worst_pain=worst_pain)
    pain = numbers(items["worst_pain"], 0, 10)
    codes = np.select([np.isnan(pain), pain == 0, pain <= mild_to, pain <= moderate_to], [-1, 0, 1, 2], 3)
    words = pd.array(["none", "mild", "moderate", "severe"], dtype="string").take(codes, allow_fill=True)
    return pd.Series(words, index=items.index, name="band")


def _refuse_columns(answers: pd.DataFrame, items: list[str]) -> None:
    if unknown := [str(column) for column in answers if str(column) not in items]:
        raise InvalidArgument(
            f"columns that are no items: {name_some(unknown)}; items are {', '.join(items)}"
        )


def _scored(answers: pd.DataFrame, scale: Scale, name: str, least_answered: float) -> pd.Series[Any]:
    """Check the answers and return the scale."""
    if not 0 < least_answered <= 1:
        raise InvalidArgument(f"least_answered must be above 0 and at most 1, got {least_answered:g}")
    _refuse_columns(answers, list(scale.items))
    answers = answers.set_axis([str(column) for column in answers], axis="columns")
    wrong = out_of_range(answers, scale)
    if wrong.to_numpy().any():
        rows = wrong.any(axis="columns")
        least, most = scale.answers
        raise InvalidArgument(
            f"answers must be whole numbers from {least:g} to {most:g}; {int(wrong.to_numpy().sum())} "
            f"are not, in row(s) {name_some(answers.index[rows])} of item(s) "
            f"{name_some(wrong.columns[wrong.any()])}"
        )
    values = scale_values(answers, scale, least_answered=least_answered)
    return pd.Series(values, index=answers.index, name=name)
