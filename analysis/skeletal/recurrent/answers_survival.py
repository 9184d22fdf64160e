"""How two arms of recurrent events differ in survival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..arm_contrast import named_arms
from ..data import RightCensored
from ..survival import restricted_mean, restricted_mean_contrast
from .rate_regression_totals import subject_totals

if TYPE_CHECKING:
    from ..arrays import IntArray
    from ..data import RecurrentEvents
    from ..results import Estimate


def survival_of_arms(
    data: RecurrentEvents, codes: IntArray, labels: tuple[object, ...], horizon: float, conf_level: float
) -> tuple[pd.DataFrame, Estimate]:
    """Return subjects, deaths and mean time alive up to ``horizon`` of each arm, and the difference.

    ``codes`` is the arm of each row, 0 control and 1 experimental.
    """
    totals = subject_totals(data)
    arm = totals.values_of(codes[:, None].astype(np.float64), ("arm",))[:, 0]
    entry, time, dead = np.full(arm.size, np.inf), np.zeros(arm.size), np.zeros(arm.size)
    np.minimum.at(entry, totals.number, data.start)
    np.maximum.at(time, totals.number, data.stop)
    np.maximum.at(dead, totals.number, (data.status == 2).astype(np.float64))
    entered = bool(entry.any())

    def alive(which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> RightCensored:
        return RightCensored(
            time[which], dead[which], entry=entry[which] if entered else None, time_unit=data.time_unit
        )

    rows = []
    for code, label in enumerate(labels):
        mean = restricted_mean(alive(arm == code), horizon=horizon, conf_level=conf_level)
        rows.append(
            {
                "arm": label,
                "n_subjects": int((arm == code).sum()),
                "n_deaths": int(dead[arm == code].sum()),
                "time_alive": mean.estimate,
                "time_alive_lower": mean.lower,
                "time_alive_upper": mean.upper,
            }
        )
    contrast = restricted_mean_contrast(
        alive(np.ones(arm.size, dtype=np.bool_)),
        named_arms(arm.astype(np.int64), labels),
        horizon=horizon,
        control=labels[0],
        conf_level=conf_level,
    )
    return pd.DataFrame(rows), contrast
