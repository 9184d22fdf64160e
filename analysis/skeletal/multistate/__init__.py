"""Passing through states: their occupation over time, the time in them, the rates of transition."""

from .contrasts import occupation_contrast as occupation_contrast
from .contrasts import time_in_state_contrast as time_in_state_contrast
from .illness_death import illness_death as illness_death
from .occupation import state_occupation as state_occupation
from .sojourn import mean_sojourn as mean_sojourn
from .sojourn import sojourn_time as sojourn_time
from .time_in_state import time_in_state as time_in_state
from .transition_cox import transition_cox as transition_cox
from .transition_hazard import cumulative_transition_hazard as cumulative_transition_hazard
from .transition_hazard import transitions as transitions
