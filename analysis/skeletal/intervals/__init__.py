"""Times to an event that visits find, known to lie in an interval."""

from .imputation import imputation_comparison as imputation_comparison
from .logrank import interval_logrank as interval_logrank
from .regression import interval_regression as interval_regression
from .turnbull import TurnbullCurve as TurnbullCurve
from .turnbull import turnbull as turnbull
