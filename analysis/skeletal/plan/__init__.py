"""The analyses that a study declares, run on its outcomes."""

from .analyse import analyse as analyse
from .fan import definition_fan as definition_fan
from .graphical import MultipleTests as MultipleTests
from .graphical import graphical as graphical
from .multiplicity import adjusted_p_values as adjusted_p_values
from .multiplicity import fallback as fallback
from .multiplicity import fixed_sequence as fixed_sequence
from .results import Results as Results
