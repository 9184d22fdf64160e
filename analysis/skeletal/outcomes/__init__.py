"""Outcomes derived from records under a study: first events, episodes, intervals, audit, ADaM."""

from .derive import Outcomes as Outcomes
from .derive import derive_outcomes as derive_outcomes
from .episodes import Episodes as Episodes
from .episodes import count_episodes as count_episodes
from .family import horizon_outcome as horizon_outcome
from .samples import competing_risks as competing_risks
from .samples import recurrent_events as recurrent_events
from .samples import right_censored as right_censored
