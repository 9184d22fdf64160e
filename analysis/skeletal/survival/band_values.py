"""How far a standardised survival curve strays from the truth at most, over a whole interval of time.

With v(t) = n times Greenwood's sum and a = v/(1 + v), the error of a Kaplan-Meier curve behaves as a Brownian
bridge at a.  What is here is exact for that bridge: no printed table, no asymptotic formula.
"""

from __future__ import annotations

from math import ceil, exp, log, log2, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy.linalg import eigh
from scipy.special import ndtr, ndtri, roots_legendre

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray

    Chance = Callable[[float], float]

SHORT = 2e-3  # below this length five terms in its root are exact to 1e-10
FAR = 9.0  # standard deviations beyond which nothing is left
NODES = 16  # of the Gauss-Legendre rule on each piece


def equal_precision_value(a_lower: float, a_upper: float, conf_level: float) -> float:
    """Return c with P(abs W(u) <= c sqrt(u (1 - u)) for all u from ``a_lower`` to ``a_upper``) = level.

    W is the Brownian bridge; 0 < ``a_lower`` <= ``a_upper`` < 1.

    Examples
    --------
    >>> round(equal_precision_value(0.1, 0.6, 0.95), 6)
    2.887284
    """
    length = log(a_upper * (1 - a_lower) / (a_lower * (1 - a_upper))) / 2
    return _solve(stationary_chance(length), float(ndtri(0.5 + conf_level / 2)), conf_level)


def hall_wellner_value(a_lower: float, a_upper: float, conf_level: float) -> float:
    """Return k with P(abs W(u) <= k for all u from ``a_lower`` to ``a_upper``) = level.

    W is the Brownian bridge; 0 <= ``a_lower`` <= ``a_upper`` < 1, and ``a_upper`` > 0.

    Examples
    --------
    >>> round(hall_wellner_value(0.1, 0.6, 0.95), 6)
    1.321067
    """
    widest = max(a_lower, min(0.5, a_upper))
    least = float(ndtri(0.5 + conf_level / 2)) * sqrt(widest * (1 - widest))
    return _solve(lambda k: bridge_chance(k, a_lower, a_upper), least, conf_level)


def stationary_chance(length: float) -> Chance:
    """Return the function of c: the chance that a stationary process stays within -c and c over ``length``.

    The process is normal with covariance exp(-distance): W(u)/sqrt(u (1 - u)) is that process at
    log(u/(1 - u))/2.

    Notes
    -----
    The chance to stay from x on obeys u_s = u'' - x u', u(-c) = u(c) = 0.  With g = u sqrt(phi) it is
    -g'' + (x^2/4 - 1/2) g = lambda g: the chance is the sum of (integral of g sqrt(phi))^2
    exp(-lambda length) over the eigenfunctions g, which are found among differences of even Legendre
    polynomials.  Over a short length too many of them count; there the chance lost is 2 phi(c) times the
    integral of the slope of u at the boundary, whose Laplace transform r/q solves
    r^2 = q + (c - y) r + r' at distance y = 0, as a series in the root of q.

    References
    ----------
    Nair (1984), Technometrics 26, 265-275, for the band; its table and PROC LIFETEST use the
    approximation of Miller and Siegmund (1982), Biometrics 38, 1011-1016, in its place.
    """
    if length < SHORT:
        return lambda c: 1 - 2 * float(ndtr(-c)) - _lost_soon(c, length)
    n = 24 + ceil(6 / sqrt(length))
    nodes, weights = roots_legendre(2 * n + 24)
    legendre = legvander(nodes, 2 * n)
    basis = (legendre[:, :-1:2] - legendre[:, 2::2]) / np.sqrt(8 * np.arange(n) + 6)  # slopes are orthonormal
    overlap, square = (basis.T * weights) @ basis, (basis.T * (weights * nodes**2)) @ basis

    def chance(c: float) -> float:
        energy = np.eye(n) / c + c * (c**2 / 4 * square - overlap / 2)
        inverse, vectors = eigh(c * overlap, energy)  # of lambda, so that the small ones are exact
        root_density = np.exp(-((c * nodes) ** 2) / 4) / (2 * pi) ** 0.25
        share = (c * (weights * root_density) @ basis) @ vectors
        lasting = inverse > length / 700
        return float(np.sum(share[lasting] ** 2 / inverse[lasting] * np.exp(-length / inverse[lasting])))

    return chance


def _lost_soon(c: float, length: float) -> float:
    """Return the chance to start inside and to leave within ``length``, up to the fifth power of its root."""
    bend = c**2 / 8 - 0.25
    terms = (
        2 * sqrt(length / pi),
        c / 2 * length,
        bend * 4 / 3 * sqrt(length**3 / pi),
        -c / 16 * length**2,
        (1 / 16 - bend**2 / 2) * 8 / 15 * sqrt(length**5 / pi),
    )
    return 2 * exp(-(c**2) / 2) / sqrt(2 * pi) * sum(terms)


def bridge_chance(k: float, a_lower: float, a_upper: float) -> float:
    """Return the chance that a Brownian bridge stays within -k and k from ``a_lower`` to ``a_upper``.

    Notes
    -----
    From x at ``a_lower`` on, the paths that stay inside are those from all images of x in the two boundaries,
    with alternating signs.  Where they end at ``a_upper`` is integrated in closed form, x numerically on
    pieces that are finer towards 0 and towards k.

    References
    ----------
    Hall and Wellner (1980), Biometrika 67, 133-143; Chung (1986), Stat Probab Lett 4, 257-260.
    """
    spread = sqrt((a_upper - a_lower) * (1 - a_upper) / (1 - a_lower))
    if a_lower == 0:
        return float(_staying(np.zeros(1), k, (1.0, 1 - a_upper), spread)[0])
    narrow = min(sqrt(a_lower), spread) if spread > 0 else sqrt(a_lower)
    steps = 0.5 ** np.arange(1, 4 + max(0, ceil(log2(k / narrow))))
    cuts = k * np.concatenate([[0.0], steps[::-1], 1 - steps[1:], [1.0]])
    nodes, weights = roots_legendre(NODES)
    half = np.diff(cuts)[:, None] / 2
    x = (cuts[:-1, None] + half * (nodes + 1)).ravel()
    density = np.exp(-(x**2) / (2 * a_lower)) / sqrt(2 * pi * a_lower * (1 - a_lower))
    staying = _staying(x, k, (1 - a_lower, 1 - a_upper), spread)
    return float(2 * np.sum((half * weights).ravel() * density * staying))


def _staying(x: FloatArray, k: float, left: tuple[float, float], spread: float) -> FloatArray:
    """Return the sum over the images z of x, with their signs, of exp(-z^2/(2 left)) P(the end is inside).

    ``left`` is what is left to 1 at the start and at the end; ``spread`` the standard deviation of the end.
    """
    before, after = left
    reach = min(FAR * sqrt(before), (k + FAR * spread) * before / after)
    n_images = ceil((reach + k) / (4 * k))
    shift = 4 * k * np.arange(-n_images, n_images + 1)[:, None]
    total = np.zeros(x.size)
    for sign, z in ((1, x + shift), (-1, 2 * k - x + shift)):
        mean = z * after / before
        if spread > 0:
            inside = ndtr((k - mean) / spread) - ndtr((-k - mean) / spread)
        else:
            inside = (np.abs(mean) < k).astype(np.float64)
        total += sign * np.sum(np.exp(-(z**2) / (2 * before)) * inside, axis=0)
    return total


def _solve(chance: Chance, least: float, conf_level: float) -> float:
    """Return the bound at which ``chance`` is the level; it is not below ``least``, that of one point."""
    most = least
    while chance(most) < conf_level:
        most *= 1.5
    if most == least:
        return least
    from scipy.optimize import brentq  # noqa: PLC0415  (slow to import, and only bands need it)

    return float(brentq(lambda bound: chance(bound) - conf_level, least, most, xtol=1e-12, rtol=1e-12))
