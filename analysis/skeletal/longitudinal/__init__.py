"""Repeated measures: mixed models, estimating equations, responders, imputation of missing visits."""

from .gee import GeeFit as GeeFit
from .gee import gee as gee
from .imputation import ImputedValues as ImputedValues
from .imputation import impute as impute
from .imputed_contrast import TippingPoint as TippingPoint
from .imputed_contrast import imputed_contrast as imputed_contrast
from .imputed_contrast import tipping_point as tipping_point
from .missing import missing_visits as missing_visits
from .mixed_model import MixedFit as MixedFit
from .mixed_model import mixed_model as mixed_model
from .responders import responder_contrast as responder_contrast
from .responders import responder_counts as responder_counts
from .rubin import PooledEstimate as PooledEstimate
from .rubin import rubin as rubin
from .visits import RepeatedMeasures as RepeatedMeasures
from .visits import visits_of_measure as visits_of_measure
