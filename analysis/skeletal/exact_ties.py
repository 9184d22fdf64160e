"""The discrete (exact) partial likelihood for tied events: one conditional logistic term a tied time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import InvalidArgument
from .kernels.subsets import subset_sums
from .newton import Evaluation
from .partial_likelihood import evaluate, evaluate_sums, linear_predictors, risk_sums

if TYPE_CHECKING:
    from .arrays import FloatArray
    from .cox_sample import CoxSample


def evaluate_exact(sample: CoxSample, coefficient: FloatArray) -> Evaluation:
    """Return log likelihood, score and information of the discrete conditional likelihood.

    A time with one event has the ordinary term.  With d tied events among n at risk the denominator is
    the sum of prod(risk) over all subsets of size d.

    References
    ----------
    Gail, Lubin and Rubinstein, Biometrika 68 (1981), 703-707, equations 1-3.
    """
    if (sample.weight != 1).any():
        raise InvalidArgument("ties='exact' takes no case weights")
    single = sample.n_tied == 1
    if single.all():
        return evaluate(sample, coefficient, "breslow")
    alone = sample.event & single[np.where(sample.event, sample.cells.last, 0)]
    sums = risk_sums(sample, coefficient, "breslow")
    # Weight 0 takes the tied times out of the ordinary terms.
    plain = evaluate_sums(
        replace(sample, event=alone), replace(sums, weight=np.where(single, sums.weight, 0.0))
    )
    linear = linear_predictors(sample, coefficient)
    tied = sample.sorted.event & ~alone[sample.cells.order]
    first, second = np.zeros(coefficient.size), np.zeros((coefficient.size, coefficient.size))
    value = subset_sums(
        sample.rows,
        linear,
        sample.cells.row_start,
        sample.opens,
        sample.n_tied,
        sample.cells.delayed,
        sample.sorted.first,
        first,
        second,
    )
    return Evaluation(
        log_likelihood=plain.log_likelihood + float(linear[tied].sum()) - value,
        score=plain.score + sample.rows[tied].sum(axis=0) - first,
        information=plain.information + second,
    )
