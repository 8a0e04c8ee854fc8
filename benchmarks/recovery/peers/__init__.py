"""Methods of other makers and other kinds that the recovery model is compared with.

Every method is a function from histories to answers and looks at one history at a time; only those
of `LEARNING` are first shown other patients' episodes. Each file says what its method is and where
its probabilities come from. Where a choice was open it was made on the worlds for tuning; what is
done with two visits, and how the last value's errors are centred, on the real patients, in the
peers' favour.
"""

from __future__ import annotations

from .clinical_rule import clinical_rule
from .exponential import curve_fit
from .gaussian_process import pooled_gaussian_process
from .last_value import last_value, last_value_and_drift, last_value_fitted
from .least_squares import least_squares
from .like_me import person_like_me
from .linear_trend import local_linear_trend
from .mann_kendall import mann_kendall
from .parts import Learner, Method
from .pelt import pelt

__all__ = ["LEARNING", "ONLY_FORECASTING", "PEERS", "Learner", "Method"]

PEERS: dict[str, Method] = {
    "clinical rule": clinical_rule,
    "least squares": least_squares,
    "Mann-Kendall": mann_kendall,
    "ruptures PELT": pelt,
    "curve_fit": curve_fit,
    "local linear trend": local_linear_trend,
}
LEARNING: dict[str, Learner] = {
    "last value": last_value,
    "last value and drift": last_value_and_drift,
    "last value with fitted error": last_value_fitted,
    "pooled Gaussian process": pooled_gaussian_process,
    "person like me": person_like_me,
}
"""Methods that are made from whole episodes of other patients."""
ONLY_FORECASTING = ("last value", "last value and drift", "last value with fitted error")
"""Those that say nothing of level and window."""
