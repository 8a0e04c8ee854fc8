"""What is known of a recovery curve before the first score, and where that comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from pydantic import Field

from reliefpath.errors import UsageError
from reliefpath.knowledge import Catalogue, Record, Row, load_catalogue

RANGE = 10.0
"""Width of every measure's range on the common scale; 0 is well."""


@dataclass(frozen=True)
class Prior:
    """What is known of `y = b - c (1 - exp(-t / tau)) + noise` before the first score.

    On the common scale: 0 is well and a measure's range is `RANGE` wide.

    Attributes:
        taus: The time constants considered, in weeks.
        weights: The prior probability of each; they add up to 1.
        mean: The means of b (the start) and c (the recovery there is to have).
        covariance: The covariance of (b, c), divided by the variance of the noise.
        degrees: Degrees of freedom of the noise variance, which is scaled inverse-chi-squared, that
            is inverse-gamma(degrees / 2, degrees * scale**2 / 2). A whole number, so that every
            Student-t probability has an exact finite form.
        scale: The typical standard deviation of the noise.

    Raises:
        UsageError: The values are not a distribution.
    """

    taus: tuple[float, ...]
    weights: tuple[float, ...]
    mean: tuple[float, float]
    covariance: tuple[tuple[float, float], tuple[float, float]]
    degrees: int
    scale: float

    def __post_init__(self) -> None:
        (bb, bc), (cb, cc) = self.covariance
        numbers = (*self.taus, *self.weights, *self.mean, bb, bc, cb, cc, self.scale)
        demands = {
            "every number must be finite": all(map(math.isfinite, numbers)),
            "each tau needs its weight": 0 < len(self.taus) == len(self.weights),
            "every tau must be above 0": all(tau > 0 for tau in self.taus),
            "every weight must be above 0": all(weight > 0 for weight in self.weights),
            "the weights must add up to 1": math.isclose(sum(self.weights), 1, rel_tol=1e-9),
            "the covariance must be symmetric and positive definite": (
                bc == cb and bb > 0 and bb * cc > bc**2
            ),
            "degrees must be a whole number above 0": (
                isinstance(self.degrees, int) and self.degrees > 0
            ),
            "scale must be above 0": self.scale > 0,
        }
        for demand, met in demands.items():
            if not met:
                raise UsageError(f"The prior of recovery can't be used: {demand}.")


class Parameter(Row):
    """One number of a prior file."""

    value: float = Field(description="The number")
    meaning: str = Field(description="What it says")


class WholeParameter(Row):
    """One whole number of a prior file."""

    value: int = Field(gt=0, description="The number")
    meaning: str = Field(description="What it says")


class PositiveParameter(Parameter):
    """One number above 0 of a prior file."""

    value: float = Field(gt=0, description="The number")


class Parameters(Record):
    """The numbers of a prior file."""

    tau_median_weeks: PositiveParameter
    tau_variation: PositiveParameter
    tau_shortest_weeks: PositiveParameter
    tau_longest_weeks: PositiveParameter
    tau_points: WholeParameter
    start_mean: Parameter
    start_sd: PositiveParameter
    share_mean: Parameter
    share_sd: PositiveParameter
    noise_sd: PositiveParameter
    noise_degrees: WholeParameter


class PriorFile(Catalogue):
    """A prior in terms that a clinician can judge, each number with its source."""

    parameters: Parameters


def read_prior_file(file: Traversable | Path) -> PriorFile:
    """Read a prior file.

    Raises:
        KnowledgeError: The file breaks its model or names a source it does not define.
    """
    return load_catalogue(file, PriorFile)


def prior_of(parameters: Parameters) -> Prior:
    """Return the prior that `parameters` describe.

    The time constant is lognormal; the final recovery c, given the start b, is normal around
    `share_mean * b`, as wide as `share_sd` of the mean start.
    """
    p = parameters
    taus = np.geomspace(p.tau_shortest_weeks.value, p.tau_longest_weeks.value, p.tau_points.value)
    log_variance = math.log1p(p.tau_variation.value**2)
    weights = np.exp(-((np.log(taus / p.tau_median_weeks.value)) ** 2) / (2 * log_variance))
    weights /= weights.sum()
    share = p.share_mean.value
    start = (p.start_sd.value / p.noise_sd.value) ** 2
    spread = (p.share_sd.value * p.start_mean.value / p.noise_sd.value) ** 2
    return Prior(
        taus=tuple(taus.tolist()),
        weights=tuple(weights.tolist()),
        mean=(p.start_mean.value, share * p.start_mean.value),
        covariance=((start, share * start), (share * start, share**2 * start + spread)),
        degrees=p.noise_degrees.value,
        scale=p.noise_sd.value,
    )


DEFAULT_PRIOR = prior_of(read_prior_file(files("reliefpath.recovery") / "prior.yaml").parameters)
"""From the literature where there is any; `prior.yaml` names each number's source and certainty."""
