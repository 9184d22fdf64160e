"""Published trials with competing risks as samples with the labels that they are compared by."""

from __future__ import annotations

import numpy as np
from tests.support.golden import read, read_shared

from skeletal.data import CompetingRisks

CAUSES = ["1", "2", "3"]


def sample(data, rows):
    """Return some rows of a sample."""
    rows = np.asarray(rows)
    entry = None if data.entry is None else data.entry[rows]
    return CompetingRisks(data.time[rows], data.status[rows], data.causes, entry=entry)


def by_arm(trial):
    """Return the sample of each arm under its label as text."""
    data, arm = trial
    return {str(label): sample(data, arm == label) for label in arm.unique()}


def melanoma():
    """Return deaths from melanoma and other deaths, by sex."""
    frame = read("melanoma")
    return CompetingRisks(frame.time, frame.status, CAUSES), frame.sex


def mgus():
    """Return progression and death without it (months), by sex."""
    frame = read("mgus2")
    time, status = first_of_mgus(frame)
    return CompetingRisks(time, status, CAUSES), frame.sex


def mgus_by_age():
    """Return the same with age (months) as the time scale: everybody enters late."""
    frame = read("mgus2")
    time, status = first_of_mgus(frame)
    entry = 12.0 * frame.age
    return CompetingRisks(entry + time.where(time > 0, 0.5), status, CAUSES, entry=entry)


def first_of_mgus(frame):
    """Return time and cause of the first event of each row."""
    progressed = frame.pstat == 1
    return frame.ptime.where(progressed, frame.futime), (2 * frame.death).where(~progressed, 1)


def transplant():
    """Return relapse and transplant-related death, by disease."""
    frame = read_shared("bmtcrr")
    return CompetingRisks(frame.ftime, frame.Status, CAUSES), frame.D


def prostate():
    """Return deaths from prostate cancer, vascular and other deaths (months), by dose."""
    frame = read_shared("prostate")
    codes = {"alive": 0, "dead - prostatic ca": 1, "dead - heart or vascular": 2, "dead - cerebrovascular": 2}
    return CompetingRisks(frame.dtime, frame.status.map(codes).fillna(3), CAUSES), frame.rx


def first_hospitalisation():
    """Return first hospitalisation and death before one (years), by arm."""
    frame = read_shared("hfactioncpx12").drop_duplicates("id")
    return CompetingRisks(frame.time, frame.status, CAUSES), frame.treatment
