from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.support.visit_data import pain

from skeletal.errors import InvalidArgument, NotEstimable
from skeletal.longitudinal import RepeatedMeasures, responder_contrast, responder_counts
from skeletal.proportions import odds_ratio, risk_difference, risk_ratio

NAN = float("nan")
VALUES = [2, 5, NAN, NAN, NAN, NAN, NAN, 1, 1, 4, 2, 9, NAN, NAN]
WHY = ["", "", "death", "dropout", "structural", "not_due", "missed", *[""] * 5, "death", "intercurrent"]


def trial(values=VALUES, why=WHY, baseline=None):
    n = len(values)
    arm = ["c"] * 7 + ["t"] * (n - 7)
    return RepeatedMeasures(range(n), [90] * n, values, arm, reason=why, baseline=baseline)


def counted(**options):
    found = responder_contrast(trial(), visit=90, threshold=2, **options)
    head = found.method.split(": ")[1].split(";")[0]
    return found, head


@pytest.mark.parametrize(
    ("options", "head"),
    [
        ({}, "3 of 7 against 1 of 6"),
        ({"death": "excluded"}, "3 of 6 against 1 of 5"),
        ({"missing": "observed"}, "3 of 6 against 1 of 3"),
        ({"missing": "observed", "death": "excluded"}, "3 of 5 against 1 of 2"),
    ],
)
def test_who_counts(options, head):
    found, said = counted(**options)
    assert said == head
    numbers = [int(word) for word in head.replace("against", "").replace("of", "").split()]
    expected = risk_difference(
        (numbers[2], numbers[0]), (numbers[3], numbers[1]), method="miettinen-nurminen"
    )
    assert_allclose(
        [found.estimate, found.lower, found.upper], [expected.estimate, expected.lower, expected.upper]
    )
    assert found.p_value == expected.p_value


def test_what_is_done_with_the_missing_is_said():
    method = counted(death="excluded")[0].method
    assert (
        "counted as no response: 0 and 1 dropout, 0 and 1 missed, 1 and 0 intercurrent, 0 and 1 structural"
        in method
    )
    assert "left out: 1 and 1 death, 0 and 1 not due" in method
    assert "responders at visit 90 (value at most 2), t minus c" in method


@pytest.mark.parametrize(("kind", "function"), [("ratio", risk_ratio), ("odds-ratio", odds_ratio)])
def test_ratios(kind, function):
    found = counted(kind=kind)[0]
    expected = function((1, 3), (6, 7), method="miettinen-nurminen")
    assert_allclose(
        [found.estimate, found.lower, found.upper], [expected.estimate, expected.lower, expected.upper]
    )
    assert "t over c" in found.method


def test_the_side_of_the_threshold_and_the_change():
    at_least = responder_counts(trial(), visit=90, threshold=4, direction="at_least")
    assert at_least["n_responders"].tolist() == [1, 2]
    data = trial(baseline=[4] * 14)
    assert responder_counts(data, visit=90, threshold=-2, of="change")["n_responders"].tolist() == [1, 3]


def test_values_of_0_and_1_need_no_threshold():
    values = [1, 0, *VALUES[2:7], 1, 1, 0, 0, 1, NAN, NAN]
    assert responder_counts(trial(values), visit=90)["n_responders"].tolist() == [1, 3]
    with pytest.raises(InvalidArgument, match=r"must be 0 or 1: 5 are not"):
        responder_counts(trial(), visit=90)


def test_counts_close():
    table = responder_counts(pain(), visit=180, threshold=4)
    parts = [name for name in table if name.startswith("n_") and name not in ("n_subjects", "n_responders")]
    assert (table[parts].sum(axis=1) == table["n_subjects"]).all()


def test_swapping_the_arms_negates_the_difference():
    one, other = (
        responder_contrast(pain(control=control), visit=180, threshold=4) for control in ("none", "RT")
    )
    assert_allclose([one.estimate, one.lower], [-other.estimate, -other.upper], atol=1e-12)


def test_the_level_sets_the_limits():
    assert counted(conf_level=0.8)[0].upper < counted()[0].upper


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"visit": 91}, "visit must be one of 90, got 91"),
        ({"of": "change"}, "needs a baseline"),
        ({"of": "slope"}, "of must be one of"),
        ({"direction": "below"}, "direction must be one of"),
        ({"missing": "locf"}, "missing must be one of"),
        ({"death": "worst"}, "death must be one of"),
        ({"kind": "rate"}, "kind must be one of"),
        ({"threshold": NAN}, "threshold must be finite"),
        ({"conf_level": 2}, "conf_level"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InvalidArgument, match=message):
        responder_contrast(trial(), **{"visit": 90, "threshold": 2, **options})


def test_an_arm_in_which_nobody_counts_is_refused():
    why = ["", *["death"] * 6, *[""] * 7]
    data = trial([NAN, *[NAN] * 6, *np.ones(7)], ["dropout", *why[1:]])
    with pytest.raises(NotEstimable, match="nobody of arm c is counted at visit 90"):
        responder_contrast(data, visit=90, threshold=2, missing="observed", death="excluded")
