"""Two arms compared on the share of lesions with an event."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import checks
from ..arm_contrast import two_arms
from ..arrays import as_floats
from ..covariates import label_codes
from ..data import RightCensored
from ..errors import InvalidArgument, NotConverged, NotEstimable
from ..survival import cox
from .comparison import (
    Kind,
    LesionComparison,
    Limits,
    Reference,
    analysis_row,
    as_frame,
    contrast_of,
    crossed,
    degrees,
    few_subjects,
    randomised_by,
)
from .design_effect import intraclass_correlation
from .random_intercept import random_intercept

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray

NAMES = {"difference": "risk difference", "ratio": "risk ratio", "odds-ratio": "odds ratio"}


def lesion_risk(
    event: ArrayLike,
    subject: ArrayLike,
    arm: ArrayLike,
    *,
    control: object = None,
    kind: Kind = "difference",
    limits: Limits = "normal",
    conf_level: float = 0.95,
) -> LesionComparison:
    """Risk of a lesion compared between arms, allowing for the lesions of a subject being alike.

    Use it where metastases are in the denominators and every lesion was observed for as long as it takes.
    The row ``naive`` takes all lesions as independent and is there to be compared with, not to be reported.
    Lesions that were lost or whose subject died before the horizon need :func:`lesion_incidence`.

    Parameters
    ----------
    event : array_like of shape (n,)
        1 for a lesion with the event, 0 without.
    subject : array_like of shape (n,)
        Subject of each lesion.
    arm : array_like of shape (n,)
        Labels of two arms; the lesions of a subject may be in one arm (randomised by subject) or in both (by
        lesion).
    control : label, optional
        The reference arm; default the first in sorted order.
    kind : {"difference", "ratio", "odds-ratio"}
        Experimental minus (over) control.
    limits : {"normal", "t"}
        Of the cluster-robust row: normal, or t with two degrees of freedom less than subjects, for fewer than
        about 40 of them.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    LesionComparison
        Rows ``naive``, ``cluster-robust``, ``mixed`` and, for the odds ratio where arms vary within subjects,
        ``within subjects``.  NaN where not estimable, with the reason in ``note``.

    Raises
    ------
    InvalidArgument
        No rows; an event other than 0 or 1; other than two arms; lengths that differ; missing labels; unknown
        options; ``conf_level`` outside (0, 1).

    Notes
    -----
    With N_k lesions of arm k, of which a share p_k has the event, subject i influences p_k by
    psi_ik = sum over its lesions there of (y - p_k)/N_k.  Naive: variances p_k (1 - p_k)/N_k.
    Cluster-robust: the covariance sum_i psi_i psi_i' of both shares, so that subjects with lesions in both
    arms count as they should; it is the sandwich (HC0) of a generalised estimating equation with independence
    working correlation.  With one lesion a subject both are the same and the design effect is 1.

    Mixed: logit P = a + b arm + s u with u standard normal for each subject (maximum likelihood, adaptive
    Gauss-Hermite quadrature with 25 nodes, 151 where s is more than 2, observed information).  The odds ratio
    exp(b) is that of a given subject, further from 1 than the average one; difference and ratio are of the
    probabilities averaged over u.  Within subjects: conditional logistic regression.

    R: ``geepack::geeglm(corstr = "independence")``, ``sandwich::vcovCL(type = "HC0", cadjust = FALSE)``,
    ``lme4::glmer(y ~ arm + (1 | subject), binomial, nAGQ = 25)``, ``survival::clogit``.  SAS: ``PROC GENMOD;
    REPEATED SUBJECT=subject / TYPE=IND``, ``PROC GLIMMIX METHOD=QUAD(QPOINTS=25)``.

    References
    ----------
    Liang and Zeger, Biometrika 73 (1986), 13-22; Neuhaus, Kalbfleisch and Hauck, Int Statist Rev 59 (1991),
    25-35; Gillespie et al., J Clin Oncol 42 (2024), 38-46: a trial whose outcome is a share of lesions.

    Examples
    --------
    >>> event = [1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    >>> found = lesion_risk(event, list("aabbcdddeeff"), list("AAAAABBBBBBB"))
    >>> found.frame[["analysis", "estimate", "lower", "upper", "design_effect"]].round(2)
             analysis  estimate  lower  upper  design_effect
    0           naive     -0.46  -0.96   0.04           1.00
    1  cluster-robust     -0.46  -1.09   0.18           1.61
    2           mixed     -0.47  -1.08   0.14            NaN
    """
    checks.option(kind, Kind, "kind")
    checks.option(limits, Limits, "limits")
    checks.probability(conf_level, "conf_level")
    outcome = as_floats(event, "event")
    if not outcome.size:
        raise InvalidArgument("event has no rows")
    checks.rows_where(~np.isin(outcome, (0.0, 1.0)), "event must be 0 or 1")
    codes, labels = two_arms(arm, outcome.size, control)
    who, subjects = label_codes(subject, outcome.size, "subject")
    lesions = _Lesions(
        event=outcome, subject=who, arm=codes, n_subjects=len(subjects), labels=labels, kind=kind
    )
    mixed, variance = _mixed(lesions, Reference(conf_level=conf_level))
    rows = [*_averaged(lesions, limits, conf_level), mixed]
    if kind == "odds-ratio" and crossed(codes, who):
        rows.append(_within(lesions, Reference(conf_level=conf_level)))
    return LesionComparison(
        frame=as_frame(rows),
        n_lesions=outcome.size,
        n_subjects=len(subjects),
        intraclass_correlation=intraclass_correlation(outcome, who, codes),
        design_effect=rows[1]["design_effect"],
        subject_variance=variance,
        conf_level=conf_level,
        method=f"{NAMES[kind]}, {_direction(lesions)}, {outcome.size} lesions of {len(subjects)} subjects, "
        f"{randomised_by(codes, who)}, variance by subject without small-sample factor, "
        f"{limits} limits of the cluster-robust analysis, normal of the others"
        + ("" if kind == "difference" else ", standard errors and tests on the log scale"),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Lesions:
    """Checked rows: outcomes, codes of subjects and arms."""

    event: FloatArray
    subject: IntArray
    arm: IntArray
    n_subjects: int
    labels: tuple[object, ...]
    kind: Kind

    @property
    def few(self) -> str:
        """Say which arms have one subject only; nothing where none has."""
        return few_subjects(self.arm, self.subject, self.labels)

    def by_subject(self, values: FloatArray) -> FloatArray:
        """Sum values of lesions by subject and arm; shape (n_subjects, 2)."""
        sums = np.bincount(2 * self.subject + self.arm, values, 2 * self.n_subjects)
        return sums.astype(np.float64).reshape(-1, 2)


def _direction(lesions: _Lesions) -> str:
    word = "minus" if lesions.kind == "difference" else "over"
    return f"{lesions.labels[1]} {word} {lesions.labels[0]}"


def _averaged(lesions: _Lesions, limits: Limits, conf_level: float) -> list[dict[str, Any]]:
    """Return the naive and the cluster-robust row."""
    kind, log = lesions.kind, lesions.kind != "difference"
    total = np.bincount(lesions.arm).astype(np.float64)
    share = np.bincount(lesions.arm, lesions.event) / total
    value, slope, note = contrast_of(share, kind, lesions.labels)
    influence = lesions.by_subject((lesions.event - share[lesions.arm]) / total[lesions.arm])
    naive = sqrt(float(slope**2 @ (share * (1 - share) / total)))
    robust = float(np.sqrt(np.sum((influence @ slope) ** 2)))
    few = lesions.few
    reference = Reference(conf_level=conf_level, df=degrees(limits, lesions.n_subjects))
    what = f"{NAMES[kind].capitalize()} of a lesion, averaged over all lesions"
    return [
        analysis_row(
            "naive", f"{what}, taken as independent", value, naive, Reference(conf_level=conf_level),
            log=log, naive_error=naive, note=note,
        ),
        analysis_row(
            "cluster-robust", f"{what}; those of a subject may be alike", value,
            nan if few else robust, reference, log=log, naive_error=naive,
            note=note or few or reference.absent(),
        ),
    ]  # fmt: skip


def _mixed(lesions: _Lesions, reference: Reference) -> tuple[dict[str, Any], float]:
    """Return the row of the logistic model with an intercept of each subject, and its variance."""
    kind, log = lesions.kind, lesions.kind != "difference"
    what = (
        "Odds ratio of a lesion of a given subject (conditional on the subject)"
        if kind == "odds-ratio"
        else f"{NAMES[kind].capitalize()} of a lesion, averaged over subjects like these"
    )
    ones = np.ones(lesions.event.size)
    if lesions.few:
        return analysis_row("mixed", what, nan, nan, reference, log=log, note=lesions.few), nan
    try:
        fit = random_intercept(lesions.by_subject(lesions.event), lesions.by_subject(ones))
    except (NotEstimable, NotConverged) as error:
        note = f"not estimable: {error}"
        return analysis_row("mixed", what, nan, nan, reference, log=log, note=note), nan
    value, error_of = float(fit.coefficient[1]), sqrt(float(fit.covariance[1, 1]))
    if kind != "odds-ratio":
        risks, covariance = fit.risks()
        value, slope, _ = contrast_of(risks, kind, lesions.labels)
        error_of = sqrt(float(slope @ covariance @ slope))
    note = f"standard deviation of the subjects' intercepts {fit.deviation:.4g} (logit)"
    row = analysis_row("mixed", what, value, error_of, reference, log=log, note=note)
    return row, fit.deviation**2


def _within(lesions: _Lesions, reference: Reference) -> dict[str, Any]:
    """Return the row of the comparison within subjects."""
    what = "Odds ratio of a lesion of a given subject, from subjects with lesions in both arms only"
    in_both = np.asarray((lesions.by_subject(np.ones(lesions.event.size)) > 0).all(axis=1))
    used = in_both[lesions.subject]
    note = f"{int(in_both.sum())} of {lesions.n_subjects} subjects have lesions in both arms"
    value = error = nan
    try:
        fit = cox(
            RightCensored(np.ones(int(used.sum())), lesions.event[used]),
            pd.DataFrame({str(lesions.labels[1]): lesions.arm[used]}),
            strata=lesions.subject[used],
            ties="exact",
        )
        value, error = float(fit.coefficient[0]), float(fit.std_error[0])
    except (NotEstimable, NotConverged):
        note = f"not estimable: {note}, whose outcomes do not tell the arms apart on both sides"
    return analysis_row("within subjects", what, value, error, reference, log=True, note=note)
