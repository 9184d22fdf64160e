"""The product-limit estimate and Greenwood's sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled

if TYPE_CHECKING:
    from ..arrays import FloatArray


@compiled("F F F* F*")
def product_limit(
    n_at_risk: FloatArray, n_events: FloatArray, survival: FloatArray, log_variance: FloatArray
) -> None:
    """Write the product of (n - d)/n and the sum of d/(n (n - d)), NaN once the product is 0."""
    product, total = 1.0, 0.0
    for k in range(n_at_risk.size):
        n, d = n_at_risk[k], n_events[k]
        if d > 0:
            product *= (n - d) / n
            total = total + d / (n * (n - d)) if product > 0 else np.nan
        survival[k] = product
        log_variance[k] = total
