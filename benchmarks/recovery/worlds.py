"""Simulated worlds: patients whose true course is known.

A world is a shape of recovery, a kind of noise, a measure, and how visits come and go. Worlds for
tuning and worlds for judging differ in shape, in range and in seed. Lengths on the scale are told
as on a scale from 0 to 10 and stretched to the measure's range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.recovery.histories import HORIZON, WINDOW, Floats, Histories, Ints, Truth

Random = np.random.Generator
Curves = NDArray[np.float32]
"""A row a patient, a column a day since care began: the true score, 0 is well, 10 the worst."""

LAST_DAY = 224
DAYS = np.arange(LAST_DAY + round(7 * HORIZON) + 1)
WEEK = (DAYS / 7)[None, :]
AHEAD = 3
"""Visits ahead that are forecast."""
FIRST_JUDGED = 3
SHARE = (0.65, 0.28)
"""Mean and spread of the share of the start that is recovered in the end, cut to 0 to 1."""


@dataclass(frozen=True)
class Measure:
    """A scale, oriented so that 0 is well."""

    name: str
    scale_range: float
    mcid: float
    step: float


NRS = Measure("NRS 0 to 10", 10, 2, 1)
PSFS = Measure("PSFS 10 to 0, higher is better", 10, 2.3, 1 / 3)
NDI = Measure("NDI 0 to 50", 50, 7.5, 1)
VAS = Measure("VAS 0 to 100", 100, 20, 1)
ODI = Measure("ODI 0 to 100", 100, 10, 2)

Noise = Literal["gaussian", "heavy", "flares", "wandering"]


@dataclass(frozen=True)
class World:
    """How patients recover, report and drop out.

    Attributes:
        name: The shape and what is special.
        shape: Draws the share of the final recovery that is reached on each day.
        noise: Of single scores around the true course.
        noise_sd: Its spread differs between patients, evenly from the first to the second.
        measure: The scale on which patients report.
        ripple: Highest amplitude and the periods, in weeks, of a slow rise and fall that is part
            of the true course.
        relapse: Share of patients who lose some or all of what they gained.
        visits: Fewest and most visits.
        stay: How much likelier drop-out gets with each point of the latest score; negative where
            those who are well stop coming.
        seed: Of everything drawn.
    """

    name: str
    shape: Callable[[Random, int], Floats]
    noise: Noise
    noise_sd: tuple[float, float]
    measure: Measure
    ripple: tuple[float, float, float] | None = None
    relapse: float = 0.0
    visits: tuple[int, int] = (4, 16)
    leaving: float = 0.0
    seed: int = 1


def column(values: Floats) -> Floats:
    """Return one value a patient as a column."""
    return values[:, None]


def lognormal(random: Random, n: int, median: float, variation: float) -> Floats:
    """Draw n values with this median and coefficient of variation, as a column."""
    return column(median * np.exp(np.sqrt(np.log1p(variation**2)) * random.normal(size=n)))


def exponential(median: float, variation: float = 0.5) -> Callable[[Random, int], Floats]:
    """Fast at first, slower and slower."""
    return lambda random, n: np.asarray(1 - np.exp(-WEEK / lognormal(random, n, median, variation)))


def delayed(longest: float, median: float) -> Callable[[Random, int], Floats]:
    """Nothing for up to `longest` weeks, then exponential."""

    def shape(random: Random, n: int) -> Floats:
        wait = column(random.uniform(0, longest, n))
        return 1 - np.exp(-np.maximum(WEEK - wait, 0) / lognormal(random, n, median, 0.4))

    return shape


def s_shaped(middle: tuple[float, float], width: tuple[float, float]) -> Callable[..., Floats]:
    """Slow, fast, slow: a logistic from its value on the first day."""

    def shape(random: Random, n: int) -> Floats:
        at, over = column(random.uniform(*middle, n)), column(random.uniform(*width, n))
        rise, begin = 1 / (1 + np.exp(-(WEEK - at) / over)), 1 / (1 + np.exp(at / over))
        return np.asarray((rise - begin) / (1 - begin))

    return shape


def gompertz(middle: tuple[float, float], width: tuple[float, float]) -> Callable[..., Floats]:
    """An S that rises faster than it settles."""

    def shape(random: Random, n: int) -> Floats:
        at, over = column(random.uniform(*middle, n)), column(random.uniform(*width, n))
        rise, begin = np.exp(-np.exp(-(WEEK - at) / over)), np.exp(-np.exp(at / over))
        return np.asarray((rise - begin) / (1 - begin))

    return shape


def stepwise(most: int, last: float) -> Callable[[Random, int], Floats]:
    """Up to `most` sudden steps within `last` weeks."""

    def shape(random: Random, n: int) -> Floats:
        count = random.integers(1, most + 1, n).astype(float)
        size = random.exponential(size=(n, most)) * (np.arange(most) < column(count))
        size /= size.sum(axis=1, keepdims=True)
        at = random.uniform(0.5, last, (n, most))
        steps = [size[:, [k]] * (at[:, [k]] <= WEEK) for k in range(most)]
        return np.asarray(np.sum(steps, axis=0))

    return shape


def linear(earliest: float, latest: float) -> Callable[[Random, int], Floats]:
    """A straight descent that ends between two weeks, then level."""
    return lambda random, n: np.minimum(WEEK / column(random.uniform(earliest, latest, n)), 1)


def second_therapy(random: Random, n: int) -> Floats:
    """Draw the weeks in which second therapies begin."""
    return random.uniform(5, 14, n)


def two_steps(begin: Callable[[Random, int], Floats]) -> Callable[[Random, int], Floats]:
    """Exercise brings a part; a second therapy, begun in a week that is drawn, brings the rest."""

    def shape(random: Random, n: int) -> Floats:
        part = column(random.uniform(0.3, 0.7, n))
        begun = column(begin(random, n))
        first, second = lognormal(random, n, 3, 0.4), lognormal(random, n, 2, 0.4)
        after = np.maximum(WEEK - begun, 0)
        exercise, therapy = 1 - np.exp(-WEEK / first), 1 - np.exp(-after / second)
        return np.asarray(part * exercise + (1 - part) * therapy)

    return shape


def wearing_off(most: float, slowly: float) -> Callable[[Random, int], Floats]:
    """Exponential; from some week on up to `most` of the gain is lost, over `slowly` weeks."""

    def shape(random: Random, n: int) -> Floats:
        gained = 1 - np.exp(-WEEK / lognormal(random, n, 3, 0.4))
        since = np.maximum(WEEK - column(random.uniform(4, 14, n)), 0)
        lost = column(random.uniform(0, most, n)) * (1 - np.exp(-since / slowly))
        return np.asarray(gained * (1 - lost))

    return shape


def mixed(*shapes: tuple[float, Callable[[Random, int], Floats]]) -> Callable[..., Floats]:
    """Each patient has one of several shapes, with these weights."""

    def shape(random: Random, n: int) -> Floats:
        which = random.choice(len(shapes), n, p=[weight for weight, _ in shapes])
        course = np.empty((n, DAYS.size))
        for k, (_, of) in enumerate(shapes):
            course[which == k] = of(random, int((which == k).sum()))
        return course

    return shape


def patients(world: World, n: int, random: Random) -> tuple[Curves, Floats]:
    """Draw the true courses of n patients, and the spread of each one's noise."""
    start = column(np.clip(random.normal(6, 1.6, n), 2.5, 9.5))
    share = column(np.clip(random.normal(*SHARE, n), 0, 1))
    left = 1 - share * world.shape(random, n)
    if world.relapse:
        left += share * _relapses(world.relapse, n, random)
    course = start * left
    if world.ripple:
        most, shortest, longest = world.ripple
        amplitude, phase = column(random.uniform(0, most, n)), column(random.uniform(0, 1, n))
        turns = WEEK / column(random.uniform(shortest, longest, n)) + phase
        course += amplitude * (np.sin(2 * np.pi * turns) - np.sin(2 * np.pi * phase))
    levels = np.linspace(*world.noise_sd, 5)
    return np.clip(course, 0, 10).astype(np.float32), random.choice(levels, n)


def _relapses(of: float, n: int, random: Random) -> Floats:
    """The share of what was gained that is lost again, in about two weeks."""
    at, lost = column(random.uniform(5, 20, n)), column(random.uniform(0.3, 1, n))
    lost = lost * column((random.random(n) < of).astype(float))
    return np.asarray(lost * (1 - np.exp(-np.maximum(WEEK - at, 0) / 1.5)))


WANDER_WEEKS = 2.0
"""Over this long a wandering deviation falls to 1 / e."""
FLARE = (0.08, 2.0, 4.0)
"""How often a score is a flare, and by how much it is then worse."""


def stray(world: World, day: Ints, sd: Floats, random: Random) -> Floats:
    """Draw the deviation of each score from the true course; `day` has a row a patient."""
    unit = random.normal(size=day.shape)
    match world.noise:
        case "heavy":  # Student-t with 3 degrees
            unit /= np.sqrt(random.chisquare(3, day.shape) / 3)
            return 0.75 * column(sd) * unit
        case "flares":
            often, least, most = FLARE
            flare = random.random(day.shape) < often
            return column(sd) * unit + flare * random.uniform(least, most, day.shape)
        case "wandering":
            for k in range(1, day.shape[1]):
                kept = np.exp(-(day[:, k] - day[:, k - 1]) / 7 / WANDER_WEEKS)
                unit[:, k] = kept * unit[:, k - 1] + np.sqrt(1 - kept**2) * unit[:, k]
            return column(sd) * unit
        case _:
            return column(sd) * unit


def simulate(world: World, episodes: int, seed: int = 0) -> tuple[Histories, Truth]:
    """Return the histories of a world's episodes, each from the third visit on, and what was so."""
    random = np.random.default_rng((world.seed, seed))
    course, sd = patients(world, episodes, random)
    fewest, most = world.visits
    gaps = random.integers(4, 15, (episodes, most))
    gaps[:, 0] = 0
    day = np.minimum(np.cumsum(gaps, axis=1), LAST_DAY)
    true = np.take_along_axis(course, day, axis=1)
    unit = world.measure.scale_range / 10
    step = world.measure.step
    score = np.rint((true + stray(world, day, sd, random)) * unit / step) * step
    score = np.clip(score, 0, world.measure.scale_range)
    count = _stayed(world, score / unit, random.integers(fewest, most + 1, episodes), random)
    return _histories(world, np.asarray(course * unit), day, score, count)


def _stayed(world: World, score: Floats, planned: Ints, random: Random) -> Ints:
    """How many visits took place: who drops out depends on the latest score."""
    odds = 0.06 * np.exp(world.leaving * (score - 4))
    leaves = (random.random(score.shape) < odds) & bool(world.leaving)
    leaves[:, : FIRST_JUDGED - 1] = False
    first = np.where(leaves.any(axis=1), leaves.argmax(axis=1) + 1, score.shape[1])
    return np.asarray(np.minimum(planned, first), np.int64)


def _histories(
    world: World, course: Floats, day: Ints, score: Floats, count: Ints
) -> tuple[Histories, Truth]:
    gain = course[:, : LAST_DAY + 1] - course[:, round(7 * HORIZON) :]
    level = gain < world.measure.mcid
    last_active = level.shape[1] - 1 - np.argmax(~level[:, ::-1], axis=1)
    onset = np.where(level.all(axis=1), 0, last_active + 1)
    improvement = 1 - course / course[:, :1]
    weeks, burden, ahead, seen, who, now = [], [], [], [], [], []
    for i, visits in enumerate(count):
        for upto in range(FIRST_JUDGED, visits + 1):
            later = np.arange(upto, min(upto + AHEAD, visits))
            weeks.append(day[i, :upto] / 7)
            burden.append(score[i, :upto])
            ahead.append(np.pad(day[i, later] / 7, (0, AHEAD - later.size), constant_values=np.nan))
            seen.append(np.pad(score[i, later], (0, AHEAD - later.size), constant_values=np.nan))
            who.append(i)
            now.append(day[i, upto - 1])
    n, e, d = len(who), np.array(who), np.array(now)
    inside = (improvement[e, d] >= WINDOW[0]) & (improvement[e, d] <= WINDOW[1])
    histories = Histories(
        np.cumsum([0, *map(len, weeks)]).astype(np.int64),
        np.concatenate(weeks),
        np.concatenate(burden),
        *of_measure(world.measure, n),
        np.array(ahead),
    )
    return histories, Truth(e, level[e, d], inside, onset[e] / 7, np.array(seen))


def of_measure(measure: Measure, n: int) -> tuple[Floats, Floats, Floats]:
    """Return range, change that matters and step for n histories."""
    return np.full(n, measure.scale_range), np.full(n, measure.mcid), np.full(n, measure.step)


def plain_case(kind: str, noise_sd: float, patients: int, seed: int = 0) -> Histories:
    """Return whole-number scores from 0 to 10 over 12 weeks, with gaps of 4 to 14 days.

    `improving` falls 0.4 a week to the end; `levelled` falls 0.7 a week for 3 to 6 weeks and is
    level then; `flat` never changes. Every history is a whole episode.
    """
    random = np.random.default_rng((977, seed))
    gaps = random.integers(4, 15, (patients, 22))
    gaps[:, 0] = 0
    day = np.cumsum(gaps, axis=1)
    week = day / 7
    start = column(random.uniform(7.5, 9.5, patients))
    until = column(random.uniform(3, 6, patients))
    fall = {"improving": 0.4 * week, "levelled": 0.7 * np.minimum(week, until), "flat": 0 * week}
    score = np.clip(np.rint(start - fall[kind] + random.normal(0, noise_sd, day.shape)), 0, 10)
    within = day <= 84
    return Histories(
        np.concatenate([[0], np.cumsum(within.sum(axis=1))]).astype(np.int64),
        week[within],
        score[within],
        *of_measure(NRS, patients),
        np.full((patients, 1), np.nan),
    )


CLINIC = mixed(
    (0.15, exponential(2)),
    (0.30, exponential(6)),
    (0.15, s_shaped((3, 10), (0.8, 2))),
    (0.20, linear(3, 18)),
    (0.10, delayed(6, 4)),
    (0.10, stepwise(2, 14)),
)

JUDGED = [
    World("exponential", exponential(5), "gaussian", (0.7, 1.3), NRS, seed=11),
    World("exponential, heavy tails", exponential(4), "heavy", (0.6, 1.2), VAS, seed=12),
    World("exponential, wandering", exponential(5), "wandering", (0.7, 1.2), ODI, seed=13),
    World("delayed", delayed(8, 3.5), "gaussian", (0.6, 1.2), NRS, seed=14),
    World("S-shaped, flares", s_shaped((3, 12), (0.7, 2.2)), "flares", (0.6, 1.0), NRS, seed=15),
    World("stepwise", stepwise(3, 18), "gaussian", (0.6, 1.2), NDI, seed=16),
    World("linear then flat", linear(3, 20), "gaussian", (0.7, 1.3), NRS, seed=17),
    World("linear, heavy, function", linear(4, 16), "heavy", (0.6, 1.0), PSFS, seed=18),
    World("fluctuating", exponential(5), "gaussian", (0.5, 0.9), NRS, ripple=(1.5, 5, 14), seed=19),
    World("relapsing", exponential(3), "gaussian", (0.6, 1.1), NRS, relapse=0.6, seed=20),
    World("clinic, the well leave", CLINIC, "flares", (0.6, 1.2), NRS, leaving=-0.3, seed=21),
    World("clinic, the unwell leave", CLINIC, "heavy", (0.7, 1.2), NRS, leaving=0.3, seed=22),
    World("two steps", two_steps(second_therapy), "gaussian", (0.6, 1.2), NRS, seed=23),
    World("wearing off", wearing_off(0.8, 8), "gaussian", (0.6, 1.2), NRS, seed=24),
]
PLAIN = ("exponential", "delayed", "linear then flat")
"""Those of one smooth or straight recovery whose scores scatter evenly and which nobody leaves."""

TUNED = [
    World("exponential", exponential(6, 0.7), "gaussian", (0.8, 1.2), VAS, seed=51),
    World("exponential, heavy", exponential(3), "heavy", (0.5, 1.1), NRS, seed=52),
    World("wandering", linear(3, 15), "wandering", (0.6, 1.1), VAS, seed=53),
    World("delayed", delayed(6, 5), "gaussian", (0.7, 1.1), ODI, seed=54),
    World("gompertz, flares", gompertz((2, 9), (1, 3)), "flares", (0.7, 0.9), NRS, seed=55),
    World("stepwise", stepwise(2, 14), "gaussian", (0.7, 1.0), NRS, seed=56),
    World("linear", linear(2, 24), "gaussian", (0.6, 1.2), NDI, seed=57),
    World("fluctuating", linear(3, 12), "gaussian", (0.6, 0.8), NRS, ripple=(1.2, 6, 12), seed=58),
    World("relapsing", linear(2, 8), "gaussian", (0.7, 1.0), PSFS, relapse=0.4, seed=59),
    World(
        "clinic",
        mixed((0.5, exponential(5)), (0.3, gompertz((2, 9), (1, 3))), (0.2, linear(2, 24))),
        "gaussian",
        (0.7, 1.2),
        NRS,
        leaving=-0.2,
        seed=60,
    ),
]
