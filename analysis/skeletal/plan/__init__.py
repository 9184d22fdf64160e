"""The analyses that a study declares, run on its outcomes."""

from .analyse import analyse as analyse
from .fan import definition_fan as definition_fan
from .results import Results as Results
