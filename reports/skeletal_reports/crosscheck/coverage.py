"""What the scripts recompute of each method of analysis, and why the rest is left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skeletal.study import Analysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What is recomputed of one analysis.

    Attributes
    ----------
    reason : str
        Why nothing is; empty where something is.
    left_out : mapping of str to str
        Statistic -> why it alone is not.
    """

    reason: str = ""
    left_out: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


EXACT = "R's survival, cmprsk and base have no function for it"
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "simultaneous_band": "needs R's km.ci",
        "logrank_permutation": "needs R's coin",
        "restricted_mean_regression": "needs R's survRM2",
        "predicted_incidence": "predict.crr gives no limits",
        "absolute_risk": "needs R's riskRegression",
        "subgroup_effects": "no function: coxph(Surv(AVAL, STATUS == 1) ~ arm * column) by hand",
        "marginal_contrast": "needs R's marginaleffects or RobinCar",
        "period_rate": "reads periods between dates, which the data of this folder do not hold",
        "mean": "reads a measure by visit: t.test on data/measure-*.csv of the run",
        "responders": "reads a measure by visit: prop.test on data/measure-*.csv of the run",
    }
)


def coverage(analysis: Analysis, absent: list[str]) -> Coverage:
    """Return what the R script recomputes of an analysis.

    Parameters
    ----------
    analysis : Analysis
        Of a study.
    absent : list of str
        Columns of subjects that it reads and the run folder does not hold.

    Returns
    -------
    Coverage
        A reason for every statistic that is not recomputed.
    """
    if analysis.method in ELSEWHERE:
        return Coverage(reason=ELSEWHERE[analysis.method])
    if absent:
        return Coverage(reason=f"the run folder does not hold {', '.join(absent)} of subjects")
    special = _SPECIAL.get(analysis.method)
    return special(analysis) if special else Coverage()


def _cox(analysis: Analysis) -> Coverage:
    return Coverage(reason="needs R's coxphf (Firth's penalty)" if analysis.penalty else "")


def _fine_gray(analysis: Analysis) -> Coverage:
    return Coverage(reason="needs R's crrSC (strata of the baseline)" if analysis.strata else "")


def _parametric(analysis: Analysis) -> Coverage:
    needs = analysis.distribution in ("generalised-gamma", "spline")
    return Coverage(reason=f"needs R's flexsurv ({analysis.distribution})" if needs else "")


def _max_combo(_analysis: Analysis) -> Coverage:
    why = "needs the multivariate normal distribution (R's mvtnorm)"
    return Coverage(left_out={"p_value": why, "df": why})


def _formula(analysis: Analysis) -> Coverage:
    left_out = ("miettinen-nurminen", "farrington-manning")
    exact = analysis.method in ("risk_difference", "stratified_odds_ratio") and analysis.formula == "exact"
    default = analysis.method == "noninferiority_test" and analysis.formula is None
    if analysis.formula in left_out or exact or default:
        return Coverage(reason=f"{EXACT} (formula {analysis.formula or left_out[1]})")
    return Coverage()


_SPECIAL: Mapping[str, Callable[[Analysis], Coverage]] = MappingProxyType(
    {
        "cox": _cox,
        "fine_gray": _fine_gray,
        "parametric": _parametric,
        "max_combo": _max_combo,
        **dict.fromkeys(
            (
                "risk_difference",
                "risk_ratio",
                "odds_ratio",
                "noninferiority_test",
                "stratified_odds_ratio",
                "stratified_risk_difference",
            ),
            _formula,
        ),
    }
)
