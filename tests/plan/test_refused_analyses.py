"""Analyses and families that a study file cannot ask for are refused by name."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from tests.support.declared_further import ALL, FIRST, MEASURE, further_trial

from skeletal.errors import InvalidStudy
from skeletal.plan import analyse
from skeletal.study import Analysis, Multiplicity, changed_study, load_study


def test_what_the_outcomes_cannot_give_is_refused_with_the_name_of_the_analysis():
    outcomes, _ = further_trial()
    poisson = Analysis(estimand=ALL, method="mean_cumulative_test", variance="poisson")
    study = changed_study(outcomes.study, analyses={"odd": poisson}, multiplicity={})
    message = r"analysis 'odd' \(mean_cumulative_test\): variance='poisson' knows no deaths"
    with pytest.raises(InvalidStudy, match=message):
        analyse(outcomes, study)


@pytest.mark.parametrize(
    ("hypothesis", "message"),
    [
        ("answers", r"'answers' names \d+ p-values .* must name one: it has answers/"),
        ("mean", "'mean' names 0 p-values .* must name one: it has none"),
    ],
)
def test_a_hypothesis_names_one_p_value(hypothesis, message):
    outcomes, _ = further_trial()
    family = {"primary": Multiplicity(method="holm", hypotheses=[hypothesis])}
    kept = {name: outcomes.study.analyses[name] for name in ("answers", "mean")}
    study = changed_study(outcomes.study, analyses=kept, multiplicity=family)
    with pytest.raises(InvalidStudy, match=message):
        analyse(outcomes, study)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "fallback"}, "fallback needs weights"),
        ({"method": "holm", "weights": [0.5, 0.5]}, "holm takes no weights"),
        ({"method": "graphical", "weights": [0.5, 0.5]}, "graphical needs transitions"),
        ({"method": "fallback", "weights": [0.6, 0.5]}, "add up to at most 1"),
        (
            {"method": "graphical", "weights": [1, 0], "transitions": [[0.5, 0.5], [0, 0]]},
            "row 1 of transitions",
        ),
        ({"method": "graphical", "weights": [1, 0], "transitions": [[0, 1]]}, "transitions needs 2 rows"),
        ({"method": "holm", "hypotheses": ["mean", "mean"]}, "name one twice"),
    ],
)
def test_families_that_cannot_be(options, message):
    with pytest.raises(ValidationError, match=message):
        Multiplicity(**{"hypotheses": ["mean", "gap"], **options})


def test_a_family_names_declared_analyses_and_has_a_name_of_its_own():
    study = load_study("hermes")
    analysis = next(iter(study.analyses))
    family = Multiplicity(method="holm", hypotheses=["no-such-test"])
    with pytest.raises(ValueError, match=r"names analysis 'no-such-test', which is not declared"):
        changed_study(study, multiplicity={"primary": family})
    family = Multiplicity(method="holm", hypotheses=[analysis])
    with pytest.raises(ValueError, match="has the name of an analysis"):
        changed_study(study, multiplicity={analysis: family})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "win_statistics", "estimand": FIRST}, "needs priorities"),
        (
            {"method": "win_statistics", "estimand": FIRST, "priorities": ["fracture"], "margins": [1, 2]},
            "margins needs one a priority",
        ),
        (
            {"method": "win_statistics", "estimand": FIRST, "priorities": ["fracture", "fracture"]},
            "name one twice",
        ),
        (
            {"method": "state_occupation", "estimand": ALL, "state": "ill"},
            "state is one of event-free, 1 or more events, dead; got 'ill'",
        ),
        ({"method": "imputed_contrast", "measure": MEASURE, "times": [183]}, "needs n_imputations, seed"),
        ({"method": "cox", "estimand": FIRST, "at_risk": "removed"}, "cox does not take at_risk"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(ValidationError, match=message):
        Analysis(**options)


@pytest.mark.parametrize(
    ("analysis", "message"),
    [
        (
            Analysis(method="win_statistics", estimand=FIRST, priorities=["fractur"]),
            "names component or estimand of a first event 'fractur', .*did you mean 'fracture'",
        ),
        (
            Analysis(method="lesion_risk", estimand=FIRST, times=[365]),
            "lesion_risk needs an endpoint with unit = 'lesion'",
        ),
        (Analysis(method="ghosh_lin", estimand=FIRST), "needs an estimand with variable = 'recurrent'"),
        (
            Analysis(method="mixed_model", measure="lesion-pain"),
            "mixed_model takes the lesions of a subject as independent",
        ),
    ],
)
def test_analyses_that_do_not_fit_their_study(analysis, message):
    study = load_study("hermes")
    with pytest.raises(ValueError, match=message):
        changed_study(study, analyses={"odd": analysis})
