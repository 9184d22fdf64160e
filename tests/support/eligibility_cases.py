"""One subject with lesions by hand, judged by the criteria of a trial."""

from __future__ import annotations

import pandas as pd

from skeletal.records import make_records
from skeletal.scores import assess_eligibility
from skeletal.study import load_study


class Trial:
    """A library study with a subject and a lesion that meet every criterion."""

    def __init__(self, name, subject, lesion):
        self.study = load_study(name)
        self.subject = {
            "subject_id": "S1",
            "arm": self.study.arm_names[0],
            "randomised_date": "2025-06-15",
        } | subject
        self.judged = {}
        self.lesion = {"subject_id": "S1", "lesion_id": "L1"} | lesion

    def read_as(self, readings):
        """Return the study with other choices of its eligibility options."""
        options = self.study.eligibility_options
        chosen = {
            name: options[name].model_copy(update={"chosen": choice}) for name, choice in readings.items()
        }
        return self.study.model_copy(update={"eligibility_options": options | chosen})

    def assess(self, *, subject=(), lesions=({},), readings=(), lesion_table=True):
        """Judge the subject with changed columns; ``DROP`` as a value takes the column away."""
        study = self.read_as(dict(readings))
        tables = {"subjects": frame([self.subject | dict(subject)])}
        if lesion_table:
            rows = [
                self.lesion | {"lesion_id": f"L{number}"} | dict(lesion)
                for number, lesion in enumerate(lesions, 1)
            ]
            tables["lesions"] = frame(rows)
        return assess_eligibility(make_records(tables), study)

    def statuses(self, cases, readings=()):
        """Return the status of the criterion of each case (criterion, change of the row of its unit, ...).

        Every case is a subject of its own with one lesion; all are judged together, once for each reading.
        In a change of a lesion, ``subject.x`` is column x of its subject.
        """
        key = (id(cases), tuple(readings))
        if key not in self.judged:
            self.judged[key] = self._judge(cases, dict(readings))
        return self.judged[key]

    def _judge(self, cases, readings):
        units = {criterion.id: criterion.unit for criterion in self.study.eligibility}
        subjects, lesions = [], []
        for number, (criterion, change, *_) in enumerate(cases):
            label = {"subject_id": f"S{number:04}"}
            of_lesion = units[criterion] == "lesion"
            own = {name: value for name, value in change.items() if not name.startswith("subject.")}
            owner = {name[8:]: value for name, value in change.items() if name.startswith("subject.")}
            subjects.append(self.subject | (owner if of_lesion else own) | label)
            lesions.append(self.lesion | (own if of_lesion else {}) | label)
        tables = {"subjects": frame(subjects), "lesions": frame(lesions)}
        rows = assess_eligibility(make_records(tables), self.read_as(readings)).criteria
        assert (rows["lesion_id"].isna() == (rows["criterion"].map(units) == "subject")).all()
        found = rows.set_index(["subject_id", "criterion"])["status"]
        return [found[f"S{number:04}", case[0]] for number, case in enumerate(cases)]

    def status_of(self, criterion, change, readings=()):
        """Return the status of one criterion after ``change`` of the row of its unit."""
        return self._judge([(criterion, change)], dict(readings))[0]

    def verdict(self, **changes):
        """Return the status of the subject."""
        return self.assess(**changes).subjects["status"].item()


DROP = object()


def frame(rows):
    """Return rows as a table of text, without the columns that are to be dropped."""
    dropped = {column for row in rows for column, value in row.items() if value is DROP}
    return pd.DataFrame([{c: v for c, v in row.items() if c not in dropped} for row in rows])
