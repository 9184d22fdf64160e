"""Reading a study file: what is accepted, and what each mistake says."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from skeletal.errors import InvalidStudy
from skeletal.study import list_studies, load_study, lock_study, parse_study, study_text

HERMES = study_text("hermes")


def changed(old: str, new: str, *, text: str = HERMES) -> str:
    """Return the study file with one passage replaced."""
    assert old in text
    return text.replace(old, new, 1)


def message_of(text: str) -> str:
    with pytest.raises(InvalidStudy) as caught:
        parse_study(text, origin="trial.toml")
    return str(caught.value)


def test_library_name_and_path_give_the_same_study(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(HERMES, encoding="utf-8")
    assert load_study(path) == load_study("hermes")
    assert load_study(str(path)).digest() == load_study("hermes").digest()


def test_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(HERMES, encoding="utf-8-sig")
    assert load_study(path).id == "hermes"


def test_control_arm_comes_first_whatever_the_order_in_the_file():
    text = changed("control = true\n", "")
    text = changed('name = "upfront-rt"\n', 'name = "upfront-rt"\ncontrol = true\n', text=text)
    study = parse_study(text)
    assert study.arm_names == ("upfront-rt", "observational")
    assert study.control.name == "upfront-rt"
    assert study.arm_label("observational") == "Observational arm"


def test_arm_without_label_is_called_by_its_name():
    study = parse_study(changed('label = "Observational arm"\n', ""))
    assert study.arm_label("observational") == "observational"


def test_single_value_of_a_filter_is_a_list_of_one():
    study = load_study("hermes")
    where = study.components["cord_compression"].where
    assert where == {"component": ("cord_compression",), "symptomatic": (True,)}


def test_rules_follow_the_endpoint_or_else_the_study():
    text = changed(
        "min_gap_days = 21\n", 'min_gap_days = 21\ncensoring = ["withdrawal"]\ntime_zero = "treatment_date"\n'
    )
    study = parse_study(text)
    assert list(study.censoring_of("sse")) == ["withdrawal"]
    assert list(study.censoring_of("death")) == list(study.censoring)
    assert (study.time_zero_of("sse"), study.time_zero_of("death")) == ("treatment_date", "randomised_date")
    assert list(study.estimands_of("death")) == ["overall-survival"]


def test_limits_take_the_first_row_and_last_seen_the_last():
    rules = load_study("hermes").censoring
    assert (rules["withdrawal"].take, rules["last_contact"].take) == ("first", "last")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "min_gap_days = 21",
            "min_gap_day = 21",
            "endpoints.sse.min_gap_day: unknown key; did you mean 'min_gap_days'?",
        ),
        ('acronym = "HERMES"', 'acronim = "HERMES"', "acronim: unknown key; did you mean 'acronym'?"),
        ("[looks]", "[look]", "look: unknown key; did you mean 'looks'?"),
        (
            "accrual_days = 753",
            "acrual_days = 753",
            "scenarios.planning.acrual_days: unknown key; did you mean 'accrual_days'?",
        ),
        ("ratio = 1", "allocate = 1", "arms.0.allocate: unknown key"),
        ("n_subjects = 120\n", "", "n_subjects: required and missing"),
        ("n_subjects = 120", 'n_subjects = "many"', "n_subjects: Input should be a valid integer"),
        ("n_subjects = 120", "n_subjects = 1", "n_subjects: Input should be greater than or equal to 2"),
        (
            'variable = "first"',
            'variable = "second"',
            "estimands.sse-incidence.variable: Input should be 'first' or 'recurrent'",
        ),
        ("start_date = 2025-02-05", 'start_date = "soon"', "start_date: Input should be a valid date"),
        ('paramcd = "TTSSE"', 'paramcd = "too long for a code"', "estimands.sse-incidence.paramcd"),
        ("control = true", "control = false", "exactly one arm must say control = true"),
        ("ratio = 1\nsource", "ratio = 1\ncontrol = true\nsource", "exactly one arm must say control = true"),
        ('name = "upfront-rt"', 'name = "observational"', "arm names must be distinct"),
        (
            '"fracture", "surgery"',
            '"fractur", "surgery"',
            "endpoint 'sse' names component 'fractur', which is not declared",
        ),
        (
            'estimand = "sse-hazard"',
            'estimand = "sse-hazzard"',
            "names estimand 'sse-hazzard', which is not declared",
        ),
        ('endpoint = "sse"', 'endpoint = "see"', "estimand 'sse-incidence' names endpoint 'see'"),
        ('paramcd = "OS"', 'paramcd = "TTSSE"', "every estimand and measure needs its own paramcd"),
        (
            'method = "gray_test"',
            'method = "andersen_gill"',
            "andersen_gill needs an estimand with variable = 'recurrent'",
        ),
        ('method = "gray_test"', 'method = "gray_test"\ntimes = [365]', "gray_test does not take times"),
        ('month 12"\ntimes = [365]', 'month 12"', "proportion needs times"),
        (
            'method = "andersen_gill"',
            'method = "andersen_gill"\nties = "exact"',
            "andersen_gill takes ties efron, breslow, got 'exact'",
        ),
        (
            "data_cutoff = true",
            'data_cutoff = true\ntable = "events"',
            "give exactly one of table, after_days",
        ),
        (
            "after_days = 730",
            'after_days = 730\nintercurrent = "x"',
            "censoring.horizon.intercurrent: unknown key",
        ),
        (
            "after_days = 730",
            'after_days = 730\nunless = { status = "died" }',
            "censoring.horizon.unless: unknown key",
        ),
        ('role = "limit"\nafter_days', 'role = "last_seen"\nafter_days', "only a rule that reads a table"),
        ("radiation = 0.55", "radiation = 0.50", "component_mix must sum to 1, got 0.95"),
        ("radiation = 0.55", "radiations = 0.55", "component_mix names undeclared component(s) radiations"),
        (
            "radiation = 0.55, fracture = 0.25",
            "radiation = 1.05, fracture = -0.25",
            "component_mix must not be negative",
        ),
        ("event_rate = { observational =", "event_rate = { control =", "event_rate must name every arm once"),
        (
            "death_rate = { observational = 0.40",
            "death_rate = { observational = -0.40",
            "death_rate must not be negative",
        ),
        (
            'scenario = "planning"',
            'scenario = "plan"',
            "report.scenario names scenario 'plan', which is not declared",
        ),
        (
            "treatment_delay_days = [3, 21]",
            "treatment_delay_days = [21, 3]",
            "treatment_delay_days must be (least, most)",
        ),
        (
            'paramcd = "OS"\nvariable = "first"\ndeath = "composite"',
            'paramcd = "OS"\nvariable = "first"\ndeath = "censor"',
            "an endpoint without components needs death = 'composite'",
        ),
        (
            'variable = "recurrent"\ndeath = "competing"',
            'variable = "recurrent"\ndeath = "composite"',
            "recurrent events take death as",
        ),
        (
            "n_subjects = 120",
            "n_subjects = true",
            "n_subjects must be a number, got true or false",
        ),
    ],
)
def test_mistake_is_named_with_its_place_and_remedy(old, new, expected):
    message = message_of(changed(old, new))
    assert message.startswith("trial.toml is not a valid study:")
    assert expected in message


def test_study_of_one_arm_is_refused():
    start = HERMES.index('[[arms]]\nname = "upfront-rt"')
    text = HERMES[:start] + HERMES[HERMES.index("[[visits]]") :]
    assert "a randomised trial needs at least two arms, got 1" in message_of(text)


def test_study_without_censoring_rules_is_refused():
    text = (
        HERMES[: HERMES.index("[censoring.data_cutoff]")]
        + "[censoring]\n"
        + HERMES[HERMES.index("[analyses.") :]
    )
    assert "declare at least one censoring rule" in message_of(text)


def test_all_mistakes_come_in_one_message():
    text = changed(
        "min_gap_days = 21", "min_gap_day = 21", text=changed("n_subjects = 120", "n_subjects = 1")
    )
    assert len(message_of(text).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "expected"), [("id = @", "not valid TOML"), ("id = 'a'\nid = 'b'\n", "not valid TOML")]
)
def test_text_that_is_not_toml_says_where(text, expected):
    assert expected in message_of(text)
    assert re.search(r"at line \d", message_of(text))


def test_unknown_name_suggests_the_library(tmp_path):
    with pytest.raises(InvalidStudy, match=r"Did you mean 'hermes'\?"):
        load_study("hermez")
    with pytest.raises(InvalidStudy, match="hermes, perform"):
        load_study(tmp_path / "absent.toml")
    with pytest.raises(InvalidStudy, match="no study 'x' in the library"):
        study_text("x")


def test_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "trial.toml"
    path.write_bytes(b"\xff\xfe\x00id")
    with pytest.raises(InvalidStudy, match=r"trial\.toml is not UTF-8 text"):
        load_study(path)


@pytest.mark.parametrize("name", ["hermes", "perform"])
def test_locked_study_reads_back_as_the_same_study(name):
    study = load_study(name)
    locked = lock_study(study)
    assert parse_study(locked) == study
    assert parse_study(locked).digest() == study.digest()
    assert lock_study(parse_study(locked)) == locked


def test_lock_writes_out_the_defaults():
    assert 'year_only_dates = "missing"' not in HERMES
    assert 'year_only_dates = "missing"' in lock_study(load_study("hermes"))


def test_digest_ignores_comments_and_sees_every_value():
    digest = load_study("hermes").digest()
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert parse_study("# a remark\n" + HERMES).digest() == digest
    assert parse_study(changed("min_gap_days = 21", "min_gap_days = 22")).digest() != digest
    assert parse_study(changed("ratio = 1\ncontrol", "ratio = 2\ncontrol")).digest() != digest


def test_digest_is_the_same_in_another_process():
    code = "from skeletal.study import load_study; print(load_study('perform').digest())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == load_study("perform").digest()


def test_list_studies_shows_the_library():
    frame = list_studies()
    assert frame["name"].tolist() == ["hermes", "perform", "rfa-ba", "rt-vertebroplasty"]
    assert frame["n_subjects"].tolist() == [120, 334, 36, 64]
    assert frame["allocation"].tolist() == ["1:1", "1:1", "1:2", "1:1"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("times = [183, 365,", "times = [365, 365,", "times name a day twice, got 365, 365"),
        ("times = [183", "times = [-183", "times.0: Input should be greater than or equal to 0"),
        ("at_risk_times = [0", "at_risk_times = [-1", "at_risk_times.0"),
        ("treatment_delay_days = [3", "treatment_delay_days = [-3", "treatment_delay_days.0"),
        (
            "observational = 0.408",
            "observational = nan",
            "death_rate.observational: Input should be a finite",
        ),
        ("radiation = 0.55", "radiation = nan", "component_mix.radiation: Input should be a finite"),
        ('method = "kaplan_meier"', 'method = "kaplan_meier"\nconf_type = "logg"', "takes conf_type log-log"),
        ('method = "cox"', 'method = "cox"\nstrata = ["arm"]', "neither stratum nor covariate"),
        ('method = "cox"', 'method = "cox"\ncovariates = ["age", "age"]', "more than once: age"),
        ('["cord_compression", "fracture"', '["fracture", "fracture"', "names a component twice"),
        ('estimand = "sse-hazard"', 'estimand = "sse-hazards"', "did you mean 'sse-hazard'?"),
    ],
)
def test_number_or_name_that_cannot_be_is_refused(old, new, words):
    assert words in message_of(changed(old, new))


def test_one_arm_is_one_problem():
    second = HERMES[HERMES.index('[[arms]]\nname = "upfront-rt"') : HERMES.index("[[visits]]")]
    assert "scenario" not in message_of(changed(second, ""))
