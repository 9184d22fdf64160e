"""Who is missing at which visit, and why: by design, by death, for good, or for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .visits import REASONS

if TYPE_CHECKING:
    from .visits import RepeatedMeasures

NOT_EXPECTED = ("death", "structural", "not_due")
UNREAL = {"death": "death", "structural": "the end of collection by design"}


def missing_visits(data: RepeatedMeasures) -> pd.DataFrame:
    """Count the subjects with and without a value by arm and visit, and the reasons.

    Use it before every analysis of repeated measures: a mixed model takes all missing values as missing at
    random, which is no assumption one may make of those that were never to be collected.

    Parameters
    ----------
    data : RepeatedMeasures
        Values at visits, two arms.

    Returns
    -------
    DataFrame
        ``arm visit n_subjects n_expected n_observed n_assigned n_dropout n_missed n_death n_intercurrent
        n_structural n_not_due completeness``, control first.  ``n_expected``: subjects less death,
        structural and not_due without a value.  ``n_assigned``: values given to a death or intercurrent
        event; n_observed the others.  n_subjects is the sum of all counts from n_observed on.
        ``completeness`` is the share of those expected who have a value, NaN where nobody is expected.

    Notes
    -----
    dropout: no value here and at all later visits; missed: a later value is known (intermittent), unless
    the data states the reason.  R: ``mice::md.pattern`` (without reasons).  SAS: PROC MI, NIMPUTE=0.

    Examples
    --------
    >>> from skeletal.longitudinal import RepeatedMeasures
    >>> nan = float("nan")
    >>> data = RepeatedMeasures(list("aabb"), [1, 2, 1, 2], [3, nan, nan, 4], list("xxyy"))
    >>> missing_visits(data)[["arm", "visit", "n_observed", "n_dropout", "n_missed"]].values.tolist()
    [['x', 1.0, 1, 0, 0], ['x', 2.0, 0, 1, 0], ['y', 1.0, 0, 0, 1], ['y', 2.0, 1, 0, 0]]
    """
    rows = []
    for code, arm in enumerate(data.arms):
        values = data.observed[data.arm == code]
        reasons = data.reason[data.arm == code]
        for j, visit in enumerate(data.visits):
            known, why = values[:, j], reasons[:, j]
            assigned = int((known & (why != "")).sum())
            missing = {name: int((~known & (why == name)).sum()) for name in REASONS}
            expected = known.size - sum(missing[name] for name in NOT_EXPECTED)
            rows.append(
                {
                    "arm": arm,
                    "visit": float(visit),
                    "n_subjects": known.size,
                    "n_expected": expected,
                    "n_observed": int(known.sum()) - assigned,
                    "n_assigned": assigned,
                    **{f"n_{name}": count for name, count in missing.items()},
                    "completeness": float(known.sum()) / expected if expected else np.nan,
                }
            )
    return pd.DataFrame(rows)


def missing_words(data: RepeatedMeasures) -> str:
    """Say how many values are missing, by reason, and what a model makes of those that cannot be."""
    missing = ~data.observed
    counts = {name: int((missing & (data.reason == name)).sum()) for name in REASONS}
    parts = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    if not parts:
        return "; ".join(["no value is missing", *[data.note] * bool(data.note)])
    words = f"{int(missing.sum())} of {missing.size} values missing ({', '.join(parts)})"
    unreal = [text for name, text in UNREAL.items() if counts[name]]
    if unreal:
        words += f"; those after {' and '.join(unreal)} are treated as if they could have been collected"
    return "; ".join([words, *[data.note] * bool(data.note)])
