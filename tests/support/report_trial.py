"""A trial of eight subjects with its outcomes by hand, for figures and tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from skeletal.records import make_records
from skeletal.study import Arm, load_study

CORE = Path(__file__).resolve().parents[1] / "studies" / "hermes-core.toml"
ARMS = ("observational", "upfront-rt")
ESTIMAND = "sse-incidence"
RECURRENT = "sse-recurrent"


def study():
    return load_study(CORE)


def pooled_study():
    return study().model_copy(update={"masking": "pooled", "arms": (Arm(name="All subjects", control=True),)})


def three_arm_study():
    third = Arm(name="both", label="Radiotherapy and surgery")
    return study().model_copy(update={"arms": (*study().arms, third)})


def subjects(arms=None):
    """S1 to S4 control, S5 to S8 experimental; ages of S1 to S4: 50, 61, 61, missing."""
    names = [f"S{place}" for place in range(1, 9)]
    return pd.DataFrame(
        {
            "subject_id": names,
            "arm": arms or [ARMS[0]] * 4 + [ARMS[1]] * 4,
            "randomised_date": [f"2025-0{month}-01" for month in (3, 3, 4, 4, 5, 5, 6, 6)],
            "treatment_date": [None, None, None, None, "2025-05-10", "2025-05-11", "2025-06-10", None],
            "site": ["Ghent", "Antwerp", "Ghent", "Ghent", "Antwerp", None, "Ghent", "Ghent"],
            "age": [50.0, 61.0, 61.0, None, 70.0, 71.0, 72.0, 74.0],
            "sex": ["F", "M", "F", None, "M", "M", "F", "F"],
            "primary_tumour": ["breast"] * 4 + ["lung"] * 4,
            "kps": [70.0, 80.0, 90.0, 80.0, 70.0, 60.0, 80.0, 90.0],
            "n_lesions": [1.0, 2.0, 1.0, 3.0, 1.0, 1.0, 2.0, 1.0],
        }
    )


DISPOSITION = pd.DataFrame(
    {
        # S1 died; S2 withdrew and died later; S3 completed; S5 withdrew and died on one day; S6 lost
        "subject_id": ["S1", "S1", "S2", "S2", "S3", "S5", "S5", "S6", "S7"],
        "status": ["alive", "died", "withdrew", "died", "completed", "withdrew", "died", "lost", "alive"],
        "date": [
            "2025-06-01",
            "2025-07-01",
            "2025-08-01",
            "2025-10-01",
            "2027-04-01",
            "2025-09-01",
            "2025-09-01",
            "2025-12-01",
            "2026-01-01",
        ],
    }
)

SCREENING = pd.DataFrame(
    {
        "screening_id": [f"P{place}" for place in range(1, 13)],
        "site": ["Ghent"] * 12,
        "date": ["2025-02-20"] * 12,
        "eligible": [True] * 8 + [False, False, True, True],
        "consented": [True] * 8 + [None, None, False, True],
        "reason": [None] * 8 + ["life_expectancy", "life_expectancy", None, None],
        "randomised": [True] * 8 + [False] * 4,
    }
)


def records(*, arms=None, screening=True, disposition=True):
    tables = {"subjects": subjects(arms)}
    if screening:
        tables["screening"] = SCREENING
    if disposition:
        tables["disposition"] = DISPOSITION
    return make_records(tables, data_cutoff=dt.date(2028, 2, 5))


@dataclass(frozen=True)
class HandOutcomes:
    """Outcomes of the trial as derive_outcomes gives them, written by hand; S8 is not analysed."""

    study: object
    subjects: pd.DataFrame
    pooled: bool = False

    def _arm(self, frame):
        return frame.assign(arm="All subjects") if self.pooled else frame

    @property
    def exclusions(self):
        frame = pd.DataFrame(
            {
                "estimand": [ESTIMAND, RECURRENT],
                "subject_id": ["S8", "S8"],
                "arm": [ARMS[1]] * 2,
                "reason": ["no date < time zero"] * 2,
            }
        )
        return self._arm(frame)

    def causes(self, estimand):
        return ("sse", "death") if self.study.estimands[estimand].death == "competing" else ("sse",)

    def first(self, endpoint, estimand=None):
        del endpoint, estimand
        frame = pd.DataFrame(
            {
                "subject_id": [f"S{place}" for place in range(1, 8)],
                "arm": [ARMS[0]] * 4 + [ARMS[1]] * 3,
                "time": [100.0, 120.0, 365.25, 145.25, 200.0, 100.0, 65.25],
                "status": [1, 1, 0, 1, 2, 0, 0],
                "component": ["fracture", "radiation", None, "radiation", "death", None, None],
                "censor_reason": [None, None, "horizon", None, None, "withdrawal", "data_cutoff"],
            }
        )
        return self._arm(frame)

    def recurrent(self, endpoint, estimand=None):
        del endpoint, estimand
        frame = pd.DataFrame(
            {
                "subject_id": ["S1", "S1", "S1", "S2", "S3", "S4", "S5", "S6", "S7"],
                "arm": [ARMS[0]] * 6 + [ARMS[1]] * 3,
                "start": [0.0, 100.0, 200.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
                "stop": [100.0, 200.0, 250.5, 114.75, 265.25, 100.0, 200.0, 100.0, 65.25],
                "status": [1, 1, 0, 1, 0, 0, 2, 0, 0],
                "component": ["fracture", "radiation", None, "radiation", None, None, "death", None, None],
            }
        )
        return self._arm(frame)

    def accounting(self):
        counts = {
            "n_randomised": [4, 4],
            "n_analysed": [4, 3],
            "n_excluded": [0, 1],
            "n_events": [3, 0],
            "n_competing": [0, 1],
            "n_censored": [1, 2],
        }
        frame = pd.DataFrame({"estimand": [ESTIMAND] * 2, "arm": list(ARMS), **counts})
        if self.pooled:
            total = {name: [sum(values)] for name, values in counts.items()}
            return pd.DataFrame({"estimand": [ESTIMAND], "arm": ["All subjects"], **total})
        return frame


def outcomes(*, pooled=False):
    found = records(arms=["All subjects"] * 8 if pooled else None)
    return HandOutcomes(study=study(), subjects=found.subjects, pooled=pooled)
