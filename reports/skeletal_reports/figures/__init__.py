"""Figures of the report: drawn from results, with caption, alt text and the numbers drawn."""

from .accrual import accrual_counts as accrual_counts
from .accrual import accrual_figure as accrual_figure
from .accrual import draw_accrual as draw_accrual
from .consort import consort_figure as consort_figure
from .curve_figures import incidence_figure as incidence_figure
from .curve_figures import mean_cumulative_figure as mean_cumulative_figure
from .curve_figures import survival_figure as survival_figure
from .curves import draw_at_risk as draw_at_risk
from .curves import draw_censored as draw_censored
from .curves import draw_curve as draw_curve
from .curves import draw_time_axis as draw_time_axis
from .declared import curve_figure as curve_figure
from .declared import effects_figure as effects_figure
from .flow import ArmFlow as ArmFlow
from .flow import Flow as Flow
from .flow import ScreeningFlow as ScreeningFlow
from .flow import participant_flow as participant_flow
from .forest import draw_forest as draw_forest
from .forest import forest_figure as forest_figure
from .named import NamedFigure as NamedFigure
from .named import image_bytes as image_bytes
from .named import save_figure as save_figure
from .time_axis import TimeAxis as TimeAxis
from .time_axis import time_axis as time_axis
