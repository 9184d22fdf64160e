"""The derived data as ADaM: ADSL, ADSRE, ADTTE, ADRECUR and ADPAIN, as csv and SAS transport files.

ADSL has one row a randomised subject.  ADSRE has one row a record that is a component (or death, or an
intercurrent event) of a parameter, with its fate: OUTCOME is the rule of the audit, EPISODE the episode
it belongs to.  ADTTE has one row an analysed subject and parameter of variable "first", ADRECUR the
counting-process rows (TSTART, TSTOP] of the recurrent parameters, with STATUS 1 an episode, 2 a competing
event, 0 neither.  ADPAIN has one row an analysed subject (or lesion), pain measure and planned visit; it is
there only where the study has such a measure.  Where an endpoint (for ADPAIN: a pain measure) has lesions as
units, all but ADSL have LNKID after USUBJID, empty for parameters with one value a subject.

CNSR in ADTTE is 0 for an event, else the code of its reason, which CNSDTDSC says in words.  With n
censoring rules of the endpoint, in their order in the study:

1 to n
    censored by that rule;
n + 1
    no assessment after time zero;
n + 2
    a later event record shows the last day seen;
n + 3
    death, censored or competing;
n + 3 + k
    the k-th intercurrent event that the estimand names.

Each variable is described once, by a :class:`Variable`; files and define table both follow it.
"""

from .counting_process import counting_process as counting_process
from .define import Define as Define
from .define import define_tables as define_tables
from .files import adam_data_sets as adam_data_sets
from .files import write_adam as write_adam
from .files import write_data_sets as write_data_sets
from .occurrences import occurrences as occurrences
from .pain import pain_measures as pain_measures
from .pain import pain_values as pain_values
from .subject_level import subject_level as subject_level
from .time_to_event import time_to_event as time_to_event
from .variable import Code as Code
from .variable import DataSet as DataSet
from .variable import Variable as Variable
