"""The result of an analysis of lesions: the naive answer and those that allow for subjects, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isnan, nan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ..arm_contrast import from_log
from ..errors import InvalidArgument, name_some
from ..results import Estimate, require_ordered

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

Kind = Literal["difference", "ratio", "odds-ratio"]
Limits = Literal["normal", "t"]
COLUMNS = (
    "analysis", "estimand", "estimate", "std_error", "lower", "upper", "p_value", "design_effect", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LesionComparison:
    """Two arms compared on lesions, of which a subject may have several.

    Attributes
    ----------
    frame : DataFrame
        One row an analysis, the naive one first: ``analysis``, ``estimand`` (a sentence), ``estimate``,
        ``std_error`` (of a ratio: on the log scale), ``lower``, ``upper``, ``p_value`` (two-sided, of no
        effect), ``design_effect`` (variance over that of the naive analysis of the same effect, else NaN)
        and ``note``, such as why a number is missing.
    n_lesions, n_subjects : int
        Rows, and distinct subjects.
    intraclass_correlation : float
        Of the outcomes of two lesions of a subject, within arms; NaN where not defined.
    design_effect : float
        That of the cluster-robust analysis.
    subject_variance : float
        Variance between subjects in the mixed analysis: of the random intercept, or of the frailty.
    conf_level : float
        Two-sided level of the limits.
    method : str
        What a reader must know to repeat the numbers.
    """

    frame: pd.DataFrame
    n_lesions: int
    n_subjects: int
    intraclass_correlation: float
    design_effect: float
    subject_variance: float
    conf_level: float
    method: str

    def __post_init__(self) -> None:
        require_ordered(*(self.frame[name].to_numpy() for name in ("lower", "estimate", "upper")))

    def estimate(self, analysis: str) -> Estimate:
        """Return one analysis by its name: its numbers, its estimand and what was done.

        Raises
        ------
        InvalidArgument
            If there is no such analysis.
        """
        names = self.frame["analysis"].tolist()
        if analysis not in names:
            raise InvalidArgument(f"analysis must be one of {name_some(names)}, got {analysis!r}")
        row = self.frame.iloc[names.index(analysis)]
        numbers = {name: float(row[name]) for name in ("estimate", "std_error", "lower", "upper", "p_value")}
        words = (f"{analysis}: {row['estimand']}", self.method, row["note"])
        return Estimate(
            **numbers, conf_level=self.conf_level, method="; ".join(text for text in words if text)
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reference:
    """The distribution that limits and p-values are read from: normal, or t with finite ``df``."""

    conf_level: float
    df: float = inf

    def half(self) -> float:
        """Return how many standard errors from the estimate a limit is; NaN without degrees of freedom."""
        p = 0.5 + self.conf_level / 2
        if self.df == inf:
            return float(ndtri(p))
        return float(stdtrit(self.df, p)) if self.df > 0 else nan

    def p_value(self, z: float) -> float:
        """Return the two-sided p-value."""
        if self.df == inf:
            return float(2 * ndtr(-abs(z)))
        return float(2 * stdtr(self.df, -abs(z))) if self.df > 0 else nan

    def absent(self) -> str:
        """Say why there are no limits; nothing where there are."""
        return "" if self.df > 0 else "no t limits: fewer than three subjects"


def analysis_row(  # noqa: PLR0913  (the cells of a row)
    analysis: str,
    estimand: str,
    value: float,
    std_error: float,
    reference: Reference,
    *,
    log: bool,
    naive_error: float = nan,
    note: str = "",
) -> dict[str, Any]:
    """Return a row from a value that is normal (or t), the log of a ratio where ``log``."""
    half = reference.half() * std_error
    lower, upper = value - half, value + half
    estimate = value
    if log:
        estimate = exp(value) if value < inf else nan
        if not isnan(half):
            lower, upper, beyond = from_log(lower, upper)
            note = note or beyond
    if std_error == 0 and not note:
        note = "no test: the standard error is 0"
    return {
        "analysis": analysis,
        "estimand": estimand,
        "estimate": estimate,
        "std_error": std_error,
        "lower": nan if isnan(half) else lower,
        "upper": nan if isnan(half) else upper,
        "p_value": reference.p_value(value / std_error) if std_error > 0 else nan,
        "design_effect": (std_error / naive_error) ** 2 if naive_error > 0 else nan,
        "note": note,
    }


def as_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows as the table of a result."""
    return pd.DataFrame(rows, columns=list(COLUMNS))


def contrast_of(value: FloatArray, kind: Kind, labels: tuple[object, ...]) -> tuple[float, FloatArray, str]:
    """Return a contrast of two probabilities, control first, its derivatives, and why it has no limits.

    Ratios are on the log scale.  The derivatives are NaN where the scale has none.
    """
    if kind == "difference":
        return float(value[1] - value[0]), np.array([-1.0, 1.0]), ""
    against = value if kind == "ratio" else value * (1 - value)
    ends = [str(label) for label, x in zip(labels, against, strict=True) if x == 0]
    odds = value if kind == "ratio" else _odds(value)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(odds)
        contrast = float(logs[1] - logs[0])
    if ends:
        what = "no events" if kind == "ratio" else "no events, or nothing but events,"
        missing = "no limits" if contrast == -inf else "not estimable"
        return contrast, np.array([nan, nan]), f"{missing}: {what} in arm {' and '.join(ends)}"
    return contrast, np.array([-1.0, 1.0]) / against, ""


def _odds(value: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(value / (1 - value))


def few_subjects(arm: IntArray, subject: IntArray, labels: tuple[object, ...]) -> str:
    """Say which arms have one subject only, so that nothing shows how subjects differ; else nothing."""
    alone = [f"arm {labels[k]}" for k in range(2) if np.unique(subject[arm == k]).size < 2]
    return f"not estimable: one subject only in {' and '.join(alone)}" if alone else ""


def crossed(arm: IntArray, subject: IntArray) -> bool:
    """Whether some subject has lesions in both arms."""
    pairs = np.unique(2 * subject + arm) // 2
    return bool(np.unique(pairs).size < pairs.size)


def randomised_by(arm: IntArray, subject: IntArray) -> str:
    """Say whether a subject's lesions are in one arm."""
    return "arms vary within subjects" if crossed(arm, subject) else "all lesions of a subject are in one arm"


def degrees(limits: Limits, n_subjects: int) -> float:
    """Return the degrees of freedom of a robust analysis: of subjects, or infinite for normal limits."""
    return inf if limits == "normal" else float(n_subjects - 2)
