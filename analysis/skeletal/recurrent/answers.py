"""The four usual answers to one question on recurrent events with death, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import isnan
from typing import TYPE_CHECKING

import pandas as pd

from .. import checks
from ..arm_contrast import positive_time, two_arms
from .andersen_gill import andersen_gill
from .answers_ratio import arm_ratio, estimate_or_reason, ratio_words
from .answers_survival import survival_of_arms
from .ghosh_lin import ghosh_lin
from .while_alive import while_alive_contrast

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from ..arrays import TimeUnit
    from ..data import RecurrentEvents
    from ..results import Estimate

CENSORING = "a death ends the time at risk as a censoring does, so that only those still alive are compared"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecurrentAnswer:
    """One answer: what it estimates, the ratio, and how to read it.

    Attributes
    ----------
    name : str
        Of the method.
    estimand : str
        What the ratio is a ratio of, in one sentence.
    death : str
        What the method does with death.
    use : str
        When it is the answer.
    result : Estimate
        The ratio, experimental over control, with limits and p-value; ``std_error`` on the log scale.
    """

    name: str
    estimand: str
    death: str
    use: str
    result: Estimate

    @property
    def sentence(self) -> str:
        """The estimand with the ratio, its limits and its p-value."""
        return f"{self.name}: {self.estimand}: {ratio_words(self.result)}."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecurrentAnswers:
    """Four ratios of recurrent events, and the survival beside which they are to be read.

    Attributes
    ----------
    andersen_gill, lwyy, ghosh_lin, while_alive : RecurrentAnswer
        The answers.
    survival : DataFrame
        One row an arm, control first: ``arm``, ``n_subjects``, ``n_deaths``, and ``time_alive`` with
        ``time_alive_lower`` and ``time_alive_upper``, the restricted mean time alive up to the horizon.
    survival_difference : Estimate
        Of those mean times, experimental minus control.
    horizon : float
        Up to which time the while-alive rate and the mean time alive count.
    time_unit : str
        Unit of the horizon and of the mean times.
    """

    andersen_gill: RecurrentAnswer
    lwyy: RecurrentAnswer
    ghosh_lin: RecurrentAnswer
    while_alive: RecurrentAnswer
    survival: pd.DataFrame
    survival_difference: Estimate
    horizon: float
    time_unit: TimeUnit

    @property
    def answers(self) -> tuple[RecurrentAnswer, ...]:
        """The four answers in the order of the fields."""
        return self.andersen_gill, self.lwyy, self.ghosh_lin, self.while_alive

    @property
    def frame(self) -> pd.DataFrame:
        """One row an answer, by its name: estimand, ratio, limits, p-value, death, use and method."""
        numbers = ("estimate", "std_error", "lower", "upper", "p_value")
        rows = [
            {"estimand": one.estimand}
            | {number: getattr(one.result, number) for number in numbers}
            | {"death": one.death, "use": one.use, "method": one.result.method}
            for one in self.answers
        ]
        return pd.DataFrame(rows, index=pd.Index([one.name for one in self.answers], name="answer"))

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence an answer, then one on the survival of the arms."""
        return (*(one.sentence for one in self.answers), self.survival_note)

    @property
    def survival_note(self) -> str:
        """How the arms differ in survival, where the answers part."""
        rows = list(self.survival.itertuples(index=False))
        deaths = " and ".join(f"{row.n_deaths} of {row.n_subjects} in {row.arm}" for row in rows)
        alive = " and ".join(f"{row.time_alive:.4g} in {row.arm}" for row in rows)
        gap = self.survival_difference
        times = (
            f"the mean time alive up to {self.horizon:g} {self.time_unit} is not estimable"
            if isnan(gap.estimate)
            else f"of {self.horizon:g} {self.time_unit} the mean time alive is {alive} (difference "
            f"{gap.estimate:.4g}, {gap.conf_level:.0%} limits {gap.lower:.4g} to {gap.upper:.4g})"
        )
        return (
            f"Survival: {deaths} died; {times}. Where survival differs the answers part: deaths leave fewer "
            "events in the mean of all (Ghosh-Lin), and none of that shows in rates among those alive."
        )


def recurrent_answers(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    horizon: float,
    control: object = None,
    conf_level: float = 0.95,
) -> RecurrentAnswers:
    """Ratio of recurrent events of two arms by Andersen-Gill, LWYY, Ghosh-Lin and while-alive, side by side.

    Use it when a protocol is written, to see which of the answers is meant, and in a report beside the one
    that was fixed.  Not to choose among them by their p-values.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    arm : array_like of shape (n,)
        Labels of two arms, constant within a subject.
    horizon : float
        Positive time, in ``data.time_unit``, up to which the while-alive rate and the mean time alive count;
        the other three use all of the follow-up.
    control : label, optional
        The reference; default the first in sorted order.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    RecurrentAnswers
        ``frame`` has one row an answer, ``sentences`` one sentence an answer and one on survival,
        ``survival`` the deaths and mean times alive.  A ratio that a method cannot estimate is NaN, and its
        ``method`` says why.

    Raises
    ------
    InvalidArgument
        Other than two arms, labels missing, an arm that varies within a subject; a ``horizon`` that is no
        positive number; ``conf_level`` outside (0, 1).

    Notes
    -----
    Andersen-Gill and LWYY are one estimate, the coefficient of Cox's model for rows (start, stop] with
    Efron's rule for ties: the first with the standard error from the information, which takes the rate as
    unmoved by earlier events, the second with the robust one by subject.  See :func:`andersen_gill`,
    :func:`ghosh_lin`, :func:`while_alive_contrast` and :func:`skeletal.survival.restricted_mean`.

    R: ``survival::coxph(..., cluster = id)``, ``mets::recreg``, ``WA::WA_fit``.  SAS: ``PROC PHREG`` with
    ``COVS(AGGREGATE)``; the others by macro.

    References
    ----------
    Andersen and Gill (1982), Ann Stat 10, 1100-1120; Lin, Wei, Yang and Ying (2000), J R Stat Soc B 62,
    711-730; Ghosh and Lin (2002), Stat Sin 12, 663-688; Schmidli, Roger and Akacha (2023), Stat Biopharm Res
    15, 238-248; Mao (2023), Biometrics 79, 1749-1760.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "b", "c", "d", "d", "e"],
    ...     [0, 30, 0, 20, 0, 0, 45, 0],
    ...     [30, 90, 20, 80, 95, 45, 100, 70],
    ...     [1, 0, 1, 1, 0, 1, 0, 2],
    ... )
    >>> answers = recurrent_answers(data, list("CCCCEEEE"), horizon=60)
    >>> answers.frame["estimate"].round(3).to_dict()
    {'Andersen-Gill': 0.244, 'LWYY': 0.244, 'Ghosh-Lin': 0.222, 'while-alive': 0.333}
    >>> answers.lwyy.sentence.split(": ")[2]
    '0.244 (95% limits 0.0525 to 1.13, p = 0.072).'
    """
    checks.probability(conf_level, "conf_level")
    limit = positive_time(horizon, "horizon")
    codes, labels = two_arms(arm, data.stop.size, control)
    survival, difference = survival_of_arms(data, codes, labels, limit, conf_level)
    covariate = pd.DataFrame({"arm": codes})
    words = f"{labels[1]} over {labels[0]}"

    def answer(compute: Callable[[], Estimate]) -> Estimate:
        result = estimate_or_reason(compute, conf_level)
        return replace(result, method=f"{words}, std_error on the log scale; {result.method}")

    rows_model = cache(lambda: andersen_gill(data, covariate))

    def rates(*, naive: bool) -> Estimate:
        return answer(lambda: arm_ratio(rows_model(), conf_level, naive=naive))

    return RecurrentAnswers(
        andersen_gill=RecurrentAnswer(
            name="Andersen-Gill",
            estimand=f"the ratio of the intensities, {words}, of a next event among those alive, if earlier "
            "events do not change them",
            death=CENSORING,
            use="where events are independent of each other; beside LWYY it shows what dependence costs",
            result=rates(naive=True),
        ),
        lwyy=RecurrentAnswer(
            name="LWYY",
            estimand=f"the ratio of the mean rates of events, {words}, among those alive at each time",
            death=CENSORING,
            use="for the rate of events while alive, where it is proportional and survival hardly differs",
            result=rates(naive=False),
        ),
        ghosh_lin=RecurrentAnswer(
            name="Ghosh-Lin",
            estimand=f"the ratio of the mean numbers of events up to any time, {words}, in all subjects, of "
            "whom the dead have no more",
            death="a death stops the count: who died is known to have no further events",
            use="for the number of events that a subject must expect; an arm may have fewer because it dies "
            "earlier, so survival belongs beside it",
            result=answer(lambda: arm_ratio(ghosh_lin(data, covariate), conf_level)),
        ),
        while_alive=RecurrentAnswer(
            name="while-alive",
            estimand=f"the ratio, {words}, of the expected number of events over the expected time alive, "
            f"both up to {limit:g} {data.time_unit}",
            death="a death ends both the count and the time alive",
            use="for events per time alive where survival differs or rates are not proportional; it needs a "
            "horizon, fixed in advance",
            result=answer(
                lambda: while_alive_contrast(
                    data, arm, horizon=limit, control=labels[0], kind="ratio", conf_level=conf_level
                )
            ),
        ),
        survival=survival,
        survival_difference=difference,
        horizon=limit,
        time_unit=data.time_unit,
    )
