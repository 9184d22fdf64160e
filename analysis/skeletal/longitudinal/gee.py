"""Generalised estimating equations: differences of arms at visits with robust standard errors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from .. import checks
from ..chi_square import chi_square_test, quadratic_form
from ..errors import InvalidArgument, NotConverged, NotEstimable, name_some
from .missing import missing_words
from .visit_design import visit_design
from .visit_tables import contrast_rows, contrast_table, mean_table, unestimable

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..results import TestResult
    from .visit_design import VisitDesign
    from .visits import RepeatedMeasures

WorkingCorrelation = Literal["exchangeable", "independence", "ar1", "unstructured"]
GeeFamily = Literal["gaussian", "binomial"]
SmallSample = Literal["none", "mancl-derouen"]
MAX_STEPS = 500
TOLERANCE = 1e-10
ADVICE = "use exchangeable or independence, or fewer terms"
EXACT = 1e-12  # robust variance over the model's, below which the residuals are rounding
ALONE = 1e-8  # what a subject's leverage lacks of 1
LARGEST = 15.0  # log odds that only separation reaches


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GeeFit:
    """Means of two arms at visits and their differences, from generalised estimating equations.

    Attributes
    ----------
    contrasts : DataFrame
        ``visit estimate std_error df lower upper p_value``: experimental less control; with ``binomial`` log
        odds ratios, and ``odds_ratio ratio_lower ratio_upper``.
    means : DataFrame
        ``arm visit estimate std_error df lower upper``, at the mean of baseline and covariates; with
        ``binomial`` log odds, and their ``probability``.
    coefficients : DataFrame
        ``estimate std_error`` by name.
    correlation : DataFrame
        Working correlation, visit by visit.
    scale : float
        Mean squared Pearson residual; 1 with ``binomial``.
    arm_test, interaction_test : TestResult
        That the arms differ at no visit, and that they differ by the same at all visits; Wald.
    n_subjects, n_values : int
        Subjects with a value, and values.
    conf_level : float
    method : str
        What a reader must know to repeat the numbers.
    """

    contrasts: pd.DataFrame
    means: pd.DataFrame
    coefficients: pd.DataFrame
    correlation: pd.DataFrame
    scale: float
    arm_test: TestResult
    interaction_test: TestResult
    n_subjects: int
    n_values: int
    conf_level: float
    method: str


def gee(
    data: RepeatedMeasures,
    *,
    working: WorkingCorrelation = "exchangeable",
    family: GeeFamily = "gaussian",
    small_sample: SmallSample = "none",
    baseline_by_visit: bool = True,
    conf_level: float = 0.95,
) -> GeeFit:
    """Differences of the means (or log odds) of two arms at each visit, with robust standard errors.

    Use it for responders at visits (``binomial``), or where the covariance of the values is not to be
    modelled.  It needs values missing completely at random given arm, baseline and covariates: where the
    values before decide who is missing, use the mixed model or impute.

    Parameters
    ----------
    data : RepeatedMeasures
        Values at visits, two arms; 0 or 1 with ``binomial``.
    working : {"exchangeable", "independence", "ar1", "unstructured"}
        Working correlation.  ``ar1``: lags are counted among the visits at which the subject has a value.
    family : {"gaussian", "binomial"}
        Identity link, or logit.
    small_sample : {"none", "mancl-derouen"}
        ``mancl-derouen`` corrects the bias of the robust variance, for fewer than about 40 subjects.
    baseline_by_visit : bool
        Whether the slope of the baseline differs by visit.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    GeeFit
        Normal limits and tests (``df`` infinite).

    Raises
    ------
    InvalidArgument
        Unknown options; values other than 0 and 1 with ``binomial``.
    NotEstimable
        As :func:`mixed_model`; with ``binomial`` an arm without, or with only, responders at a visit; with
        ``mancl-derouen`` a subject who alone determines a mean or slope.
    NotConverged
        The iteration does not settle, or a working correlation is not positive definite.

    Notes
    -----
    Fitted by statsmodels.  Scale and correlation are moments of the Pearson residuals, without correction for
    the number of coefficients (as geepack; SAS subtracts it).  Variance: A^-1 sum U_i U_i' A^-1; Mancl and
    DeRouen replace the residual r_i by (I - H_ii)^-1 r_i.

    R: ``geepack::geeglm(value ~ visit * arm + baseline * visit, id = subject, corstr = "exchangeable")``.
    SAS: ``PROC GEE; REPEATED SUBJECT=subject / TYPE=EXCH``.

    References
    ----------
    Liang and Zeger, Biometrika 73 (1986), 13-22; Mancl and DeRouen, Biometrics 57 (2001), 126-134.
    """
    checks.option(working, WorkingCorrelation, "working")
    checks.option(family, GeeFamily, "family")
    checks.option(small_sample, SmallSample, "small_sample")
    checks.probability(conf_level, "conf_level")
    if family == "binomial":
        _require_binary(data)
    design = visit_design(data, baseline_by_visit=baseline_by_visit)
    if family == "binomial":
        _refuse_certain_cells(design)
    if small_sample == "mancl-derouen":
        _refuse_lone_subjects(design, data)
    solved, said = _solved(design, working, family, small_sample)
    if family == "gaussian" and float(solved.scale) < EXACT:
        raise NotEstimable("means and slopes fit every value exactly: no variance is left")
    return _fit_of(data, design, (solved, said, working, family, small_sample), conf_level)


def _require_binary(data: RepeatedMeasures) -> None:
    wrong = data.observed & ~np.isin(data.value, (0, 1))
    if wrong.any():
        who = name_some(data.subjects[wrong.any(axis=1)])
        raise InvalidArgument(
            f"values of family binomial must be 0 or 1: {int(wrong.sum())} are not (of {who})"
        )


def _refuse_certain_cells(design: VisitDesign) -> None:
    """Refuse arms and visits at which all values are the same: their log odds are infinite."""
    certain = []
    for number in design.cell[design.cell >= 0]:
        values = design.value[design.terms[:, :, number] > 0]
        if np.ptp(values) == 0:
            certain.append(design.names[number])
    if certain:
        raise NotEstimable(
            f"all or no responders in {len(certain)} cell(s) ({name_some(certain)}): the log odds are "
            "infinite; leave out the visits, or use responder_contrast"
        )


def _refuse_lone_subjects(design: VisitDesign, data: RepeatedMeasures) -> None:
    """Refuse subjects without whom the others do not determine all terms: their leverage is 1."""
    own = np.swapaxes(design.terms, 1, 2) @ design.terms
    values, vectors = np.linalg.eigh(own.sum(axis=0))
    root = vectors / np.sqrt(values)
    lone = np.linalg.eigvalsh(root.T @ own @ root)[:, -1] > 1 - ALONE
    if lone.any():
        who = name_some(data.subjects[design.subject[lone]])
        raise NotEstimable(
            f"{int(lone.sum())} subject(s) ({who}) determine a mean or slope alone, where the correction of "
            "Mancl and DeRouen does not exist: leave out visits with few values (data.at_visits_with), or "
            "use small_sample='none'"
        )


def _solved(
    design: VisitDesign,
    working: WorkingCorrelation,
    family: GeeFamily,
    small_sample: SmallSample,
) -> tuple[Any, list[str]]:
    """Return the fit of statsmodels and what it warned of."""
    from statsmodels.genmod import cov_struct, families  # noqa: PLC0415  (slow to import)
    from statsmodels.genmod.generalized_estimating_equations import GEE  # noqa: PLC0415
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, IterationLimitWarning  # noqa: PLC0415

    structures = {
        "exchangeable": cov_struct.Exchangeable,
        "independence": cov_struct.Independence,
        "ar1": lambda: cov_struct.Autoregressive(grid=True),
        "unstructured": cov_struct.Unstructured,
    }
    row, column = np.nonzero(design.known)
    single = design.known.sum(axis=1).max() == 1
    structure = cov_struct.Independence() if single else structures[working]()
    scale = design.scale if family == "binomial" else 1.0
    with warnings.catch_warnings(record=True) as said, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            model = GEE(
                design.value[row, column] * scale,
                design.terms[row, column],
                groups=row,
                time=column[:, None],
                family=families.Binomial() if family == "binomial" else families.Gaussian(),
                cov_struct=structure,
            )
            solved = model.fit(
                maxiter=MAX_STEPS,
                ctol=TOLERANCE,
                ddof_scale=0,
                cov_type="robust" if small_sample == "none" else "bias_reduced",
            )
            solved.covariance = np.asarray(solved.cov_params())
        except (ValueError, np.linalg.LinAlgError, ZeroDivisionError, AttributeError):
            raise NotConverged(f"the estimating equations have no solution: {ADVICE}") from None
    stopped = [w for w in said if issubclass(w.category, (ConvergenceWarning, IterationLimitWarning))]
    known = np.isfinite(solved.params).all() and np.isfinite(solved.covariance).all()
    if stopped or not known or (family == "binomial" and np.abs(solved.params).max() > LARGEST):
        raise NotConverged(
            f"the estimating equations with {working} working correlation do not settle in {MAX_STEPS} "
            f"steps: {ADVICE}"
        )
    _require_correlation(_correlation(solved, design, "independence" if single else working), working)
    return solved, sorted({str(w.message).splitlines()[0] for w in said})


def _correlation(solved: Any, design: VisitDesign, working: WorkingCorrelation) -> FloatArray:
    """Return the working correlation of the analysed visits."""
    m = design.known.shape[1]
    found = solved.model.cov_struct.dep_params
    if working == "unstructured":
        return np.asarray(found, dtype=np.float64)
    lag = np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
    if working == "independence":
        return np.eye(m)
    return np.asarray(np.where(lag == 0, 1.0, found**lag if working == "ar1" else found), dtype=np.float64)


def _require_correlation(correlation: FloatArray, working: WorkingCorrelation) -> None:
    if not np.isfinite(correlation).all() or np.linalg.eigvalsh(correlation)[0] <= 0:
        raise NotConverged(
            f"the {working} working correlation is not positive definite: use exchangeable or independence"
        )


def _fit_of(
    data: RepeatedMeasures,
    design: VisitDesign,
    fit: tuple[Any, list[str], WorkingCorrelation, GeeFamily, SmallSample],
    conf_level: float,
) -> GeeFit:
    solved, said, working, family, small_sample = fit
    binomial = family == "binomial"
    scale, p = (1.0 if binomial else design.scale), design.n_terms
    coefficient, covariance = np.asarray(solved.params), solved.covariance
    naive = np.asarray(solved.cov_naive)

    own, other = np.diag(covariance), np.diag(naive)
    errors = np.sqrt(np.where(own > other * EXACT, own, nan))

    def judge(row: FloatArray) -> tuple[float, float, float]:
        variance = float(row @ covariance @ row)
        error = float(np.sqrt(variance)) if variance > float(row**2 @ other) * EXACT else nan
        return float(row @ coefficient) * scale, error * scale, inf

    contrasts = contrast_table(data, design.cell, p, judge, conf_level)
    means = mean_table(data, design.cell, p, judge, conf_level)
    if np.isnan(errors).any():
        said = [
            *said,
            f"no standard error of {name_some(np.array(design.names)[np.isnan(errors)])}: no residuals",
        ]
    if binomial:
        names = {"estimate": "odds_ratio", "lower": "ratio_lower", "upper": "ratio_upper"}
        for name, ratio in names.items():
            contrasts[ratio] = np.exp(contrasts[name])
        means["probability"] = expit(means["estimate"])
    labels = pd.Index(data.visits[design.visit], name="visit")
    slopes = scale / design.unit
    single = design.known.sum(axis=1).max() == 1
    correlation = _correlation(solved, design, "independence" if single else working)
    return GeeFit(
        contrasts=contrasts,
        means=means,
        coefficients=pd.DataFrame(
            {"estimate": coefficient * slopes, "std_error": errors * slopes},
            index=pd.Index(design.names, name="name"),
        ),
        correlation=pd.DataFrame(correlation, index=labels, columns=labels),
        scale=float(solved.scale) * scale**2,
        arm_test=_wald(
            design, coefficient, (covariance, naive), "no difference of the arms at any visit", same=False
        ),
        interaction_test=_wald(
            design,
            coefficient,
            (covariance, naive),
            "arm x visit: the same difference at all visits",
            same=True,
        ),
        n_subjects=len(design.value),
        n_values=design.n_values,
        conf_level=conf_level,
        method=_method(data, design, said, working, family, small_sample),
    )


def _wald(
    design: VisitDesign,
    coefficient: FloatArray,
    robust_and_naive: tuple[FloatArray, FloatArray],
    what: str,
    *,
    same: bool,
) -> TestResult:
    rows = np.array([row for _, row in contrast_rows(design.cell, coefficient.size)])
    rows = rows[1:] - rows[0] if same else rows
    if not len(rows):
        return chi_square_test(nan, 0, what, otherwise="only one visit has values of both arms")
    robust, naive = (rows @ matrix @ rows.T for matrix in robust_and_naive)
    if not (np.diag(robust) > np.diag(naive) * EXACT).all():
        return chi_square_test(
            nan, 0, what, otherwise="a difference without residuals has no robust variance"
        )
    return chi_square_test(*quadratic_form(rows @ coefficient, robust), f"{what}, Wald")


def _method(
    data: RepeatedMeasures,
    design: VisitDesign,
    said: list[str],
    working: WorkingCorrelation,
    family: GeeFamily,
    small_sample: SmallSample,
) -> str:
    without = data.n_subjects - design.subject.size
    what = "differences of means" if family == "gaussian" else "log odds ratios, logit link"
    parts = [
        f"generalised estimating equations, {what}, {data.arms[1]} minus {data.arms[0]}",
        f"{working} working correlation by moments without correction for the number of coefficients",
        "robust standard errors" + (" with the correction of Mancl and DeRouen" * (small_sample != "none")),
        "normal limits and tests",
        "missing values missing completely at random given arm, baseline and covariates",
        missing_words(data),
        f"{without} subject(s) without any value carry no information" if without else "",
        unestimable(data, design.cell),
        *said,
    ]
    return "; ".join(part for part in parts if part)
