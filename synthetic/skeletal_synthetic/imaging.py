"""Planned films, and the events that they alone find."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .kinds import silent_share
from .visits import visit_names

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray
    from skeletal.study import Scenario, Study

    from .events import Occurrences
    from .hazards import Courses
    from .visits import Visits

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Films:
    """Films that were taken, by row, sorted by subject and day (from randomisation)."""

    subject: IntArray
    day: IntArray

    def around(self, subject: IntArray, day: IntArray, start: IntArray) -> tuple[IntArray, FloatArray]:
        """Return the first film on or after each day (-1 if none), and the last one before it.

        Before the first film of follow-up the last one is that of baseline, on the day before time zero.
        """
        width = int(max(self.day.max(initial=0), day.max(initial=0))) + 2
        keys = self.subject * width + self.day
        place = np.searchsorted(keys, subject * width + day)
        padded = np.append(keys, -1)
        after = np.where(padded[place] // width == subject, padded[place] % width, -1)
        after = np.where(place < keys.size, after, -1)
        before = padded[place - 1]
        same = (place > 0) & (before // width == subject)
        return after, np.where(same, before % width, start[subject] - 1).astype(np.float64)


def films_taken(study: Study, scenario: Scenario, visits: Visits) -> Films:
    """Return the films of the visits that were done."""
    taken = visits.done & _with_film(study, scenario)[visits.visit]
    order = np.lexsort((visits.day[taken], visits.subject[taken]))
    return Films(subject=visits.subject[taken][order], day=visits.day[taken][order])


def film_rows(study: Study, scenario: Scenario, visits: Visits) -> Columns:
    """Return a row of assessments a planned film; dates are days from randomisation."""
    if scenario.imaging is None:
        return {}
    planned = _with_film(study, scenario)[visits.visit]
    return {
        "owner": visits.subject[planned],
        "visit": visit_names(study)[visits.visit[planned]],
        "date": visits.day[planned].astype(np.float64),
        "modality": np.full(int(planned.sum()), scenario.imaging.modality, dtype=object),
        "done": visits.done[planned],
    }


def _with_film(study: Study, scenario: Scenario) -> BoolArray:
    visits = scenario.imaging.visits if scenario.imaging else ()
    return np.array([each.name in visits for each in study.visits], dtype=np.bool_)


def find_silent(
    study: Study,
    scenario: Scenario,
    occurrences: Occurrences,
    films: Films,
    courses: Courses,
    rng: np.random.Generator,
) -> Occurrences:
    """Date silent events by the film that finds them; one that no film finds leaves no record.

    A silent event is not treated.
    """
    if scenario.imaging is None:
        return occurrences
    share = np.array([silent_share(scenario, name) for name in study.components], dtype=np.float64)
    own = occurrences.parent < 0
    silent = own & (rng.random(own.size) < share[occurrences.component])
    found, negative = films.around(occurrences.subject, occurrences.day, courses.start)
    kept = ~silent | (found >= 0)
    kept &= ~(silent[occurrences.parent] & ~own)
    place = np.cumsum(kept) - 1
    return replace(
        occurrences,
        subject=occurrences.subject[kept],
        day=np.where(silent, found, occurrences.day)[kept],
        component=occurrences.component[kept],
        parent=np.where(own, -1, place[occurrences.parent])[kept],
        silent=silent[kept],
        last_negative=np.where(silent, negative, np.nan)[kept],
        filmed=True,
    )
