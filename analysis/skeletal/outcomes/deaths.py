"""The day of death: the same for every endpoint of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .filters import MISSING, date_flags, filtered_rows, passing
from .row_frames import with_columns

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.arrays import IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .filters import Cohort

# Date columns on which a subject was alive.
ALIVE = {
    "subjects": ("randomised_date", "treatment_date"),
    "events": ("date",),
    "procedures": ("indicated_date", "performed_date"),
    "assessments": ("date",),
    "questionnaires": ("date",),
    "analgesics": ("date",),
    "stays": ("admission_date", "discharge_date"),
    "therapies": ("start_date", "stop_date"),
    "disposition": ("date",),
}


def death_rows(records: TrialRecords, study: Study, cohort: Cohort) -> pd.DataFrame:
    """Return the death records with ``day`` and ``flag``.

    A partial date of death is the last day on which the subject is known to have been alive, or the first
    possible day where that is later, and never after the last possible day.
    """
    rows = filtered_rows(records, cohort, study.death, study.death.table)
    number = rows["subject"].to_numpy()
    alive = np.where(number < 0, MISSING, last_known_alive(records, study, cohort)[number])
    earliest, latest = rows["earliest"].to_numpy(), rows["latest"].to_numpy()
    flag = date_flags(rows["precision"].cat.codes.to_numpy(), earliest == MISSING)
    day = np.where(flag != "", np.minimum(np.maximum(earliest, alive), latest), earliest)
    return with_columns(rows, day=day, flag=flag)


def last_known_alive(records: TrialRecords, study: Study, cohort: Cohort) -> IntArray:
    """Return the last whole date of each subject on which a record shows it alive.

    Records of death, assessments that were not done, and events that are the death itself do not.
    """
    last = np.full(cohort.size, MISSING, dtype=np.int64)
    zeros = tuple(study.time_zero_of(name) for name in study.endpoints)
    for table, columns in {**ALIVE, "subjects": (*ALIVE["subjects"], *zeros)}.items():
        if table not in records:
            continue
        frame = records[table]
        keep = np.ones(len(frame), dtype=np.bool_)
        if table == study.death.table:
            keep &= ~passing(frame, study.death)
        if table == "disposition":
            keep &= (frame["status"] != "died").fillna(True).to_numpy(dtype=np.bool_)
        if table == "assessments" and "done" in frame:
            keep &= frame["done"].fillna(True).to_numpy(dtype=np.bool_)
        number = cohort.subjects_of(frame)
        for column in columns:
            if column in frame:
                day = cohort.whole_days_of(frame, column)
                sure = keep & (number >= 0) & (day != MISSING)
                np.maximum.at(last, number[sure], day[sure])
    return last
