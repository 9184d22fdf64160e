"""Two arms compared on the times to an event of lesions."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..arm_contrast import two_arms
from ..covariates import covariate_matrix, label_codes
from ..data import CompetingRisks, RightCensored
from ..errors import InvalidArgument, NotConverged, NotEstimable
from ..survival import cox, frailty_cox
from .comparison import (
    LesionComparison,
    Limits,
    Reference,
    analysis_row,
    as_frame,
    crossed,
    degrees,
    few_subjects,
    randomised_by,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import IntArray
    from ..survival import CoxFit

TieRule = Literal["efron", "breslow"]


def lesion_times(  # noqa: PLR0913  (what describes the lesions, and six options)
    data: RightCensored | CompetingRisks,
    arm: ArrayLike,
    subject: ArrayLike,
    *,
    cause: str | None = None,
    control: object = None,
    covariates: pd.DataFrame | None = None,
    ties: TieRule = "efron",
    limits: Limits = "normal",
    conf_level: float = 0.95,
) -> LesionComparison:
    """Hazard ratio of lesions between arms, allowing for the lesions of a subject being alike.

    Use it for times to an event of each lesion, such as local progression or fracture.  The row ``naive``
    takes all lesions as independent and is there to be compared with, not to be reported.

    Parameters
    ----------
    data : RightCensored or CompetingRisks
        One row a lesion, without case weights.
    arm : array_like of shape (n,)
        Labels of two arms; the lesions of a subject may be in one arm or in both.
    subject : array_like of shape (n,)
        Subject of each lesion.
    cause : str, optional
        One of ``data.causes`` where causes compete; the others censor, so that the ratio is cause-specific.
    control : label, optional
        The reference arm; default the first in sorted order.
    covariates : DataFrame of shape (n, p), optional
        Further covariates of every model.
    ties : {"efron", "breslow"}
        Rule for tied events.
    limits : {"normal", "t"}
        Of the cluster-robust row: normal, or t with two degrees of freedom less than subjects.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    LesionComparison
        Rows ``naive``, ``cluster-robust``, ``mixed`` (gamma frailty) and, where arms vary within subjects,
        ``within subjects`` (each subject a stratum).  ``intraclass_correlation`` is NaN.

    Raises
    ------
    InvalidArgument
        Case weights; ``cause`` without causes or the other way round; other than two arms; as :func:`cox`;
        unknown options; ``conf_level`` outside (0, 1).
    NotEstimable, NotConverged
        No events; an arm without events: no analysis has a hazard ratio.

    Notes
    -----
    Naive and cluster-robust have one estimate, the Cox model's; the latter sums score residuals by subject
    (Lee, Wei and Amato 1992), without small-sample factor, so that with one lesion a subject it is the
    robust variance of single rows, which is near to the naive one but not the same.  The ratio of the mixed
    row is that of lesions of one subject, as is that within subjects, which looks at nobody else.

    R: ``coxph(Surv(time, event) ~ arm, cluster = subject)``, ``coxph(... ~ arm + frailty(subject))``,
    ``coxph(... ~ arm + strata(subject))``.  SAS: ``PROC PHREG COVS(AGGREGATE); ID subject``; ``RANDOM subject
    / DIST=GAMMA``.

    References
    ----------
    Lee, Wei and Amato (1992), in Klein and Goel (eds), Survival Analysis: State of the Art, 237-247; Therneau
    and Grambsch, Modeling Survival Data (2000), chapters 8 and 9.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([5, 8, 9, 12, 20, 21, 25, 30, 31, 40], [1, 1, 1, 1, 1, 0, 1, 1, 0, 1])
    >>> found = lesion_times(data, list("BBAABBAAAB"), list("aabbccddee"))
    >>> found.frame.loc[:1, ["analysis", "estimate", "lower", "upper", "design_effect"]].round(3)
             analysis  estimate  lower  upper  design_effect
    0           naive     1.108  0.242  5.066          1.000
    1  cluster-robust     1.108  0.312  3.930          0.694
    """
    checks.option(ties, TieRule, "ties")
    checks.option(limits, Limits, "limits")
    checks.probability(conf_level, "conf_level")
    times, what = _one_cause(data, cause)
    n = times.n_subjects
    codes, labels = two_arms(arm, n, control)
    who, subjects = label_codes(subject, n, "subject")
    columns = _columns(codes, labels, covariates, n)
    normal = Reference(conf_level=conf_level)
    fit = cox(times, columns, cluster=who, ties=ties)
    few = few_subjects(codes, who, labels)
    mixed, variance = _frailty(times, columns, who, ties, normal, few)
    rows = [*_averaged(fit, few, normal, degrees(limits, len(subjects))), mixed]
    if crossed(codes, who):
        rows.append(_within(times, columns, who, ties, normal))
    return LesionComparison(
        frame=as_frame(rows),
        n_lesions=n,
        n_subjects=len(subjects),
        intraclass_correlation=nan,
        design_effect=rows[1]["design_effect"],
        subject_variance=variance,
        conf_level=conf_level,
        method=f"hazard ratio{what}, {labels[1]} over {labels[0]}, Cox models, {ties} ties, "
        + ("" if covariates is None else f"adjusted for {', '.join(map(str, columns.columns[1:]))}, ")
        + f"{n} lesions of {len(subjects)} subjects, {randomised_by(codes, who)}, {limits} limits of the "
        "cluster-robust analysis, normal of the others, standard errors and tests on the log scale",
    )


def _one_cause(data: RightCensored | CompetingRisks, cause: str | None) -> tuple[RightCensored, str]:
    """Return the times to the cause, those of others censored, and words for it."""
    if isinstance(data, CompetingRisks):
        if cause is None:
            raise InvalidArgument(f"cause must be one of {', '.join(data.causes)}: data has competing causes")
        event = data.status == data.code(cause)
        times = RightCensored(data.time, event, entry=data.entry, time_unit=data.time_unit)
        return times, f" of {cause}, other causes censored"
    if cause is not None:
        raise InvalidArgument(f"cause={cause!r} needs data with causes (CompetingRisks)")
    if data.weight is not None:
        raise InvalidArgument("lesion_times takes no case weights")
    return data, ""


def _columns(
    codes: IntArray, labels: tuple[object, ...], covariates: pd.DataFrame | None, n: int
) -> pd.DataFrame:
    """Return the columns of every model, the arm first."""
    columns = pd.DataFrame({f"arm {labels[1]}": codes.astype(np.float64)})
    if covariates is None:
        return columns
    names, matrix = covariate_matrix(covariates, n)
    return pd.concat([columns, pd.DataFrame(matrix, columns=pd.Index(names))], axis=1)


def _averaged(fit: CoxFit, few: str, normal: Reference, df: float) -> list[dict[str, Any]]:
    """Return the naive and the cluster-robust row of one fit."""
    value, naive, robust = (
        float(array[0]) for array in (fit.coefficient, fit.naive_std_error, fit.std_error)
    )
    what = "Hazard ratio of a lesion, averaged over all lesions"
    reference = Reference(conf_level=normal.conf_level, df=df)
    silent = "" if robust > 0 else "not estimable: the scores of all subjects are 0"
    return [
        analysis_row(
            "naive", f"{what}, taken as independent", value, naive, normal, log=True, naive_error=naive
        ),
        analysis_row(
            "cluster-robust", f"{what}; those of a subject may be alike", value, nan if few else robust,
            reference, log=True, naive_error=naive, note=few or silent or reference.absent(),
        ),
    ]  # fmt: skip


def _frailty(
    times: RightCensored, columns: pd.DataFrame, who: IntArray, ties: TieRule, normal: Reference, few: str
) -> tuple[dict[str, Any], float]:
    """Return the row of the shared gamma frailty, and its variance."""
    what = "Hazard ratio of a lesion of a given subject (conditional on the subject's frailty)"
    value = error_of = variance = nan
    note = few
    if np.unique(who).size == who.size:
        note = "not estimable: every subject has one lesion: nothing shows how subjects differ"
    if not note:
        try:
            fit = frailty_cox(times, columns, who, ties=ties)
            value, error_of = float(fit.coefficient[0]), float(fit.std_error[0])
            variance = fit.frailty_variance
            note = f"variance of the gamma frailty {variance:.4g}, taken as known"
        except (InvalidArgument, NotEstimable, NotConverged) as error:
            note = f"not estimable: {error}"
    return analysis_row("mixed", what, value, error_of, normal, log=True, note=note), variance


def _within(
    times: RightCensored, columns: pd.DataFrame, who: IntArray, ties: TieRule, normal: Reference
) -> dict[str, Any]:
    """Return the row of the comparison within subjects, each a stratum."""
    what = "Hazard ratio of a lesion of a given subject, from comparisons within subjects only"
    value, error_of, note = nan, nan, ""
    try:
        fit = cox(times, columns, strata=who, ties=ties)
        value, error_of = float(fit.coefficient[0]), float(fit.std_error[0])
    except (NotEstimable, NotConverged) as error:
        note = f"not estimable: {error}"
    return analysis_row("within subjects", what, value, error_of, normal, log=True, note=note)
