"""Effects of an arm by subgroup, and linear combinations of coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from .. import checks
from ..chi_square import chi_square_test, no_test, quadratic_form
from ..covariates import LARGEST, arm_codes, covariate_matrix, label_codes
from ..errors import InvalidArgument, name_some
from ..partial_likelihood import Ties
from ..results import Estimate, TestResult, freeze_arrays, require_ordered
from .cox import RULES
from .subgroup_models import (
    SubgroupFit,
    SubgroupRows,
    interaction_model,
    overall_effect,
    separate_models,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray
    from ..data import RightCensored
    from ..results import RegressionFit

SubgroupModel = Literal["interaction", "separate"]

MODELS = {
    "interaction": "one model with the arm by subgroup interaction",
    "separate": "a separate model in each subgroup",
}
OVERALL = "overall"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubgroupEffects:
    """Hazard ratio of two arms in each subgroup and overall, and the tests that it is the same in all.

    Arrays have one entry a subgroup, in sorted order of the labels, then one for all subjects.

    Attributes
    ----------
    labels : tuple
        Subgroups, then ``"overall"``.
    arms : tuple
        Control, experimental.
    n_subjects, n_events : ndarray of shape (k + 1, 2)
        Rows and events, unweighted, control first.
    log_hazard_ratio, std_error, hazard_ratio, lower, upper, p_value : ndarray of shape (k + 1,)
        Experimental over control, limits of the hazard ratio, p-values against 1 (Wald).  NaN where not
        estimable.
    reason : tuple of str
        Why an effect is not estimable; empty where it is.
    likelihood_ratio_test, wald_test : TestResult
        Tests of the interaction.
    conf_level : float
        Two-sided level of the limits.
    method : str
        What a reader must know to repeat the numbers.
    """

    labels: tuple[object, ...]
    arms: tuple[object, ...]
    n_subjects: IntArray
    n_events: IntArray
    log_hazard_ratio: FloatArray
    std_error: FloatArray
    hazard_ratio: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray
    reason: tuple[str, ...]
    likelihood_ratio_test: TestResult
    wald_test: TestResult
    conf_level: float
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)
        require_ordered(self.lower, self.hazard_ratio, self.upper)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subgroup, then overall, with the columns that a forest figure takes.

        ``label``, ``events`` (as "events/subjects"), ``ratio``, ``lower``, ``upper``, ``p_value``; then the
        counts by arm, the log hazard ratio and its standard error, and the reason where there is none.
        """
        subjects, events = self.n_subjects.sum(axis=1), self.n_events.sum(axis=1)
        return pd.DataFrame(
            {
                "label": [str(label) for label in self.labels],
                "events": [f"{d}/{n}" for d, n in zip(events, subjects, strict=True)],
                "ratio": self.hazard_ratio,
                "lower": self.lower,
                "upper": self.upper,
                "p_value": self.p_value,
                "n_control": self.n_subjects[:, 0],
                "events_control": self.n_events[:, 0],
                "n_experimental": self.n_subjects[:, 1],
                "events_experimental": self.n_events[:, 1],
                "log_hazard_ratio": self.log_hazard_ratio,
                "std_error": self.std_error,
                "reason": list(self.reason),
            }
        )


def linear_combination(
    fit: RegressionFit, weights: Mapping[str, float], *, conf_level: float = 0.95, null: float = 0.0
) -> Estimate:
    """Weighted sum of coefficients of a regression, such as the log hazard ratio of an arm in a subgroup.

    Use it for effects that a model with interactions implies but does not name.

    Parameters
    ----------
    fit : RegressionFit
        Any fit with names, coefficients and covariance.
    weights : mapping of str to float
        Weight by name of the coefficient; those not named have weight 0.
    conf_level : float
        Two-sided level of the Wald limits.
    null : float
        Value that ``p_value`` is against.

    Returns
    -------
    Estimate
        On the scale of the coefficients: the log hazard ratio of a Cox model, whose ``exp`` is the ratio.

    Raises
    ------
    InvalidArgument
        No weight other than 0, a name that is no coefficient, weights or ``null`` that are not finite,
        ``conf_level`` outside (0, 1).

    Notes
    -----
    Standard error sqrt(w' V w) with V the ``covariance`` of the fit (robust where it is).  Limits and test
    are Wald's also where those of the fit come from a profile (Firth).

    R: ``multcomp::glht(fit, linfct)``, ``sum(w * coef(fit))``, ``sqrt(w %*% vcov(fit) %*% w)``.  SAS:
    ``ESTIMATE`` of ``PROC PHREG``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> from skeletal.survival import cox
    >>> data = RightCensored([5, 8, 8, 12, 20, 21, 25, 30, 31, 40], [1, 1, 1, 1, 1, 0, 1, 1, 0, 1])
    >>> rows = pd.DataFrame({"arm": [0, 1, 0, 1, 1, 1, 0, 0, 0, 1], "high": [1, 0, 1, 1, 0, 1, 1, 0, 0, 1]})
    >>> fit = cox(data, rows.assign(both=rows.arm * rows.high))
    >>> effect = linear_combination(fit, {"arm": 1, "both": 1})  # of the arm where high is 1
    >>> round(effect.estimate, 4), round(effect.std_error, 4)
    (-2.102, 1.3029)
    """
    checks.probability(conf_level, "conf_level")
    if not isinstance(weights, Mapping):
        raise InvalidArgument(f"weights must map coefficients to numbers, got {type(weights).__name__}")
    unknown = [name for name in weights if name not in fit.names]
    if unknown:
        raise InvalidArgument(
            f"weights must name coefficients of the fit ({name_some(fit.names)}): {len(unknown)} are none "
            f"({name_some(unknown)})"
        )
    weight = np.array([checks.finite(weights.get(name, 0.0), "weights and null") for name in fit.names])
    null = checks.finite(null, "weights and null")
    if not weight.any() or np.abs(weight).max() > LARGEST:
        raise InvalidArgument(f"weights must have one weight at least other than 0, none beyond {LARGEST:g}")
    used = weight != 0
    estimate = float(weight[used] @ fit.coefficient[used])
    variance = weight[used] @ fit.covariance[np.ix_(used, used)] @ weight[used]
    std_error = float(np.sqrt(variance))
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    terms = " + ".join(f"{weights[name]:g} {name}" for name, on in zip(fit.names, used, strict=True) if on)
    return Estimate(
        estimate=estimate,
        std_error=std_error,
        lower=estimate - half,
        upper=estimate + half,
        conf_level=conf_level,
        p_value=float(2 * ndtr(-abs((estimate - null) / std_error))) if std_error > 0 else float("nan"),
        method=f"linear combination {terms}, Wald limits and test of {null:g}; {fit.method}",
    )


def subgroup_effects(  # noqa: PLR0913  (what describes the trial, and six options)
    data: RightCensored,
    arm: ArrayLike,
    subgroup: ArrayLike,
    *,
    control: object = None,
    covariates: pd.DataFrame | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    conf_level: float = 0.95,
    model: SubgroupModel = "interaction",
) -> SubgroupEffects:
    """Hazard ratio of two arms in each subgroup, with the test that it is the same in all.

    Use it for the forest plot of a trial.  The test of the interaction says whether the effect differs, not
    whether it is there in one subgroup and absent in another.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of two arms.
    subgroup : array_like of shape (n,)
        Labels of two or more subgroups.
    control : label, optional
        The reference arm; default the first in sorted order.
    covariates : DataFrame of shape (n, p), optional
        Further covariates of every model.
    strata : array_like of shape (n,), optional
        Every stratum has its own baseline hazard.
    ties : {"efron", "breslow", "exact"}
        Rule for tied events.
    conf_level : float
        Two-sided level of the limits.
    model : {"interaction", "separate"}
        One model of arm, subgroup, their interaction, covariates and strata, with one baseline hazard for all
        subgroups (of a stratum) and one coefficient a covariate; or a model by itself in each subgroup.

    Returns
    -------
    SubgroupEffects
        A subgroup without events in an arm has NaN and the reason, as has one whose model has no maximum.

    Raises
    ------
    InvalidArgument
        Other than two arms, fewer than two subgroups; as :func:`cox`; an unknown ``model``, ``conf_level``
        outside (0, 1).

    Notes
    -----
    The overall effect is that of a model without the subgroup.  Where an arm of a subgroup has no events, its
    rows leave the interaction model: that is what remains as their hazard ratio goes to 0, and what R
    converges to for the other subgroups.

    Likelihood ratio test: against the model with one effect in all subgroups (``separate``: with baseline
    hazards, strata and covariate effects of each subgroup), on one degree of freedom less than there are
    subgroups with events.  Wald test: of the differences of the log hazard ratios; there is none where one of
    them is not estimable.

    R: ``coxph(Surv(time, event) ~ arm * subgroup)`` and ``anova`` against ``arm + subgroup``; ``separate``:
    ``coxph(..., subset = subgroup == k)``.  SAS: ``PROC PHREG; MODEL time*event(0) = arm|subgroup;
    HAZARDRATIO arm``.

    References
    ----------
    Assmann et al. (2000), Lancet 355, 1064-1069; Cuzick (2005), Lancet 365, 1308.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([5, 8, 8, 12, 20, 21, 25, 30, 31, 40], [1, 1, 1, 1, 1, 0, 1, 1, 0, 1])
    >>> effects = subgroup_effects(data, list("ABABBBAAAB"), list("yxyyxyyxxy"))
    >>> effects.to_frame()[["label", "events", "ratio", "lower", "upper"]].round(2)
         label events  ratio  lower   upper
    0        x    3/4  10.92   0.54  220.09
    1        y    5/6   0.12   0.01    1.57
    2  overall   8/10   0.85   0.18    3.94
    """
    checks.option(model, SubgroupModel, "model")
    checks.option(ties, Ties, "ties")
    checks.probability(conf_level, "conf_level")
    n = data.n_subjects
    arm_code, arms = arm_codes(arm, n, control)
    if len(arms) != 2:
        raise InvalidArgument(f"arm must have two labels, got {len(arms)} ({name_some(arms)})")
    level, labels = label_codes(subgroup, n, "subgroup")
    if labels.size < 2:
        raise InvalidArgument(f"subgroup must have at least two labels, got {labels.tolist()}")
    others = pd.DataFrame(index=range(n))
    if covariates is not None:
        names, matrix = covariate_matrix(covariates, n)
        others = pd.DataFrame(matrix, columns=pd.Index(names))
    rows = SubgroupRows(
        data=data,
        arm=arm_code,
        arms=arms,
        level=level,
        labels=tuple(labels.tolist()),
        covariates=others,
        stratum=None if strata is None else label_codes(strata, n, "strata")[0],
        ties=ties,
    )
    fitted = interaction_model(rows) if model == "interaction" else separate_models(rows)
    whole = overall_effect(rows)
    coefficient = np.append(fitted.coefficient, whole.coefficient)
    std_error = np.sqrt(np.append(np.diag(fitted.covariance), whole.covariance))
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    with np.errstate(over="ignore"):
        ratios = np.exp([coefficient, coefficient - half, coefficient + half])
    return SubgroupEffects(
        labels=(*rows.labels, OVERALL),
        arms=arms,
        n_subjects=_with_total(rows.count(np.ones(n))),
        n_events=_with_total(rows.count(data.event)),
        log_hazard_ratio=coefficient,
        std_error=std_error,
        hazard_ratio=ratios[0],
        lower=ratios[1],
        upper=ratios[2],
        p_value=2 * ndtr(-np.abs(coefficient / std_error)),
        reason=(*fitted.reason, *whole.reason),
        likelihood_ratio_test=_likelihood_ratio(fitted),
        wald_test=_wald(fitted),
        conf_level=conf_level,
        method=(
            f"hazard ratio of {arms[1]} over {arms[0]} by Cox models, {RULES[ties]}, {MODELS[model]}, "
            "overall without the subgroup, Wald limits and p-values"
            + ("" if strata is None else ", stratified")
        ),
    )


def _with_total(counts: IntArray) -> IntArray:
    return np.vstack([counts, counts.sum(axis=0)])


def _likelihood_ratio(fitted: SubgroupFit) -> TestResult:
    gain = 2 * (fitted.log_likelihood - fitted.log_likelihood_common)
    method = "likelihood ratio test of the interaction"
    df = int(fitted.with_events.sum()) - 1
    return chi_square_test(gain, df, method, otherwise="fewer than two subgroups with events")


def _wald(fitted: SubgroupFit) -> TestResult:
    """Return the test that the effects of all subgroups with events are equal."""
    used = np.flatnonzero(fitted.with_events)
    coefficient, covariance = fitted.coefficient[used], fitted.covariance[np.ix_(used, used)]
    method = "Wald test of the interaction"
    if used.size < 2 or np.isnan(coefficient).any():
        return no_test(f"no {method}: an effect is not estimable")
    contrast = np.eye(used.size)[1:] - np.eye(used.size)[0]
    statistic, df = quadratic_form(contrast @ coefficient, contrast @ covariance @ contrast.T)
    return chi_square_test(statistic, df, method)
