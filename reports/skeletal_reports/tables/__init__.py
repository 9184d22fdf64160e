"""Tables of the report: built from results and records, formatted last."""

from .baseline import baseline_table as baseline_table
from .disposition import disposition_table as disposition_table
from .disposition import enrolment_table as enrolment_table
from .estimates import curves_table as curves_table
from .estimates import effect_rows as effect_rows
from .estimates import effects_table as effects_table
from .estimates import hypothesis_tests_table as hypothesis_tests_table
from .estimates import proportions_table as proportions_table
from .format import format_count as format_count
from .format import format_date as format_date
from .format import format_interval as format_interval
from .format import format_number as format_number
from .format import format_p_value as format_p_value
from .format import format_percent as format_percent
from .format import format_percent_interval as format_percent_interval
from .outcomes import accounting_table as accounting_table
from .outcomes import exclusions_table as exclusions_table
from .outcomes import outcome_table as outcome_table
from .review import review_table as review_table
from .status import subject_status as subject_status
from .table import Column as Column
from .table import Row as Row
from .table import Table as Table
from .table import to_csv as to_csv
from .table import to_html as to_html
