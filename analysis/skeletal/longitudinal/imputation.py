"""Multiple imputation of missing visits, within each arm."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..errors import InvalidArgument, NotEstimable
from ..results import freeze_arrays
from .imputation_draws import ArmValues, fill_tails, regressions
from .visits import REASONS

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray
    from .visits import RepeatedMeasures

ImputationMethod = Literal["mar", "copy-reference"]
N_ITERATIONS = 100


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImputedValues:
    """Data completed several times.

    Attributes
    ----------
    data : RepeatedMeasures
        As it was.
    value : ndarray of shape (n_imputations, n_subjects, m)
        Completed values; NaN where a missing value is not imputed.
    imputed : ndarray of shape (n_subjects, m)
        Where a value is imputed.
    method : str
        What a reader must know to repeat the draws.
    """

    data: RepeatedMeasures
    value: FloatArray
    imputed: BoolArray
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def n_imputations(self) -> int:
        """Number of completed data sets."""
        return len(self.value)

    def completed(self, number: int) -> RepeatedMeasures:
        """Return the completed data set of this number, from 0."""
        if not 0 <= number < self.n_imputations:
            raise InvalidArgument(f"number must lie between 0 and {self.n_imputations - 1}, got {number}")
        return self.data.with_values(self.value[number])


def impute(
    data: RepeatedMeasures,
    *,
    n_imputations: int,
    seed: int,
    method: ImputationMethod = "mar",
    impute_structural: bool = False,
) -> ImputedValues:
    """Complete the missing visits several times by draws from regressions on what came before.

    Use it before an analysis that needs complete values (responders, ANCOVA) or for a sensitivity analysis;
    for differences of means under missing at random the mixed model gives the same without simulation.

    Parameters
    ----------
    data : RepeatedMeasures
        Values at visits, two arms.
    n_imputations : int
        Number of completed data sets; 50 or more for a stable p-value.
    seed : int
        Of the random numbers; the order of the rows does not matter.
    method : {"mar", "copy-reference"}
        ``mar``: missing at random within the arm.  ``copy-reference``: from the last value on, subjects of
        the experimental arm follow the regressions of the control arm (a loss of benefit).
    impute_structural : bool
        Whether to impute visits that were not to be collected by design (as had the event not happened).

    Returns
    -------
    ImputedValues
        Values after death are never imputed.  With no missing value all data sets are the data.

    Raises
    ------
    InvalidArgument
        ``n_imputations`` or ``seed`` not whole or too small; unknown ``method``.
    NotEstimable
        An arm with too few values at a visit for its regression, or with terms that determine each other.

    Notes
    -----
    By arm and visit in order: value = intercept + baseline + covariates + values of all earlier visits,
    normal errors; sigma^2 = RSS/chi-square(n - p), then coefficients from their normal posterior, then the
    values (Rubin 1987, page 167).  That is exact where the pattern is monotone.  Values missing before a
    subject's last one (gaps) are drawn given all the subject's others, in turn with the regressions, in 100
    rounds of one chain an imputation (monotone data augmentation, Schafer 1997, section 6.5, one value at a
    time).  A visit whose known values the terms before it determine (all the same, or the baseline carried
    on) is no term of the regressions after it.  Visits that are not imputed serve inside the chain and are
    NaN in the result.

    R: ``mice::mice(method = "norm")`` by arm (monotone pattern), ``rbmi``.  SAS: ``PROC MI; BY arm; MCMC
    IMPUTE=MONOTONE``, then ``MONOTONE REG``.

    References
    ----------
    Rubin, Multiple Imputation for Nonresponse in Surveys (1987); Schafer, Analysis of Incomplete Multivariate
    Data (1997); Carpenter, Roger and Kenward, Journal of Biopharmaceutical Statistics 23 (2013), 1352-1371.
    """
    _require_whole(n_imputations, "n_imputations", 1)
    _require_whole(seed, "seed", 0)
    checks.option(method, ImputationMethod, "method")
    known = data.observed[data.observed]
    mask = _to_impute(data, impute_structural)
    if not known.size:
        raise NotEstimable("no subject has a value at any visit: there is nothing to impute from")
    if not mask.any():
        values = np.repeat(data.value[None], n_imputations, axis=0)
    else:
        values = _completed(data, mask, n_imputations, seed, method)
    whole = np.where(data.observed, data.value, np.where(mask, values, np.nan))
    return ImputedValues(data=data, value=whole, imputed=mask, method=_words(data, mask, method, seed))


def _require_whole(value: int, name: str, least: int) -> None:
    if not isinstance(value, (Integral, np.integer)) or isinstance(value, bool) or value < least:
        raise InvalidArgument(f"{name} must be a whole number of at least {least}, got {value!r}")


def _to_impute(data: RepeatedMeasures, structural: bool) -> BoolArray:
    """Return which missing values are imputed."""
    never = ["death"] if structural else ["death", "structural"]
    return np.asarray(~data.observed & ~np.isin(data.reason.astype(str), never))


def _completed(
    data: RepeatedMeasures, mask: BoolArray, n_imputations: int, seed: int, method: str
) -> FloatArray:
    """Return values with those in ``mask`` drawn, and others on the way to them; shape (K, n, m)."""
    known = data.observed[data.observed]
    centre, scale = float(known.mean()), float(known.std()) or 1.0
    rng = np.random.default_rng(seed)
    before = np.column_stack([np.ones(data.n_subjects), *_standardised(data)])
    labels = [f"{visit:g}" for visit in data.visits]
    arms = [
        ArmValues(
            value=(data.value[data.arm == code] - centre) / scale,
            before=before[data.arm == code],
            label=label,
            visits=labels,
        )
        for code, label in enumerate(data.arms)
    ]
    wanted = [mask[data.arm == code] for code in (0, 1)]
    tails = [arm.tails(cells) for arm, cells in zip(arms, wanted, strict=True)]
    if method == "copy-reference":
        tails = [tails[0] | tails[1], np.zeros_like(tails[1])]
    needed = [
        own | arm.around_gaps() if own.any() or (cells & arm.gaps).any() else own
        for arm, own, cells in zip(arms, tails, wanted, strict=True)
    ]
    found = [
        regressions(rng, arm, own, n_imputations, N_ITERATIONS) for arm, own in zip(arms, needed, strict=True)
    ]
    result = np.empty((n_imputations, *data.value.shape))
    for code, (arm, (values, draws)) in enumerate(zip(arms, found, strict=True)):
        fill_tails(rng, arm, values, found[0][1] if method == "copy-reference" else draws)
        result[:, data.arm == code] = values
    return result * scale + centre


def _standardised(data: RepeatedMeasures) -> list[FloatArray]:
    """Return baseline and covariates less their mean, in standard deviations."""
    columns = [] if data.baseline is None else [data.baseline]
    columns += [data.covariates[:, j] for j in range(len(data.covariate_names))]
    return [(column - column.mean()) / (float(column.std()) or 1.0) for column in columns]


def _words(data: RepeatedMeasures, mask: BoolArray, method: str, seed: int) -> str:
    """Say what is imputed and what is not."""
    missing = ~data.observed

    def counts(where: BoolArray) -> str:
        found = {name: int((where & (data.reason == name)).sum()) for name in REASONS}
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.items() if count)

    note = [data.note] if data.note else []
    if not missing.any():
        return "; ".join(["no value is missing", *note])
    model = (
        "normal regressions on baseline, covariates and earlier visits within arm (missing at random)"
        if method == "mar"
        else f"normal regressions on baseline, covariates and earlier visits, {data.arms[1]} from its last "
        f"value on by those of {data.arms[0]} (copy reference)"
    )
    parts = [f"imputed ({counts(mask)}) by {model}, seed {seed}"] if mask.any() else []
    left = missing & ~mask
    parts += [f"not imputed: {counts(left)}"] if left.any() else []
    return "; ".join(parts + note)
