"""Who has which course: what an episode of the demo clinic is before anything is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reliefpath.knowledge import Knowledge
from reliefpath.simulation.world import Archetype, World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Random = np.random.Generator


@dataclass(frozen=True)
class Cast:
    """The archetype of every episode, as an index into the world's."""

    world: World
    archetype: Ints

    @property
    def all(self) -> tuple[Archetype, ...]:
        """The archetypes, in the order of their index."""
        return tuple(self.world.archetypes.values())

    def of(self, value: Callable[[Archetype], float]) -> Floats:
        """Return the value that each episode's archetype has."""
        return np.array([value(a) for a in self.all], dtype=float)[self.archetype]

    def within(self, span: Callable[[Archetype], tuple[float, float]], random: Random) -> Floats:
        """Draw a number for each episode, evenly from the span that its archetype has."""
        spans = np.array([span(a) for a in self.all], dtype=float)[self.archetype]
        return random.uniform(spans[:, 0], spans[:, 1])

    def whole_within(self, span: Callable[[Archetype], tuple[int, int]], random: Random) -> Ints:
        """Draw a whole number for each episode from its archetype's span, both ends included."""
        spans = np.array([span(a) for a in self.all], dtype=np.int64)[self.archetype]
        return random.integers(spans[:, 0], spans[:, 1], endpoint=True)


@dataclass(frozen=True)
class Plan:
    """All episodes side by side: entry i of every array belongs to episode i.

    Attributes:
        knowledge: The catalogues by which the clinic works.
        cast: The archetypes.
        patients: How many patients there are; episode i < patients is the first of patient i.
        patient: Index of the patient.
        region: Index into the world's regions.
        side: Index into the world's sides.
        muscle: Place of the muscle that it is mostly about among those usual for the region.
        days: Days from the start of care to today.
        last_day: Day of care of the last check-in.
        injection_days: Day of care of each injection, -1 where there is none; a column each.
    """

    knowledge: Knowledge
    cast: Cast
    patients: int
    patient: Ints
    region: Ints
    side: Ints
    muscle: Ints
    days: Ints
    last_day: Ints
    injection_days: Ints

    def __len__(self) -> int:
        return self.patient.size

    @property
    def world(self) -> World:
        """Where the numbers come from."""
        return self.cast.world


def make_plan(world: World, patients: int, random: Random, knowledge: Knowledge) -> Plan:
    """Cast the archetypes, each at least once while there are patients, and set the dates."""
    # the showpiece keeps an only episode, so that its story has one thread
    extra = min(round(world["second_episodes"] * patients), patients - 1)
    second = random.choice(patients - 1, extra, replace=False) + 1 if extra else np.empty(0, int)
    patient = np.append(np.arange(patients), second)
    first_cast = _spread(world, patients, second=False)
    random.shuffle(first_cast[1:])
    second_cast = _spread(world, extra, second=True)
    random.shuffle(second_cast)
    cast = Cast(world, np.append(first_cast, second_cast))
    days = in_days(cast.within(lambda a: a.weeks_in_care, random))
    silent = in_days(cast.within(lambda a: a.silent_weeks, random))
    return Plan(
        knowledge=knowledge,
        cast=cast,
        patients=patients,
        patient=patient,
        region=_regions(cast, patient, patients, random),
        side=chosen(world, "side", len(patient), random),
        muscle=chosen(world, "muscle", len(patient), random),
        days=days,
        last_day=np.maximum(days - silent, 0),
        injection_days=_injection_days(cast, days, random),
    )


def chosen(world: World, choice: str, count: int, random: Random) -> Ints:
    """Draw `count` indices into the options of one of the world's choices."""
    shares = list(world.choices[choice].of.values())
    return np.minimum(np.searchsorted(np.cumsum(shares), random.random(count)), len(shares) - 1)


def in_days(weeks: Floats) -> Ints:
    """Return whole days."""
    return np.rint(weeks * 7).astype(np.int64)


def _spread(world: World, count: int, *, second: bool) -> Ints:
    """Give `count` episodes their archetypes: each once, the rest by the archetypes' shares."""
    fitting = [i for i, a in enumerate(world.archetypes.values()) if a.second == second]
    once = np.array(fitting[:count], dtype=np.int64)
    if count <= len(fitting):
        return once
    shares = np.array([a.share for a in world.archetypes.values()])[once]
    wanted = np.maximum(shares / shares.sum() * count - 1, 0)
    wanted *= (count - len(once)) / wanted.sum()
    counts = np.floor(wanted).astype(np.int64)
    missing = count - len(once) - int(counts.sum())
    counts[np.argsort(counts - wanted, kind="stable")[:missing]] += 1
    return np.repeat(once, 1 + counts)


def _regions(cast: Cast, patient: Ints, patients: int, random: Random) -> Ints:
    """The archetype's region, else any; a second episode is somewhere else than the first."""
    names = list(cast.world.choices["region"].of)
    fixed = cast.of(lambda a: -1 if a.region is None else names.index(a.region))
    drawn = chosen(cast.world, "region", len(patient), random)
    region = np.where(fixed < 0, drawn, fixed.astype(np.int64))
    same = (np.arange(len(patient)) >= patients) & (region == region[patient])
    return np.where(same, (region + 1) % len(names), region)


def _injection_days(cast: Cast, days: Ints, random: Random) -> Ints:
    most = max(len(a.injected_weeks_ago) for a in cast.all)
    none = [(-1.0, -1.0)] * most
    spans = np.array([(*a.injected_weeks_ago, *none)[:most] for a in cast.all])[cast.archetype]
    ago = random.uniform(spans[..., 0], spans[..., 1])
    return np.where(ago < 0, -1, days[:, None] - in_days(ago))
