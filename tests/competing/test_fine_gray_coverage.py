import numpy as np
import pandas as pd
import pytest

from skeletal.competing import fine_gray, predicted_incidence
from skeletal.data import CompetingRisks

pytestmark = pytest.mark.statistical

TRIALS, SUBJECTS = 300, 250
SHARE, BETA = 0.5, np.array([0.5, -0.4])  # incidence 1 - (1 - SHARE (1 - exp(-t)))^exp(BETA'x)
NEW = pd.DataFrame({"x": [0.5, -0.5], "treated": [1, 0]})
TIME = 1.0
FOUR_ERRORS = 4 * np.sqrt(0.95 * 0.05 / TRIALS)


def true_incidence(x, time):
    return 1 - (1 - SHARE * (1 - np.exp(-time))) ** np.exp(x @ BETA)


def drawn(rng):
    x = np.column_stack([rng.normal(size=SUBJECTS), rng.integers(0, 2, SUBJECTS)])
    ratio = np.exp(x @ BETA)
    ever = 1 - (1 - SHARE) ** ratio
    own = rng.uniform(size=SUBJECTS) < ever
    level = 1 - (1 - rng.uniform(size=SUBJECTS) * ever) ** (1 / ratio)
    time = np.where(own, -np.log1p(-level / SHARE), rng.exponential(np.exp(-0.3 * x[:, 0])))
    censored = rng.exponential(2.5, SUBJECTS)
    status = np.where(time <= censored, np.where(own, 1, 2), 0)
    data = CompetingRisks(np.minimum(time, censored), status, ["SSE", "death"])
    return data, pd.DataFrame(x, columns=["x", "treated"])


def test_limits_cover_coefficients_and_predicted_incidence():
    rng, truth = np.random.default_rng(20), true_incidence(NEW.to_numpy(), TIME)
    coefficients, incidence = np.zeros(2), np.zeros(2)
    for _ in range(TRIALS):
        fit = fine_gray(*drawn(rng), "SSE")
        coefficients += (fit.lower <= BETA) & (fit.upper >= BETA)
        curves = [curve.at(TIME) for curve in predicted_incidence(fit, NEW)]
        incidence += [
            curve.lower[0] <= value <= curve.upper[0] for curve, value in zip(curves, truth, strict=True)
        ]
    for covered in (*coefficients, *incidence):
        assert covered / TRIALS == pytest.approx(0.95, abs=FOUR_ERRORS)
