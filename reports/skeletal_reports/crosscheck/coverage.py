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
    least_tolerance : float
        Relative difference below which the two programs need not agree, as one stops its search earlier.
    """

    reason: str = ""
    left_out: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    least_tolerance: float = 0.0


EXACT = "R's survival, cmprsk and base have no function for it"
INTERVALS = "reads intervals, which the data of this folder do not hold"
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
        "ghosh_lin": "needs R's mets (recreg)",
        "mean_cumulative_test": "needs R's mets (test_logrankRecurrent)",
        "recurrent_win_ratio": "needs R's WR",
        "win_statistics": "needs R's BuyseTest or WINS, and the rows of every priority",
        "turnbull": f"{INTERVALS}; needs R's interval or icenReg",
        "interval_logrank": f"{INTERVALS}; needs R's interval",
        "interval_regression": f'{INTERVALS}: survreg(Surv(left, right, type = "interval2")) by hand',
        "imputation_comparison": INTERVALS,
        "lesion_risk": "needs R's sandwich and lme4",
        "lesion_incidence": "no function: two cumulative incidences with limits by subject, by hand",
        "subgroup_risks": "no function: prop.test within each subgroup by hand",
        "missing_visits": "counts values by visit: data/measure-*.csv of the run",
        "mixed_model": "needs R's mmrm, on data/measure-*.csv of the run",
        "gee": "needs R's geepack, on data/measure-*.csv of the run",
        "responder_contrast": "reads a measure by visit: prop.test on data/measure-*.csv of the run",
        "imputed_contrast": "draws at random: another program gives the same only within their error",
        "tipping_point": "draws at random: another program gives the same only within their error",
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


LIMITS = ("std_error", "lower", "upper", "p_value")
FRAILTY_TOLERANCE = 1e-5  # coxph stops its search of the variance of a frailty there
NO_WHILE_ALIVE = "needs R's mets or WA (its variance)"


def _mean_cumulative(analysis: Analysis) -> Coverage:
    if analysis.variance != "sample":
        return Coverage()
    why = "the sample variance is that of R's reda (mcf)"
    return Coverage(left_out=dict.fromkeys(LIMITS[:3], why))


def _rates(analysis: Analysis) -> Coverage:
    model = analysis.model or "negative-binomial"
    if model == "score" or (analysis.method == "rate_difference" and analysis.formula != "wald"):
        return Coverage(reason=f"{EXACT} (score limits of rates)")
    if model != "negative-binomial" or analysis.method == "rate_difference":
        return Coverage()
    why = "MASS::glm.nb takes the expected information and the dispersion as known"
    ends = ("lower", "upper") if analysis.method == "rate_ratio" else ("ratio_lower", "ratio_upper")
    return Coverage(left_out=dict.fromkeys(("std_error", *ends, "p_value"), why))


def _while_alive(_analysis: Analysis) -> Coverage:
    return Coverage(left_out=dict.fromkeys(LIMITS, NO_WHILE_ALIVE))


def _answers(_analysis: Analysis) -> Coverage:
    fields = ("ratio", "ratio_lower", "ratio_upper", "p_value")
    ghosh_lin = {f"{field}[Ghosh-Lin]": ELSEWHERE["ghosh_lin"] for field in fields}
    return Coverage(left_out=ghosh_lin | {f"{field}[while-alive]": NO_WHILE_ALIVE for field in fields[1:]})


def _states(analysis: Analysis) -> Coverage:
    if analysis.landmark or analysis.from_state:
        return Coverage(reason="needs R's mstate (probtrans from a landmark)")
    if analysis.variance == "greenwood":
        return Coverage(reason="needs R's mstate (variance of Greenwood's type)")
    return Coverage()


def _frailty(_analysis: Analysis) -> Coverage:
    why = "coxph stops its search of it earlier; the coefficients that rest on it are compared"
    return Coverage(left_out={"frailty_variance": why}, least_tolerance=FRAILTY_TOLERANCE)


def _lesion_times(_analysis: Analysis) -> Coverage:
    fields = ("estimate", *LIMITS, "design_effect")
    mixed = {f"{field}[mixed]": "coxph with frailty(USUBJID, eps = 1e-12) by hand" for field in fields}
    return Coverage(left_out=mixed | {"intraclass_correlation": "not estimable from times"})


_SPECIAL: Mapping[str, Callable[[Analysis], Coverage]] = MappingProxyType(
    {
        "cox": _cox,
        "fine_gray": _fine_gray,
        "parametric": _parametric,
        "max_combo": _max_combo,
        "mean_cumulative": _mean_cumulative,
        **dict.fromkeys(("rate_ratio", "rate_difference", "rate_regression"), _rates),
        **dict.fromkeys(("while_alive_rate", "while_alive_contrast"), _while_alive),
        "recurrent_answers": _answers,
        "state_occupation": _states,
        "frailty_rate": _frailty,
        "lesion_times": _lesion_times,
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
