"""The R script of a cross-check: functions of the methods that the run has, and a block an analysis."""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from skeletal.study.analysis_methods import METHODS

from .data import SUBJECT_COLUMNS, header_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skeletal.study import Analysis, Study

FUNCTIONS = "r"
PACKAGES_MISSING = 3  # what the script returns where R lacks a package
NAMES = MappingProxyType({"concordance": "concordance_of_cox"})  # R's own function has the name
DEFAULTS: Mapping[str, Any] = MappingProxyType({"rho": 0, "weight": {"name": "unweighted"}})
WIDTH = 100


def r_script(
    study: Study,
    analyses: Mapping[str, Analysis],
    data_files: Mapping[str, str],
    tolerance: float,
    checked: Sequence[str] = (),
) -> str:
    """Return the script.

    Parameters
    ----------
    study : Study
        Its arms and labels.
    analyses : mapping of str to Analysis
        Those that are recomputed, in order.
    data_files : mapping of str to str
        Estimand -> its file in ``data/``.
    tolerance : float
        Relative difference up to which two numbers are equal.
    checked : sequence of str
        Calls of families of hypotheses, from :func:`skeletal_reports.crosscheck.families.family_calls`.

    Returns
    -------
    str
        R code for base R, survival and cmprsk.
    """
    families = [name for name in _FAMILIES if any(FAMILY[item.method] == name for item in analyses.values())]
    needed = [name for name in _FAMILIES if name in families or name in _needed_by(families)]
    parts = [_head(study, data_files, tolerance), _functions("start")]
    parts += [_functions(name) for name in needed]
    parts += ["# ---- The analyses ".ljust(WIDTH, "-")]
    parts += [_block(name, item, study) for name, item in analyses.items()]
    parts += [_functions("families"), *checked] if checked else []
    return "\n".join([*parts, _functions("end")])


def r_value(value: Any) -> str:
    """Return a value of a study file as R code.

    Parameters
    ----------
    value : str, number, None, sequence or mapping
        Names and options.

    Returns
    -------
    str
        Text is quoted, with every character that is not printable ASCII as an escape.
    """
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _r_string(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return f"list({', '.join(f'{_r_string(str(key))} = {r_value(item)}' for key, item in value.items())})"
    items = [r_value(item) for item in value]
    return f"{'list' if any(isinstance(item, dict) for item in value) else 'c'}({', '.join(items)})"


def comment(text: str) -> str:
    """Return text for a comment: one line, no control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _r_string(text: str) -> str:
    escaped = "".join(
        f"\\{letter}" if letter in '"\\' else letter if " " <= letter <= "~" else f"\\U{{{ord(letter):x}}}"
        for letter in text
    )
    return f'"{escaped}"'


def _functions(name: str) -> str:
    return (files(__package__) / FUNCTIONS / f"{name}.R").read_text(encoding="utf-8")


def _head(study: Study, data_files: Mapping[str, str], tolerance: float) -> str:
    arms = f"ARMS <- {r_value(study.arm_names)}   # the control first"
    listed = ",\n  ".join(f"{_r_string(name)} = {_r_string(file)}" for name, file in data_files.items())
    return f"""# Cross-check of {comment(study.acronym)} in R.
# Recomputes the numbers of expected.csv from data/*.csv.
# Run:  Rscript crosscheck.R      (R 4.0 or later with the packages survival and cmprsk)
# Writes r-results.csv (key, value = ours, r = R's) and returns 1 if a number differs.
# Each analysis of the study is one call of check() near the end; the functions above it hold the calls of R.
# STATUS is 0 censored, 1 the event, 2 and more the competing causes; ARMN 1 is the control.
for (package in c("survival", "cmprsk")) {{
  if (!requireNamespace(package, quietly = TRUE)) {{
    message("R lacks the package ", package, ": install.packages(\\"", package, "\\")")
    quit(status = {PACKAGES_MISSING})
  }}
}}
suppressPackageStartupMessages({{
  library(survival)
  library(cmprsk)
}})
TOLERANCE <- {tolerance!r}
{arms}
FILES <- list(
  {listed}
)
"""


def options_of(analysis: Analysis) -> dict[str, Any]:
    """Return every option of the method, its default where none is given."""
    rule = METHODS[analysis.method]
    found: dict[str, Any] = {}
    for option in rule.options:
        value = getattr(analysis, option)
        if value is None and option in rule.choices:
            value = rule.choices[option][0]
        if value is None:
            value = DEFAULTS.get(option)
        found[option] = _plain(option, value)
    return found


def _plain(option: str, value: Any) -> Any:
    if option in SUBJECT_COLUMNS:
        return tuple(header_of(name) for name in value)
    if option == "weight" and not isinstance(value, dict):
        return value.model_dump(exclude_none=True)
    if option == "weights":
        return tuple(item.model_dump(exclude_none=True) for item in value)
    return value


def _r_options(analysis: Analysis, study: Study) -> dict[str, Any]:
    """Return the options as the functions of R take them: the window after an event as its days."""
    options = options_of(analysis)
    days = study.endpoints[study.estimands[analysis.estimand].endpoint].min_gap_days - 1
    if analysis.method == "window_effect":
        return {**options, "window": max(days, 0)}
    if "at_risk" not in options:
        return options
    removed = options.pop("at_risk") == "removed"
    return {**options, "window": max(days, 0) if removed else 0}


def _block(name: str, analysis: Analysis, study: Study) -> str:
    label = f": {comment(analysis.label)}" if analysis.label else ""
    primary = ", primary" if analysis.primary else ""
    options = "".join(
        f", {option} = {r_value(value)}" for option, value in _r_options(analysis, study).items()
    )
    function = NAMES.get(analysis.method, analysis.method)
    call = f"check({_r_string(name)}, {function}, {_r_string(analysis.estimand)}{options})"
    return f"# {comment(name)}{label} ({analysis.method}{primary})\n{call}\n"


_FAMILIES = ("curves", "tests", "regressions", "contrasts", "proportions", "recurrent", "events", "states")
FAMILY: Mapping[str, str] = MappingProxyType(
    {
        method: family
        for family, methods in {
            "curves": (
                "kaplan_meier follow_up conditional_survival nelson_aalen naive_incidence "
                "cumulative_incidence"
            ),
            "tests": "logrank logrank_trend max_combo gray_test",
            "regressions": (
                "cox cause_specific_cox fine_gray parametric piecewise_exponential "
                "proportionality concordance predicted_survival"
            ),
            "contrasts": (
                "survival_contrast incidence_contrast restricted_mean restricted_mean_contrast "
                "restricted_mean_test years_lost years_lost_contrast"
            ),
            "proportions": (
                "proportion risk_difference risk_ratio odds_ratio proportions_test fisher_test "
                "noninferiority_test cmh_test stratified_odds_ratio stratified_risk_difference"
            ),
            "recurrent": "mean_cumulative mean_cumulative_contrast event_rate",
            "events": (
                "andersen_gill ordered_events frailty_rate rate_ratio rate_difference rate_regression "
                "window_effect while_alive_rate while_alive_contrast recurrent_answers"
            ),
            "states": "state_occupation time_in_state time_in_state_contrast transition_cox lesion_times",
        }.items()
        for method in methods.split()
    }
)


def _needed_by(families: list[str]) -> set[str]:
    """Return the families whose functions those of ``families`` call."""
    uses = {
        "contrasts": {"curves"},
        "recurrent": {"curves", "contrasts", "regressions", "events"},
        "events": {"curves", "contrasts", "regressions", "recurrent"},
        "states": {"curves", "contrasts", "regressions", "recurrent", "events"},
        "regressions": {"curves"},
        "proportions": {"contrasts", "curves"},
    }
    return {used for family in families for used in uses.get(family, ())}
