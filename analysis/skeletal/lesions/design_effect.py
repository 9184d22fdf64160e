"""How much alike the lesions of a subject are, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import as_floats
from ..covariates import label_codes
from ..errors import InvalidArgument
from .comparison import crossed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DesignEffect:
    """What the number of lesions is worth, for planning.

    Attributes
    ----------
    intraclass_correlation : float
        Of two lesions of a subject; may be below 0 by chance; NaN where nothing tells it.
    n_lesions, n_subjects : int
        Rows, and distinct subjects.
    mean_size, weighted_size : float
        Lesions a subject; and those of the subject of an average lesion, sum m^2 / sum m.
    design_effect : float
        1 + (weighted_size - 1) intraclass_correlation: the variance of a mean over that of as many
        independent lesions.
    effective_lesions : float
        ``n_lesions / design_effect``; NaN where that is not positive.
    method : str
        What a reader must know to repeat the numbers.
    """

    intraclass_correlation: float
    n_lesions: int
    n_subjects: int
    mean_size: float
    weighted_size: float
    design_effect: float
    effective_lesions: float
    method: str


def design_effect(values: ArrayLike, subject: ArrayLike, *, arm: ArrayLike | None = None) -> DesignEffect:
    """Factor by which a subject's lesions being alike inflates the variance of a proportion or mean.

    Use it on earlier data to plan a trial whose unit is the lesion: multiply the number of lesions by it.
    For the data of a trial itself use the design effect that :func:`lesion_risk` finds.

    Parameters
    ----------
    values : array_like of shape (n,)
        An outcome of each lesion, such as 1 with and 0 without the event.
    subject : array_like of shape (n,)
        Subject of each lesion.
    arm : array_like of shape (n,), optional
        Labels of arms: the correlation is then that within arms.

    Returns
    -------
    DesignEffect

    Raises
    ------
    InvalidArgument
        No rows; values that are missing or infinite; lengths that differ; missing labels.

    Notes
    -----
    One-way analysis of variance: with between and within mean squares B and W over k subjects of m_i lesions,
    rho = (B - W)/(B + (m0 - 1) W), m0 = (N - sum m_i^2/N)/(k - 1).  Within arms a arms take a degrees of
    freedom, and m0 = (N - sum over arms of sum m_i^2/N_arm)/(k - a); where arms vary within subjects, the
    deviations from the arms' means are analysed as they stand, on k - 1.
    With one lesion in every subject rho is NaN and the design effect 1.  It holds for sizes that have
    nothing to do with the outcome.

    R: ``anova(lm(values ~ factor(subject)))``, ``ICC::ICCbare``.  SAS: ``PROC VARCOMP METHOD=TYPE1``.

    References
    ----------
    Donner and Klar, Design and Analysis of Cluster Randomization Trials (2000), section 1.4; Kish, Survey
    Sampling (1965), section 8.2; Eldridge, Ashby and Kerry, Int J Epidemiol 35 (2006), 1292-1300.

    Examples
    --------
    >>> found = design_effect([1, 1, 0, 0, 1, 0, 0, 0], list("aabbbccd"))
    >>> round(found.intraclass_correlation, 4), round(found.design_effect, 4)
    (0.425, 1.5312)
    """
    outcome = as_floats(values, "values")
    if not outcome.size:
        raise InvalidArgument("values has no rows")
    checks.rows_where(~np.isfinite(outcome), "values must be known and finite")
    codes, labels = label_codes(subject, outcome.size, "subject")
    arms = None if arm is None else label_codes(arm, outcome.size, "arm")[0]
    rho = intraclass_correlation(outcome, codes, arms)
    size = np.bincount(codes)
    weighted = float(size @ size) / outcome.size
    effect = 1.0 if weighted == 1 else 1 + (weighted - 1) * rho
    within = "" if arm is None else " within arms"
    return DesignEffect(
        intraclass_correlation=rho,
        n_lesions=outcome.size,
        n_subjects=len(labels),
        mean_size=outcome.size / len(labels),
        weighted_size=weighted,
        design_effect=effect,
        effective_lesions=outcome.size / effect if effect > 0 else nan,
        method=f"analysis of variance estimate of the intraclass correlation{within}, "
        f"{outcome.size} lesions of {len(labels)} subjects, Kish's effect of unequal sizes"
        + ("; the correlation is not estimable" if np.isnan(rho) else ""),
    )


def intraclass_correlation(values: FloatArray, subject: IntArray, arm: IntArray | None) -> float:
    """Return the correlation of two lesions of a subject, within arms where they are given."""
    group = np.zeros(values.size, dtype=np.int64) if arm is None else arm
    n_arms = int(group.max()) + 1
    n_arm = np.bincount(group)
    deviation = values - (np.bincount(group, values) / np.maximum(n_arm, 1))[group]
    size = np.bincount(subject).astype(np.float64)
    k = size.size
    if arm is not None and crossed(group, subject):
        lost, shared = 1, float(size @ size) / values.size
    else:
        home = np.zeros(k, dtype=np.int64)
        home[subject] = group
        lost, shared = n_arms, float(np.sum(size**2 / n_arm[home]))
    if k <= lost or k == values.size:
        return nan
    mean = np.bincount(subject, deviation) / size
    between = float(size @ mean**2) / (k - lost)
    within = float(np.sum((deviation - mean[subject]) ** 2)) / (values.size - k)
    typical = (values.size - shared) / (k - lost)
    total = between + (typical - 1) * within
    spread = float(deviation @ deviation)
    return (between - within) / total if spread > 1e-20 * max(float(values @ values), 1e-300) else nan
