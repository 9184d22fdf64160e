"""The time axis of a curve: unit, ticks and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skeletal.errors import InvalidArgument
from skeletal_reports.tables.format import format_number
from skeletal_reports.tables.result_values import UNIT_DAYS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skeletal.arrays import FloatArray
    from skeletal.study import Study
    from skeletal_reports.tables.result_values import DisplayUnit

STEPS: dict[DisplayUnit, tuple[int, ...]] = {
    "days": (7, 14, 30, 90, 180, 365, 730),
    "months": (1, 2, 3, 6, 12, 24, 60),
    "years": (1, 2, 5, 10),
}
MOST_TICKS = 9
REACH = 0.95  # a time that reaches so much of the observation can end the axis: day 365 serves for day 366
LEAST_GAP = 1 / 14  # of the axis, so that the columns of numbers at risk stay apart


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAxis:
    """Where a curve is labelled and its subjects at risk are counted.

    Attributes
    ----------
    times : tuple of float
        Days from time zero, increasing, the first 0: ticks and columns of numbers at risk.
    unit : {"days", "months", "years"}
        Unit shown; a month is 30.4375 days, a year 365.25.
    zero_label : str
        Words for time zero.
    """

    times: tuple[float, ...]
    unit: DisplayUnit = "months"
    zero_label: str = "randomisation"

    def __post_init__(self) -> None:
        if len(self.times) < 2 or self.times[0] != 0 or np.any(np.diff(self.times) <= 0):
            raise InvalidArgument(
                f"times of an axis must start at 0 and increase, got {', '.join(map(str, self.times))}"
            )

    def scale(self, days: ArrayLike) -> FloatArray:
        """Return ``days`` in the unit shown."""
        return np.asarray(days, dtype=np.float64) / UNIT_DAYS[self.unit]

    @property
    def positions(self) -> FloatArray:
        """Places of the ticks in the unit shown."""
        return self.scale(self.times)

    @property
    def tick_labels(self) -> tuple[str, ...]:
        """Words at the ticks: the whole number that a visit is named by, else one decimal."""
        return tuple(
            format_number(value, 0 if abs(value - round(value)) < 0.05 else 1) for value in self.positions
        )

    @property
    def label(self) -> str:
        """Words under the axis."""
        return f"{self.unit.capitalize()} since {self.zero_label}"


def time_axis(study: Study, last_time: float, *, zero_label: str | None = None) -> TimeAxis:
    """Choose the axis of a study's curves: its declared times, else its visits, else even steps.

    The axis ends at the first such time that reaches ``last_time``, but for a twentieth, so that an early
    look is not shown as an empty plot.

    Parameters
    ----------
    study : Study
        Gives the unit, the times and the words for time zero.
    last_time : float
        Day of the last observation drawn.
    zero_label : str, optional
        Words for time zero where an endpoint has its own.

    Returns
    -------
    TimeAxis
        The axis.
    """
    unit = study.report.display_unit
    declared = study.report.at_risk_times or tuple(visit.day for visit in study.visits)
    times = sorted({0.0, *map(float, declared)})
    reached = [place for place, time in enumerate(times) if time >= REACH * last_time]
    kept = _thinned(times[: max(reached[0], 1) + 1]) if len(times) > 1 and reached else _even(last_time, unit)
    return TimeAxis(times=tuple(kept), unit=unit, zero_label=zero_label or study.time_zero_label)


def _thinned(times: list[float]) -> list[float]:
    """Leave out times whose columns would run into each other; the last stays."""
    least = times[-1] * LEAST_GAP
    kept = [times[0]]
    for time in times[1:-1]:
        if time - kept[-1] >= least and times[-1] - time >= least:
            kept.append(time)
    return [*kept, times[-1]]


def _even(last_time: float, unit: DisplayUnit) -> list[float]:
    """Whole days at even steps of the unit, at most nine, up to the last time or just past it."""
    length = max(last_time / UNIT_DAYS[unit], 1e-9)
    fitting = [step for step in STEPS[unit] if length / step <= MOST_TICKS - 1]
    step = fitting[0] if fitting else int(np.ceil(length / (MOST_TICKS - 1)))
    n_steps = max(int(np.ceil(length / step - 0.05)), 1)
    return [float(round(place * step * UNIT_DAYS[unit])) for place in range(n_steps + 1)]
