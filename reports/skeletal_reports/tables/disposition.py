"""Who was randomised, where, and how follow-up ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .columns import TOTAL, arm_columns
from .format import format_count
from .status import STATUS_LABELS, subject_status
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.records.schema import TrialRecords
    from skeletal.study import Study


def disposition_table(records: TrialRecords, study: Study) -> Table:
    """Count by arm the subjects randomised, treated, and how their follow-up ended.

    Parameters
    ----------
    records : TrialRecords
        The records.
    study : Study
        Gives the arms and says which rows are deaths.

    Returns
    -------
    Table
        Status of follow-up adds up to the subjects randomised; all known deaths are a row of their own.
    """
    frame = subject_status(records, study)
    arms = arm_columns(frame, study)
    columns = arms.columns()
    everyone = np.ones(len(frame), dtype=bool)
    rows = [arms.counts("Randomised", everyone, percent=False)]
    if frame["treated"].notna().any():
        treated = frame["treated"].to_numpy(dtype=bool, na_value=False)
        rows.append(arms.counts("Date of treatment recorded", treated))
    rows.append(group_row("Status of follow-up", len(columns)))
    status = frame["status"].to_numpy(dtype=object)
    rows += [arms.counts(label, status == name, indent=1) for name, label in STATUS_LABELS.items()]
    rows.append(arms.counts("Died, at any time", frame["died"].to_numpy(dtype=bool)))
    return Table(
        name="disposition",
        title="Disposition of randomised subjects",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Number (% of subjects randomised). Status: the first of death, withdrawal, loss and completion.",
            "Deaths after another end of follow-up are in the last row only.",
            data_note(study, records),
        ),
    )


def enrolment_table(records: TrialRecords, study: Study) -> Table:
    """Count the subjects randomised at each site, by arm.

    Parameters
    ----------
    records : TrialRecords
        Its subjects' ``site``.
    study : Study
        Gives the arms; a pooled study has one column.

    Returns
    -------
    Table
        One row a site, the largest first, and the total.
    """
    subjects = records.subjects
    arms = arm_columns(subjects, study)
    columns = [Column(header="Site", align="left"), *(Column(header=header) for header in arms.headers)]
    site = (
        subjects["site"].astype("string").fillna("Not stated").to_numpy(dtype=object)
        if "site" in subjects
        else np.full(len(subjects), "Not stated", dtype=object)
    )
    names, sizes = np.unique(site.astype(str), return_counts=True)
    order = sorted(zip(-sizes, names, strict=True))
    rows = [arms.counts(str(name), site == name, percent=False) for _, name in order]
    rows.append(Row(cells=(TOTAL, *map(format_count, arms.sizes))))
    return Table(
        name="enrolment",
        title="Subjects randomised by site",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(data_note(study, records),),
    )
