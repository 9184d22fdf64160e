from __future__ import annotations

import numpy as np
import pytest

from skeletal.longitudinal import RepeatedMeasures, gee, imputed_contrast, mixed_model

TRUTH = -1.0
N_TRIALS, N = 200, 40


def trial(seed):
    """Return a trial in which those with much pain at the first visit tend to drop out of the control arm."""
    rng = np.random.default_rng(seed)
    arm = np.arange(N) % 2
    value = 5 + rng.multivariate_normal([0, 0, 0], [[1, 0.8, 0.7], [0.8, 1.5, 1.2], [0.7, 1.2, 2]], N)
    value[:, 2] += TRUTH * arm
    stops = rng.random(N) < 1 / (1 + np.exp(-2 * (value[:, 0] - 5.5) * (1 - arm) + 1.5 * arm))
    value[stops, 1:] = np.nan
    return RepeatedMeasures(
        np.repeat(np.arange(N), 3), np.tile([1, 2, 3], N), value.ravel(), np.repeat(arm, 3)
    )


@pytest.mark.statistical
def test_limits_hold_the_truth_when_values_are_missing_at_random():
    def last(frame):
        return frame.iloc[2][["estimate", "lower", "upper"]].to_numpy(dtype=float)

    found = {"mixed": [], "kr": [], "imputed": [], "gee": []}
    for seed in range(N_TRIALS):
        data = trial(seed)
        found["mixed"].append(last(mixed_model(data).contrasts))
        found["kr"].append(last(mixed_model(data, df="kenward-roger").contrasts))
        pooled = imputed_contrast(data, visit=3, n_imputations=20, seed=seed)
        found["imputed"].append([pooled.estimate, pooled.lower, pooled.upper])
        found["gee"].append(last(gee(data, working="independence").contrasts))
    bias = {}
    for name, rows in found.items():
        estimate, lower, upper = np.array(rows).T
        bias[name] = (estimate.mean() - TRUTH) / (estimate.std(ddof=1) / np.sqrt(N_TRIALS))
        if name != "gee":
            covered = np.mean((lower < TRUTH) & (upper > TRUTH))
            assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / N_TRIALS), name
            assert abs(bias[name]) < 4, name
    assert bias["gee"] > 4  # not missing completely at random: the reason for the other three
