"""Contrast of two arms' proportions by subgroup, and whether effects of any kind differ between subgroups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..arm_contrast import two_arms
from ..arrays import as_floats
from ..chi_square import chi_square_test
from ..covariates import label_codes
from ..errors import InvalidArgument, name_some
from ..results import Estimate, TestResult, freeze_arrays, require_ordered
from .differences import risk_difference
from .ratios import odds_ratio, risk_ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray

RiskKind = Literal["difference", "ratio", "odds-ratio"]
EffectScale = Literal["difference", "ratio"]

OVERALL = "overall"
CONTRASTS: dict[str, Callable[..., Estimate]] = {
    "difference": risk_difference,
    "ratio": risk_ratio,
    "odds-ratio": odds_ratio,
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubgroupRisks:
    """Contrast of two arms' proportions in each subgroup and overall, and the test that it is one for all.

    Arrays have one entry a subgroup, in sorted order of the labels, then one for all subjects.

    Attributes
    ----------
    labels : tuple
        Subgroups, then ``"overall"``.
    arms : tuple
        Control, experimental.
    n_subjects, n_events : ndarray of shape (k + 1, 2)
        Subjects, and those with the event, control first.
    estimate, std_error, lower, upper, p_value : ndarray of shape (k + 1,)
        Experimental minus (over) control; ``std_error`` of ratios on the log scale.  NaN where not estimable.
    reason : tuple of str
        Why an effect or its standard error is not estimable; empty where they are.
    interaction_test : TestResult
        That the effect is the same in all subgroups.
    kind : str
        ``difference``, ``ratio`` or ``odds-ratio``.
    conf_level : float
        Two-sided level of the limits.
    method : str
        What a reader must know to repeat the numbers.
    """

    labels: tuple[object, ...]
    arms: tuple[object, ...]
    n_subjects: IntArray
    n_events: IntArray
    estimate: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray
    reason: tuple[str, ...]
    interaction_test: TestResult
    kind: RiskKind
    conf_level: float
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)
        require_ordered(self.lower, self.estimate, self.upper)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subgroup, then overall, with the columns that a forest figure takes.

        ``label``, ``events`` (as "events/subjects"), ``ratio`` (or ``difference``), ``lower``, ``upper``,
        ``p_value``; then the counts by arm, the standard error, and the reason where one is missing.
        """
        subjects, events = self.n_subjects.sum(axis=1), self.n_events.sum(axis=1)
        return pd.DataFrame(
            {
                "label": [str(label) for label in self.labels],
                "events": [f"{d}/{n}" for d, n in zip(events, subjects, strict=True)],
                "difference" if self.kind == "difference" else "ratio": self.estimate,
                "lower": self.lower,
                "upper": self.upper,
                "p_value": self.p_value,
                "n_control": self.n_subjects[:, 0],
                "events_control": self.n_events[:, 0],
                "n_experimental": self.n_subjects[:, 1],
                "events_experimental": self.n_events[:, 1],
                "std_error": self.std_error,
                "reason": list(self.reason),
            }
        )


def subgroup_risks(
    event: ArrayLike,
    arm: ArrayLike,
    subgroup: ArrayLike,
    *,
    control: object = None,
    kind: RiskKind = "difference",
    method: str | None = None,
    conf_level: float = 0.95,
) -> SubgroupRisks:
    """Contrast of the proportions of two arms in each subgroup, with the test that it is the same in all.

    Use it for the forest plot of a binary outcome that is known of everybody.  The test of the interaction
    says whether the effect differs, not whether it is there in one subgroup and absent in another; on which
    scale the effect is the same in all is a choice: effects equal as ratios differ as differences.

    Parameters
    ----------
    event : array_like of shape (n,)
        1 with the event, 0 without.
    arm : array_like of shape (n,)
        Labels of two arms.
    subgroup : array_like of shape (n,)
        Labels of two or more subgroups.
    control : label, optional
        The reference arm; default the first in sorted order.
    kind : {"difference", "ratio", "odds-ratio"}
        Experimental minus (over) control.
    method : str, optional
        Limits and test in each subgroup: a ``method`` of :func:`risk_difference`, :func:`risk_ratio` or
        :func:`odds_ratio`, default theirs.  Not ``conditional``, which has no standard error.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    SubgroupRisks

    Raises
    ------
    InvalidArgument
        No rows; an event other than 0 or 1; other than two arms; fewer than two subgroups; lengths that
        differ; missing labels; unknown options.

    Notes
    -----
    The interaction is tested by :func:`heterogeneity_test` (Cochran's Q) with the unpooled standard errors,
    of ratios on the log scale, over the subgroups that have one; with the odds ratio that is Woolf's test.
    Overall is the crude contrast of all.

    R: ``metafor::rma(yi, sei = sei, method = "FE")$QE``.  SAS: ``PROC FREQ; TABLES subgroup*arm*event /
    RISKDIFF(COMMON COLUMN=1) CMH``.

    References
    ----------
    Cochran, Biometrics 10 (1954), 101-129; Woolf, Annals of Human Genetics 19 (1955), 251-253; Assmann et al.
    (2000), Lancet 355, 1064-1069.

    Examples
    --------
    >>> event = [1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1]
    >>> found = subgroup_risks(event, list("AABB") * 4, list("xxxxxxxxyyyyyyyy"))
    >>> found.to_frame()[["label", "events", "difference", "lower", "upper"]].round(3)
         label events  difference  lower  upper
    0        x    3/8       -0.75 -0.954 -0.085
    1        y    5/8       -0.25 -0.655  0.320
    2  overall   8/16       -0.50 -0.752 -0.018
    """
    checks.option(kind, RiskKind, "kind")
    checks.probability(conf_level, "conf_level")
    if method == "conditional":
        raise InvalidArgument("method='conditional' has no standard error, so nothing tests the interaction")
    outcome = as_floats(event, "event")
    if not outcome.size:
        raise InvalidArgument("event has no rows")
    checks.rows_where(~np.isin(outcome, (0.0, 1.0)), "event must be 0 or 1")
    codes, arms = two_arms(arm, outcome.size, control)
    level, labels = label_codes(subgroup, outcome.size, "subgroup")
    if labels.size < 2:
        raise InvalidArgument(f"subgroup must have at least two labels, got {labels.tolist()}")
    contrast = CONTRASTS[kind]
    options = {"conf_level": conf_level} if method is None else {"conf_level": conf_level, "method": method}
    subjects = _counts(level, codes, np.ones(outcome.size), labels.size)
    events = _counts(level, codes, outcome, labels.size)
    whole = contrast(events[-1], subjects[-1], **options)
    effects = [
        contrast(d, n, **options) if n.all() else _nobody(arms, n, conf_level)
        for d, n in zip(events[:-1], subjects[:-1], strict=True)
    ]
    names = tuple(labels.tolist())
    effects.append(whole)
    return SubgroupRisks(
        labels=(*names, OVERALL),
        arms=arms,
        n_subjects=subjects,
        n_events=events,
        estimate=np.array([effect.estimate for effect in effects]),
        std_error=np.array([effect.std_error for effect in effects]),
        lower=np.array([effect.lower for effect in effects]),
        upper=np.array([effect.upper for effect in effects]),
        p_value=np.array([effect.p_value for effect in effects]),
        reason=tuple(effect.method.partition("; ")[2] for effect in effects),
        interaction_test=heterogeneity_test(
            dict(zip(names, effects, strict=False)), scale="difference" if kind == "difference" else "ratio"
        ),
        kind=kind,
        conf_level=conf_level,
        method=f"{whole.method.partition('; ')[0]} ({arms[1]} is experimental), by subgroup, overall crude",
    )


def heterogeneity_test(effects: Mapping[object, Estimate], *, scale: EffectScale) -> TestResult:
    """Test that independent effects, such as those of one arm in several subgroups, are one (Cochran's Q).

    Use it for the interaction where each subgroup was analysed by itself: rate ratios, restricted means,
    risks.  The subgroups must have no subject in common.

    Parameters
    ----------
    effects : mapping of label to Estimate
        One effect a subgroup, by one method.
    scale : {"difference", "ratio"}
        ``ratio``: effects are compared as logarithms, the scale of their ``std_error``.

    Returns
    -------
    TestResult
        Chi-square with one degree of freedom less than effects that have a standard error; ``method`` names
        those that have none.

    Raises
    ------
    InvalidArgument
        Not a mapping of labels to estimates, fewer than two, unknown ``scale``.

    Notes
    -----
    Q = sum of w (y - m)^2 with w = 1/std_error^2 and m the mean of y weighted by w.

    R: ``metafor::rma(yi, sei = sei, method = "FE")``: QE.  SAS: a data step.

    References
    ----------
    Cochran, Biometrics 10 (1954), 101-129.

    Examples
    --------
    >>> from skeletal.proportions import risk_difference
    >>> bone = {"spine": risk_difference((14, 4), (40, 42)), "hip": risk_difference((9, 8), (35, 33))}
    >>> test = heterogeneity_test(bone, scale="difference")
    >>> round(test.statistic, 4), round(test.p_value, 4)
    (3.0711, 0.0797)
    """
    checks.option(scale, EffectScale, "scale")
    if not isinstance(effects, Mapping) or not all(isinstance(one, Estimate) for one in effects.values()):
        raise InvalidArgument("effects must map labels of subgroups to estimates")
    if len(effects) < 2:
        raise InvalidArgument(f"effects must be of two subgroups or more, got {len(effects)}")
    known = {label: one for label, one in effects.items() if _has_error(one, scale)}
    value = np.array([log(one.estimate) if scale == "ratio" else one.estimate for one in known.values()])
    weight = np.array([one.std_error for one in known.values()]) ** -2.0
    statistic = 0.0
    if len(known) > 1:
        statistic = float(weight @ (value - weight @ value / weight.sum()) ** 2)
    without = [str(label) for label in effects if label not in known]
    words = f"; without {name_some(without)}, which have no standard error above 0" if without else ""
    method = f"Cochran's Q of {len(known)} subgroups, {scale} scale{words}"
    return chi_square_test(
        statistic, len(known) - 1, method, otherwise="fewer than two have a standard error"
    )


def _has_error(one: Estimate, scale: EffectScale) -> bool:
    usable = isfinite(one.estimate) and isfinite(one.std_error) and one.std_error > 0
    return usable and (scale == "difference" or one.estimate > 0)


def _counts(level: IntArray, codes: IntArray, values: FloatArray, k: int) -> IntArray:
    """Sum whole numbers by subgroup and arm, then over subgroups; shape (k + 1, 2)."""
    sums = np.bincount(2 * level + codes, values, 2 * k).astype(np.int64).reshape(k, 2)
    return np.vstack([sums, sums.sum(axis=0)])


def _nobody(arms: tuple[object, ...], totals: IntArray, conf_level: float) -> Estimate:
    """Return the effect where an arm has no subjects."""
    empty = name_some(label for label, n in zip(arms, totals, strict=True) if n == 0)
    nan = float("nan")
    return Estimate(
        estimate=nan, std_error=nan, lower=nan, upper=nan, conf_level=conf_level, p_value=nan,
        method=f"none; not estimable: nobody in arm {empty}",
    )  # fmt: skip
