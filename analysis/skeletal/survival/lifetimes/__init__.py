"""Laws of a lifetime given covariates: log survival and log density, their derivatives, the likelihood."""

from .censored import CensoredSample as CensoredSample
from .censored import censored_sample as censored_sample
from .censored import row_scores as row_scores
from .fitting import fit as fit
from .fitting import fit_null as fit_null
from .maximum import Maximum as Maximum
from .maximum import maximise as maximise
from .named import Distribution as Distribution
from .named import named_lifetime as named_lifetime
from .spline import inner_knots as inner_knots
from .term import Lifetime as Lifetime
from .term import Term as Term
from .term import square as square
