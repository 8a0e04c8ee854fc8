"""What an injection takes off the scores for a while, apart from recovery."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.knowledge.catalogue import Catalogue, load_catalogue
from reliefpath.recovery.prior import Number


@dataclass(frozen=True)
class InjectionPrior:
    """What is known of an injection's own effect before any score.

    Attributes:
        mean: Points that it takes off at once, on the common scale.
        sd: Their standard deviation; like the curve's, it grows with a patient's noise.
        half_life: Weeks in which half of it wears off.
        lasts: Weeks after which nothing of it is left.
    """

    mean: float
    sd: float
    half_life: float
    lasts: float


class InjectionFile(Catalogue):
    """The content of `injection.yaml`."""

    mean: Number
    sd: Number
    half_life: Number
    lasts: Number


@cache
def injection_file() -> InjectionFile:
    """Return the numbers with their sources."""
    return load_catalogue(files(__package__) / "injection.yaml", InjectionFile)


@cache
def injection_prior() -> InjectionPrior:
    """Return the numbers alone."""
    file = injection_file()
    return InjectionPrior(file.mean.value, file.sd.value, file.half_life.value, file.lasts.value)


def injection_effect(weeks: ArrayLike) -> NDArray[np.float64]:
    """Return how much of an injection's effect is present, from 0 to 1.

    Args:
        weeks: Weeks since the latest injection; NaN without one. Nothing is present at 0: a score
            of the same moment was given before it.
    """
    since, known = np.asarray(weeks, float), injection_prior()
    present = (since > 0) & (since < known.lasts)
    return np.where(present, 0.5 ** (np.where(present, since, 0.0) / known.half_life), 0.0)


def effect_after(injections: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Return how much of the latest injection's effect is present at each of the weeks `at`.

    Args:
        injections: Weeks of the injections, in any order.
        at: Weeks, of scores or of a curve.
    """
    given, where = np.sort(np.asarray(injections, float)), np.asarray(at, float)
    latest = np.append(np.nan, given)[np.searchsorted(given, where, side="left")]
    return injection_effect(where - latest)
