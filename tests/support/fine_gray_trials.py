"""Trials with competing causes, with their covariates as numbers and their labels as they are."""

from __future__ import annotations

import pandas as pd
from tests.support.golden import read

from skeletal.data import CompetingRisks

SMALL = CompetingRisks(
    [2, 3, 5, 7, 8, 9, 11, 12, 12, 14, 15, 15],
    [1, 2, 1, 0, 2, 1, 1, 0, 1, 2, 0, 1],
    ["SSE", "death"],
    time_unit="weeks",
)
COVARIATES = pd.DataFrame(
    {
        "treated": [0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0],
        "age": [61.0, 70, 55, 64, 72, 58, 66, 49, 77, 68, 60, 71],
    }
)
SITES = list("aabbabbaabab")


def melanoma():
    """Danish melanoma trial: death of melanoma (1) or otherwise (2), times in days."""
    frame = read("melanoma")
    frame["male"] = (frame.sex == "Male").astype(float)
    frame["ulcered"] = (frame.ulcer == "present").astype(float)
    frame["decades"] = frame.age / 10
    return CompetingRisks(frame.time, frame.status, ["1", "2"]), frame


def mgus(column="etime"):
    """Monoclonal gammopathy: progression (1) or death (2), in months (``etime``) or years (``year``)."""
    frame = read("mgus2").dropna(subset=["mspike"]).reset_index(drop=True)
    progressed = frame.pstat == 1
    frame["etime"] = frame.ptime.where(progressed, frame.futime)
    frame["event"] = (2 * frame.death).where(~progressed, 1)
    frame["year"] = -(-frame.etime // 12)
    frame["male"] = (frame.sex == "M").astype(float)
    frame["high"] = (frame.mspike > 1.5).astype(float)
    return CompetingRisks(frame[column], frame.event, ["1", "2"]), frame


def transplants():
    """Bone marrow transplants: treatment-related death (1) or relapse (2), in months."""
    frame = read("tbmt")
    return CompetingRisks(frame.time, frame.cause, ["1", "2"], time_unit="months"), frame
