"""Win ratio of death and events that recur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arm_contrast import two_arms
from ..covariates import label_codes
from ..data.checked import refuse_subjects
from ..kernels.pairs_recurrent import FIRST_EVENT, LAST_EVENT, count_recurrent
from .comparison import Comparison, RowCounts, permutation_test, project
from .strata import rows_by_stratum
from .win_results import StratumWeight, WinStatistics, score_words, win_results
from .win_statistics import STRATUM_WEIGHTS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import RecurrentEvents

RecurrentKind = Literal["last-event", "first-event", "naive"]
CODES = {"naive": 0, "first-event": FIRST_EVENT, "last-event": LAST_EVENT}
LABELS = {
    "naive": ("death", "number of events"),
    "first-event": ("death", "number of events", "first event"),
    "last-event": ("death", "number of events", "last event"),
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Histories:
    """Follow-up, death and events of subjects in order of their follow-up."""

    end: FloatArray
    died: BoolArray
    first: IntArray
    events: FloatArray

    @property
    def arguments(self) -> tuple[FloatArray, BoolArray, IntArray, FloatArray]:
        """What the kernel takes of a group."""
        return self.end, self.died, self.first, self.events


def recurrent_win_ratio(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    stratum_weight: StratumWeight = "mantel-haenszel",
    kind: RecurrentKind = "last-event",
    conf_level: float = 0.95,
) -> WinStatistics:
    """Win ratio of death, then the number of events, then their time, each pair within its common follow-up.

    Use it where all skeletal events of a subject matter and death more than any; the win ratio of the first
    event ignores those that follow.

    Parameters
    ----------
    data : RecurrentEvents
        Rows (start, stop]; status 1 an event, 2 death.  A subject is followed until its last ``stop``.
    arm : array_like of shape (n,)
        Label of the arm of each row, one a subject; two labels.
    control : label, optional
        The reference arm; the first in sorted order by default.
    strata : array_like of shape (n,), optional
        Label of the stratum of each row, one a subject; only pairs within a stratum are compared.
    stratum_weight : {"mantel-haenszel", "size", "equal"}
        As in :func:`win_statistics`.
    kind : {"last-event", "first-event", "naive"}
        Of subjects with as many events: the one whose last (first) event came later wins; or nobody does.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    WinStatistics
        Priorities: death, number of events, and the time of the last or first event.

    Raises
    ------
    InvalidArgument
        Other than two arms, missing labels, a subject in two arms or strata, unknown options.
    NotEstimable
        No stratum with both arms.

    Notes
    -----
    The common follow-up of a pair ends with the first death or censoring.  Who died then, the other one
    still alive (a censoring at the same time counts as alive), loses.  Otherwise fewer events until then
    win, and with as many the later last (first) event.  Variance as in :func:`win_statistics`.  Time at risk
    plays no part: a row's ``start`` is not used, all subjects are followed from time 0.

    R: ``WR::WRrec(ID, time, status, trt)``: LWR, FWR and NWR (``naive = TRUE``).  SAS: none.

    References
    ----------
    Mao, Kim and Li (2022), Stat Methods Med Res 31, 1120-1134.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "b", "b"], [0, 30, 0, 50], [30, 90, 50, 80], [1, 0, 1, 2])
    >>> result = recurrent_win_ratio(data, ["new", "new", "old", "old"], control="old")
    >>> result.wins, result.losses
    (array([1., 0., 0.]), array([0., 0., 0.]))
    """
    checks.option(kind, RecurrentKind, "kind")
    checks.option(stratum_weight, StratumWeight, "stratum_weight")
    checks.probability(conf_level, "conf_level")
    number = data.subject_number
    row_arm, arms = two_arms(arm, number.size, control)
    _require_one(row_arm, data, number, "arm")
    n = int(number.max()) + 1
    codes = np.zeros(n, dtype=np.int64)
    codes[number] = row_arm
    groups, names, note = rows_by_stratum(_subject_strata(strata, data, number, n), codes)
    everybody = _histories(data, number, n)
    parts = [_compare(everybody, rows, codes[rows] == 1, kind) for rows in groups]
    versus = f"{arms[1]} against {arms[0]} (reference)"
    method = (
        f"{versus} by {' > '.join(LABELS[kind])} within the common follow-up; death comes before censoring "
        "at one time, variance by first-order projections"
    )
    if strata is not None:
        method += f"; {STRATUM_WEIGHTS[stratum_weight]}{note}"
    return win_results(
        parts,
        strata=names,
        labels=LABELS[kind],
        stratum_weight=stratum_weight,
        conf_level=conf_level,
        method=method,
        score_method=score_words(versus, stratified=strata is not None),
    )


def _require_one(codes: IntArray, data: RecurrentEvents, number: IntArray, name: str) -> None:
    """Refuse subjects with several labels."""
    order = np.argsort(number, kind="stable")
    changes = (np.diff(number[order]) == 0) & (np.diff(codes[order]) != 0)
    refuse_subjects(changes, data.subject[order][1:], f"{name} must be one label a subject")


def _subject_strata(
    strata: ArrayLike | None, data: RecurrentEvents, number: IntArray, n: int
) -> ArrayLike | None:
    if strata is None:
        return None
    codes, labels = label_codes(strata, number.size, "strata")
    _require_one(codes, data, number, "strata")
    by_subject = np.zeros(n, dtype=np.int64)
    by_subject[number] = codes
    return labels[by_subject]


def _histories(data: RecurrentEvents, number: IntArray, n: int) -> _Histories:
    """Return the history of each subject, in order of their numbers."""
    end, died = np.zeros(n), np.zeros(n, dtype=np.bool_)
    np.maximum.at(end, number, data.stop)
    died[number[data.status == 2]] = True
    rows = np.flatnonzero(data.status == 1)
    rows = rows[np.lexsort((data.stop[rows], number[rows]))]
    first = np.append(0, np.cumsum(np.bincount(number[rows], minlength=n)))
    return _Histories(end=end, died=died, first=first, events=data.stop[rows])


def _of(everybody: _Histories, subjects: IntArray) -> _Histories:
    """Return the histories of some subjects in order of their follow-up."""
    counts = everybody.first[subjects + 1] - everybody.first[subjects]
    first = np.append(0, np.cumsum(counts))
    rows = np.repeat(everybody.first[subjects] - first[:-1], counts) + np.arange(first[-1])
    return _Histories(
        end=everybody.end[subjects],
        died=everybody.died[subjects],
        first=first,
        events=everybody.events[rows],
    )


def _compare(
    everybody: _Histories, rows: IntArray, experimental: BoolArray, kind: RecurrentKind
) -> Comparison:
    """Compare the pairs of one stratum."""
    arms = [
        _of(everybody, subjects[np.argsort(everybody.end[subjects], kind="stable")])
        for subjects in (rows[experimental], rows[~experimental])
    ]
    between = [count_recurrent(*arms[g].arguments, *arms[1 - g].arguments, CODES[kind]) for g in (0, 1)]
    scores = []
    for arm, (won, lost) in zip(arms, between, strict=True):
        within = count_recurrent(*arm.arguments, *arm.arguments, CODES[kind])
        scores.append((won - lost + within[0] - within[1]).sum(axis=0).astype(np.float64))
    k = len(LABELS[kind])
    (wins, losses), (control_wins, control_losses) = (
        [c[:k].astype(np.float64) for c in pair] for pair in between
    )
    counts = RowCounts(experimental=(wins, losses), control=(control_losses, control_wins))
    return project(counts, permutation_test(*scores))
