"""What a cross-check reads of a run folder: its study, its results, and the rows that each analysis read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, InvalidRecords, name_some
from skeletal.study import COMPETING_STRATEGIES, RecordsMapping, load_study
from skeletal_reports.provenance import MANIFEST, file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skeletal.study import Analysis, Estimand, Study

STUDY, RESULTS = "study.lock.toml", "results/results.csv"
READ = (STUDY, RESULTS, "data/adsl.csv", "data/define.csv", "data/adtte.csv", "data/adrecur.csv")
RECORDS = "data/records"
COLUMNS = {"first": ("AVAL",), "recurrent": ("TSTART", "TSTOP")}
OURS = ("USUBJID", "LNKID", "ARM", "ARMN", "AVAL", "TSTART", "TSTOP", "STATUS")
SUBJECT_COLUMNS = ("strata", "censoring_strata", "covariates", "subgroups")


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """A run folder whose files are those that its manifest names.

    Attributes
    ----------
    folder : Path
        The run folder.
    study : Study
        Its study, every default filled in.
    manifest : mapping
        The content of ``manifest.json``.
    """

    folder: Path
    study: Study
    manifest: Mapping[str, Any]

    @cached_property
    def results(self) -> pd.DataFrame:
        """One statistic a row, in the order of the results."""
        text = _text_table(self.folder / RESULTS)
        return text.assign(value=[float(value) if value else np.nan for value in text["value"]])

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """Column of subjects -> variable of ADSL that holds it."""
        rows = _text_table(self.folder / "data/define.csv")
        rows = rows.loc[(rows["dataset"] == "ADSL") & rows["origin"].str.startswith("Predecessor: subjects.")]
        names = rows["origin"].str.removeprefix("Predecessor: subjects.")
        return dict(zip(names[::-1], rows["variable"][::-1], strict=True))

    def table(self, name: str) -> pd.DataFrame:
        """Return a csv file of ``data/`` as text, empty where nothing is written."""
        return _text_table(self.folder / "data" / name)

    def subject_column(self, name: str) -> pd.Series[Any] | None:
        """Return a column of subjects by USUBJID as text, or None where the run does not hold it."""
        path = self.folder / RECORDS / "subjects.csv"
        if name in self.variables:
            adsl = self.table("adsl.csv").set_index("USUBJID")[self.variables[name]]
            return adsl.replace({"Y": "1", "N": "0"}) if set(adsl) <= {"Y", "N", ""} else adsl
        if path.is_file():
            subjects = _text_table(path).set_index("subject_id")
            if name in subjects:
                return subjects[name].replace({"true": "1", "false": "0"})
        return None

    def analyses(self) -> dict[str, Analysis]:
        """Return the analyses that have results, in the order of the study."""
        made = set(self.results["analysis"])
        return {name: item for name, item in self.study.analyses.items() if name in made}

    def absent_columns(self, analysis: Analysis) -> list[str]:
        """Return the columns of subjects that an analysis reads and the run does not hold."""
        return [name for name in columns_of(analysis) if self.subject_column(name) is None]


def open_run(folder: Path) -> Run:
    """Read a run folder, and refuse one that was altered since it was written.

    Parameters
    ----------
    folder : Path
        From ``skeletal report``.

    Returns
    -------
    Run
        Its study, results and derived data.

    Raises
    ------
    InvalidArgument
        If the folder is no run folder, or was written by a version that kept less.
    InvalidRecords
        If a file that is read is not the one that the manifest names.
    """
    require_run(folder)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    wanted = manifest.get("outputs", {})
    absent = [name for name in READ if name not in wanted or not (folder / name).is_file()]
    if absent:
        raise InvalidArgument(f"{folder} lacks {name_some(absent)}; make the report again")
    records = [name for name in wanted if name.startswith(f"{RECORDS}/")]
    changed = [
        name
        for name in (*READ, *records)
        if not (folder / name).is_file() or file_digest(folder / name) != wanted[name]
    ]
    if changed:
        raise InvalidRecords(
            f"the run folder was altered: {len(changed)} file(s) are not those that were written "
            f"({name_some(changed)}). Make the report again, or take the folder from its archive."
        )
    return Run(folder=folder, study=load_study(folder / STUDY), manifest=manifest)


def require_run(folder: Path) -> None:
    """Raise InvalidArgument where ``folder`` is no run folder."""
    if not (folder / MANIFEST).is_file():
        raise InvalidArgument(
            f"{folder} is not a run folder (it has no {MANIFEST}); give one of skeletal report"
        )


def columns_of(analysis: Analysis) -> tuple[str, ...]:
    """Return the columns of subjects that an analysis reads."""
    return tuple(dict.fromkeys(name for option in SUBJECT_COLUMNS for name in getattr(analysis, option)))


def header_of(column: str) -> str:
    """Return the name of a column of subjects in the files of a cross-check."""
    return f"subjects.{column}" if column in OURS else column


def estimand_rows(run: Run, name: str) -> pd.DataFrame:
    """Return the rows of an estimand, as every analysis of it reads them.

    Parameters
    ----------
    run : Run
        From :func:`open_run`.
    name : str
        An estimand of its study.

    Returns
    -------
    DataFrame
        ``USUBJID ARM ARMN`` (place of the arm, 1 the control) and ``AVAL STATUS``, or
        ``TSTART TSTOP STATUS`` where it is recurrent; ``LNKID`` where the unit is a lesion; then the
        columns of subjects that its analyses read.  STATUS is 0 censored, 1 the event, 2, 3, ... the
        causes that compete with it.

    Raises
    ------
    InvalidRecords
        If the records of the run do not give these rows.
    """
    estimand = run.study.estimands[name]
    times = COLUMNS[estimand.variable]
    rows = run.table("adtte.csv" if estimand.variable == "first" else "adrecur.csv")
    rows = rows.loc[rows["PARAMCD"] == estimand.paramcd].reset_index(drop=True)
    lesions = run.study.endpoints[estimand.endpoint].unit == "lesion"
    frame = rows[["USUBJID", *(["LNKID"] if lesions else []), "ARM"]].copy()
    places = {arm: place for place, arm in enumerate(run.study.arm_names, start=1)}
    frame["ARMN"] = rows["ARM"].map(places).to_numpy()
    for column in times:
        frame[column] = pd.to_numeric(rows[column]).to_numpy()
    frame["STATUS"] = _status(rows, estimand, run.study)
    frame["STATUS"] = frame["STATUS"].astype("int64")
    return frame.assign(**_subject_values(run, name, frame["USUBJID"]))


def check_against_records(run: Run, rows: Mapping[str, pd.DataFrame]) -> bool:
    """Refuse rows that are not those that the records of the run give.

    Parameters
    ----------
    run : Run
        From :func:`open_run`.
    rows : mapping of str to DataFrame
        Estimand -> its rows, from :func:`estimand_rows`.

    Returns
    -------
    bool
        Whether the run holds records (only a run on simulated records does).

    Raises
    ------
    InvalidRecords
        If a row differs.
    """
    from skeletal.records import cut_records, read_records  # noqa: PLC0415 - slow, and most runs need it not

    folder = run.folder / RECORDS
    if not folder.is_dir():
        return False
    from skeletal.outcomes import cut_as_planned, derive_outcomes  # noqa: PLC0415 - as above

    records = read_records(folder, run.study.model_copy(update={"records": RecordsMapping()}))
    day = pd.Timestamp(run.manifest["data_as_of"]).date()
    problems: list[str] = []
    for cut in (cut_as_planned(records, run.study), cut_records(records, day)):
        outcomes = derive_outcomes(cut, run.study)
        problems = [
            text for name, frame in rows.items() if (text := _difference(outcomes.frames[name], frame, name))
        ]
        if not problems:
            return True
    raise InvalidRecords([f"the run folder was altered: {text}" for text in problems])


def _difference(derived: pd.DataFrame, frame: pd.DataFrame, name: str) -> str:
    """Say which rows of an estimand are not those derived from the records; empty where all are."""
    source = {"USUBJID": "subject_id", "LNKID": "lesion_id", "ARM": "arm", "AVAL": "time"}
    source |= {"TSTART": "start", "TSTOP": "stop", "STATUS": "status"}
    compared = [column for column in OURS if column in frame and column != "ARMN"]
    left, right = (
        pd.DataFrame(
            {column: table[key].astype(str if column in OURS[:3] else float) for column, key in names}
        )
        for table, names in (
            (frame, [(column, column) for column in compared]),
            (derived, [(column, source[column]) for column in compared]),
        )
    )
    left, right = (table.sort_values(compared).reset_index(drop=True) for table in (left, right))
    if len(left) != len(right):
        return f"estimand {name!r} has {len(left)} rows, but its records give {len(right)}"
    other = left.loc[(left != right).any(axis=1), "USUBJID"]
    return f"estimand {name!r} of {name_some(list(other))} is not what the records give" if len(other) else ""


def _text_table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def _status(rows: pd.DataFrame, estimand: Estimand, study: Study) -> np.ndarray[Any, np.dtype[np.int64]]:
    if estimand.variable == "recurrent":
        return pd.to_numeric(rows["STATUS"]).to_numpy(dtype=np.int64)
    labels = [study.death.label] if estimand.death == "competing" else []
    labels += [
        study.intercurrent[name].label
        for name, how in estimand.intercurrent.items()
        if how in COMPETING_STRATEGIES
    ]
    places = {
        f"{label} before the event": place for place, label in reversed(list(enumerate(labels, start=2)))
    }
    other = rows["EVNTDESC"].map(places).fillna(0).to_numpy(dtype=np.int64)
    return np.where(rows["CNSR"] == "0", 1, other)


def _subject_values(run: Run, name: str, subjects: pd.Series[Any]) -> dict[str, Any]:
    """Return the columns of subjects that the analyses of an estimand read."""
    wanted = dict.fromkeys(
        column
        for analysis in run.analyses().values()
        if analysis.estimand == name
        for column in columns_of(analysis)
    )
    values = {column: run.subject_column(column) for column in wanted}
    return {
        header_of(column): subjects.map(found).to_numpy()
        for column, found in values.items()
        if found is not None
    }
