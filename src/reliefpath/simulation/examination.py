"""What the clinician finds: trigger points at each exam, and what is known about the person."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from reliefpath.reference.therapies import SCREENED
from reliefpath.simulation.care import muscles_at
from reliefpath.simulation.people import People
from reliefpath.simulation.plan import Flags, Ints, Plan, Random, chosen, in_days
from reliefpath.simulation.tables import cells, words_at
from reliefpath.simulation.world import Words

MUSCLES = 3
"""Muscles felt at the first exam; later only those that held an active trigger point."""
TRIGGER_POINTS = 2
"""Active trigger points at every exam but the latest."""
APART_DAYS = 14
"""Exams are at least so far apart."""


def exam_part(plan: Plan, words: Words, random: Random) -> pl.DataFrame:
    """Return the exams: the first visit's, one half-way to the latest, and the latest."""
    latest = plan.days - in_days(plan.cast.within(lambda a: a.exam_weeks, random))
    again, between = latest >= APART_DAYS, latest >= 2 * APART_DAYS
    days = np.column_stack([np.zeros_like(latest), latest // 2, latest])
    felt = np.repeat(
        np.column_stack([np.ones_like(again), between, again])[:, :, None], MUSCLES, axis=2
    )
    felt[:, 1:, TRIGGER_POINTS:] = False
    e, exam, place = cells(felt)
    left = plan.cast.whole_within(lambda a: a.trigger_points_left, random)
    active = place < np.where(exam == 2, left[e], TRIGGER_POINTS)
    return _signs(plan, active, random).with_columns(
        e=pl.Series(e),
        day=pl.Series(days[e, exam]),
        muscle=muscles_at(plan, words, e, place),
        side=words_at(list(plan.world.choices["side"].of), plan.side[e]),
    )


def _signs(plan: Plan, active: Flags, random: Random) -> pl.DataFrame:
    """Draw the signs of muscles with and without an active trigger point."""
    world, n = plan.world, active.size
    signs = {
        sign: random.random(n) < np.where(active, often.active, often.otherwise)
        for sign, often in world.signs.items()
    }
    noted = random.random(n) >= world["twitch_not_noted"]
    mean = np.where(active, world["pressure_tender_kpa"], world["pressure_eased_kpa"])
    pressure = np.rint(np.maximum(random.normal(mean, world["pressure_sd_kpa"]), 0))
    measured = random.random(n) < world["pressure_measured"]
    return pl.DataFrame({**signs, "pressure_kpa": pressure}).with_columns(
        pl.when(pl.Series(noted)).then("twitch_response").alias("twitch_response"),
        pl.when(pl.Series(measured)).then("pressure_kpa").alias("pressure_kpa"),
    )


def finding_parts(plan: Plan, people: People, random: Random) -> Iterator[pl.DataFrame]:
    """Yield the findings; those of one episode only have the flag `of_episode`."""
    yield from _screening(plan)
    yield from _consents(plan, random)
    yield from _of_archetypes(plan, random)
    yield from _of_person(plan, random)
    yield _weights(plan, random)
    yield _pregnancies(plan, people, random)


def _rows(kind: str, e: Ints, day: Ints, code: pl.Series, *, of_episode: bool) -> pl.DataFrame:
    return pl.DataFrame({"e": e, "day": day, "code": code}).with_columns(
        kind=pl.lit(kind), of_episode=pl.lit(of_episode)
    )


def _screening(plan: Plan) -> Iterator[pl.DataFrame]:
    """What was asked about at the first visit."""
    for kind in sorted({kind for a in plan.cast.all for kind in a.screened}):
        asked = np.array([kind in a.screened for a in plan.cast.all])
        e = np.nonzero(asked[plan.cast.archetype])[0]
        screened = pl.repeat(SCREENED, e.size, eager=True)
        yield _rows(kind, e, np.zeros_like(e), screened, of_episode=True)


def _consents(plan: Plan, random: Random) -> Iterator[pl.DataFrame]:
    """Consent before the first injection or, where none was given, at the latest check-in."""
    injected = plan.injection_days[:, 0]
    day = np.where(injected >= 0, injected, plan.last_day)
    codes = [a.consent for a in plan.cast.all]
    e = np.nonzero(plan.cast.of(lambda a: a.consent is not None))[0]
    code = words_at(codes, plan.cast.archetype[e])
    yield _rows("consent", e, day[e], code, of_episode=True)


def _of_archetypes(plan: Plan, random: Random) -> Iterator[pl.DataFrame]:
    for index, archetype in enumerate(plan.cast.all):
        e = np.nonzero(plan.cast.archetype == index)[0]
        for found in archetype.findings:
            day = np.zeros_like(e)
            if found.weeks_ago is not None:
                ago = in_days(random.uniform(*found.weeks_ago, e.size))
                day = np.maximum(plan.days[e] - ago, 0)
            code = words_at(found.codes, random.integers(0, len(found.codes), e.size))
            yield _rows(found.kind, e, day, code, of_episode=found.of_episode)


def _of_person(plan: Plan, random: Random) -> Iterator[pl.DataFrame]:
    """Allergies, medicines and conditions, told at the first visit."""
    for kind in ("allergy", "medicine", "condition"):
        options = list(plan.world.choices[kind].of)
        code = chosen(plan.world, kind, plan.patients, random)
        code[0] = options.index("none")  # the showpiece keeps to one thread
        e = np.nonzero(code != options.index("none"))[0]
        yield _rows(kind, e, np.zeros_like(e), words_at(options, code[e]), of_episode=False)


def _weights(plan: Plan, random: Random) -> pl.DataFrame:
    world, e = plan.world, np.arange(plan.patients)
    kg = np.rint(random.normal(world["weight_mean_kg"], world["weight_sd_kg"], e.size))
    code = pl.repeat("body-weight", e.size, eager=True)
    return _rows("weight", e, np.zeros_like(e), code, of_episode=False).with_columns(
        value=pl.Series(np.clip(kg, world["weight_least_kg"], world["weight_most_kg"])),
        unit=pl.lit("kg"),
    )


def _pregnancies(plan: Plan, people: People, random: Random) -> pl.DataFrame:
    """Women of child-bearing age who were asked; nobody pregnant is injected."""
    world, n = plan.world, plan.patients
    female = list(world.choices["sex"].of).index("female")
    fertile = (people.sex == female) & (people.age <= world["fertile_until"])
    e = np.nonzero(fertile & (random.random(n) < world["pregnancy_asked"]))[0]
    injectable = plan.cast.of(lambda a: a.consent is not None or bool(a.injected_weeks_ago)) > 0
    pregnant = (random.random(e.size) < world["pregnant"]) & ~injectable[e] & (e > 0)
    code = words_at(["not-pregnant", "pregnant"], pregnant.astype(np.int64))
    return _rows("pregnancy", e, np.zeros_like(e), code, of_episode=False)
