"""Methods of other makers and other kinds that the recovery model is compared with.

Every method is a function from histories to answers and looks at one history at a time; only those
of `LEARNING` are first shown other histories. Each file says what its method is and where its
probabilities come from. Where a choice was open it was made on the worlds for tuning; what is done
with two visits, and how the last value's errors are centred, on the real patients, in the peers'
favour.
"""

from __future__ import annotations

from .clinical_rule import clinical_rule
from .exponential import curve_fit
from .last_value import last_value, last_value_and_drift
from .least_squares import least_squares
from .linear_trend import local_linear_trend
from .mann_kendall import mann_kendall
from .parts import Learner, Method
from .pelt import pelt

__all__ = ["LEARNING", "PEERS", "Learner", "Method", "last_value", "last_value_and_drift"]

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
}
"""Methods that are made from histories of other patients."""
