"""Share of trials without a difference in which each test of the log-rank family rejects."""

from __future__ import annotations

import numpy as np
import pytest

from skeletal.data import RightCensored
from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    Unweighted,
    logrank,
    logrank_permutation,
    logrank_trend,
    max_combo,
)

TRIALS, LEVEL = 1000, 0.05
TESTS = {
    "unweighted": lambda data, arm, centre: logrank(data, arm),
    "late weights in strata": lambda data, arm, centre: logrank(
        data, arm, strata=centre, weight=FlemingHarrington(0, 1)
    ),
    "three arms": lambda data, arm, centre: logrank(data, np.arange(arm.size) % 3, weight=Gehan()),
    "trend": lambda data, arm, centre: logrank_trend(data, np.arange(arm.size) % 3, [0, 1, 3]),
    "permutation": lambda data, arm, centre: logrank_permutation(data, arm, distribution="asymptotic"),
    "MaxCombo": lambda data, arm, centre: max_combo(
        data, arm, [Unweighted(), FlemingHarrington(0, 1), FlemingHarrington(1, 0)]
    ),
    "MaxCombo, one-sided": lambda data, arm, centre: max_combo(
        data, arm, [Unweighted(), FlemingHarrington(0, 1)], strata=centre, alternative="less"
    ),
}


@pytest.mark.statistical
@pytest.mark.parametrize("name", TESTS)
def test_level_is_kept(name):
    rng = np.random.default_rng([2024, list(TESTS).index(name)])
    rejected = 0
    for _ in range(TRIALS):
        centre, arm = rng.integers(0, 2, 150), rng.integers(0, 2, 150)
        event_time, censoring = rng.weibull(1.2, 150) * (1 + centre), rng.uniform(0.5, 3, 150)
        data = RightCensored(np.minimum(event_time, censoring), event_time <= censoring)
        rejected += TESTS[name](data, arm, centre).p_value <= LEVEL
    assert abs(rejected / TRIALS - LEVEL) < 4 * np.sqrt(LEVEL * (1 - LEVEL) / TRIALS)
