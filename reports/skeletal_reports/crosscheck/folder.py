"""The folder of a cross-check: data, scripts, expected numbers, and what is not recomputed."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.errors import InvalidArgument, name_some
from skeletal.records import write_csv

from .coverage import coverage
from .data import check_against_records, estimand_rows, open_run
from .families import family_calls
from .r_script import comment, r_script
from .sas_script import sas_left_out, sas_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from skeletal.study import Analysis

    from .coverage import Coverage
    from .data import Run

DATA, ARMS, R_SCRIPT, SAS_PROGRAM = "data", "arms.csv", "crosscheck.R", "crosscheck.sas"
EXPECTED, ANSWERS, README, R_RESULTS = "expected.csv", "answers.csv", "README.txt", "r-results.csv"
SAS_RESULTS = "sas-results.csv"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CrossCheck:
    """What a cross-check compares.

    Attributes
    ----------
    n_compared : int
        Statistics in ``expected.csv``.
    not_recomputed : mapping of str to str
        Analysis (or statistic of one) -> why the R script leaves it out.
    primary_not_recomputed : tuple of str
        Those of them that are primary analyses.
    """

    n_compared: int
    not_recomputed: Mapping[str, str]
    primary_not_recomputed: tuple[str, ...]


def is_crosscheck_file(name: str) -> bool:
    """Return whether a file has a name that a cross-check gives."""
    return name in (R_SCRIPT, SAS_PROGRAM, EXPECTED, ANSWERS, README, R_RESULTS, SAS_RESULTS)


def refuse_foreign(out: Path) -> None:
    """Refuse to replace a cross-check that holds answers, or whose data folder holds other files.

    Parameters
    ----------
    out : Path
        The folder, which need not be there.

    Raises
    ------
    FileExistsError
        If somebody put work of his own into it.
    """
    answers, data = out / ANSWERS, out / DATA
    if answers.is_file():
        rows = pd.read_csv(answers, dtype=str, keep_default_na=False)
        if not {"R", "SAS"} <= set(rows) or (rows[["R", "SAS"]] != "").any(axis=None):
            raise FileExistsError(
                f"{answers} holds answers; move it elsewhere first, or name another place with --out"
            )
    others = [item.name for item in data.iterdir() if item.suffix != ".csv"] if data.is_dir() else []
    if others:
        raise FileExistsError(f"{data} also holds {name_some(others)}; name another place with --out")


def write_crosscheck(
    run_folder: Path, out: Path, *, tolerance: float, say: Callable[[str], None]
) -> CrossCheck:
    """Write the cross-check of a run into an empty folder.

    Parameters
    ----------
    run_folder : Path
        From ``skeletal report``.
    out : Path
        An empty folder.
    tolerance : float
        Relative difference up to which two numbers are equal.
    say : callable
        Called with one line a stage.

    Returns
    -------
    CrossCheck
        How many statistics are compared, and what is not.

    Raises
    ------
    InvalidArgument
        If the folder is no run folder or the tolerance is not positive.
    InvalidRecords
        If the run folder was altered.
    """
    if not 0 < tolerance < 1:
        raise InvalidArgument(f"tolerance must lie between 0 and 1, got {tolerance:g}")
    say(f"Reading {run_folder}")
    run = open_run(run_folder)
    analyses = run.analyses()
    covered = {name: coverage(item, run.absent_columns(item)) for name, item in analyses.items()}
    recomputed = {name: item for name, item in analyses.items() if not covered[name].reason}
    files = _data_files(recomputed)
    rows = {name: estimand_rows(run, name) for name in files}
    if check_against_records(run, rows):
        say("The data are those that the records of the run give")
    for name, frame in rows.items():
        write_csv(frame, out / DATA / files[name])
    arms = list(enumerate(run.study.arm_names, start=1))
    _write_rows(out / DATA / ARMS, ["ARMN", "ARM"], arms)
    kept = _recomputed(run, covered)
    families, no_family = family_calls(run, set(kept["key"]))
    kept = run.results.loc[run.results["key"].isin(kept["key"]) | run.results["analysis"].isin(families)]
    least = {name: item.least_tolerance for name, item in covered.items()}
    allowed = [max(tolerance, least.get(name, 0.0)) for name in kept["analysis"]]
    expected = kept[["key", "value", "method"]].assign(tolerance=allowed)
    _write_expected(expected, out)
    script = r_script(run.study, recomputed, files, tolerance, list(families.values()))
    (out / R_SCRIPT).write_text(script, encoding="utf-8", newline="\n")
    sas = sas_program(run.study, recomputed, files, rows)
    (out / SAS_PROGRAM).write_text(sas, encoding="utf-8", newline="\n")
    left_out = _not_recomputed(covered) | no_family
    readme = _readme(run, len(expected), left_out, sas_left_out(recomputed, rows), tolerance)
    (out / README).write_text(readme, encoding="utf-8", newline="\n")
    primary = tuple(name for name, item in analyses.items() if item.primary and covered[name].reason)
    return CrossCheck(
        n_compared=len(expected), not_recomputed=MappingProxyType(left_out), primary_not_recomputed=primary
    )


def _data_files(analyses: Mapping[str, Analysis]) -> dict[str, str]:
    """Return estimand -> a file name of plain letters, in the order of the analyses."""
    files: dict[str, str] = {}
    for item in analyses.values():
        if item.estimand not in files:
            plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in item.estimand)
            files[item.estimand] = f"{len(files) + 1:02d}-{plain[:60]}.csv"
    return files


def _recomputed(run: Run, covered: Mapping[str, Coverage]) -> pd.DataFrame:
    """Return the rows of the results that the analyses recompute."""
    results = run.results
    kept = [
        name in covered and not covered[name].reason and statistic not in covered[name].left_out
        for name, statistic in zip(results["analysis"], results["statistic"], strict=True)
    ]
    return results.loc[kept]


def _write_expected(expected: pd.DataFrame, out: Path) -> None:
    numbers = ["" if pd.isna(value) else f"{value:.17g}" for value in expected["value"]]
    header = ["key", "value", "method", "tolerance"]
    rows = zip(expected["key"], numbers, expected["method"], expected["tolerance"].map(repr), strict=True)
    _write_rows(out / EXPECTED, header, rows)
    blank = ((key, number, "", "") for key, number in zip(expected["key"], numbers, strict=True))
    _write_rows(out / ANSWERS, ["key", "ours", "R", "SAS"], blank)


def _write_rows(path: Path, header: list[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="\n")


def _not_recomputed(covered: Mapping[str, Coverage]) -> dict[str, str]:
    found = {}
    for name, item in covered.items():
        if item.reason:
            found[name] = item.reason
        else:
            found |= {f"{name}, {statistic}": why for statistic, why in item.left_out.items()}
    return found


def _readme(
    run: Run, n_compared: int, left_out: Mapping[str, str], no_sas: Mapping[str, str], tolerance: float
) -> str:
    def listed(reasons: Mapping[str, str]) -> list[str]:
        return [f"  {comment(name)}: {why}" for name, why in reasons.items()] or ["  nothing"]

    lines = [
        f"Cross-check of the numbers of {comment(run.study.acronym)} ({run.study.id}) in R and SAS.",
        "",
        "1. data/           rows that the analyses read; STATUS 0 censored, 1 the event, 2 ... competing",
        f"2. {EXPECTED}    {n_compared} numbers of the run: key, value, method, tolerance",
        f"3. {R_SCRIPT}    Rscript {R_SCRIPT}: recomputes them, writes {R_RESULTS}, prints what differs",
        "                   (packages survival and cmprsk; returns 1 if a number differs)",
        f"4. {SAS_PROGRAM}  the same in SAS/STAT 15 or later: set FOLDER in its first line, run it, and read",
        f"                   {SAS_RESULTS}; its comments say where SAS has another convention",
        f"5. {ANSWERS}     key and our value; paste what R and SAS gave beside them and file the table",
        "",
        f"Two numbers are equal if they differ by at most {tolerance:g} of the larger one, or if both are",
        f"missing (not estimable); {EXPECTED} allows more where R stops a search earlier (frailty).",
        "The data equal data/adtte.csv and data/adrecur.csv of the run, whose files equal its manifest.",
        "The rows <estimand>-accounting of the results count subjects; no script recomputes them.",
        "",
        "Not recomputed by the R script:",
        *listed(left_out),
        "",
        "Recomputed by the R script but not by the SAS program:",
        *listed(no_sas),
    ]
    return "\n".join(lines) + "\n"
