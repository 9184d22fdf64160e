"""Several p-values of one family: adjusted for their number, or tested in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from skeletal import checks
from skeletal.arrays import as_floats
from skeletal.errors import InvalidArgument

from .graphical import along_graph, hypotheses, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from skeletal.arrays import FloatArray

    from .graphical import MultipleTests, PValues

Adjustment = Literal["bonferroni", "holm", "hochberg", "hommel", "benjamini-hochberg"]


def adjusted_p_values(
    p_values: ArrayLike, *, method: Adjustment = "holm", n: int | None = None
) -> FloatArray:
    """Smallest level at which each of several hypotheses is rejected, all of them taken together.

    Use ``holm`` where nothing ranks the hypotheses and nothing is known of how the p-values depend on each
    other.  For an order or a hierarchy fixed beforehand use :func:`fixed_sequence`, :func:`fallback` or
    :func:`graphical`.  ``benjamini-hochberg`` is for exploration, not for claims.

    Parameters
    ----------
    p_values : array_like of shape (k,)
        NaN where a test was not estimable.
    method : {"bonferroni", "holm", "hochberg", "hommel", "benjamini-hochberg"}
        The first four keep the chance of any false rejection at the level: ``bonferroni`` and ``holm``
        always, ``hochberg`` and ``hommel`` where the p-values are independent or positively dependent.
        ``benjamini-hochberg`` keeps the expected share of false ones among the rejected.
    n : int, optional
        Hypotheses of the family; default, as in R, those that have a p-value.  Give the number that was
        planned where one that is not estimable shall count.

    Returns
    -------
    ndarray of shape (k,)
        In the order given; NaN stays NaN.

    Raises
    ------
    InvalidArgument
        p-values outside [0, 1]; an unknown ``method``; ``n`` below the number of p-values.

    Notes
    -----
    With p(1) <= ... <= p(n), each at most 1: bonferroni n p; holm max over j <= i of (n - j + 1) p(j);
    hochberg min over j >= i of (n - j + 1) p(j); benjamini-hochberg min over j >= i of n p(j)/j; hommel the
    closed test with Simes tests, max over m of the least m q(j)/j of the m p-values q that have i among them
    and are otherwise the largest.  Those beyond ``p_values`` count as p = 1.

    R: ``p.adjust(p, method = "holm" | "BH" | ..., n)``.  SAS: ``PROC MULTTEST INPVALUES=; HOLM HOC HOM FDR``.

    References
    ----------
    Holm, Scand J Statist 6 (1979), 65-70; Hochberg, Biometrika 75 (1988), 800-802; Hommel, Biometrika 75
    (1988), 383-386; Benjamini and Hochberg, J R Statist Soc B 57 (1995), 289-300.

    Examples
    --------
    >>> adjusted_p_values([0.01, 0.02, 0.03, float("nan")])
    array([0.03, 0.04, 0.04,  nan])
    """
    checks.option(method, Adjustment, "method")
    given = as_floats(p_values, "p_values")
    checks.rows_where(
        (given < 0) | (given > 1), "p_values must lie between 0 and 1 (NaN where there is none)"
    )
    known = ~np.isnan(given)
    count = int(known.sum())
    if n is not None and (not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < count):
        raise InvalidArgument(
            f"n must be a whole number of at least {count}, those with a p-value, got {n!r}"
        )
    total = count if n is None else int(n)
    order = np.argsort(given[known], kind="stable")
    padded = np.append(given[known][order], np.ones(total - count))
    adjusted = np.empty(count)
    if count:
        adjusted[order] = np.minimum(_ADJUSTMENTS[method](padded), 1.0)[:count]
    result = np.full(given.size, np.nan)
    result[known] = adjusted
    return result


def _bonferroni(p: FloatArray) -> FloatArray:
    return p.size * p


def _holm(p: FloatArray) -> FloatArray:
    return np.asarray(np.maximum.accumulate(np.arange(p.size, 0, -1) * p))


def _hochberg(p: FloatArray) -> FloatArray:
    return np.asarray(np.minimum.accumulate((np.arange(p.size, 0, -1) * p)[::-1])[::-1])


def _hommel(p: FloatArray) -> FloatArray:
    """Return the closed test with Simes tests: of each size m the set where i counts least."""
    adjusted = p.copy()
    for m in range(2, p.size + 1):
        top = m * p[p.size - m :] / np.arange(1, m + 1)
        inside = np.full(m, top.min())
        outside = np.minimum(m * p[: p.size - m], top[1:].min())
        adjusted = np.maximum(adjusted, np.append(outside, inside))
    return adjusted


def _benjamini_hochberg(p: FloatArray) -> FloatArray:
    scaled = p.size * p / np.arange(1, p.size + 1)
    return np.asarray(np.minimum.accumulate(scaled[::-1])[::-1])


_ADJUSTMENTS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "bonferroni": _bonferroni,
    "holm": _holm,
    "hochberg": _hochberg,
    "hommel": _hommel,
    "benjamini-hochberg": _benjamini_hochberg,
}


def fixed_sequence(p_values: PValues, *, alpha: float = 0.05) -> MultipleTests:
    """Test hypotheses in the order given, each at the whole level, until one is not rejected.

    Use it where the order was fixed beforehand and whatever follows a failure may be given up.

    Parameters
    ----------
    p_values : mapping, Series or array_like of shape (k,)
        In the order of the tests; NaN, where a test was not estimable, ends the sequence.
    alpha : float
        Level of the family and of each test.

    Returns
    -------
    MultipleTests

    Raises
    ------
    InvalidArgument
        p-values outside [0, 1]; names that are there twice; ``alpha`` outside (0, 1).

    Notes
    -----
    The adjusted p-value is the largest up to the hypothesis; after one without a p-value it is 1.

    R: ``gMCP::fixedSequence``, ``cummax(p)``.  SAS: a data step.

    References
    ----------
    Maurer, Hothorn and Lehmacher (1995), in Vollmar (ed.), Biometrie in der chemisch-pharmazeutischen
    Industrie 6, 3-18; Westfall and Krishen, J Statist Plann Inference 99 (2001), 25-40.

    Examples
    --------
    >>> tests = fixed_sequence({"SSE": 0.01, "pain": 0.2, "death": 0.001})
    >>> tests.adjusted_p_value, tests.rejected
    (array([0.01, 0.2 , 0.2 ]), array([ True, False, False]))
    """
    names, p = hypotheses(p_values)
    weight = np.zeros(p.size)
    weight[0] = 1.0
    return along_graph(names, p, weight, np.eye(p.size, k=1), alpha, f"fixed sequence {', '.join(names)}")


def fallback(p_values: PValues, weights: PValues, *, alpha: float = 0.05) -> MultipleTests:
    """Test hypotheses in the order given, each at its share of the level and that of those rejected before.

    Use it where an order was fixed beforehand and a later hypothesis shall have a chance after a failure.

    Parameters
    ----------
    p_values : mapping, Series or array_like of shape (k,)
        In the order of the tests; NaN where a test was not estimable: its share is not handed on.
    weights : mapping, Series or array_like of shape (k,)
        Shares of ``alpha``, at most 1 together.
    alpha : float
        Level of the family.

    Returns
    -------
    MultipleTests

    Raises
    ------
    InvalidArgument
        As :func:`graphical`.

    Notes
    -----
    The level of a hypothesis is alpha times its weight, and that of the one before it if that was rejected:
    the graph in which each hands all its level to the next.  Weights (1, 0, ..., 0) are the fixed sequence.

    R: ``gMCP::fallback``.  SAS: a data step.

    References
    ----------
    Wiens, Pharmaceutical Statistics 2 (2003), 211-215; Wiens and Dmitrienko, J Biopharm Statist 15 (2005),
    929-942.

    Examples
    --------
    >>> tests = fallback({"SSE": 0.06, "pain": 0.01, "death": 0.02}, [0.5, 0.25, 0.25])
    >>> tests.adjusted_p_value.round(3), tests.rejected
    (array([0.12, 0.04, 0.04]), array([False,  True,  True]))
    """
    names, p = hypotheses(p_values)
    weight = weights_of(weights, names)
    shares = ", ".join(f"{name} {share:.4g}" for name, share in zip(names, weight, strict=True))
    return along_graph(names, p, weight, np.eye(p.size, k=1), alpha, f"fallback procedure, weights {shares}")
