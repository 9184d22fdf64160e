"""Responders at a visit: who responds, who is counted, and the contrast of two arms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..errors import InvalidArgument, NotEstimable, name_some
from ..proportions import odds_ratio, risk_difference, risk_ratio
from ..results import Estimate
from .imputed_contrast import visit_number
from .visits import REASONS

if TYPE_CHECKING:
    from ..arrays import BoolArray
    from .visits import RepeatedMeasures

ResponseOf = Literal["value", "change"]
Direction = Literal["at_most", "at_least"]
MissingResponse = Literal["nonresponse", "observed"]
DeathResponse = Literal["nonresponse", "excluded"]
ResponseKind = Literal["difference", "ratio", "odds-ratio"]


def responder_contrast(  # noqa: PLR0913  (what a response is, who counts, what is compared)
    data: RepeatedMeasures,
    *,
    visit: float,
    threshold: float | None = None,
    direction: Direction = "at_most",
    of: ResponseOf = "value",
    missing: MissingResponse = "nonresponse",
    death: DeathResponse = "nonresponse",
    kind: ResponseKind = "difference",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference (or ratio, or odds ratio) of the proportions of responders of two arms at a visit.

    Use it for a clinically meaningful response; with many missing values "nonresponse" is a strong
    assumption and not always against the experimental arm: compare with "observed" and with imputation.

    Parameters
    ----------
    data : RepeatedMeasures
        Values at visits, two arms.
    visit : float
        The visit, one of the data's.
    threshold : float, optional
        A response is a value (or change) at most, or at least, this; without it values must be 0 or 1.
    direction : {"at_most", "at_least"}
        Side of ``threshold`` on which a response lies, ``threshold`` included.
    of : {"value", "change"}
        What is compared with ``threshold``; the change is value less baseline.
    missing : {"nonresponse", "observed"}
        Subjects without a value: no responders, or left out.  Those whose visit is not due are left out.
    death : {"nonresponse", "excluded"}
        Subjects who died before the visit, without a value: no responders, or left out.
    kind : {"difference", "ratio", "odds-ratio"}
        Experimental less (over) control.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        Limits and test by the score method of Miettinen and Nurminen; ``method`` has the counts.

    Raises
    ------
    InvalidArgument
        A visit that is none, values other than 0 and 1 without ``threshold``, a change without baseline.
    NotEstimable
        An arm in which nobody is counted.

    Notes
    -----
    R: ``DescTools::BinomDiffCI(method = "mn")``.  SAS: ``PROC FREQ; TABLES arm*response / RISKDIFF(CL=MN)``.

    Examples
    --------
    >>> from skeletal.longitudinal import RepeatedMeasures
    >>> nan = float("nan")
    >>> data = RepeatedMeasures(range(6), [90] * 6, [2, 5, nan, 1, 1, 4], list("cccttt"))
    >>> found = responder_contrast(data, visit=90, threshold=2)
    >>> round(found.estimate, 4), found.method[:76]
    (0.3333, 'responders at visit 90 (value at most 2), t minus c: 2 of 3 against 1 of 3; ')
    """
    for value, allowed, name in (
        (missing, MissingResponse, "missing"),
        (death, DeathResponse, "death"),
        (kind, ResponseKind, "kind"),
    ):
        checks.option(value, allowed, name)
    counts = responder_counts(data, visit=visit, threshold=threshold, direction=direction, of=of)
    added = ["n_value"]
    added += ["n_death"] if death == "nonresponse" else []
    added += [f"n_{name}" for name in REASONS if name not in ("death", "not_due")] * (
        missing == "nonresponse"
    )
    totals = counts[added].sum(axis=1).to_numpy(dtype=np.int64)
    events = counts["n_responders"].to_numpy(dtype=np.int64)
    empty = [arm for arm, total in zip(data.arms, totals, strict=True) if total == 0]
    if empty:
        raise NotEstimable(f"nobody of arm {name_some(empty)} is counted at visit {visit:g}")
    found = {
        "difference": risk_difference,
        "ratio": risk_ratio,
        "odds-ratio": odds_ratio,
    }[kind](events, totals, method="miettinen-nurminen", conf_level=conf_level)
    return Estimate(
        estimate=found.estimate,
        std_error=found.std_error,
        lower=found.lower,
        upper=found.upper,
        conf_level=conf_level,
        p_value=found.p_value,
        method=f"{_what(data, visit, threshold, direction, of, kind)}: {events[1]} of {totals[1]} against "
        f"{events[0]} of {totals[0]}; {_counted(counts, added)}; {found.method}"
        + (f"; {data.note}" if data.note else ""),
    )


def responder_counts(
    data: RepeatedMeasures,
    *,
    visit: float,
    threshold: float | None = None,
    direction: Direction = "at_most",
    of: ResponseOf = "value",
) -> pd.DataFrame:
    """Count the responders, the others with a value and those without one, by arm.

    Parameters
    ----------
    data, visit, threshold, direction, of
        As :func:`responder_contrast`.

    Returns
    -------
    DataFrame
        ``arm n_subjects n_responders n_value n_dropout n_missed n_death n_intercurrent n_structural
        n_not_due``, control first; n_subjects is n_value and the counts after it together.

    Raises
    ------
    InvalidArgument
        As :func:`responder_contrast`.
    """
    column = visit_number(data, visit)
    response = _responses(data, column, threshold, direction, of)
    rows = []
    for code, arm in enumerate(data.arms):
        mine = data.arm == code
        known, reasons = data.observed[mine, column], data.reason[mine, column]
        counts = {f"n_{name}": int((~known & (reasons == name)).sum()) for name in REASONS}
        rows.append(
            {
                "arm": arm,
                "n_subjects": int(mine.sum()),
                "n_responders": int(response[mine].sum()),
                "n_value": int(known.sum()),
                **counts,
            }
        )
    return pd.DataFrame(rows)


def _responses(
    data: RepeatedMeasures, column: int, threshold: float | None, direction: Direction, of: ResponseOf
) -> BoolArray:
    """Return who responds; those without a value do not."""
    checks.option(direction, Direction, "direction")
    checks.option(of, ResponseOf, "of")
    values = data.value[:, column]
    known = ~np.isnan(values)
    if of == "change":
        if data.baseline is None or threshold is None:
            raise InvalidArgument("of='change' needs a baseline in the data, and a threshold")
        values = values - data.baseline
    if threshold is None:
        wrong = known & ~np.isin(values, (0, 1))
        if wrong.any():
            raise InvalidArgument(
                f"without a threshold values must be 0 or 1: {int(wrong.sum())} are not "
                f"(of {name_some(data.subjects[wrong])})"
            )
        return np.asarray(known & (values == 1))
    limit = checks.finite(threshold, "threshold")
    inside = np.where(known, values, np.nan)
    return np.asarray(known & (inside <= limit if direction == "at_most" else inside >= limit))


def _what(
    data: RepeatedMeasures,
    visit: float,
    threshold: float | None,
    direction: Direction,
    of: ResponseOf,
    kind: ResponseKind,
) -> str:
    rule = "value 1" if threshold is None else f"{of} {direction.replace('_', ' ')} {threshold:g}"
    between = "minus" if kind == "difference" else "over"
    return f"responders at visit {visit:g} ({rule}), {data.arms[1]} {between} {data.arms[0]}"


def _counted(counts: pd.DataFrame, added: list[str]) -> str:
    """Say which subjects without a value are no responders, and which are left out; control first."""
    parts = {True: [], False: []}  # type: dict[bool, list[str]]
    for name in (f"n_{reason}" for reason in REASONS):
        control, experimental = (int(count) for count in counts[name])
        if control or experimental:
            parts[name in added].append(f"{experimental} and {control} {name[2:].replace('_', ' ')}")
    words = [
        f"{what}: {', '.join(found)}"
        for what, found in (("counted as no response", parts[True]), ("left out", parts[False]))
        if found
    ]
    return "; ".join(words) or "everybody has a value"
