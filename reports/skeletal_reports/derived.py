"""The files of derived data: ADaM, measures, eligibility, and the account of every record and subject."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from skeletal.outcomes import adam_data_sets, define_tables, write_data_sets
from skeletal.records import write_csv
from skeletal.scores import assess_eligibility

from .render.define import render_define

if TYPE_CHECKING:
    from pathlib import Path

    from skeletal.outcomes import Outcomes
    from skeletal.records import TrialRecords

NAMES = re.compile(
    r"ad[a-z]+\.(csv|xpt)|define(-values)?\.csv|define\.html"
    r"|(audit|exclusions|accounting|record-accounting|measure-accounting)\.csv|(measure|pain-course)-[A-Za-z0-9_.\-]+\.csv|eligibility-(criteria|subjects|lesions)\.csv"
)


def is_derived(name: str) -> bool:
    """Whether a file has a name that :func:`write_derived` gives."""
    return NAMES.fullmatch(name) is not None


def write_derived(outcomes: Outcomes, records: TrialRecords, folder: Path) -> None:
    """Write everything that was derived.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    records : TrialRecords
        The records that they were derived from: eligibility is assessed on them.
    folder : Path
        ADaM data sets (csv and xpt) with ``define.csv``, ``define-values.csv`` and ``define.html``;
        ``audit.csv``, ``exclusions.csv``, ``accounting.csv`` (subjects), ``record-accounting.csv``,
        ``measure-accounting.csv``; for each measure ``measure-<name>.csv``, for a pain response
        ``pain-course-<name>.csv``; ``eligibility-criteria.csv``, ``-subjects.csv`` and ``-lesions.csv``
        where the study has criteria.
    """
    data_sets = adam_data_sets(outcomes)
    write_data_sets(data_sets, folder)
    page = render_define(define_tables(data_sets), outcomes.study)
    (folder / "define.html").write_text(page, encoding="utf-8", newline="\n")
    write_csv(outcomes.audit, folder / "audit.csv")
    write_csv(outcomes.exclusions, folder / "exclusions.csv")
    write_csv(outcomes.accounting(), folder / "accounting.csv")
    write_csv(outcomes.record_accounting(), folder / "record-accounting.csv")
    study = outcomes.study
    if study.measures:
        write_csv(outcomes.measure_accounting(), folder / "measure-accounting.csv")
    for name, measure in study.measures.items():
        write_csv(outcomes.measure(name), folder / f"measure-{name}.csv")
        if measure.kind == "pain_response":
            write_csv(outcomes.pain_course(name), folder / f"pain-course-{name}.csv")
    if study.eligibility:
        found = assess_eligibility(records, study)
        for part in ("criteria", "subjects", "lesions"):
            write_csv(getattr(found, part), folder / f"eligibility-{part}.csv")
