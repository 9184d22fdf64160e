"""Values of subjects at visits: who was measured when, and for each value that is not there the reason."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from .. import checks
from ..arm_contrast import two_arms
from ..arrays import as_floats, as_labels
from ..covariates import covariate_matrix
from ..data.checked import Frozen, refuse_subjects, row_labels
from ..errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray, LabelArray

Reason = Literal["dropout", "missed", "death", "intercurrent", "structural", "not_due"]
MissingBaseline = Literal["refuse", "mean"]

REASONS: tuple[str, ...] = get_args(Reason)
ASSIGNED = ("death", "intercurrent")  # a value may be given to these (the worst of the scale)
UNSTATED = "missing"  # told apart by what follows: dropout or missed
NONE = ("", "observed")
LARGEST = 1e100  # squares of values stay finite


class RepeatedMeasures(Frozen):
    """Values of two arms at planned visits, one row a subject and visit.

    Parameters
    ----------
    subject : array_like of shape (n,)
        Label of the subject of each row.
    visit : array_like of shape (n,)
        Planned day of the visit (or its number); visits are taken in this order.
    value : array_like of shape (n,)
        The value; NaN where it is missing.  A visit without a row is missing too.
    arm : array_like of shape (n,)
        Arm of the subject; two labels.
    baseline : array_like of shape (n,), optional
        Value before treatment, the same in all rows of a subject, and known.
    control : object, optional
        Label of the reference arm; the first in sorted order if absent.
    reason : array_like of shape (n,), optional
        Why the value is missing: dropout, missed (intermittent), death, intercurrent, structural (not
        collected by design), not_due (the visit lies after the data cutoff), or missing.  A value that is
        missing without a stated reason is a dropout where the subject has no later value, else missed.
        Rows with a value have no reason (or "observed"), or death or intercurrent where the value was
        given to such an event.
    covariates : DataFrame of n rows, optional
        Numeric columns known at baseline, constant within a subject.
    note : str
        What a reader must know of the data; every ``method`` repeats it.

    Attributes
    ----------
    subjects : ndarray of shape (n_subjects,)
        Sorted labels; the rows of all that follows.
    visits : ndarray of shape (m,)
        Sorted visits; the columns of ``value`` and ``reason``.
    arms : tuple of two labels
        Control, experimental.
    arm : ndarray of shape (n_subjects,)
        0 control, 1 experimental.
    value, reason : ndarray of shape (n_subjects, m)
        Values, and reasons ("" where there is none).
    baseline : ndarray of shape (n_subjects,) or None
    covariates : ndarray of shape (n_subjects, q)
    covariate_names : tuple of str

    Raises
    ------
    InvalidArgument
        Unequal lengths, no rows, a missing label or visit, two rows of one subject and visit, an arm,
        baseline or covariate that changes within a subject, other than two arms, infinite values, a
        missing baseline, an unknown reason, a reason that the value contradicts, a value observed after
        death or dropout.

    Examples
    --------
    >>> data = RepeatedMeasures(
    ...     ["a", "a", "b", "b"], [30, 90, 30, 90], [5, 4, 6, float("nan")], ["RT", "RT", "none", "none"],
    ...     control="none", reason=["", "", "", "death"])
    >>> data.n_subjects, data.visits.tolist(), data.arms
    (2, [30.0, 90.0], ('none', 'RT'))
    """

    __slots__ = (
        "arm",
        "arms",
        "baseline",
        "covariate_names",
        "covariates",
        "note",
        "reason",
        "subjects",
        "value",
        "visits",
    )
    subjects: LabelArray
    visits: FloatArray
    arms: tuple[object, ...]
    arm: IntArray
    value: FloatArray
    reason: LabelArray
    baseline: FloatArray | None
    covariates: FloatArray
    covariate_names: tuple[str, ...]
    note: str

    def __init__(  # noqa: PLR0913  (what is known of a row)
        self,
        subject: ArrayLike,
        visit: ArrayLike,
        value: ArrayLike,
        arm: ArrayLike,
        *,
        baseline: ArrayLike | None = None,
        control: object = None,
        reason: ArrayLike | None = None,
        covariates: pd.DataFrame | None = None,
        note: str = "",
    ) -> None:
        labels = row_labels(subject)
        n = labels.size
        if n == 0:
            raise InvalidArgument("subject has no rows")
        days, found = as_floats(visit, "visit"), as_floats(value, "value")
        checks.same_length(n, visit=days, value=found)
        checks.rows_where(~np.isfinite(days), "visit must be known and finite")
        checks.rows_where(np.isinf(found), "value must be finite, or NaN where it is missing")
        checks.rows_where(
            np.abs(found) > LARGEST, f"value must lie within {LARGEST:g} of 0: take another unit"
        )
        subjects, first, who = _numbered(labels)
        visits, column = np.unique(days, return_inverse=True)
        _require_one_row(who, column, visits, subjects)
        codes, arms = two_arms(arm, n, control)
        _require_constant(codes.astype(np.float64), who, first, labels, "arm")
        words = _reasons_of(reason, found)
        values = np.full((subjects.size, visits.size), np.nan)
        values[who, column] = found
        reasons = np.full(values.shape, UNSTATED, dtype=object)
        reasons[who, column] = words
        names, matrix = covariate_matrix(covariates, n) if covariates is not None else ((), np.empty((n, 0)))
        for j, name in enumerate(names):
            _require_constant(matrix[:, j], who, first, labels, f"covariate {name}")
        self._set(
            subjects=subjects,
            visits=visits,
            arms=arms,
            arm=codes[first],
            value=values,
            reason=_told_apart(values, reasons),
            baseline=None if baseline is None else _baseline_of(baseline, who, first, labels),
            covariates=matrix[first],
            covariate_names=names,
            note=str(note),
        )
        _refuse_later_values(self)

    @property
    def n_subjects(self) -> int:
        """Number of distinct subjects."""
        return self.subjects.size

    @property
    def observed(self) -> BoolArray:
        """Where there is a value; shape (n_subjects, m)."""
        return np.asarray(~np.isnan(self.value))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a subject and visit: subject, arm, visit, value, reason, baseline, covariates."""
        n, m = self.value.shape
        columns = {
            "subject": np.repeat(self.subjects, m),
            "arm": np.repeat(np.array(self.arms, dtype=object)[self.arm], m),
            "visit": np.tile(self.visits, n),
            "value": self.value.ravel(),
            "reason": self.reason.ravel().astype(str),
        }
        if self.baseline is not None:
            columns["baseline"] = np.repeat(self.baseline, m)
        for j, name in enumerate(self.covariate_names):
            columns[name] = np.repeat(self.covariates[:, j], m)
        return pd.DataFrame(columns)

    def at_visits(self, visits: ArrayLike) -> RepeatedMeasures:
        """Return the same subjects at these visits only; reasons stay as they are."""
        wanted = np.unique(as_floats(visits, "visits"))
        columns = np.flatnonzero(np.isin(self.visits, wanted))
        if not wanted.size or columns.size < wanted.size:
            days = name_some([f"{day:g}" for day in self.visits], shown=9)
            raise InvalidArgument(f"visits must be some of {days}, got {name_some(wanted)}")
        return self._but(
            visits=self.visits[columns], value=self.value[:, columns], reason=self.reason[:, columns]
        )

    def at_visits_with(self, least: int) -> RepeatedMeasures:
        """Return the same subjects at the visits at which each arm has at least so many values.

        The others are named in ``note``; all visits stay where none has that many.
        """
        if isinstance(least, bool) or not isinstance(least, Integral) or least < 1:
            raise InvalidArgument(f"least must be a whole number of at least 1, got {least!r}")
        counts = np.array([self.observed[self.arm == code].sum(axis=0) for code in (0, 1)]).min(axis=0)
        enough = counts >= least
        if enough.all() or not enough.any():
            return self
        days = name_some([f"{day:g}" for day in self.visits[~enough]], shown=9)
        words = f"visits left out, an arm has fewer than {least} values there: {days}"
        return self.at_visits(self.visits[enough])._but(
            note="; ".join([*[self.note] * bool(self.note), words])
        )

    def with_values(self, values: FloatArray) -> RepeatedMeasures:
        """Return the same subjects with other values of the same shape; reasons of those filled are gone."""
        filled = self.observed < ~np.isnan(values)
        return self._but(value=values, reason=np.where(filled, "", self.reason))

    def _but(self, **changes: object) -> RepeatedMeasures:
        """Return a copy with other fields, which are right by construction."""
        other = object.__new__(RepeatedMeasures)
        other._set(**{**{name: getattr(self, name) for name in self.__slots__}, **changes})
        return other


def visits_of_measure(
    frame: pd.DataFrame,
    *,
    control: object,
    baseline_day: float | None = 0.0,
    missing_baseline: MissingBaseline = "refuse",
) -> RepeatedMeasures:
    """Take the values of a measure at planned visits as repeated measures.

    Parameters
    ----------
    frame : DataFrame
        As :meth:`skeletal.outcomes.Outcomes.measure` returns it: ``subject_id arm planned_day value
        status``, one row a subject and visit.
    control : object
        Label of the reference arm.
    baseline_day : float or None
        The visit that is the baseline; None where the measure has none.
    missing_baseline : {"refuse", "mean"}
        ``mean`` gives subjects without a baseline the mean of all others, of both arms together: unbiased
        for a contrast of randomised arms (White and Thompson 2005), not for a change from baseline.

    Raises
    ------
    InvalidArgument
        Columns that are not there, rows of lesions, a missing baseline, more than two arms (keep the rows
        of two), and as :class:`RepeatedMeasures`.

    References
    ----------
    White and Thompson, Statistics in Medicine 24 (2005), 993-1007.
    """
    checks.option(missing_baseline, MissingBaseline, "missing_baseline")
    needed = ("subject_id", "arm", "planned_day", "value", "status")
    absent = [name for name in needed if name not in frame]
    if absent or "lesion_id" in frame:
        what = (
            f"lacks {name_some(absent)}" if absent else "has rows of lesions: take their mean or worst first"
        )
        raise InvalidArgument(f"frame {what}")
    is_baseline = (frame["planned_day"] == baseline_day).to_numpy(dtype=np.bool_)
    rows = frame.loc[~is_baseline]
    baseline, note = None, ""
    if is_baseline.any():
        before = frame.loc[is_baseline]
        refuse_subjects(
            before["subject_id"].duplicated().to_numpy(),
            before["subject_id"].to_numpy(),
            "two rows at baseline",
        )
        known = before.set_index("subject_id")["value"].astype("Float64")
        baseline = rows["subject_id"].map(known).to_numpy(dtype=np.float64, na_value=np.nan)
        absent_baseline = int(rows.loc[np.isnan(baseline), "subject_id"].nunique())
        if missing_baseline == "mean" and absent_baseline and known.notna().any():
            baseline = np.where(np.isnan(baseline), float(known.mean()), baseline)
            note = f"{absent_baseline} missing baseline(s) replaced by the mean of all others"
    return RepeatedMeasures(
        rows["subject_id"],
        rows["planned_day"],
        rows["value"],
        rows["arm"],
        baseline=baseline,
        control=control,
        reason=rows["status"],
        note=note,
    )


def _numbered(labels: LabelArray) -> tuple[LabelArray, IntArray, IntArray]:
    """Return the sorted labels, a row of each, and the number of each row's label."""
    try:
        subjects, first, who = np.unique(labels, return_index=True, return_inverse=True)
    except TypeError:
        raise InvalidArgument("subject must be labels of one kind, such as texts or whole numbers") from None
    return subjects, first.astype(np.int64), who.astype(np.int64)


def _require_one_row(who: IntArray, column: IntArray, visits: FloatArray, subjects: LabelArray) -> None:
    cells, counts = np.unique(who * visits.size + column, return_counts=True)
    twice = cells[counts > 1]
    if twice.size:
        named = [f"{subjects[k // visits.size]} at {visits[k % visits.size]:g}" for k in twice]
        raise InvalidArgument(
            f"a subject must have one row a visit: {twice.size} have more ({name_some(named)}); "
            "take their mean, or the one nearest to the planned day"
        )


def _require_constant(
    values: FloatArray, who: IntArray, first: IntArray, labels: LabelArray, name: str
) -> None:
    refuse_subjects(np.asarray(values != values[first][who]), labels, f"{name} changes within a subject")


def _baseline_of(baseline: ArrayLike, who: IntArray, first: IntArray, labels: LabelArray) -> FloatArray:
    array = as_floats(baseline, "baseline")
    checks.same_length(who.size, baseline=array)
    refuse_subjects(
        ~np.isfinite(array),
        labels,
        "baseline must be known and finite (give those without the mean of all others, or none a baseline)",
    )
    _require_constant(array, who, first, labels, "baseline")
    return array[first]


def _reasons_of(reason: ArrayLike | None, value: FloatArray) -> LabelArray:
    """Return a reason for each row without a value, "" (or an event that gave it) for each with one."""
    missing = np.isnan(value)
    if reason is None:
        return np.where(missing, UNSTATED, "").astype(object)
    given = as_labels(reason, "reason")
    checks.same_length(value.size, reason=given)
    words = np.where(pd.isna(given), "", given.astype(object)).astype(object)
    known = np.isin(words.astype(str), [*REASONS, UNSTATED, *NONE])
    checks.rows_where(~known, f"reason must be one of {name_some([*REASONS, UNSTATED], shown=9)}, or empty")
    none = np.isin(words.astype(str), NONE)
    contradicts = ~missing & ~none & ~np.isin(words.astype(str), ASSIGNED)
    checks.rows_where(contradicts, "a row with a value must not say why it is missing")
    checks.rows_where(missing & (words == "observed"), "a row without a value must not be observed")
    return np.where(none, np.where(missing, UNSTATED, ""), words)


def _told_apart(values: FloatArray, reasons: LabelArray) -> LabelArray:
    """Return the reasons, those not stated being missed where a later value is known, else dropout."""
    known = ~np.isnan(values)
    later = np.flip(np.maximum.accumulate(np.flip(known, axis=1), axis=1), axis=1)
    return np.where(reasons == UNSTATED, np.where(later, "missed", "dropout"), reasons)


def _refuse_later_values(data: RepeatedMeasures) -> None:
    """Refuse subjects with an observed value after death or dropout."""
    seen = data.observed & (data.reason == "")
    for reason in ("death", "dropout"):
        before = np.maximum.accumulate(data.reason == reason, axis=1)
        who = np.asarray((seen & before).any(axis=1))
        refuse_subjects(who, data.subjects, f"values are observed after {reason}")
