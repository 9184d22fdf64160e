"""A run's numbers again in R and SAS: data, scripts, expected values and their comparison."""

from .compare import Comparison as Comparison
from .compare import find_rscript as find_rscript
from .compare import run_r as run_r
from .data import require_run as require_run
from .folder import CrossCheck as CrossCheck
from .folder import is_crosscheck_file as is_crosscheck_file
from .folder import refuse_foreign as refuse_foreign
from .folder import write_crosscheck as write_crosscheck
