"""The protocol of a trial as data, read from a study file."""

from .analysis import Analysis as Analysis
from .analysis import Baseline as Baseline
from .analysis import Look as Look
from .analysis import ReportSettings as ReportSettings
from .mapping import RecordsMapping as RecordsMapping
from .mapping import TableMapping as TableMapping
from .protocol import Arm as Arm
from .protocol import CensoringRule as CensoringRule
from .protocol import Component as Component
from .protocol import Endpoint as Endpoint
from .protocol import Estimand as Estimand
from .protocol import IntercurrentEvent as IntercurrentEvent
from .protocol import RecordFilter as RecordFilter
from .protocol import Study as Study
from .protocol import Visit as Visit
from .read import list_studies as list_studies
from .read import load_study as load_study
from .read import lock_study as lock_study
from .read import parse_study as parse_study
from .read import study_schema as study_schema
from .read import study_text as study_text
from .scenario import Scenario as Scenario
