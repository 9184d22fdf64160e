"""The R script, run by R: recurrent events, states, lesions and families are those of R."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from tests.support.crosscheck_trial import ALL, FIRST, LESION, write_run
from tests.support.declared_further import DECLARED_EVENTS, DECLARED_VALUES, FAMILIES, MEASURE

from skeletal.study import Analysis, Multiplicity, changed_study, load_study
from skeletal.study.analysis_methods import METHODS
from skeletal_reports.crosscheck import run_r, write_crosscheck
from skeletal_reports.crosscheck.coverage import ELSEWHERE, coverage
from skeletal_reports.crosscheck.r_script import FAMILY
from skeletal_synthetic import simulate_trial

AGE = {"covariates": ["age"]}
CONTRAST = "upfront-rt vs observational"
# analysis -> estimand, method, options: what the declared analyses leave out
VARIANTS = {
    "total": (ALL, "ordered_events", {"model": "pwp-total", "strata": ["sex"], **AGE}),
    "gap-breslow": (ALL, "ordered_events", {"model": "pwp-gap", "ties": "breslow"}),
    "wlw-each": (ALL, "ordered_events", {"model": "wlw", "max_order": 2, "effects": "by_order"}),
    "negative-binomial": (ALL, "rate_ratio", {}),
    "poisson": (ALL, "rate_ratio", {"model": "poisson", "at_risk": "removed"}),
    "poisson-robust": (ALL, "rate_ratio", {"model": "poisson-robust", **AGE}),
    "score": (ALL, "rate_ratio", {"model": "score"}),
    "gap-removed": (ALL, "rate_difference", {"formula": "wald", "at_risk": "removed", "conf_level": 0.9}),
    "rates": (ALL, "rate_regression", AGE),
    "rates-poisson": (ALL, "rate_regression", {"model": "poisson"}),
    "rates-robust": (ALL, "rate_regression", {"model": "poisson-robust", "covariates": ["age", "kps"]}),
    "rate-removed": (ALL, "event_rate", {"at_risk": "removed"}),
    "frailty-removed": (ALL, "frailty_rate", {"at_risk": "removed", "ties": "breslow"}),
    "mean-difference": (ALL, "mean_cumulative_contrast", {"times": [200, 500]}),
    "free": (ALL, "state_occupation", {"state": "event-free", "times": [200, 365], "conf_level": 0.9}),
    "dead": (ALL, "state_occupation", {"state": "dead", "times": [1, 365]}),
    "later": (ALL, "state_occupation", {"state": "2 or more events", "max_order": 2, "times": [700]}),
    "time-after": (ALL, "time_in_state", {"state": "1 or more events", "horizon": 500}),
    "time-gap": (ALL, "time_in_state_contrast", {"state": "1 event", "max_order": 2, "horizon": 500}),
    "common": (ALL, "transition_cox", {"effects": "common", "strata": ["sex"], **AGE}),
    "transitions-two": (ALL, "transition_cox", {"ties": "breslow", "max_order": 2}),
    "lesion-breslow": (LESION, "lesion_times", {"ties": "breslow", "conf_level": 0.9}),
    "alive-ratio": (ALL, "while_alive_contrast", {"horizon": 500}),
}
RECOMPUTED = ["gap", "exact", "poisson", "free-gap", f"pwp/{CONTRAST}/p_value[2]"]


def test_every_method_is_recomputed_or_says_why_not():
    assert set(METHODS) == set(ELSEWHERE) | set(FAMILY)
    assert not set(ELSEWHERE) & set(FAMILY)
    assert all(len(reason) > 10 for reason in ELSEWHERE.values())


@pytest.mark.parametrize(
    ("method", "options", "reason"),
    [
        ("rate_ratio", {"model": "score"}, "score limits"),
        ("rate_difference", {}, "score limits"),
        ("state_occupation", {"state": "dead", "landmark": 5, "from_state": "event-free"}, "landmark"),
        ("state_occupation", {"state": "dead", "variance": "greenwood"}, "Greenwood"),
    ],
)
def test_an_option_that_r_lacks_has_its_reason(method, options, reason):
    assert reason in coverage(Analysis(estimand=ALL, method=method, **options), []).reason


def test_sample_variance_of_means_is_left_out_alone():
    found = coverage(Analysis(estimand=ALL, method="mean_cumulative", variance="sample"), [])
    assert not found.reason
    assert set(found.left_out) == {"std_error", "lower", "upper"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    if (rscript := shutil.which("Rscript")) is None:
        pytest.skip("R absent: Rscript is not on the PATH")
    absent = 'if (!all(sapply(c("survival", "cmprsk", "MASS"), requireNamespace, quietly = TRUE)))'
    asked = f"{absent} quit(status = 3)"
    if subprocess.run([rscript, "-e", asked], check=False, capture_output=True).returncode:
        pytest.skip("R packages absent: survival, cmprsk and MASS are needed")
    declared = {**DECLARED_EVENTS, **VARIANTS}
    analyses = {name: Analysis(estimand=e, method=m, **o) for name, (e, m, o) in declared.items()}
    values = {name: item for name, item in DECLARED_VALUES.items() if name in ("missing", "mixed")}
    analyses |= {name: Analysis(measure=MEASURE, method=m, **o) for name, (m, o) in values.items()}
    methods = ("bonferroni", "holm", "hochberg", "hommel", "fixed_sequence")
    families = {f"by-{m}": Multiplicity(method=m, hypotheses=RECOMPUTED) for m in methods}
    study = changed_study(load_study("hermes"), analyses=analyses, multiplicity=FAMILIES | families)
    folder = tmp_path_factory.mktemp("crosscheck")
    run = write_run(folder / "run", study, simulate_trial(study, seed=5))
    out = folder / "out"
    out.mkdir()
    return write_crosscheck(run, out, tolerance=1e-7, say=lambda _line: None), run_r(out), out


def test_every_number_equals_that_of_r(compared):
    written, result, _ = compared
    other = result.rows.loc[result.rows["equal"] != "yes"]
    assert other.empty, other.to_string()
    assert "R says" not in result.said
    assert len(result.rows) == written.n_compared > 450
    known = result.rows["value"].notna()
    assert result.rows.loc[known, "r"].notna().all()


def test_families_are_adjusted_where_their_p_values_are_recomputed(compared):
    written, result, _ = compared
    keys = result.rows["key"]
    for method in ("bonferroni", "holm", "hochberg", "hommel", "fixed_sequence"):
        assert keys.str.startswith(f"by-{method}/").sum() == 3 * len(RECOMPUTED)
    assert written.not_recomputed["holm"] == "the p-value of mean-test, interval-test is not recomputed"
    assert "gMCP" in written.not_recomputed["graph"]


def test_a_search_that_r_ends_early_has_a_larger_tolerance(compared):
    expected = (compared[2] / "expected.csv").read_text(encoding="utf-8").splitlines()
    frailty = [line for line in expected if line.startswith("frailty/")]
    assert frailty
    assert all(line.endswith(",1e-05") for line in frailty)
    assert all(line.endswith(",1e-07") for line in expected if line.startswith("pwp/"))


def test_the_sas_program_leaves_out_rows_without_the_window(compared):
    text = (compared[2] / "README.txt").read_text(encoding="utf-8")
    assert "rate-model: the days after an event at risk only" in text


def test_interval_methods_say_that_the_data_hold_no_intervals():
    assert coverage(Analysis(estimand=FIRST, method="turnbull"), []).reason.startswith("reads intervals")
