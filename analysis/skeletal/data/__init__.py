"""Value types of time-to-event samples: checked once when they are made, read-only afterwards.

Ties and intervals are the same everywhere: events come before censorings at one time, a row is at
risk on (start, stop], and at risk at t means just before t.
"""

from .event_times import CompetingRisks as CompetingRisks
from .event_times import IntervalCensored as IntervalCensored
from .event_times import RightCensored as RightCensored
from .histories import MultiState as MultiState
from .histories import RecurrentEvents as RecurrentEvents
