"""Events that may recur: their mean number over time and regression of their rate."""

from .andersen_gill import andersen_gill as andersen_gill
from .answers import RecurrentAnswer as RecurrentAnswer
from .answers import RecurrentAnswers as RecurrentAnswers
from .answers import recurrent_answers as recurrent_answers
from .event_rate import event_rate as event_rate
from .event_rate import period_rate as period_rate
from .frailty import frailty_rate as frailty_rate
from .ghosh_lin import ghosh_lin as ghosh_lin
from .ghosh_lin import weighted_composite as weighted_composite
from .mean_cumulative import mean_cumulative as mean_cumulative
from .mean_cumulative_contrast import mean_cumulative_contrast as mean_cumulative_contrast
from .mean_cumulative_test import mean_cumulative_test as mean_cumulative_test
from .ordered_events import ordered_events as ordered_events
from .ordered_events_average import AverageEffect as AverageEffect
from .ordered_events_average import average_effect as average_effect
from .rate_ratio import rate_difference as rate_difference
from .rate_ratio import rate_ratio as rate_ratio
from .rate_regression import rate_regression as rate_regression
from .rate_regression_fit import RateFit as RateFit
from .risk_window import outside_window as outside_window
from .risk_window import remove_window as remove_window
from .risk_window import window_effect as window_effect
from .while_alive import while_alive_contrast as while_alive_contrast
from .while_alive import while_alive_rate as while_alive_rate
