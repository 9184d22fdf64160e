"""Outcomes derived from records under a study: first events, episodes, intervals, audit, ADaM."""

from .adam import Define as Define
from .adam import adam_data_sets as adam_data_sets
from .adam import define_tables as define_tables
from .adam import write_data_sets as write_data_sets
from .data_cut import cut_as_planned as cut_as_planned
from .data_cut import data_cut_date as data_cut_date
from .derive import derive_outcomes as derive_outcomes
from .episodes import Episodes as Episodes
from .episodes import count_episodes as count_episodes
from .family import horizon_outcome as horizon_outcome
from .outcomes import Outcomes as Outcomes
from .samples import competing_risks as competing_risks
from .samples import interval_censored as interval_censored
from .samples import multi_state as multi_state
from .samples import recurrent_events as recurrent_events
from .samples import right_censored as right_censored
from .samples import unit_labels as unit_labels
