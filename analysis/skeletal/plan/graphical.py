"""Several hypotheses tested in order along a graph that hands the level of the rejected on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal import checks
from skeletal.arrays import as_floats, as_numbers
from skeletal.errors import InvalidArgument, name_some
from skeletal.results import freeze_arrays

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from skeletal.arrays import BoolArray, FloatArray

    PValues = ArrayLike | Mapping[str, float]

ROUNDING = 1e-12  # relative: thirds of a level add up to the level
SURPLUS = 1e-9  # by which weights may exceed 1, for those written with ten digits


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MultipleTests:
    """Hypotheses of one family, tested so that the chance of any false rejection is at most ``alpha``.

    Arrays have one entry a hypothesis, in the order given.

    Attributes
    ----------
    names : tuple of str
        The hypotheses.
    p_value, adjusted_p_value : ndarray of shape (k,)
        As given; and the smallest ``alpha`` at which the procedure rejects.  NaN where there is no p-value.
    rejected : ndarray of shape (k,)
        Whether the adjusted p-value is at most ``alpha``.
    level : ndarray of shape (k,)
        Level at which each was rejected, or that it had when the procedure ended.
    alpha : float
        Level of the family.
    steps : DataFrame
        One row a rejection, in order: ``step hypothesis p_value level adjusted_p_value``.
    sentences : tuple of str
        The steps in words, and what was left.
    method : str
        What a reader must know to repeat the decisions.
    """

    names: tuple[str, ...]
    p_value: FloatArray
    adjusted_p_value: FloatArray
    rejected: BoolArray
    level: FloatArray
    alpha: float
    steps: pd.DataFrame
    sentences: tuple[str, ...]
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a hypothesis: ``hypothesis p_value adjusted_p_value level rejected``."""
        return pd.DataFrame(
            {
                "hypothesis": list(self.names),
                "p_value": self.p_value,
                "adjusted_p_value": self.adjusted_p_value,
                "level": self.level,
                "rejected": self.rejected,
            }
        )


def graphical(
    p_values: PValues, weights: PValues, transitions: object, *, alpha: float = 0.05
) -> MultipleTests:
    """Test hypotheses along a graph: each holds a share of the level and hands it on when it is rejected.

    Use it for primary and secondary endpoints, doses or definitions of one trial whose importance was fixed
    beforehand (gatekeeping).  It needs nothing of how the p-values depend on one another.

    Parameters
    ----------
    p_values : mapping, Series or array_like of shape (k,)
        By name (or H1, H2, ... in order); NaN where a test was not estimable.
    weights : mapping, Series or array_like of shape (k,)
        Shares of ``alpha`` at the start, at most 1 together.
    transitions : DataFrame, mapping of mappings or array_like of shape (k, k)
        Row: what share of its level a rejected hypothesis hands to which other; at most 1 a row, 0 to
        itself.  In mappings what is not named is 0.
    alpha : float
        Level of the family.

    Returns
    -------
    MultipleTests

    Raises
    ------
    InvalidArgument
        p-values outside [0, 1]; names that are missing, unknown or there twice; weights that are
        negative, all 0 or more than 1 together; transitions that are negative, from a hypothesis to itself or
        more than 1 a row; ``alpha`` outside (0, 1).

    Notes
    -----
    While some p <= weight alpha (weight > 0), the hypothesis j with the least p/weight is rejected and
    leaves: w_l becomes w_l + w_j g_jl, and g_lm becomes (g_lm + g_lj g_jm)/(1 - g_lj g_jl), 0 where the
    divisor is 0.  The adjusted p-value is the largest p/weight so far, at most 1.  This is the short form of
    the closed test with weighted Bonferroni tests.  A hypothesis without a p-value cannot be rejected, keeps
    its level and hands nothing on, as with p = 1; one of weight 0 cannot be rejected, whatever its p.

    R: ``gMCP::gMCP``, ``graphicalMCP::graph_test_shortcut``.  SAS: the macros of Bretz et al. (2011).

    References
    ----------
    Bretz, Maurer, Brannath and Posch, Statistics in Medicine 28 (2009), 586-604, algorithms 1 and 2;
    Bretz et al., Biometrical Journal 53 (2011), 894-913.

    Examples
    --------
    Two primary endpoints; each hands its level to its own secondary one, and that to the other primary:

    >>> tests = graphical(
    ...     {"SSE": 0.018, "death": 0.01, "pain": 0.105, "function": 0.006},
    ...     {"SSE": 0.5, "death": 0.5, "pain": 0, "function": 0},
    ...     {"SSE": {"pain": 1}, "death": {"function": 1}, "pain": {"death": 1}, "function": {"SSE": 1}},
    ...     alpha=0.025,
    ... )
    >>> tests.adjusted_p_value.round(3), tests.rejected
    (array([0.02 , 0.02 , 0.105, 0.02 ]), array([ True,  True, False,  True]))
    >>> print(tests.sentences[0])
    Step 1: death is rejected, p = 0.01 at level 0.0125; its level goes to function (all of it).
    """
    names, p = hypotheses(p_values)
    weight, graph = weights_of(weights, names), _transitions(transitions, names)
    return along_graph(
        names, p, weight, graph, alpha, "sequentially rejective graph, weighted Bonferroni tests"
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Step:
    """A hypothesis that leaves the graph: its weight and row then, and the weights of all afterwards."""

    hypothesis: int
    weight: float
    adjusted: float
    row: FloatArray
    after: FloatArray


def along_graph(
    names: tuple[str, ...], p: FloatArray, weight: FloatArray, graph: FloatArray, alpha: float, method: str
) -> MultipleTests:
    """Return the decisions of the graph; ``weight`` and ``graph`` have been checked."""
    checks.probability(alpha, "alpha")
    steps = _steps(p, weight, graph)
    adjusted = np.where(np.isnan(p), np.nan, 1.0)
    for step in steps:
        adjusted[step.hypothesis] = step.adjusted
    taken = [step for step in steps if step.adjusted <= alpha * (1 + ROUNDING)]
    level = alpha * (taken[-1].after if taken else weight)
    for step in taken:
        level[step.hypothesis] = alpha * step.weight
    rejected = np.isin(np.arange(p.size), [step.hypothesis for step in taken])
    sentences = [_rejection(names, p, alpha, number, step) for number, step in enumerate(taken, start=1)]
    return MultipleTests(
        names=names,
        p_value=p,
        adjusted_p_value=adjusted,
        rejected=rejected,
        level=level,
        alpha=float(alpha),
        steps=pd.DataFrame(
            {
                "step": np.arange(1, len(taken) + 1),
                "hypothesis": pd.Series([names[step.hypothesis] for step in taken], dtype="str"),
                "p_value": [float(p[step.hypothesis]) for step in taken],
                "level": [alpha * step.weight for step in taken],
                "adjusted_p_value": [step.adjusted for step in taken],
            }
        ),
        sentences=(*sentences, *_kept(names, p, level, rejected)),
        method=f"{method}, familywise level {alpha:g}, {len(taken)} of {p.size} rejected",
    )


def _steps(p: FloatArray, weight: FloatArray, graph: FloatArray) -> list[_Step]:
    """Take hypotheses out in the order in which they would be rejected as alpha grows."""
    steps: list[_Step] = []
    largest, there = 0.0, ~np.isnan(p)
    while True:
        ratio = np.full(p.size, np.inf)
        ready = there & (weight > 0)
        with np.errstate(over="ignore"):
            ratio[ready] = p[ready] / weight[ready]
        j = int(np.argmin(ratio))
        if not ratio[j] < np.inf:
            return steps
        largest = min(1.0, max(largest, float(ratio[j])))
        there[j] = False
        own, row = float(weight[j]), graph[j]
        weight, graph = _without(weight, graph, j)
        steps.append(_Step(hypothesis=j, weight=own, adjusted=largest, row=row, after=weight))


def _without(weight: FloatArray, graph: FloatArray, j: int) -> tuple[FloatArray, FloatArray]:
    """Return the weights and the transitions once hypothesis ``j`` has left."""
    back = 1 - graph[:, j] * graph[j]
    handed = graph + np.outer(graph[:, j], graph[j])
    safe = np.where(back > ROUNDING, back, 1.0)
    rest = np.where(back[:, None] > ROUNDING, handed / safe[:, None], 0.0)
    np.fill_diagonal(rest, 0.0)
    rest[j], rest[:, j] = 0.0, 0.0
    weight = weight + weight[j] * graph[j]
    weight[j] = 0.0
    return weight, rest


def _rejection(names: tuple[str, ...], p: FloatArray, alpha: float, number: int, step: _Step) -> str:
    """Say what was rejected, and where its level goes."""
    heirs = [
        f"{names[k]} ({'all' if share > 1 - SURPLUS else f'{100 * share:.3g}%'} of it)"
        for k, share in enumerate(step.row)
        if share > 0
    ]
    j = step.hypothesis
    return f"Step {number}: {names[j]} is rejected, p = {p[j]:.4g} at level {alpha * step.weight:.4g}; " + (
        f"its level goes to {' and '.join(heirs)}." if heirs else "its level goes to nobody."
    )


def _kept(names: tuple[str, ...], p: FloatArray, level: FloatArray, rejected: BoolArray) -> list[str]:
    """Say why each of the others is not rejected."""
    said = []
    for name, value, own in zip(names, p, level, strict=True):
        if np.isnan(value):
            said.append(f"{name} is not rejected: it has no p-value.")
        elif own == 0:
            said.append(f"{name} is not rejected: no level has come to it (p = {value:.4g}).")
        else:
            said.append(f"{name} is not rejected: p = {value:.4g} is above its level {own:.4g}.")
    return [words for words, gone in zip(said, rejected, strict=True) if not gone]


def hypotheses(p_values: PValues) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names and p-values of a family, or say what is wrong with them."""
    names, p = _labelled(p_values, "p_values")
    if not p.size:
        raise InvalidArgument("p_values must have one hypothesis at least")
    names = names or tuple(f"H{k}" for k in range(1, p.size + 1))
    _refuse_twice(names, "p_values")
    _refuse(names, (p < 0) | (p > 1), "p_values must lie between 0 and 1 (NaN where there is none)")
    return names, p


def weights_of(weights: PValues, names: tuple[str, ...]) -> FloatArray:
    """Return the shares of the level by hypothesis, in the order of the names."""
    labels, given = _labelled(weights, "weights")
    weight = _in_order(pd.Series(given, index=labels or None), names, "weights", named=labels is not None)
    _refuse(names, ~(np.isfinite(weight) & (weight >= 0)), "weights must be finite and not negative")
    if not 0 < weight.sum() <= 1 + SURPLUS:
        raise InvalidArgument(f"weights must add up to more than 0 and at most 1, got {weight.sum():.10g}")
    return weight


def _transitions(transitions: object, names: tuple[str, ...]) -> FloatArray:
    if isinstance(transitions, Mapping):
        transitions = _from_mappings(transitions, names)
    if isinstance(transitions, pd.DataFrame):
        square = transitions.rename(index=str, columns=str)
        _refuse_names(square.index, names, "the rows of transitions")
        _refuse_names(square.columns, names, "the columns of transitions")
        transitions = square.loc[list(names), list(names)]
    graph = as_numbers(transitions, "transitions")  # type: ignore[arg-type]
    if graph.shape != (len(names), len(names)):
        raise InvalidArgument(
            f"transitions must have one row and one column a hypothesis ({len(names)}), "
            f"got shape {graph.shape}"
        )
    bad = ~(np.isfinite(graph) & (graph >= 0))
    _refuse(names, np.asarray(bad.any(axis=1)), "transitions must be finite and not negative")
    _refuse(names, np.diag(graph) != 0, "transitions must hand nothing from a hypothesis to itself")
    _refuse(names, graph.sum(axis=1) > 1 + SURPLUS, "transitions must hand on at most 1 a row")
    return graph


def _from_mappings(rows: Mapping[object, object], names: tuple[str, ...]) -> pd.DataFrame:
    """Return the square table of nested mappings, 0 where nothing is named."""
    square = pd.DataFrame(0.0, index=list(names), columns=list(names))
    for origin, shares in rows.items():
        if not isinstance(shares, Mapping):
            raise InvalidArgument(f"transitions of {origin} must map hypotheses to shares, got {shares!r}")
        unknown = [name for name in (origin, *shares) if str(name) not in names]
        if unknown:
            raise InvalidArgument(
                f"transitions must be between hypotheses: {len(unknown)} are none ({name_some(unknown)})"
            )
        for heir, share in shares.items():
            square.loc[str(origin), str(heir)] = checks.finite(share, f"transitions from {origin} to {heir}")
    return square


def _labelled(values: PValues, what: str) -> tuple[tuple[str, ...] | None, FloatArray]:
    """Return the names that the values carry, None where they carry none, and the values."""
    if isinstance(values, Mapping):
        return tuple(str(name) for name in values), as_floats(list(values.values()), what)
    if isinstance(values, pd.Series) and not isinstance(values.index, pd.RangeIndex):
        return tuple(str(name) for name in values.index), as_floats(values, what)
    return None, as_floats(values, what)


def _in_order(values: pd.Series[float], names: tuple[str, ...], what: str, *, named: bool) -> FloatArray:
    if named:
        _refuse_names(values.index, names, what)
        values = values.loc[list(names)]
    elif len(values) != len(names):
        raise InvalidArgument(f"{what} must have one entry a hypothesis ({len(names)}), got {len(values)}")
    return np.asarray(values, dtype=np.float64)


def _refuse_names(given: pd.Index[str], names: tuple[str, ...], what: str) -> None:
    """Refuse names other than those of the hypotheses."""
    _refuse_twice(tuple(given), what)
    absent = [name for name in names if name not in given]
    unknown = [name for name in given if name not in names]
    if absent or unknown:
        raise InvalidArgument(
            f"{what} must name the hypotheses: {len(absent)} absent ({name_some(absent)}), "
            f"{len(unknown)} unknown ({name_some(unknown)})"
        )


def _refuse_twice(names: tuple[str, ...], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidArgument(f"{what} must have distinct names: {len(twice)} not ({name_some(twice)})")


def _refuse(names: tuple[str, ...], bad: BoolArray, rule: str) -> None:
    who = [name for name, wrong in zip(names, bad, strict=True) if wrong]
    if who:
        raise InvalidArgument(f"{rule}: {len(who)} hypothesis(es) ({name_some(who)})")
