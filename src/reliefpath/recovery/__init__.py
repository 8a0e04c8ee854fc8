"""The recovery curve of an episode on a measure: how much better now, where it heads, how sure."""

from reliefpath.recovery.model import Curve, Questions, Recovery, curve, recover
from reliefpath.recovery.prior import DEFAULT_PRIOR, Prior

__all__ = ["DEFAULT_PRIOR", "Curve", "Prior", "Questions", "Recovery", "curve", "recover"]
