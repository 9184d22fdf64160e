"""The analyses that a study declares, run on its outcomes."""

from .analyse import analyse as analyse
from .results import Results as Results
