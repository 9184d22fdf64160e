"""Events that may recur: their mean number over time and regression of their rate."""

from .andersen_gill import andersen_gill as andersen_gill
from .event_rate import event_rate as event_rate
from .event_rate import period_rate as period_rate
from .mean_cumulative import mean_cumulative as mean_cumulative
