"""Where patients mark pain on the drawing of the body."""

from __future__ import annotations

import numpy as np
import polars as pl

from reliefpath.reference.anatomy import REGIONS, muscles
from reliefpath.reference.anatomy.body_map import PAIN_AREA, SIDES, areas
from reliefpath.simulation.care import muscles_at
from reliefpath.simulation.course import CheckIns
from reliefpath.simulation.plan import Flags, Floats, Plan, Random
from reliefpath.simulation.tables import cells, words_at
from reliefpath.simulation.world import Words


def drawing_part(
    plan: Plan, words: Words, check_ins: CheckIns, left: Floats, random: Random
) -> pl.DataFrame:
    """Return the areas marked, a row each.

    An area is marked while more pain is left than its own limit: the complaint's region almost to
    the end, what the muscle that it is about refers to for less long.
    """
    every = plan.world["drawn_every_weeks"]
    due = np.diff(check_ins.day // (7 * every), axis=1, prepend=-1) > 0
    due[:, -1] = True
    stray = random.normal(0, plan.world["drawn_stray"], (*left.shape, 1, 1))
    marked = left[:, :, None, None] + stray > _limits(plan, words, random)[:, None]
    e, column, region, side = cells(marked & (due & check_ins.took_place)[:, :, None, None])
    return pl.DataFrame({"e": e, "day": check_ins.day[e, column]}).with_columns(
        code=words_at([area.code for area in areas()], region * len(SIDES) + side),
        kind=pl.lit(PAIN_AREA),
        of_episode=pl.lit(True),
    )


def until_that_day(findings: pl.DataFrame) -> pl.DataFrame:
    """A drawing holds for its day."""
    day = pl.when(kind=PAIN_AREA).then(pl.col("at").dt.date()).otherwise("until")
    return findings.with_columns(until=day)


def _limits(plan: Plan, words: Words, random: Random) -> Floats:
    """The share of pain left down to which each region is marked, by episode, region and side."""
    world, n = plan.world, len(plan)
    e = np.arange(n)
    names = [REGIONS.index(name) for name in world.choices["region"].of]
    own = np.array(names)[plan.region]
    limits = np.where(
        _referral(plan, words),
        random.uniform(
            world["referral_until_least"], world["referral_until_most"], (n, len(REGIONS))
        ),
        np.inf,
    )
    limits[e, own] = world["drawn_until_left"]
    drawn = np.where(_sides(plan)[:, None], limits[..., None], np.inf)
    elsewhere = random.random(n) < world["drawn_elsewhere"]
    place, side = random.integers(0, len(REGIONS), n), random.integers(0, len(SIDES), n)
    drawn[e[elsewhere], place[elsewhere], side[elsewhere]] = -np.inf
    return drawn


def _referral(plan: Plan, words: Words) -> Flags:
    """Whether the muscle that an episode is about is felt in each region."""
    about = muscles_at(plan, words, np.arange(len(plan)), np.zeros(len(plan), np.int64))
    rows = muscles(plan.knowledge).items()
    reaches = {id_: [region in row.reaches for region in REGIONS] for id_, row in rows}
    return np.array([reaches[muscle] for muscle in about])


def _sides(plan: Plan) -> Flags:
    """Whether each side hurts."""
    names = list(plan.world.choices["side"].of)
    hurts = np.array([[name in (side, "both") for side in SIDES] for name in names])
    sides: Flags = hurts[plan.side]
    return sides
