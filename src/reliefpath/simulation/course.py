"""When patients check in, and how well they are at any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reliefpath.simulation.plan import Flags, Floats, Ints, Plan, Random

STRAY_DAYS = 2
"""A check-in comes up to so many days early or late."""


@dataclass(frozen=True)
class CheckIns:
    """A row an episode, a column for each check-in that is asked for, and one for the last.

    Attributes:
        day: Day of care.
        took_place: Whether there was one.
        asks_function: Whether function is scored too.
    """

    day: Ints
    took_place: Flags
    asks_function: Flags


def check_ins(plan: Plan, random: Random) -> CheckIns:
    """Draw the days of the check-ins; the first and the last always take place."""
    weeks = np.array(plan.world.check_in_weeks)
    shape = (len(plan), len(weeks))
    day = weeks * 7 + random.integers(-STRAY_DAYS, STRAY_DAYS, shape, endpoint=True)
    day[:, 0] = 0
    took_place = random.random(shape) >= plan.cast.of(lambda a: a.missed)[:, None]
    took_place[:, 0] = True
    took_place &= day < plan.last_day[:, None] - STRAY_DAYS
    alone = ~took_place.any(axis=1)
    day = np.column_stack([day, np.where(alone, 0, plan.last_day)])
    took_place = np.column_stack([took_place, np.ones(len(plan), bool)])
    every = plan.world["function_every_weeks"]
    asks_function = np.broadcast_to(np.append(weeks % every == 0, True), day.shape)
    return CheckIns(day, took_place, took_place & asks_function)


def improvements(plan: Plan, day: Ints, random: Random) -> Floats:
    """Return the improvement at each day as a share of the start: 0 is no change, 1 is well.

    A delayed, stepwise or smooth exponential, plus ups and downs, less what is lost after a turn:
    level * g(t; tau) + swing * sin(2 pi t / period) - lost * g(t - turn; tau of a turn), with
    g(t; tau) = 1 - exp(-t / tau) and nothing before t = 0.
    """
    world, cast = plan.world, plan.cast
    weeks = day / 7
    spread = np.sqrt(np.log1p(world["tau_variation"] ** 2))
    tau = world["tau_median_weeks"] * np.exp(random.normal(0, spread, len(plan)))
    tau = np.clip(tau, cast.of(lambda a: a.tau_weeks[0]), cast.of(lambda a: a.tau_weeks[1]))
    since = weeks - cast.within(lambda a: a.delay_weeks, random)[:, None]
    step = cast.of(lambda a: a.step_weeks)[:, None]
    since = np.where(step > 0, np.floor(since / np.maximum(step, 1e-9)) * step, since)
    level = cast.within(lambda a: a.level, random)[:, None]
    swing = cast.within(lambda a: a.swing, random)[:, None]
    turn = plan.days / 7 - cast.within(lambda a: a.turned_weeks_ago, random)
    lost = cast.within(lambda a: a.lost, random)[:, None]
    return (
        level * _gained(since, tau[:, None])
        + swing * np.sin(2 * np.pi * weeks / world["swing_weeks"])
        - lost * _gained(weeks - turn[:, None], world["turn_weeks"])
    )


def pain_left(plan: Plan, day: Ints, relief: Floats, random: Random) -> Floats:
    """Return the share of the pain at the start that is left at each day."""
    return (1 - improvements(plan, day, random)) * (1 - injection_relief(plan, day, relief))


def injection_relief(plan: Plan, day: Ints, relief: Floats) -> Floats:
    """Return the share of pain that injections relieve at each day, wearing off by half-lives."""
    half_life = plan.world["injection_half_life_weeks"]
    left = np.zeros(day.shape)
    for planned in plan.injection_days.T[:, :, None]:
        weeks = (day - planned) / 7
        given = (planned >= 0) & (weeks > 0)
        now = relief[:, None] * 0.5 ** (np.maximum(weeks, 0) / half_life)
        left = np.maximum(left, np.where(given, now, 0))
    return left


def _gained(weeks: Floats, tau: Floats | float) -> Floats:
    return 1 - np.exp(-np.maximum(weeks, 0) / tau)
