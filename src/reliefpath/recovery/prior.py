"""What is known of a recovery curve before the first score, and where that comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from reliefpath.errors import UsageError
from reliefpath.knowledge.catalogue import Catalogue, Row, load_catalogue
from reliefpath.recovery.shapes import Family, Shape, Turn

if TYPE_CHECKING:
    from reliefpath.recovery._kernel.packing import PackedPrior

RANGE = 10.0
"""Width of every measure's range on the common scale; 0 is well."""


@dataclass(frozen=True)
class Asymptote:
    """How much of the start is recovered in the end: c, given the start b, is normal.

    Attributes:
        share: Mean of c is this share of b.
        spread: Its standard deviation, as a share of the mean start.
    """

    share: float
    spread: float


@dataclass(frozen=True)
class Deviation:
    """How a patient's own deviation from the curve persists: an Ornstein-Uhlenbeck process.

    Attributes:
        ratio: Its variance, as a multiple of the variance of single scores.
        weeks: The time over which it falls to 1 / e.
        real: Whether it is part of how the patient is, or only of how scores come out.
    """

    ratio: float
    weeks: float
    real: bool


@dataclass(frozen=True)
class Prior:
    """What is known of `y = b - c g(t) + deviation + noise` before the first score.

    On the common scale: 0 is well and a measure's range is `RANGE` wide. A patient has one shape g,
    one asymptote and one kind of deviation, each independent of the others.

    Attributes:
        start: Mean and standard deviation of b.
        noise: Degrees of freedom and typical standard deviation of single scores: the variance of
            one patient's is scaled inverse-chi-squared. For the closed form the spreads of start
            and asymptote grow with it, and are what they are called at its typical value.
        shapes: The shapes considered, with their probabilities.
        asymptotes: The asymptotes considered, with their probabilities.
        deviations: The kinds of deviation considered, with their probabilities.

    Raises:
        UsageError: The values are not a distribution.
    """

    start: tuple[float, float]
    noise: tuple[float, float]
    shapes: dict[Shape, float]
    asymptotes: dict[Asymptote, float]
    deviations: dict[Deviation, float]

    def __post_init__(self) -> None:
        parts = {name: getattr(self, name) for name in PARTS}
        weights = [weight for part in parts.values() for weight in part.values()]
        turns = [shape.turn for shape in self.shapes if shape.turn]
        demands = {
            "the start's mean and spread must be above 0": min(self.start) > 0,
            "every weight must be above 0": min(weights, default=0) > 0,
            "the weights of each part must add up to 1": all(
                math.isclose(sum(part.values()), 1, rel_tol=1e-6) for part in parts.values()
            ),
            "every length and spread must be above 0": all(
                value > 0
                for value in (
                    *(shape.length for shape in self.shapes),
                    *(turn.length for turn in turns),
                    *(asymptote.spread for asymptote in self.asymptotes),
                    *(deviation.weeks for deviation in self.deviations),
                    self.noise[1],
                )
            ),
            "the noise must have at least 6 degrees of freedom": self.noise[0] >= 6,
            "no turn may come after the latest score": all(turn.ago >= 0 for turn in turns),
            "no ratio may be below 0": all(deviation.ratio >= 0 for deviation in self.deviations),
            "every number must be finite": np.isfinite(
                [
                    *weights,
                    *self.start,
                    *self.noise,
                    *(x for s in self.shapes for x in (s.start, s.length)),
                    *(x for t in turns for x in (t.ago, t.length, t.change)),
                    *(x for e in self.asymptotes for x in (e.share, e.spread)),
                    *(x for w in self.deviations for x in (w.ratio, w.weeks)),
                ]
            ).all(),
        }
        for demand, met in demands.items():
            if not met:
                raise UsageError(f"The prior of recovery can't be used: {demand}.")

    @cached_property
    def packed(self) -> PackedPrior:
        """The prior as the arrays that the compiled loops read."""
        from reliefpath.recovery._kernel.packing import pack

        return pack(self)


PARTS = ("shapes", "asymptotes", "deviations")
"""The parts of a prior that are weighted lists."""


class Number(Row):
    """One number of a prior file."""

    value: float = Field(description="The number")
    meaning: str = Field(description="What it says")


class Weighted(Row):
    """One entry of a weighted list of a prior file."""

    weight: float = Field(gt=0, description="Its probability")
    meaning: str = Field(description="What it says")


class ShapeGroup(Weighted):
    """Shapes of one family: every start with every length."""

    family: Family
    starts: tuple[float, ...] = Field(description="Weeks in which recovery sets in")
    lengths: tuple[float, ...] = Field(description="Weeks that it takes")
    usual_length: float = Field(gt=0, description="Median of the lengths, which are lognormal")
    variation: float = Field(gt=0, description="Their coefficient of variation")
    usual_wait: float = Field(gt=0, description="Weeks over which a start gets e times rarer")

    def shapes(self) -> dict[Shape, float]:
        """Return the group's shapes and their probabilities, which add up to `weight`."""
        variance = math.log1p(self.variation**2)
        found = {
            Shape(self.family, start, length): math.exp(
                -(math.log(length / self.usual_length) ** 2) / (2 * variance)
                - start / self.usual_wait
            )
            for start, length in product(self.starts, self.lengths)
        }
        total = sum(found.values())
        return {shape: self.weight * chance / total for shape, chance in found.items()}


class TurnGroup(Weighted):
    """Shapes of one family that have turned: every time of the turn with every change."""

    family: Family
    length: float = Field(gt=0, description="Weeks that the first part takes")
    ago: tuple[float, ...] = Field(description="Weeks before the latest score that the turn began")
    turn_length: float = Field(gt=0, description="Weeks that it takes")
    changes: tuple[float, ...] = Field(
        description="What it adds, as a share of the first part; of the whole recovery after level"
    )

    def shapes(self) -> dict[Shape, float]:
        """Return the group's shapes and their probabilities, which add up to `weight`."""
        turns = [Turn(*turn) for turn in product(self.ago, [self.turn_length], self.changes)]
        each = self.weight / len(turns)
        return {Shape(self.family, 0.0, self.length, turn): each for turn in turns}


class AsymptoteRow(Weighted):
    """See `Asymptote`."""

    share: float
    spread: float = Field(gt=0)


class DeviationRow(Weighted):
    """See `Deviation`."""

    ratio: float = Field(ge=0)
    weeks: float = Field(gt=0)
    real: bool


class PriorFile(Catalogue):
    """A prior in terms that a clinician can judge, each number with its source."""

    start_mean: Number
    start_sd: Number
    noise_degrees: Number
    noise_sd: Number
    shapes: dict[str, ShapeGroup]
    turns: dict[str, TurnGroup]
    asymptotes: dict[str, AsymptoteRow]
    deviations: dict[str, DeviationRow]

    def _groups(self) -> Iterator[dict[Shape, float]]:
        yield from (group.shapes() for group in self.shapes.values())
        yield from (group.shapes() for group in self.turns.values())

    def prior(self) -> Prior:
        """Return the prior that the file describes.

        Raises:
            UsageError: The values are not a distribution.
        """
        return Prior(
            start=(self.start_mean.value, self.start_sd.value),
            noise=(self.noise_degrees.value, self.noise_sd.value),
            shapes={shape: weight for shapes in self._groups() for shape, weight in shapes.items()},
            asymptotes={
                Asymptote(row.share, row.spread): row.weight for row in self.asymptotes.values()
            },
            deviations={
                Deviation(row.ratio, row.weeks, row.real): row.weight
                for row in self.deviations.values()
            },
        )


def read_prior_file(file: Traversable | Path) -> PriorFile:
    """Read a prior file.

    Raises:
        KnowledgeError: The file breaks its model or names a source it does not define.
    """
    return load_catalogue(file, PriorFile)


DEFAULT_PRIOR = read_prior_file(files("reliefpath.recovery") / "prior.yaml").prior()
"""From the literature where there is any; `prior.yaml` names each number's source and certainty."""
