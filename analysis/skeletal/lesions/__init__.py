"""Lesions of a subject: analyses that allow for their dependence, beside those that do not."""

from .comparison import LesionComparison as LesionComparison
from .design_effect import DesignEffect as DesignEffect
from .design_effect import design_effect as design_effect
from .incidence import lesion_incidence as lesion_incidence
from .risk import lesion_risk as lesion_risk
from .times import lesion_times as lesion_times
