"""Win statistics: every pair of subjects compared by outcomes in order of priority."""

from .priorities import BONE_PRIORITIES as BONE_PRIORITIES
from .priorities import Priority as Priority
from .priorities import bone_priorities as bone_priorities
from .recurrent_win_ratio import recurrent_win_ratio as recurrent_win_ratio
from .win_results import WinStatistics as WinStatistics
from .win_statistics import win_statistics as win_statistics
