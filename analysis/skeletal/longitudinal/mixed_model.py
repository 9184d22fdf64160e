"""The mixed model for repeated measures: differences of means at visits by restricted likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import checks
from ..errors import InvalidArgument, NotConverged, name_some
from .covariance_structures import CovarianceStructure, Structure
from .degrees_of_freedom import DegreesOfFreedom, degrees_of_freedom, joint_test, precision
from .missing import missing_words
from .restricted_likelihood import maximise, moments, sample_of
from .visit_design import visit_design
from .visit_tables import contrast_rows, contrast_table, f_result, mean_table, unestimable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import FloatArray, IntArray
    from ..results import TestResult
    from .degrees_of_freedom import Precision
    from .restricted_likelihood import Maximum, Sample
    from .visit_design import VisitDesign
    from .visits import RepeatedMeasures

FALLBACK: tuple[CovarianceStructure, ...] = (
    "heterogeneous-toeplitz",
    "heterogeneous-ar1",
    "heterogeneous-compound-symmetry",
    "compound-symmetry",
)
START = 0.2  # least eigenvalue of the correlation matrix from which the search starts


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MixedFit:
    """Means of two arms at visits and their differences, from a mixed model.

    Attributes
    ----------
    contrasts : DataFrame
        ``visit estimate std_error df lower upper p_value``: experimental less control.
    means : DataFrame
        ``arm visit estimate std_error df lower upper``: least-squares means, at the mean of baseline and
        covariates over the analysed subjects.
    coefficients : DataFrame
        ``estimate std_error`` by name: a mean of each arm at each visit, slopes of baseline and covariates.
    covariance : DataFrame
        Of the values of one subject, visit by visit (those with values).
    covariance_used : str
        Structure of ``covariance``.
    log_likelihood : float
        Restricted, at the maximum.
    n_covariance : int
        Number of covariance parameters.
    aic : float
        -2 ``log_likelihood`` + 2 ``n_covariance``; compares structures, not fixed effects.
    arm_test, interaction_test : TestResult
        That the arms differ at no visit, and that they differ by the same at all visits; F statistics.
    n_subjects, n_values : int
        Subjects with a value, and values.
    conf_level : float
    method : str
        What a reader must know to repeat the numbers.
    """

    contrasts: pd.DataFrame
    means: pd.DataFrame
    coefficients: pd.DataFrame
    covariance: pd.DataFrame
    covariance_used: CovarianceStructure
    log_likelihood: float
    n_covariance: int
    aic: float
    arm_test: TestResult
    interaction_test: TestResult
    n_subjects: int
    n_values: int
    conf_level: float
    method: str


def mixed_model(
    data: RepeatedMeasures,
    *,
    covariance: CovarianceStructure = "unstructured",
    fallback: Sequence[CovarianceStructure] = FALLBACK,
    baseline_by_visit: bool = True,
    df: DegreesOfFreedom = "satterthwaite",
    conf_level: float = 0.95,
) -> MixedFit:
    """Differences of the means of two arms at each visit had every value been collected (MMRM).

    Use it for pain, function or quality of life at planned visits when values are missing at random: whether
    one is missing may depend on the arm, the baseline and the values before.  It answers what the means
    would be if nobody died or stopped; where that is not the question, analyse a value given to death, or
    responders.  Follow it with a tipping point analysis.

    Parameters
    ----------
    data : RepeatedMeasures
        Values at visits, two arms.
    covariance : str
        Of the values of one subject: unstructured | heterogeneous-toeplitz | heterogeneous-ar1 |
        heterogeneous-compound-symmetry | toeplitz | ar1 | compound-symmetry.  Lags are counted in visits.
    fallback : sequence of str
        Structures to try in this order where ``covariance`` does not converge; empty for none.
    baseline_by_visit : bool
        Whether the slope of the baseline differs by visit (else one slope).
    df : {"satterthwaite", "kenward-roger", "normal"}
        Degrees of freedom; ``kenward-roger`` widens the standard errors as well, for small trials.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    MixedFit

    Raises
    ------
    InvalidArgument
        Unknown structure or ``df``; ``conf_level`` outside (0, 1).
    NotEstimable
        No values, constant values, no visit with values of both arms, more means and slopes than values,
        a baseline or covariate that is constant or that others determine.
    NotConverged
        No structure converges.

    Notes
    -----
    Mean: visit, arm x visit, baseline (x visit), covariates (one slope).  V = covariance of a subject's known
    values; the restricted log likelihood is
    -[(N - p) log 2 pi + sum log|V| + log|X'V^-1 X| + sum r'V^-1 r]/2, maximised by Fisher scoring (BFGS
    where that fails) and Newton.
    Satterthwaite: from the observed information.  Kenward-Roger: from the expected information of variances
    and covariances (correlations in structures that are not linear, with their second derivatives).  Tests
    of several contrasts: Fai and Cornelius's, or Kenward and Roger's, denominator.  A converged structure has
    a positive definite covariance whose parameters the values determine.

    R: ``nlme::gls(value ~ visit * arm + baseline * visit, correlation = corSymm(form = ~ number | subject),
    weights = varIdent(form = ~ 1 | visit))``, ``mmrm::mmrm``.  SAS: ``PROC MIXED; MODEL value = visit arm
    visit*arm baseline visit*baseline / DDFM=SATTERTH; REPEATED visit / SUBJECT=subject TYPE=UN``.

    References
    ----------
    Mallinckrodt et al., Drug Information Journal 42 (2008), 303-319; Kenward and Roger, Biometrics 53
    (1997), 983-997; Fai and Cornelius, Journal of Statistical Computation and Simulation 54 (1996), 363-378.

    Examples
    --------
    >>> from skeletal.longitudinal import RepeatedMeasures, mixed_model
    >>> pain = [6, 5, 7, 6, 5, 5, 4, 2, 6, 3, 3, 2]
    >>> subjects, days = [s for s in "abcdef" for _ in range(2)], [30, 90] * 6
    >>> data = RepeatedMeasures(subjects, days, pain, ["none"] * 6 + ["RT"] * 6, control="none")
    >>> fit = mixed_model(data)
    >>> fit.contrasts[["visit", "estimate"]].round(2).values.tolist()
    [[30.0, -1.67], [90.0, -3.0]]
    """
    checks.option(covariance, CovarianceStructure, "covariance")
    for name in (fallback,) if isinstance(fallback, str) else fallback:
        checks.option(name, CovarianceStructure, "fallback")
    if isinstance(fallback, str):
        raise InvalidArgument(f"fallback must be a sequence of structures, got {fallback!r}")
    checks.option(df, DegreesOfFreedom, "df")
    checks.probability(conf_level, "conf_level")
    design = visit_design(data, baseline_by_visit=baseline_by_visit)
    sample = sample_of(design)
    found, of, failed = _first_that_converges(sample, (covariance, *fallback), df)
    return _fit_of(data, design, sample, (found, of, failed), conf_level)


def _first_that_converges(
    sample: Sample, structures: Sequence[CovarianceStructure], df: DegreesOfFreedom
) -> tuple[Maximum, Precision, list[str]]:
    """Return the fit of the first structure that converges, and why those before it did not."""
    failed: list[str] = []
    start = _start(sample)
    for name in dict.fromkeys(structures):
        structure = Structure(name=name, m=sample.value.shape[1])
        try:
            _require_pairs(sample, structure)
            found = maximise(sample, structure, structure.start(start))
            return found, precision(sample, found, df), failed
        except NotConverged as error:
            failed.append(f"{name} did not converge ({error})")
    raise NotConverged(
        f"no covariance structure converges: {'; '.join(failed)}. Leave out visits with few values, or name "
        "a simpler structure as fallback"
    )


def _start(sample: Sample) -> FloatArray:
    """Return a positive definite covariance of the residuals of ordinary least squares."""
    m = sample.value.shape[1]
    ordinary = moments(sample, np.eye(m))
    if ordinary is None:
        raise NotConverged("the terms of the mean are too nearly dependent")
    left = ordinary.residual
    pairs = sample.known.T @ sample.known
    products = left.T @ left / np.maximum(pairs, 1)
    floor = 1e-6 * float(np.trace(products)) / m
    if not floor > 1e-18:
        raise NotConverged("means and slopes fit every value exactly: no variance is left")
    spread = np.sqrt(np.maximum(np.diag(products), 1e4 * floor))
    correlation = np.clip(products / np.outer(spread, spread), -0.9, 0.9)
    np.fill_diagonal(correlation, 1)
    least = float(np.linalg.eigvalsh(correlation)[0])
    if least < START:
        share = (START - least) / (1 - least)
        correlation = (1 - share) * correlation + share * np.eye(m)
    return correlation * np.outer(spread, spread)


def _require_pairs(sample: Sample, structure: Structure) -> None:
    """Refuse an unstructured matrix where nobody has values at both of two visits."""
    pairs = sample.known.T @ sample.known
    absent = int((pairs[np.triu_indices(structure.m, 1)] == 0).sum())
    if structure.name == "unstructured" and absent:
        raise NotConverged(f"nobody has values at both visits of {absent} pair(s) of visits")


def _fit_of(
    data: RepeatedMeasures,
    design: VisitDesign,
    sample: Sample,
    fit: tuple[Maximum, Precision, list[str]],
    conf_level: float,
) -> MixedFit:
    found, of, failed = fit
    coefficient, scale, p = found.moments.coefficient, design.scale, design.n_terms

    def judge(row: FloatArray) -> tuple[float, float, float]:
        error = float(np.sqrt(row @ of.covariance @ row))
        return float(row @ coefficient) * scale, error * scale, degrees_of_freedom(row, of)

    labels = pd.Index(data.visits[design.visit], name="visit")
    slopes = scale / design.unit
    log_likelihood = (
        found.moments.log_likelihood - (design.n_values - p) * log(scale) - float(np.log(design.unit).sum())
    )
    n_covariance = found.structure.n_parameters
    return MixedFit(
        contrasts=contrast_table(data, design.cell, p, judge, conf_level),
        means=mean_table(data, design.cell, p, judge, conf_level),
        coefficients=pd.DataFrame(
            {"estimate": coefficient * slopes, "std_error": np.sqrt(np.diag(of.covariance)) * slopes},
            index=pd.Index(design.names, name="name"),
        ),
        covariance=pd.DataFrame(found.matrix * scale**2, index=labels, columns=labels),
        covariance_used=found.structure.name,
        log_likelihood=log_likelihood,
        n_covariance=n_covariance,
        aic=2 * n_covariance - 2 * log_likelihood,
        arm_test=_test(design.cell, coefficient, of, "no difference of the arms at any visit", same=False),
        interaction_test=_test(
            design.cell, coefficient, of, "arm x visit: the same difference at all visits", same=True
        ),
        n_subjects=len(sample.value),
        n_values=design.n_values,
        conf_level=conf_level,
        method=_method(data, design, of, found, failed),
    )


def _test(cell: IntArray, coefficient: FloatArray, of: Precision, what: str, *, same: bool) -> TestResult:
    """Return the test that all contrasts are 0, or the same."""
    rows = np.array([row for _, row in contrast_rows(cell, coefficient.size)])
    rows = rows[1:] - rows[0] if same else rows
    if not len(rows):
        return f_result(np.nan, 0, np.nan, f"{what}; only one visit has values of both arms")
    return f_result(*joint_test(rows, coefficient, of), what)


_DF_WORDS = {
    "satterthwaite": "Satterthwaite degrees of freedom",
    "kenward-roger": "Kenward-Roger standard errors and degrees of freedom",
    "normal": "normal limits and tests",
}


def _method(
    data: RepeatedMeasures, design: VisitDesign, of: Precision, found: Maximum, failed: list[str]
) -> str:
    """Say how the numbers were made."""
    name = found.structure.name
    chosen = f"{name} covariance"
    if failed:
        chosen = f"{'; '.join(failed)}; {name} covariance used, the first fallback that converged"
    adjusted = ["visit", "arm x visit", *dict.fromkeys(part.split(" at ")[0] for part in _others(design))]
    if sum(part.startswith("baseline at ") for part in design.names) > 1:
        adjusted[adjusted.index("baseline")] = "baseline x visit"
    without = data.n_subjects - design.subject.size
    parts = [
        f"mixed model for repeated measures, {data.arms[1]} minus {data.arms[0]}, restricted likelihood",
        f"means by {name_some(adjusted, shown=9)}",
        chosen,
        _DF_WORDS[of.kind],
        "missing values missing at random",
        missing_words(data),
        f"{without} subject(s) without any value carry no information" if without else "",
        unestimable(data, design.cell),
    ]
    return "; ".join(part for part in parts if part)


def _others(design: VisitDesign) -> list[str]:
    """Return the names of the terms that are no cell."""
    return [name for number, name in enumerate(design.names) if number not in design.cell]
