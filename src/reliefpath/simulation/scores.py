"""What patients report: pain, function, and now and then their own estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from reliefpath.reference.measures import Measure, measures
from reliefpath.simulation.course import CheckIns
from reliefpath.simulation.people import People
from reliefpath.simulation.plan import Flags, Floats, Ints, Plan, Random, chosen
from reliefpath.simulation.tables import cells, words_at
from reliefpath.simulation.world import Words

NRS, PSFS = "nrs", "psfs"
ACTIVITIES = 3
"""Activities that a patient rates for the PSFS."""
OWN_ESTIMATE_STEP = 5


@dataclass(frozen=True)
class _Reports:
    """What lies behind the scores, a row an episode and a column a check-in.

    Attributes:
        left: Share left of the pain at the start.
        stray: Times the noise of a score at the start of care.
    """

    plan: Plan
    check_ins: CheckIns
    left: Floats
    stray: Floats
    reported_by: Ints

    def rows(self, measure: str, value: Floats, took_place: Flags) -> pl.DataFrame:
        """Return the scores of a measure, where they took place."""
        e, column = cells(took_place)
        reporters = list(self.plan.world.choices["reported_by"].of)
        return pl.DataFrame(
            {
                "e": e,
                "day": self.check_ins.day[e, column],
                "measure": pl.repeat(measure, e.size, eager=True),
                "value": value[e, column],
                "reported_by": words_at(reporters, self.reported_by[e, column]),
            }
        )


def score_parts(
    plan: Plan,
    people: People,
    words: Words,
    check_ins: CheckIns,
    left: Floats,
    random: Random,
) -> Iterator[pl.DataFrame]:
    """Yield the scores, measure by measure."""
    shape = check_ins.day.shape
    stray = np.sqrt(np.clip(left, 0, 1)) * plan.cast.of(lambda a: a.noise)[:, None]
    by = chosen(plan.world, "reported_by", stray.size, random).reshape(shape)
    reports = _Reports(plan, check_ins, left, stray, by)
    by_pain = plan.cast.of(lambda a: a.primary == NRS)[:, None] > 0
    often, seldom = check_ins.took_place, check_ins.asks_function
    yield _pain(reports, np.where(by_pain, often, seldom), random)
    function_left = 1 - plan.cast.within(lambda a: a.function_lag, random)[:, None] * (1 - left)
    asked = np.where(by_pain, seldom, often)
    yield from _function(reports, function_left, asked, people, words, random)
    yield _own_estimates(reports, function_left, random)


def _pain(reports: _Reports, asked: Flags, random: Random) -> pl.DataFrame:
    world, cast, shape = reports.plan.world, reports.plan.cast, reports.left.shape
    start = cast.within(lambda a: a.start, random)[:, None]
    pain = start * reports.left
    pain += reports.stray * world["noise_sd"] * _wandering(shape, world["wander"], random)
    flare = random.random(shape) < cast.of(lambda a: a.flares)[:, None]
    pain += flare * random.uniform(world["flare_least"], world["flare_most"], shape)
    return reports.rows(NRS, _score(measures(reports.plan.knowledge)[NRS], pain / 10), asked)


def _function(
    reports: _Reports,
    left: Floats,
    asked: Flags,
    people: People,
    words: Words,
    random: Random,
) -> Iterator[pl.DataFrame]:
    plan, world, shape = reports.plan, reports.plan.world, reports.left.shape
    regions = [words.regions[r].function for r in world.choices["region"].of]
    names = sorted({*regions, *(a.measure for a in plan.cast.all if a.measure)})
    own = plan.cast.of(lambda a: names.index(a.measure) if a.measure else -1)
    usual = np.array([names.index(r) for r in regions])[plan.region]
    function = np.where(own < 0, usual, own)
    start = random.uniform(world["function_start_least"], world["function_start_most"], len(plan))
    for i, name in enumerate(names):
        for item in range(ACTIVITIES if name == PSFS else 1):
            noise = reports.stray * random.normal(0, world["function_noise"], shape)
            harder = random.normal(0, world["activity_sd"], len(plan)) if name == PSFS else 0
            lost = (start + harder)[:, None] * left + noise
            mine = asked & (function == i)[:, None]
            rows = reports.rows(name, _score(measures(plan.knowledge)[name], lost), mine)
            if name == PSFS:
                activities = _activities(plan, people, words, item)
                rows = rows.with_columns(item=activities.gather(rows["e"]))
            yield rows


def _own_estimates(reports: _Reports, left: Floats, random: Random) -> pl.DataFrame:
    world, shape = reports.plan.world, reports.left.shape
    estimate = 100 * (1 - left) + random.normal(0, world["own_estimate_sd"], shape)
    estimate = np.clip(np.rint(estimate / OWN_ESTIMATE_STEP) * OWN_ESTIMATE_STEP, 0, 100)
    given = reports.check_ins.asks_function & (reports.check_ins.day > 0)
    return reports.rows("sane", estimate, given & (random.random(shape) < world["own_estimates"]))


def _score(measure: Measure, lost: Floats) -> Floats:
    """Return the score at which the share `lost` of the way from well is lost, on its grid."""
    if measure.well is None or measure.scale_range is None:
        raise ValueError(f"{measure.name} carries no curve")
    step = 1 if measure.items and measure.items.named_by_patient else measure.step or 0.1
    burden = np.rint(np.clip(lost, 0, 1) * measure.scale_range / step) * step
    value = measure.well + burden if measure.better == "lower" else measure.well - burden
    return np.clip(np.round(value, 2), measure.low, measure.high) + 0.0


def _wandering(shape: tuple[int, ...], kept: float, random: Random) -> Floats:
    """Deviations of SD 1, each keeping a part of the one before: a first-order autoregression."""
    deviation = random.normal(size=shape)
    for k in range(1, shape[1]):
        deviation[:, k] *= np.sqrt(1 - kept**2)
        deviation[:, k] += kept * deviation[:, k - 1]
    return deviation


def _activities(plan: Plan, people: People, words: Words, item: int) -> pl.Series:
    """One activity an episode; three items in a row are three different activities."""
    regions, languages = list(plan.world.choices["region"].of), list(words.family)
    groups = [words.regions[r].activities[language] for r in regions for language in languages]
    sizes = np.array([len(g) for g in groups])
    group = plan.region * len(languages) + people.language[plan.patient]
    place = (np.arange(len(plan)) + item) % sizes[group]
    return words_at([w for g in groups for w in g], (np.cumsum(sizes) - sizes)[group] + place)
