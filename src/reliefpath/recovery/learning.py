"""A prior learned from a clinic's own episodes, by empirical Bayes.

Expectation maximisation on the same mixture that `recover` uses: each round asks how probable each
shape, asymptote and deviation, each start and each noise are for every episode, and makes the
averages the next prior. Then shapes that lie between are tried, and the likeliest are kept. Scores
are all it takes: nobody has to say who recovered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reliefpath.errors import UsageError
from reliefpath.recovery.batch import Batch
from reliefpath.recovery.prior import DEFAULT_PRIOR, Asymptote, Prior
from reliefpath.recovery.shapes import Shape

Floats = NDArray[np.float64]
ROUNDS = 10
REFINEMENTS = 2
LONGER, LATER = 1.2, 0.5
"""Factor between the lengths of neighbouring shapes, and weeks between their starts."""
DAY = 1 / 7
STRENGTH = 2.0
"""Episodes' worth of evidence that the prior one begins with carries."""
DEGREES = (6.0, 60.0)
"""Fewest and most degrees of freedom of the noise that are learned."""
BEGIN = replace(
    DEFAULT_PRIOR,
    asymptotes={
        Asymptote(-0.5, 0.3): 0.05,
        Asymptote(0, 0.1): 0.19,
        Asymptote(0.3, 0.15): 0.14,
        Asymptote(0.6, 0.15): 0.3,
        Asymptote(0.88, 0.12): 0.2,
        Asymptote(1, 0.05): 0.12,
    },
)
"""The prior as shipped, with its asymptotes in finer parts: getting well is one of its own."""
TURN_STRENGTH = 50.0
"""The least of that for turns, which few episodes tell of."""
MANY = 6
"""Scores from which on a turn can be told from a score that strays."""
LEAST_SD = 0.15
LEAST_WEIGHT = 1e-9
KeyT = TypeVar("KeyT")


def learn(
    offsets: ArrayLike,
    weeks: ArrayLike,
    burden: ArrayLike,
    scale_range: ArrayLike,
    *,
    step: ArrayLike | None = None,
    effect: ArrayLike | None = None,
    begin: Prior = BEGIN,
    strength: float = STRENGTH,
    rounds: int = ROUNDS,
) -> Prior:
    """Return the prior under which these episodes are most probable, held near `begin`.

    Args:
        offsets, weeks, burden, scale_range, step, effect: Whole episodes, as for
            `reliefpath.recovery.recover`.
        begin: The prior to begin with; it counts as `strength` episodes.
        strength: See `begin`; 0 trusts the episodes alone.
        rounds: How often the averages are taken anew, for each set of shapes.

    Raises:
        UsageError: The input is not as described.
    """
    if not 0 <= strength < math.inf:
        raise UsageError("`strength` must be a number of episodes, 0 or more.")
    batch = Batch.of(offsets, weeks, burden, scale_range, step, effect)
    batch.check(np.full(len(batch.scale_range), np.nan))
    scored = np.diff(batch.offsets) > 0
    if not scored.any():
        return begin
    rounding = float(np.mean(batch.common_step[scored] ** 2)) / 12

    def settled(prior: Prior) -> Prior:
        for _ in range(rounds):
            prior = _next(_tally(batch, prior), prior, begin, strength, rounding)
        return prior

    prior = settled(begin)
    for _ in range(REFINEMENTS):
        finer = settled(replace(prior, shapes=_with_neighbours(prior.shapes)))
        prior = settled(replace(finer, shapes=_likeliest(finer.shapes, len(begin.shapes))))
    return prior


def _with_neighbours(shapes: dict[Shape, float]) -> dict[Shape, float]:
    """Return the shapes and those a little shorter, longer, earlier and later, at half the weight.

    Lengths and starts are rounded, so that a neighbour's neighbour is the shape itself.
    """
    found = {shape: weight / 2 for shape, weight in shapes.items()}
    for shape, weight in shapes.items():
        near = []
        if shape.turn is None and shape.length > DAY:
            lengths = (shape.length / LONGER, shape.length * LONGER)
            near += [replace(shape, length=round(length, 2)) for length in lengths]
        if shape.start > 0:
            starts = (max(shape.start - LATER, 0), shape.start + LATER)
            near += [replace(shape, start=round(start, 2)) for start in starts]
        for each in near or [shape]:
            found[each] = found.get(each, 0) + weight / 2 / max(len(near), 1)
    return found


def _likeliest(shapes: dict[Shape, float], count: int) -> dict[Shape, float]:
    """Return the turns and the likeliest others, `count` in all; their weight is 1 again."""
    kept = set(sorted(shapes, key=lambda s: (s.turn is None, -shapes[s]))[:count])
    total = math.fsum(shapes[shape] for shape in kept)
    return {shape: weight / total for shape, weight in shapes.items() if shape in kept}


@dataclass(frozen=True)
class _Tally:
    """What episodes say of a prior; as `tally` sums it up."""

    shapes: Floats
    shapes_of_long: Floats
    deviations: Floats
    asymptotes: Floats
    numbers: Floats


def _tally(batch: Batch, prior: Prior) -> _Tally:
    from reliefpath.recovery._kernel.compiled import tally

    packed = prior.packed
    columns = {
        "shapes": np.zeros(packed.shapes),
        "shapes_of_long": np.zeros(packed.shapes),
        "deviations": np.zeros(len(prior.deviations)),
        "asymptotes": np.zeros(len(prior.asymptotes)),
        "numbers": np.zeros(6),
    }
    tally(batch, packed, columns, MANY)
    # the packed shapes are filled up with ones of no weight
    for name in ("shapes", "shapes_of_long"):
        columns[name] = columns[name][: len(prior.shapes)]
    return _Tally(**columns)


def _next(sums: _Tally, prior: Prior, begin: Prior, strength: float, rounding: float) -> Prior:
    """Return the prior that the sums speak for; `rounding` is its mean part of the variance."""
    held = {shape: begin.shapes.get(shape, 0.0) for shape in prior.shapes}
    return replace(
        prior,
        start=_start(sums, prior, begin, strength),
        noise=_noise(sums, prior, begin, strength, rounding),
        shapes=_with_turns(_averaged(sums.shapes, held, strength), sums, begin, strength),
        deviations=_averaged(sums.deviations, begin.deviations, strength),
        asymptotes=_averaged(sums.asymptotes, begin.asymptotes, strength),
    )


def _with_turns(
    shapes: dict[Shape, float], sums: _Tally, begin: Prior, strength: float
) -> dict[Shape, float]:
    """Return the shapes with turns as probable as long episodes say, held near `begin`.

    A latest score that strays looks like a turn: of few visits turns would explain all, and the
    noise nothing.
    """
    held = max(strength, TURN_STRENGTH)
    total = float(sums.shapes_of_long.sum()) + held
    turns = {
        shape: max((float(n) + held * begin.shapes[shape]) / total, LEAST_WEIGHT)
        for n, shape in zip(sums.shapes_of_long, shapes, strict=True)
        if shape.turn is not None
    }
    plain = {shape: weight for shape, weight in shapes.items() if shape.turn is None}
    left = (1 - math.fsum(turns.values())) / math.fsum(plain.values())
    return {shape: turns.get(shape, plain.get(shape, 0.0) * left) for shape in shapes}


def _averaged(count: Floats, begin: dict[KeyT, float], strength: float) -> dict[KeyT, float]:
    """Return how the episodes spread over the keys, `begin` counting as `strength` episodes."""
    found = {
        key: float(n) + strength * weight
        for n, (key, weight) in zip(count, begin.items(), strict=True)
    }
    total = sum(found.values())
    return {key: max(n / total, LEAST_WEIGHT) for key, n in found.items()}


def _start(sums: _Tally, prior: Prior, begin: Prior, strength: float) -> tuple[float, float]:
    """Return mean and standard deviation of the start."""
    episodes, precision, _, start, square, variance = sums.numbers.tolist()
    shift = start / precision
    spread = (square - shift * start + variance) / episodes
    first_mean, first_sd = begin.start
    total = episodes + strength
    mean = (episodes * (prior.start[0] + shift) + strength * first_mean) / total
    sd = math.sqrt((episodes * spread + strength * first_sd**2) / total)
    return max(mean, LEAST_SD), max(sd, LEAST_SD)


def _noise(
    sums: _Tally, prior: Prior, begin: Prior, strength: float, rounding: float
) -> tuple[float, float]:
    """Return the degrees of freedom and the typical standard deviation of the noise.

    A gamma distribution of the precision x: of all shapes a, the one fits for which
    log(a) - digamma(a) = log mean(x) - mean(log x). It is told to 1.5 % by the closed form from
    which Minka 2002, "Estimating a gamma distribution", starts.
    """
    from reliefpath.recovery._kernel.compiled import digamma

    episodes, precision, log_variance = sums.numbers[:3].tolist()
    now, first = prior.noise[1] ** 2 + rounding, begin.noise[1] ** 2 + rounding
    half = begin.noise[0] / 2
    mean = (precision / now + strength / first) / (episodes + strength)
    mean_log = -(log_variance + episodes * math.log(now))
    mean_log -= strength * (math.log(first) + math.log(half) - digamma(half))
    gap = max(math.log(mean) - mean_log / (episodes + strength), 1e-6)
    shape = (3 - gap + math.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    degrees = min(max(2 * shape, DEGREES[0]), DEGREES[1])
    return degrees, math.sqrt(max(1 / mean - rounding, LEAST_SD**2))
