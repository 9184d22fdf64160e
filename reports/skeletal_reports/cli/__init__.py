"""The command line: ``skeletal report simulate derive analyse check studies schema init``.

Nothing here imports numpy, pandas or matplotlib before a command runs, so that ``--help`` answers at once.
"""

from .app import app as app
from .app import main as main
