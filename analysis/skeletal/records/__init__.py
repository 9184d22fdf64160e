"""The raw records of a trial: read, checked, reviewed, cut at a date, written."""

from skeletal.tables import TABLES as TABLES

from .cutoff import cut_records as cut_records
from .cutoff import cut_removals as cut_removals
from .dates import parse_dates as parse_dates
from .read import read_records as read_records
from .redcap.export import RedcapExport as RedcapExport
from .redcap.export import export_redcap as export_redcap
from .review.review import review_records as review_records
from .schema import TrialRecords as TrialRecords
from .sdtm.export import SdtmExport as SdtmExport
from .sdtm.export import export_sdtm as export_sdtm
from .sdtm.export import write_sdtm as write_sdtm
from .validate import make_records as make_records
from .write import write_csv as write_csv
from .write import write_records as write_records
from .write import write_xpt as write_xpt
