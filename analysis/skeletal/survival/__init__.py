"""Time to one event: curves, tests and regression for right-censored samples."""

from .cox import CoxFit as CoxFit
from .cox import cox as cox
from .kaplan_meier import follow_up as follow_up
from .kaplan_meier import kaplan_meier as kaplan_meier
from .kaplan_meier import nelson_aalen as nelson_aalen
from .logrank import logrank as logrank
from .weights import FlemingHarrington as FlemingHarrington
from .weights import Gehan as Gehan
from .weights import LogrankWeight as LogrankWeight
from .weights import ModestlyWeighted as ModestlyWeighted
from .weights import PetoPeto as PetoPeto
from .weights import TaroneWare as TaroneWare
from .weights import Unweighted as Unweighted
