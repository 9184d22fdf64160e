"""Measures of the small trial by hand: a pain response per lesion and a score per subject."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from tests.support import report_trial as trial

from skeletal.study import PainResponse, Score, Visit

PAIN, FUNCTION = "pain", "function"


def study(**more):
    """HERMES with two visits, a pain response per lesion and a score."""
    measures = {
        PAIN: PainResponse(kind="pain_response", label="Pain response", paramcd="PAINRESP", unit="lesion"),
        FUNCTION: Score(
            kind="score",
            label="Painful sites",
            paramcd="BM22PS",
            instrument="QLQ-BM22",
            scale="painful_sites",
        ),
    }
    visits = (Visit(name="Month 1", day=30), Visit(name="Month 3", day=91))
    return trial.study().model_copy(update={"measures": measures, "visits": visits, **more})


def pooled_study():
    return study(masking="pooled", arms=trial.pooled_study().arms)


def _rows(values, columns):
    frame = pd.DataFrame(values, columns=columns)
    frame["arm"] = frame["subject_id"].map({f"S{k}": trial.ARMS[k > 4] for k in range(1, 9)})
    return frame.assign(planned_day=frame["visit"].map({"Month 1": 30, "Month 3": 91}))


def pain():
    """S1 has two lesions, S2 and S5 one: complete, partial, progression; S5 dies before Month 3."""
    rows = [
        ("S1", "L1", "Month 3", "complete", "observed"),
        ("S1", "L2", "Month 3", None, "missing"),
        ("S2", "L1", "Month 3", None, "structural"),
        ("S5", "L1", "Month 3", None, "death"),
        ("S1", "L1", "Month 1", "partial", "observed"),
        ("S1", "L2", "Month 1", "progression", "observed"),
        ("S2", "L1", "Month 1", "indeterminate", "observed"),
        ("S5", "L1", "Month 1", "partial", "observed"),
    ]
    return _rows(rows, ["subject_id", "lesion_id", "visit", "category", "status"]).assign(value=float("nan"))


def function():
    """Month 1: control 10 and 20, experimental 40; Month 3: S1 worst value after death, the rest not seen."""
    rows = [
        ("S1", "Month 1", 10.0, "observed"),
        ("S2", "Month 1", 20.0, "observed"),
        ("S5", "Month 1", 40.0, "observed"),
        ("S1", "Month 3", 100.0, "death"),
        ("S2", "Month 3", float("nan"), "not_due"),
        ("S5", "Month 3", float("nan"), "intercurrent"),
    ]
    return _rows(rows, ["subject_id", "visit", "value", "status"])


@dataclass(frozen=True)
class MeasureOutcomes:
    """Outcomes with measures written by hand."""

    pooled: bool = False

    def measure(self, name):
        frame = {PAIN: pain, FUNCTION: function}[name]()
        return frame.assign(arm="All subjects") if self.pooled else frame
