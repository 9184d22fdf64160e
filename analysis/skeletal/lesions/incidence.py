"""Two arms compared on the cumulative incidence of lesions' events where death competes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arm_contrast import positive_time, two_arms
from ..competing import incidence_contrast
from ..covariates import label_codes
from ..data import CompetingRisks
from ..risk_table import risk_table
from .comparison import (
    LesionComparison,
    Limits,
    Reference,
    analysis_row,
    as_frame,
    contrast_of,
    degrees,
    few_subjects,
    randomised_by,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray

IncidenceKind = Literal["difference", "ratio"]


def lesion_incidence(  # noqa: PLR0913  (what describes the lesions, and six options)
    data: CompetingRisks,
    arm: ArrayLike,
    subject: ArrayLike,
    cause: str,
    *,
    time: float,
    control: object = None,
    kind: IncidenceKind = "difference",
    limits: Limits = "normal",
    conf_level: float = 0.95,
) -> LesionComparison:
    """Risk of a lesion's event by a time, compared between arms where death competes (Aalen-Johansen).

    Use it in place of :func:`lesion_risk` where lesions are censored, or their subject dies, before the
    horizon.  The row ``naive`` takes all lesions as independent and is there to be compared with.

    Parameters
    ----------
    data : CompetingRisks
        One row a lesion, with delayed entry where given; the death of a subject ends all its lesions.
    arm : array_like of shape (n,)
        Labels of two arms; the lesions of a subject may be in one arm or in both.
    subject : array_like of shape (n,)
        Subject of each lesion.
    cause : str
        One of ``data.causes``; all others compete.
    time : float
        Positive horizon in ``data.time_unit``.
    control : label, optional
        The reference arm; default the first in sorted order.
    kind : {"difference", "ratio"}
        Experimental minus (over) control.
    limits : {"normal", "t"}
        Of the cluster-robust row: normal, or t with two degrees of freedom less than subjects.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    LesionComparison
        Rows ``naive`` and ``cluster-robust``; ``intraclass_correlation`` and ``subject_variance`` are NaN.

    Raises
    ------
    InvalidArgument
        As :func:`incidence_contrast`; lengths that differ; missing labels; unknown ``limits``.

    Notes
    -----
    With F_k(t) the incidence of arm k, S its Kaplan-Meier estimate of no event of any cause and n the number
    at risk, a lesion influences F_k(t) by
    psi = sum over u up to t of S(u-) dM1(u)/n - sum of (F_k(t) - F_k(u)) S(u-) dM(u)/(S(u) n),
    dM1 = dN1 - Y d1/n of the cause and dM of any (infinitesimal jackknife).  Naive: sums of squares over
    lesions in each arm; cluster-robust: psi is summed by subject and arm, and gives the covariance of both
    incidences.  With one lesion a subject both are the same.

    R: ``survfit(Surv(time, factor(status)) ~ arm, cluster = subject)``, subjects in one arm.  SAS: none.

    References
    ----------
    Zhou, Fine, Latouche and Labopin, Biostatistics 13 (2012), 371-383 (competing risks in clusters); Therneau
    and Grambsch, Modeling Survival Data (2000), section 8.2.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 4, 6], [1, 1, 2, 1, 2, 0, 0, 1], ["fracture", "death"])
    >>> found = lesion_incidence(data, list("AAAABBBB"), list("aabcddef"), "fracture", time=6)
    >>> found.frame[["analysis", "estimate", "lower", "upper", "design_effect"]].round(3)
             analysis  estimate  lower  upper  design_effect
    0           naive    -0.167 -0.891  0.558           1.00
    1  cluster-robust    -0.167 -1.027  0.693           1.41
    """
    checks.option(kind, IncidenceKind, "kind")
    checks.option(limits, Limits, "limits")
    checks.probability(conf_level, "conf_level")
    at, code = positive_time(time, "time"), data.code(cause)
    codes, labels = two_arms(arm, data.n_subjects, control)
    who, subjects = label_codes(subject, data.n_subjects, "subject")
    plain = incidence_contrast(
        data, arm, cause, time=at, control=control, kind=kind, conf_level=conf_level, variance="jackknife"
    )
    value, psi = np.zeros(2), np.zeros((len(subjects), 2))
    for k in (0, 1):
        value[k], influence = _influence(data, codes == k, code, at)
        psi[:, k] = np.bincount(who[codes == k], influence, len(subjects))
    contrast, slope, note = contrast_of(value, kind, labels)
    if np.isnan(plain.estimate):
        contrast, slope, note = np.nan, slope * np.nan, plain.method.rpartition("; ")[2]
    robust = float(np.sqrt(np.sum((psi @ slope) ** 2)))
    few = few_subjects(codes, who, labels)
    log, normal = kind == "ratio", Reference(conf_level=conf_level)
    reference = Reference(conf_level=conf_level, df=degrees(limits, len(subjects)))
    what = (
        f"{'Difference' if kind == 'difference' else 'Ratio'} of the risks of {cause} of a lesion by "
        f"{at:.10g} {data.time_unit}, averaged over all lesions"
    )
    rows = [
        analysis_row(
            "naive", f"{what}, taken as independent", contrast, plain.std_error, normal,
            log=log, naive_error=plain.std_error, note=note,
        ),
        analysis_row(
            "cluster-robust", f"{what}; those of a subject may be alike", contrast,
            np.nan if few else robust, reference, log=log, naive_error=plain.std_error,
            note=note or few or reference.absent(),
        ),
    ]  # fmt: skip
    return LesionComparison(
        frame=as_frame(rows),
        n_lesions=data.n_subjects,
        n_subjects=len(subjects),
        intraclass_correlation=np.nan,
        design_effect=rows[1]["design_effect"],
        subject_variance=np.nan,
        conf_level=conf_level,
        method=f"{plain.method.partition('; ')[0]}, {data.n_subjects} lesions of {len(subjects)} subjects, "
        f"{randomised_by(codes, who)}, {limits} limits of the cluster-robust analysis",
    )


def _influence(data: CompetingRisks, rows: BoolArray, code: int, at: float) -> tuple[float, FloatArray]:
    """Return the incidence of some rows at a time, and the influence of each of them on it."""
    sample = CompetingRisks(
        data.time[rows],
        data.status[rows],
        data.causes,
        entry=None if data.entry is None else data.entry[rows],
        time_unit=data.time_unit,
    )
    table = risk_table(sample)
    m = int(np.searchsorted(table.time, at, side="right"))
    if m == 0:
        return 0.0, np.zeros(sample.n_subjects)
    n, own = table.n_at_risk[:m], table.n_events[code - 1, :m]
    events = table.n_events[:, :m].sum(axis=0)
    survival = np.cumprod((n - events) / n)
    before = np.append(1.0, survival[:-1])
    incidence = np.cumsum(before * own / n)
    gain = before / n
    left = incidence[-1] - incidence
    end = np.divide(left * gain, survival, out=np.zeros(m), where=survival > 0)
    paid = np.append(0.0, np.cumsum((gain * own - end * events) / n))
    last = np.minimum(table.exit_index, m - 1)
    seen = table.exit_index < m
    first = np.minimum(table.entry_index, m)
    own_event, any_event = seen & (sample.status == code), seen & (sample.status > 0)
    influence = gain[last] * own_event - end[last] * any_event - (paid[last + 1] - paid[first])
    return float(incidence[-1]), influence
