"""The SAS program of a cross-check: macros of the methods that the run has, and a call an analysis."""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from .data import OURS, header_of
from .r_script import comment, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skeletal.study import Analysis, Study

FUNCTIONS = "sas"
NUMBERS = ("ARMN", "AVAL", "TSTART", "TSTOP", "STATUS")
WIDTHS = MappingProxyType({"USUBJID": 200, "LNKID": 200, "ARM": 400})
CONF_TYPES = MappingProxyType(
    {"log-log": "loglog", "log": "log", "plain": "linear", "logit": "logit", "arcsine": "asinsqrt"}
)
TESTS = MappingProxyType(
    {"unweighted": "logrank", "gehan": "wilcoxon", "tarone-ware": "tarone", "peto-peto": "peto"}
)
LAWS = MappingProxyType(
    {"weibull": "weibull", "exponential": "exponential", "log-normal": "lnormal", "log-logistic": "llogistic"}
)
ERRORS = MappingProxyType({"aalen": "aalen", "greenwood": "delta"})
NO_MACRO = "no macro is written for it: R only"
LESIONS = "rows of lesions: no macro with their variance by subject"


class _NoSas(Exception):
    """Why SAS is not asked for an analysis."""


class Columns:
    """The names that columns of subjects have in the SAS data sets of a run: c1, c2, ..."""

    def __init__(self, rows: Mapping[str, pd.DataFrame]) -> None:
        self._names: dict[str, str] = {}
        for frame in rows.values():
            for header in frame.columns:
                if header not in OURS:
                    self._names.setdefault(str(header), f"c{len(self._names) + 1}")

    def of(self, headers: tuple[str, ...]) -> str:
        """Return the names of columns of the files."""
        return " ".join(self._names[header] for header in headers)

    def words(self) -> list[str]:
        """Return which is which."""
        return [f"{name} is {_comment(header)}" for header, name in self._names.items()]


def sas_program(
    study: Study,
    analyses: Mapping[str, Analysis],
    data_files: Mapping[str, str],
    rows: Mapping[str, pd.DataFrame],
) -> str:
    """Return the program.

    Parameters
    ----------
    study : Study
        Its arms and labels.
    analyses : mapping of str to Analysis
        Those that the R script recomputes, in order.
    data_files : mapping of str to str
        Estimand -> its file in ``data/``.
    rows : mapping of str to DataFrame
        Estimand -> its rows.

    Returns
    -------
    str
        SAS code; no text of the study is in it but in comments, names of arms come from ``data/arms.csv``.
    """
    columns = Columns(rows)
    parts = [_head(study, columns), _functions("start")]
    parts += [_functions(name) for name in ("curves", "tests", "regressions", "proportions", "recurrent")]
    places = {name: f"rows{place}" for place, name in enumerate(data_files, start=1)}
    parts += [_data_step(places[name], file, rows[name], columns, study) for name, file in data_files.items()]
    parts += ["/* ---- The analyses ---- */"]
    for name, item in analyses.items():
        try:
            call = _call(name, item, places[item.estimand], columns, rows[item.estimand])
        except _NoSas as reason:
            call = f"/* not in SAS: {_comment(str(reason))} */"
        label = f": {_comment(item.label)}" if item.label else ""
        parts.append(
            f"/* {_comment(name)}{label} ({item.method}{', primary' if item.primary else ''}) */\n{call}\n"
        )
    return "\n".join([*parts, _functions("end")])


def sas_left_out(analyses: Mapping[str, Analysis], rows: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the analyses that the R script recomputes and the SAS program does not, and why."""
    columns = Columns(rows)
    found: dict[str, str] = {}
    for name, item in analyses.items():
        try:
            _call(name, item, "rows", columns, rows[item.estimand])
        except _NoSas as reason:
            found[name] = str(reason)
        else:
            if item.method in PARTLY:
                found[name] = PARTLY[item.method]
    return found


PARTLY: Mapping[str, str] = MappingProxyType(
    {
        "fine_gray": "coefficient and ratio only: PHREG has another variance",
        "logrank": "statistic, df and p-value only",
        "risk_difference": "limits only",
        "risk_ratio": "estimate and limits only",
        "odds_ratio": "estimate and limits only",
        "proportions_test": "statistic and p-value only",
        "fisher_test": "p-value only",
        "cmh_test": "statistic and p-value only",
    }
)


def _comment(text: str) -> str:
    """Return text that cannot end a comment of SAS, call a macro or open a quotation."""
    kept = comment(text)
    for letter in "*/%&;\"'":
        kept = kept.replace(letter, " ")
    return " ".join(kept.split())


def _functions(name: str) -> str:
    return (files(__package__) / FUNCTIONS / f"{name}.sas").read_text(encoding="utf-8")


def _head(study: Study, columns: Columns) -> str:
    listed = "; ".join(columns.words()) or "none"
    return f"""%let folder = .;  /* the folder of this program */
/* Cross-check of {_comment(study.acronym)} in SAS: recomputes numbers of expected.csv from data/.
   SAS/STAT 15.1 or later, started with encoding=utf-8.  Writes sas-results.csv: key, value (ours), sas.
   Each analysis is one macro call near the end; the macros above hold the calls of the procedures.
   Where SAS has another convention the comment at the macro says so, and the number is not compared.
   It was written for the documented output data sets and has not been run by its authors: where SAS
   disagrees and R agrees, look at the macro first.
   STATUS is 0 censored, 1 the event, 2 and more the competing causes; ARMN 1 is the control.
   Columns of subjects: {listed} */
options nonotes validvarname=v7;
ods graphics off;
"""


def _data_step(place: str, file: str, frame: pd.DataFrame, columns: Columns, study: Study) -> str:
    lengths, names = [], []
    for header in map(str, frame.columns):
        name = header if header in OURS else columns.of((header,))
        numeric = header in NUMBERS or (header not in WIDTHS and _is_numeric(frame[header]))
        lengths.append(f"{name} {8 if numeric else f'${WIDTHS.get(header, 200)}'}")
        names.append(name)
    arms = " ".join(f"arm{k} = (ARMN = {k});" for k in range(2, len(study.arms) + 1))
    return f"""data {place};
  infile "&folder/data/{file}" dsd dlm=',' firstobs=2 truncover lrecl=32767 encoding='utf-8' termstr=lf;
  length {" ".join(lengths)};
  input {" ".join(names)};
  {arms}
run;"""


def _is_numeric(values: pd.Series[Any]) -> bool:
    return bool(pd.to_numeric(values.replace("", None), errors="coerce").notna().eq(values != "").all())


def _call(name: str, item: Analysis, place: str, columns: Columns, frame: pd.DataFrame) -> str:
    maker = _CALLS.get(item.method)
    if maker is None:
        raise _NoSas(NO_MACRO)
    if item.at_risk == "removed":
        raise _NoSas("the days after an event at risk only")
    arms = sorted(set(frame["ARMN"]) - {1})
    about = {
        **options_of(item),
        "arms": " ".join(f"arm{k}" for k in arms),
        "numbers": " ".join(map(str, arms)),
        "lesions": int("LNKID" in frame),
    }
    about["days"] = " ".join(map(str, about.get("times", ())))
    for option in ("strata", "covariates"):
        about[option] = columns.of(tuple(map(header_of, getattr(item, option))))
    return f"%{item.method if maker is not _two_arms else 'two_arms'}({name}, {place}, {maker(about)})"


def _only(about: Mapping[str, Any], option: str, known: Mapping[str, str]) -> str:
    """Return what SAS calls the value of an option, or say that it does not have it."""
    if about[option] not in known:
        raise _NoSas(f"SAS has no {option.replace('_', ' ')} {about[option]}")
    return known[about[option]]


def _no_lesions(about: Mapping[str, Any]) -> None:
    if about["lesions"]:
        raise _NoSas(LESIONS)


def _kaplan_meier(about: Mapping[str, Any]) -> str:
    _no_lesions(about)
    level, scale = about["conf_level"], about["conf_type"]
    return f"{about['days']}, {level}, {scale}, {CONF_TYPES[scale]}"


def _read_curve(about: Mapping[str, Any]) -> str:
    _no_lesions(about)
    if not about["days"]:
        raise _NoSas("no times are read")
    return f"{about['days']}, {about['conf_level']}, {about['conf_type']}"


def _follow_up(about: Mapping[str, Any]) -> str:
    return _read_curve({**about, "conf_level": 0.95, "conf_type": "log-log"}).split(",")[0]


def _conditional(about: Mapping[str, Any]) -> str:
    return _read_curve(about).replace(", ", f", {about['given']}, ", 1)


def _incidence(about: Mapping[str, Any]) -> str:
    return f"{_read_curve(about)}, {_only(about, 'variance', ERRORS)}"


def _logrank(about: Mapping[str, Any]) -> str:
    weight = about["weight"]
    if weight["name"] == "fleming-harrington":
        return f"{about['strata']}, fleming({weight['rho']:g}, {weight['gamma']:g})"
    if weight["name"] not in TESTS:
        raise _NoSas(f"LIFETEST has no weight {weight['name']}")
    return f"{about['strata']}, {TESTS[weight['name']]}"


def _gray(about: Mapping[str, Any]) -> str:
    if about["rho"]:
        raise _NoSas("LIFETEST has Gray's test with rho 0 only")
    return str(about["strata"])


def _cox(about: Mapping[str, Any]) -> str:
    ties = "discrete" if about["ties"] == "exact" else about["ties"]
    return f"{about['arms']}, {about['covariates']}, {about['strata']}, {ties}, {about['lesions']}"


def _fine_gray(about: Mapping[str, Any]) -> str:
    if about["censoring_strata"]:
        raise _NoSas("PHREG estimates censoring for all together")
    return f"{about['arms']}, {about['covariates']}"


def _parametric(about: Mapping[str, Any]) -> str:
    _no_lesions(about)
    return f"{about['arms']}, {about['covariates']}, {_only(about, 'distribution', LAWS)}"


def _proportion(about: Mapping[str, Any]) -> str:
    _no_lesions(about)
    return str(about["days"])


def _two_arms(about: Mapping[str, Any]) -> str:
    known = {"newcombe", "wald", "log-wald", "woolf", "pooled", "yates", "exact"}
    if about["formula"] not in known or about.get("alternative", "two-sided") != "two-sided":
        raise _NoSas(NO_MACRO)
    what = "fisher" if about["formula"] == "exact" else about["formula"]
    return f"{about['days']}, {about['numbers']}, {what}, {about.get('conf_level', 0.95)}"


def _cmh(about: Mapping[str, Any]) -> str:
    return f"{about['days']}, {about['numbers']}, {about['strata']}"


def _event_rate(about: Mapping[str, Any]) -> str:
    _no_lesions(about)
    return f"{about['conf_level']}, {int(about['rate'] == 'per_subject')}"


_CALLS: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "kaplan_meier": _kaplan_meier,
        "follow_up": _follow_up,
        "conditional_survival": _conditional,
        "naive_incidence": _read_curve,
        "cumulative_incidence": _incidence,
        "logrank": _logrank,
        "gray_test": _gray,
        "cox": _cox,
        "cause_specific_cox": _cox,
        "andersen_gill": _cox,
        "fine_gray": _fine_gray,
        "parametric": _parametric,
        "proportion": _proportion,
        **dict.fromkeys(
            ("risk_difference", "risk_ratio", "odds_ratio", "proportions_test", "fisher_test"), _two_arms
        ),
        "cmh_test": _cmh,
        "event_rate": _event_rate,
    }
)
