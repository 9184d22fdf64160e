"""Events that compete with others: incidence of one cause and its comparison between arms."""

from .aalen_johansen import cumulative_incidence as cumulative_incidence
from .absolute_risk import absolute_risk as absolute_risk
from .cause_specific import cause_specific_cox as cause_specific_cox
from .fine_gray import FineGrayFit as FineGrayFit
from .fine_gray import fine_gray as fine_gray
from .gray import gray_test as gray_test
from .incidence_contrast import incidence_contrast as incidence_contrast
from .naive import naive_incidence as naive_incidence
from .predicted_incidence import predicted_incidence as predicted_incidence
from .predicted_incidence import total_predicted_incidence as total_predicted_incidence
from .years_lost import years_lost as years_lost
from .years_lost import years_lost_contrast as years_lost_contrast
