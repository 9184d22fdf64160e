"""Where the numbers come from: digests, versions, and the manifest of a run folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.records import TABLES, parse_dates
from skeletal.study import RecordsMapping

from .tables.table import Column, Row, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from skeletal.records import TrialRecords
    from skeletal.study import Study

MANIFEST = "manifest.json"
PACKAGES = (
    "skeletal",
    "numpy",
    "scipy",
    "pandas",
    "pydantic",
    "pyreadstat",
    "matplotlib",
    "nbclient",
    "ipykernel",
    "jinja2",
    "markdown-it-py",
    "typst",
)


def data_as_of(records: TrialRecords, study: Study) -> dt.date:
    """Return the day to which the data go: the data cutoff, or else the last date in the records.

    Parameters
    ----------
    records : TrialRecords
        The records; their own cutoff comes before that of the study.
    study : Study
        The protocol.

    Returns
    -------
    date
        The first day of a partial date.
    """
    cutoff = records.data_cutoff or study.data_cutoff
    if cutoff is not None:
        return cutoff
    last = [
        parse_dates(table[name])["earliest"].max()
        for table_name, table in records.tables.items()
        for name in table.columns
        if table_name in TABLES
        and name in TABLES[table_name].columns
        and TABLES[table_name].columns[name].kind == "date"
    ]
    found: dt.date = pd.Series(last).max().date()
    return found


def study_as_cut(study: Study, records: TrialRecords) -> Study:
    """Return the study as a report shows it beside records that were cut.

    Parameters
    ----------
    study : Study
        The protocol.
    records : TrialRecords
        The records; their notes say whether the rule of the study gave their cutoff.

    Returns
    -------
    Study
        With the cutoff of the records, without a rule that did not give it, and without a mapping.
    """
    by_rule = study.data_cut is not None and study.data_cut.sentence(study) in records.notes
    return study.model_copy(
        update={
            "data_cutoff": records.data_cutoff or study.data_cutoff,
            "data_cut": study.data_cut if by_rule else None,
            "records": RecordsMapping(),
        }
    )


def records_digest(records: TrialRecords) -> str:
    """Return one SHA-256 over the input files, or over the tables where they came from no file."""
    total = hashlib.sha256()
    for name, digest in sorted(records.digests.items()):
        total.update(f"{name} {digest}\n".encode())
    if not records.digests:
        for name, table in sorted(records.tables.items()):
            total.update(f"{name}\n{table.to_csv(index=False, lineterminator=chr(10))}".encode())
    return total.hexdigest()


def run_name(study: Study, records: TrialRecords) -> str:
    """Return the default name of a run folder: study, data date, and a digest of study and records."""
    content = f"{study.digest()} {records_digest(records)}"
    short = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"{study.id}-{data_as_of(records, study).isoformat()}-{short}"


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that make the numbers and the report."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write ``manifest.json``: ``content``, versions, the time and the SHA-256 of every file."""
    outputs = {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    created = dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
    manifest = {**content, "created": created, "versions": package_versions(), "outputs": outputs}
    path = folder / MANIFEST
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def provenance_table(
    study: Study, records: TrialRecords, *, study_digest: str = "", digest_of_records: str = ""
) -> Table:
    """List what the report was made from and with.

    Parameters
    ----------
    study : Study
        The protocol as the notebook was given it.
    records : TrialRecords
        The records as the notebook was given them.
    study_digest, digest_of_records : str
        Digests of the study and the records before blinding; of those given if empty.

    Returns
    -------
    Table
        Digests and versions; no clock time, which only the manifest of a run holds.
    """
    facts = {
        "Study": study.id,
        "Digest of the study (SHA-256)": study_digest or study.digest(),
        "Digest of the records (SHA-256)": digest_of_records or records_digest(records),
        "Data as of": data_as_of(records, study).isoformat(),
        **({"How that day was chosen": study.data_cut.sentence(study)} if study.data_cut else {}),
        **{f"Version of {name}": number for name, number in package_versions().items()},
    }
    columns = (Column(header="Item", align="left"), Column(header="Value", align="left"))
    rows = tuple(Row(cells=pair) for pair in facts.items())
    return Table(
        name="provenance", title="What the report was made from and with", columns=columns, rows=rows
    )
