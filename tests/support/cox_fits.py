"""Fitted Cox models: those of the reference answers, and models of random data."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import assume
from tests.support.golden import read

from skeletal.data import RightCensored
from skeletal.errors import NotConverged, NotEstimable
from skeletal.survival import cox


def lung_fit(*, months=False, weight=None, names=("age", "sex"), **options):
    frame = read("lung").dropna(subset=list(names))
    time = np.ceil(frame.time / 60) if months else frame.time
    weights = None if weight is None else weight(frame)
    return cox(RightCensored(time, frame.status == 2, weight=weights), frame[list(names)], **options)


def veteran_fit(names=("trt", "karno"), **options):
    frame = read("veteran")
    return cox(RightCensored(frame.time, frame.status), frame[list(names)], **options)


def leukemia_fit(**options):
    frame = read("leukemia")
    covariates = pd.DataFrame({"nonmaintained": frame.x == "Nonmaintained"})
    return cox(RightCensored(frame.time, frame.status), covariates, **options)


def ovarian_fit(**options):
    frame = read("ovarian")
    return cox(RightCensored(frame.futime, frame.fustat), frame[["rx", "age"]], **options)


def retinopathy_fit(names=("trt", "juvenile"), **options):
    frame = retinopathy()
    return cox(RightCensored(frame.futime, frame.status), frame[list(names)], **options)


def retinopathy():
    frame = read("retinopathy")
    juvenile = (frame.type == "juvenile").astype(int)
    return frame.assign(juvenile=juvenile, both=frame.trt * juvenile)


def heart_fit(names=("age", "surgery", "transplant"), **options):
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start)
    return cox(data, frame[list(names)], **options)


def monthly_heart(*, days=30, weighted=True):
    """Heart transplant data with ties, delayed entry and weights; strata and clusters are in the frame."""
    frame = read("heart")
    weight = 1 + frame.id % 3 if weighted else None
    start, stop = frame.start // days, frame.stop // days + 1
    return RightCensored(stop, frame.event, entry=start, weight=weight), frame


def everything_fit(**options):
    data, frame = monthly_heart()
    return cox(data, frame[["age", "surgery"]], strata=frame.transplant, cluster=frame.id, **options)


def random_rows(seed, *, n=24, spread=6, ties="efron"):
    """Rows with ties, delayed entry, weights (not with exact ties), strata and an offset."""
    rng = np.random.default_rng(seed)
    time = rng.integers(1, spread + 1, n).astype(float)
    weight = np.ones(n) if ties == "exact" else rng.uniform(0.5, 2, n)
    rows = {
        "time": time,
        "event": (rng.uniform(size=n) < 0.7).astype(int),
        "x": rng.normal(size=(n, 2)).round(1),
        "entry": time - rng.integers(1, 5, n),
        "weight": weight,
        "offset": rng.normal(size=n) / 4,
    }
    return rows, rng.integers(0, 2, n)


def random_fit(rows, stratum=None, *, ties="efron", **options):
    """Fit the model of ``random_rows``, or tell hypothesis that it has no maximum."""
    weight = None if ties == "exact" else rows["weight"]
    data = RightCensored(rows["time"], rows["event"], entry=rows["entry"], weight=weight)
    covariates = pd.DataFrame(rows["x"], columns=["x", "z"])
    try:
        return cox(data, covariates, strata=stratum, offset=rows["offset"], ties=ties, **options)
    except (NotConverged, NotEstimable):
        assume(False)
