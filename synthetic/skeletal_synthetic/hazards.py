"""How long each subject lives and stays, and how prone to events each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skeletal.arrays import DAYS_PER_YEAR

from .scenarios import by_arm

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray
    from skeletal.study import Scenario, Study


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Courses:
    """The course of each subject; days count from that subject's randomisation (day 0).

    Attributes
    ----------
    arm : ndarray of int, shape (n,)
        Arm as its place in the study file, from 0.
    frailty : ndarray of float, shape (n,)
    delay : ndarray of int, shape (n,)
        Days to the planned treatment.
    present : ndarray of bool, shape (n,)
        Alive and in the study on the day of treatment.
    started : ndarray of bool, shape (n,)
        Reached time zero; events and visits belong to these alone.
    start : ndarray of int, shape (n,)
        Day of time zero.
    exit_time : ndarray of float, shape (n,)
        Death, dropout or end of follow-up, whichever is first, in continuous days.
    last_day : ndarray of int, shape (n,)
        Last day of observation.
    died, dropped : ndarray of bool, shape (n,)
        Observation ended by death; by dropout.
    """

    arm: IntArray
    frailty: FloatArray
    delay: IntArray
    present: BoolArray
    started: BoolArray
    start: IntArray
    exit_time: FloatArray
    last_day: IntArray
    died: BoolArray
    dropped: BoolArray


def draw_courses(study: Study, scenario: Scenario, arm: IntArray, rng: np.random.Generator) -> Courses:
    """Draw frailty, then death and dropout as exponential times from randomisation.

    The last day of follow-up is ``follow_up_days`` after time zero and belongs to it.
    """
    n = arm.size
    variance = scenario.frailty_variance
    frailty = rng.gamma(1 / variance, variance, size=n) if variance > 0 else np.ones(n)
    death = _waiting(by_arm(study, scenario.death_rate, arm) * frailty**scenario.frailty_death_power, rng)
    dropout = _waiting(by_arm(study, scenario.dropout_rate, arm), rng)
    delay = rng.integers(*scenario.treatment_delay_days, size=n, endpoint=True)
    leaving = np.minimum(death, dropout)
    present = leaving >= delay
    from_treatment = study.time_zero == "treatment_date"
    start = delay if from_treatment else np.zeros(n, dtype=np.int64)
    started = present if from_treatment else np.ones(n, dtype=np.bool_)
    end = start + scenario.follow_up_days
    exit_time = np.minimum(leaving, end + 1.0)
    return Courses(
        arm=arm,
        frailty=frailty,
        delay=delay,
        present=present,
        started=started,
        start=start,
        exit_time=exit_time,
        last_day=np.minimum(np.floor(exit_time), end).astype(np.int64),
        died=(death <= dropout) & (death < end + 1.0),
        dropped=(dropout < death) & (dropout < end + 1.0),
    )


def _waiting(rate: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return exponential waiting times in days for rates a year; a rate of 0 waits for ever."""
    unit = rng.standard_exponential(rate.size)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.where(rate > 0, unit * DAYS_PER_YEAR / rate, np.inf), dtype=np.float64)
