"""One improvement from the curves of pain and of function, as the pathway says."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from reliefpath.pathway.facts.groups import Floats
from reliefpath.recovery import Targets

Z_TAIL = 1.6448536269514722
"""Standard deviations from the middle to an end of a 90 % interval."""
SUREST = 0.01
"""No improvement is known to better than this share."""
ERF = (4.30638e-5, 2.765672e-4, 1.520143e-4, 9.2705272e-3, 4.22820123e-2, 7.05230784e-2, 1.0)
PLAIN = (
    *(
        "flare",
        "setback",
        "scatter",
        "weeks_since_recovery",
        "relapse",
        "slipping",
        "relieved",
        "well_now",
    ),
    *("injection_relief", "injection_relief_now", "injection_relief_weeks", "dry_needling_gain"),
)
"""What does not rest on a curve."""
SHARES = ("improvement", "improvement_low", "improvement_high", "level_ahead", "second_improvement")
"""What is 1 at most, since well is the end of the scale."""


class Combine(StrEnum):
    """How the measures of pain and of function make one improvement."""

    PRIMARY = "primary"
    """The primary measure's counts."""
    POOLED = "pooled"
    """Their mean, each weighted by how sure it is; less sure where they disagree."""


def together(both: dict[str, Floats], targets: Targets, combine: Combine) -> dict[str, Floats]:
    """Put the two measures' improvement together as the pathway says.

    Pooled, they are two estimates of one improvement, about normal: the mean is weighted by
    precision, and its spread is stretched where they disagree by more than chance (the Birge
    ratio), as in a meta-analysis of two.
    """
    one, spread = _estimate(both, "improvement", "improvement_low", "improvement_high")
    two, second = _estimate(both, "second_improvement", "second_low", "second_high")
    apart = np.abs(one - two) / np.hypot(spread, second)
    known = both | {"disagreement": apart}
    if combine is Combine.POOLED:
        for name, pooled in _pooled(one, spread, two, second, apart, targets).items():
            known[name] = np.where(np.isnan(pooled), both[name], pooled)
    for name in SHARES:
        known[name] = np.minimum(known[name], 1.0)
    # one curve cannot describe a recovery that was lost again
    kept = both["relapse"] == 0
    return {
        name: values if name in PLAIN else np.where(kept, values, np.nan)
        for name, values in known.items()
    }


def _estimate(both: dict[str, Floats], middle: str, low: str, high: str) -> tuple[Floats, Floats]:
    """Return the middle of an interval, and its standard deviation as if it were normal."""
    ends = both[high] - both[low]
    return both[middle], np.maximum(ends / (2 * Z_TAIL), SUREST)


def _pooled(
    one: Floats, spread: Floats, two: Floats, second: Floats, apart: Floats, targets: Targets
) -> dict[str, Floats]:
    """Return the improvement of both measures together; NaN where there are not both."""
    weight = second**2 / (spread**2 + second**2)
    mean = weight * one + (1 - weight) * two
    sd = np.sqrt(weight) * spread * np.maximum(apart, 1.0)
    low, high = targets.window
    return {
        "improvement": mean,
        "improvement_low": mean - Z_TAIL * sd,
        "improvement_high": mean + Z_TAIL * sd,
        "p_window": normal_below((high - mean) / sd) - normal_below((low - mean) / sd),
        "p_recovered": normal_below((mean - targets.recovered) / sd),
    }


def normal_below(z: Floats) -> Floats:
    """Return the standard normal probability below z, to 3e-7 (Abramowitz & Stegun 7.1.28)."""
    tail = 0.5 / np.polyval(ERF, np.abs(z) / np.sqrt(2)) ** 16
    return np.where(z > 0, 1 - tail, tail)
