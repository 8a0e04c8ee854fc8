"""The recovery curve of an episode on a measure: how much better now, where it heads, how sure."""

from reliefpath.recovery.fit import Fit, fit
from reliefpath.recovery.learned import Priors
from reliefpath.recovery.learning import learn
from reliefpath.recovery.model import (
    Curve,
    Recovery,
    Targets,
    curve,
    forecast,
    recover,
    weeks_until_clear,
)
from reliefpath.recovery.prior import DEFAULT_PRIOR, Prior

__all__ = [
    "DEFAULT_PRIOR",
    "Curve",
    "Fit",
    "Prior",
    "Priors",
    "Recovery",
    "Targets",
    "curve",
    "fit",
    "forecast",
    "learn",
    "recover",
    "weeks_until_clear",
]
