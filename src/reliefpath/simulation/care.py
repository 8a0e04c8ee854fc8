"""What was done: education, exercise, dry needling, manual therapy, injections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from reliefpath.simulation.course import CheckIns
from reliefpath.simulation.plan import Flags, Floats, Ints, Plan, Random, chosen, in_days
from reliefpath.simulation.tables import cells, words_at, words_of
from reliefpath.simulation.world import Words

ADHERENCE_STEPS = 20


def treatment_parts(
    plan: Plan, words: Words, check_ins: CheckIns, relief: Floats, random: Random
) -> Iterator[pl.DataFrame]:
    """Yield the treatments, therapy by therapy; `relief` is that of an injection."""
    yield _education(plan, words, random)
    yield _exercise(plan, words, check_ins, random)
    yield _manual(plan, words, random)
    needles = random.spawn(1)[0]
    yield from _dry_needling(plan, words, random, needles)
    yield from _injections(plan, words, relief, random, needles)


def muscles_at(plan: Plan, words: Words, e: Ints, place: Ints) -> pl.Series:
    """Return muscles usual for the regions of the episodes `e`; place 0 is the one it is about."""
    regions = [words.regions[r].muscles for r in plan.world.choices["region"].of]
    sizes = np.array([len(m) for m in regions])
    begins = np.cumsum(sizes) - sizes
    region = plan.region[e]
    place = (plan.muscle[e] + place) % sizes[region]
    return words_at([m for r in regions for m in r], begins[region] + place)


@dataclass(frozen=True)
class _Visits:
    """Visits of episodes `e`, numbered from 0 within each, with the day of care."""

    e: Ints
    number: Ints
    day: Ints

    def where(self, keep: Flags) -> _Visits:
        return _Visits(self.e[keep], self.number[keep], self.day[keep])

    def rows(self, words: Words, therapy: str, random: Random) -> pl.DataFrame:
        """Return a row a visit with a technique of the therapy."""
        technique = words_of([words.techniques[therapy]], np.zeros_like(self.e), random)
        therapies = pl.repeat(therapy, self.e.size, eager=True)
        return pl.DataFrame(
            {"e": self.e, "day": self.day, "therapy": therapies, "technique": technique}
        )

    def sites(self, plan: Plan, words: Words, place: Ints) -> dict[str, pl.Series]:
        """Return muscle and side; a pain on both sides is treated on one a session, as the lung
        below demands.
        """
        sides = list(plan.world.choices["side"].of)
        side = plan.side[self.e]
        side = np.where(side == sides.index("both"), self.number % 2, side)
        return {"muscle": muscles_at(plan, words, self.e, place), "side": words_at(sides, side)}

    def needle(
        self, plan: Plan, words: Words, therapy: str, random: Random
    ) -> dict[str, pl.Series]:
        """Return the needle, the same throughout an episode, and whether the muscle twitched."""
        needles, n = words.needles[therapy], self.e.size
        twitched = pl.Series(random.random(n) < plan.world["needle_twitches"], dtype=pl.Boolean)
        unseen = pl.Series(random.random(n) < plan.world["twitch_not_noted"], dtype=pl.Boolean)
        return {
            "needle": words_at(needles, self.e % len(needles)),
            "twitch_response": twitched.set(unseen, None),
        }

    def lot(self, plan: Plan, words: Words, agent: str) -> pl.Series:
        """Return the lot of an agent that was in use on the day."""
        lots = words.lots[agent]
        used = (plan.days[self.e] - self.day) // int(plan.world["lot_lasts_days"])
        return words_at(lots, used % len(lots))


def _course(plan: Plan, counts: Ints, first: float, gap: float, random: Random) -> _Visits:
    """Visits from week `first` of care on, `gap` weeks apart and a day early or late, as far as
    they have come.
    """
    e, number = cells(_up_to(counts))
    day = in_days(np.add(first, gap * number, dtype=float)) + random.integers(-1, 2, e.size)
    return _Visits(e, number, day).where(day <= plan.days[e])


def _up_to(counts: Ints) -> Flags:
    """A grid whose row i has counts[i] true cells."""
    flags: Flags = np.arange(counts.max(initial=0)) < counts[:, None]
    return flags


def _education(plan: Plan, words: Words, random: Random) -> pl.DataFrame:
    later = int(plan.world["more_education_week"]) * 7
    again = (random.random(len(plan)) < plan.world["more_education"]) & (plan.days >= later)
    e, number = cells(np.column_stack([np.ones(len(plan), bool), again]))
    rows = _Visits(e, number, later * number).rows(words, "education", random)
    return rows.with_columns(technique=words_at(words.techniques["education"], number))


def _exercise(plan: Plan, words: Words, check_ins: CheckIns, random: Random) -> pl.DataFrame:
    world, shape = plan.world, check_ins.day.shape
    reported = random.random(shape) < world["exercise_reported"]
    e, column = cells(check_ins.took_place & (check_ins.day > 0) & reported)
    usual = plan.cast.within(lambda a: a.adherence, random)
    adherence = usual[e] + random.normal(0, world["adherence_sd"], e.size)
    kinds = list(world.choices["exercise"].of)
    kind = chosen(world, "exercise", len(plan), random)
    technique = words_of([words.techniques[k] for k in kinds], kind, random)
    return pl.DataFrame(
        {
            "e": e,
            "day": check_ins.day[e, column],
            "therapy": words_at(kinds, kind[e]),
            "technique": technique.gather(e),
            "adherence": np.clip(np.rint(adherence * ADHERENCE_STEPS) / ADHERENCE_STEPS, 0, 1),
        }
    )


def _manual(plan: Plan, words: Words, random: Random) -> pl.DataFrame:
    world, n = plan.world, len(plan)
    given = random.random(n) < world["manual"]
    counts = given * random.integers(1, int(world["manual_sessions"]), n, endpoint=True)
    visits = _course(plan, counts, world["manual_first_week"], 1, random)
    rows = visits.rows(words, "manual", random)
    return rows.with_columns(**visits.sites(plan, words, np.zeros_like(visits.e)))


def _dry_needling(
    plan: Plan, words: Words, random: Random, needles: Random
) -> Iterator[pl.DataFrame]:
    world = plan.world
    counts = plan.cast.whole_within(lambda a: a.needling_sessions, random)
    first, gap = world["needling_first_week"], world["needling_gap_weeks"]
    visits = _course(plan, counts, first, gap, random)
    n = visits.e.size
    response = np.round(random.uniform(world["response_least"], world["response_most"], n), 1)
    effects = [
        None if effect == "none" else effect for effect in world.choices["adverse_effect"].of
    ]
    effect = words_at(effects, chosen(world, "adverse_effect", n, random))
    yield visits.rows(words, "dry-needling", random).with_columns(
        **visits.sites(plan, words, np.zeros_like(visits.e)),
        **visits.needle(plan, words, "dry-needling", needles),
        response=pl.Series(response),
        adverse_effect=effect,
    )
    second = random.random(n) < world["second_muscle"]
    visits = visits.where(second)
    yield visits.rows(words, "dry-needling", random).with_columns(
        **visits.sites(plan, words, np.ones_like(visits.e)),
        **visits.needle(plan, words, "dry-needling", needles),
        response=pl.Series(response[second]),
    )


def _injections(
    plan: Plan, words: Words, relief: Floats, random: Random, needles: Random
) -> Iterator[pl.DataFrame]:
    """A row a muscle and agent; the relief is noted with the anaesthetic."""
    world = plan.world
    e, number = cells(plan.injection_days >= 0)
    visits = _Visits(e, number, plan.injection_days[e, number])
    steroid = visits.where(random.random(e.size) < world["with_steroid"])
    muscles = random.integers(1, int(world["injected_muscles_most"]), e.size, endpoint=True)
    visit, place = cells(_up_to(muscles))
    visits = _Visits(e[visit], number[visit], visits.day[visit])
    quarters = random.integers(
        int(world["site_least_ml"] * 4), int(world["site_most_ml"] * 4), visit.size, endpoint=True
    )
    yield visits.rows(words, "injection", random).with_columns(
        **visits.sites(plan, words, place),
        **visits.needle(plan, words, "injection", needles),
        agent=pl.lit("lidocaine"),
        lot=visits.lot(plan, words, "lidocaine"),
        amount=pl.Series(quarters / 4 * world["lidocaine_mg_per_ml"]),
        unit=pl.lit("mg"),
        volume_ml=pl.Series(quarters / 4),
        response=pl.Series(np.round(relief[visits.e], 2)),
    )
    mg = world["triamcinolone_mg"]
    yield steroid.rows(words, "injection", random).with_columns(
        **steroid.sites(plan, words, np.zeros_like(steroid.e)),
        **steroid.needle(plan, words, "injection", needles),
        agent=pl.lit("triamcinolone"),
        lot=steroid.lot(plan, words, "triamcinolone"),
        amount=pl.lit(mg),
        unit=pl.lit("mg"),
        volume_ml=pl.lit(mg / world["triamcinolone_mg_per_ml"]),
    )
