"""Skeletal-event outcomes in bone-metastasis trials: the numbers."""

from importlib.metadata import version as _version

from .data import CompetingRisks as CompetingRisks
from .data import IntervalCensored as IntervalCensored
from .data import MultiState as MultiState
from .data import RecurrentEvents as RecurrentEvents
from .data import RightCensored as RightCensored
from .errors import SkeletalError as SkeletalError
from .results import Curve as Curve
from .results import Estimate as Estimate
from .results import MaxComboResult as MaxComboResult
from .results import RegressionFit as RegressionFit
from .results import TestResult as TestResult

__version__ = _version("skeletal")
