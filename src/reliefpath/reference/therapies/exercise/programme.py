"""The programme: the fewest exercises for the active muscles, one for the breath, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache

from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import REGIONS, muscles
from reliefpath.reference.therapies.catalogue import therapies, therapy_catalogue
from reliefpath.reference.therapies.exercise.catalogue import (
    AEROBIC,
    STEPS,
    Exercise,
    Goal,
    Irritability,
    exercise_catalogue,
    exercise_rules,
    exercises,
)

MINUTE = 60
BOTH = "both"
Cost = tuple[int, int, tuple[int, ...]]
"""Of a choice: how many, how far from the goal's kinds, and places in the catalogue."""


@dataclass(frozen=True)
class Active:
    """A muscle with an active trigger point, and on which side."""

    muscle: str
    side: str = BOTH


@dataclass(frozen=True)
class Need:
    """What a programme is for, and what there is to do it with."""

    knowledge: Knowledge
    """The catalogues that it is chosen from."""
    active: tuple[Active, ...] = ()
    region: str | None = None
    irritability: Irritability = Irritability.MEDIUM
    goal: Goal = Goal.RELIEF
    equipment: frozenset[str] = frozenset()
    minutes: float = 20

    def __post_init__(self) -> None:
        for named, known in (
            ((a.muscle for a in self.active), muscles(self.knowledge)),
            ((a.side for a in self.active), ("left", "right", BOTH)),
            ((self.region,) if self.region else (), REGIONS),
            (sorted(self.equipment), exercise_catalogue(self.knowledge).equipment),
        ):
            for word in named:
                if word not in known:
                    raise UsageError(f"unknown `{word}`{nearest(word, known)}")
        if not self.minutes > 0:
            raise UsageError("a programme needs more than 0 minutes a day")


@dataclass(frozen=True)
class Dose:
    """How much and how often."""

    sets: int
    repetitions: int | None
    seconds: int | None
    minutes: int | None
    per_week: int

    def __str__(self) -> str:
        """Return it in words, as clinicians read them."""
        if self.minutes is not None:
            much = f"{self.minutes} minutes"
        elif self.seconds is not None:
            much = f"{self.sets} × {self.seconds} s"
        else:
            much = f"{self.sets} × {self.repetitions}"
        return f"{much}, {self.per_week} days a week"


@dataclass(frozen=True)
class Item:
    """An exercise in a programme."""

    exercise: str
    step: int
    side: str
    serves: tuple[str, ...]
    """The active muscles that it is here for."""
    because: str
    knowledge: Knowledge = field(repr=False)
    """The catalogues that it was chosen from."""
    own: Dose | None = None
    """The dose that a clinician set; None is the usual one of the step."""

    @property
    def row(self) -> Exercise:
        """What the catalogue says of it."""
        return exercises(self.knowledge)[self.exercise]

    @property
    def sides(self) -> str | None:
        """The side it is done for, where that is not the whole body."""
        return self.side if self.row.sided else None

    @property
    def dose(self) -> Dose:
        """How much and how often."""
        return self.own or self.usual(self.step)

    def usual(self, at: int) -> Dose:
        """Return the usual dose at a step."""
        span = exercise_catalogue(self.knowledge).doses[self.row.kind]
        often = therapies(self.knowledge)[self.row.kind].course.sessions_per_week
        assert often is not None
        return Dose(
            sets=_between(span.sets, at),
            repetitions=None if span.repetitions is None else _between(span.repetitions, at),
            seconds=None if span.seconds is None else _between(span.seconds, at),
            minutes=None if span.minutes is None else _between(span.minutes, at),
            per_week=_between((often[0], often[1] or often[0]), at),
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the exercise, its dose and how often come from, each with how sure it is."""
        catalogue, kind = exercise_catalogue(self.knowledge), self.row.kind
        ids = [*self.row.source]
        ids += [id_ for named in catalogue.doses[kind].citations().values() for id_ in named]
        known = therapy_catalogue(self.knowledge)
        often = known.therapies[kind].course.source
        cited = [str(catalogue.sources[id_]) for id_ in ids]
        cited += [str(known.sources[id_]) for id_ in often]
        return tuple(dict.fromkeys(cited))

    @property
    def minutes(self) -> float:
        """What it takes on a day on which it is done."""
        dose = self.dose
        span = exercise_catalogue(self.knowledge).doses[self.row.kind]
        one = (dose.seconds or 0) + (dose.repetitions or 0) * span.seconds_each + span.rest_seconds
        times = 2 if self.sides == BOTH else 1
        return (dose.minutes or 0) + times * dose.sets * one / MINUTE


@dataclass(frozen=True)
class LeftOut:
    """What the programme does not serve, and why."""

    what: str
    because: str


@dataclass(frozen=True)
class Change:
    """What a rule did to an exercise, or to the whole programme."""

    rule: str
    exercise: str | None
    did: str
    because: str
    source: tuple[str, ...]
    to: Item | None = None
    """What the exercise becomes; None where it is left out, or the whole programme is meant."""


@dataclass(frozen=True)
class Rest:
    """What waits after a needle."""

    begins: tuple[date, date]
    """On one of these days home exercise starts again."""
    light_until: date
    """The last day without heavy load."""

    def heavy_from(self, item: Item) -> date | None:
        """Return the first day of an exercise that is heavy load."""
        heavy = item.row.kind in exercise_rules(item.knowledge).after_needle.kinds
        return self.light_until + timedelta(days=1) if heavy else None


@dataclass(frozen=True)
class Programme:
    """Exercises to do, why each, what is not served, and what was changed last."""

    need: Need
    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    rest: Rest | None = None

    @property
    def minutes(self) -> float:
        """What a day takes on which everything is done."""
        return sum(item.minutes for item in self.items)

    @property
    def reminders(self) -> tuple[str, ...]:
        """What to know beside the exercises."""
        return tuple(row.says for row in exercise_rules(self.need.knowledge).reminders.values())


def programme(need: Need) -> Programme:
    """Choose the fewest exercises that serve every active muscle, and one for the breath.

    They are the fewest; among as few, the goal's kinds come first, then the easier variants. Where
    the minutes do not suffice, doses are lessened first, then those that serve fewest muscles are
    left out, the one for the breath before them.
    """
    start = exercise_rules(need.knowledge).irritability[need.irritability]
    known = exercises(need.knowledge).items()
    offered = {id_: row for id_, row in known if is_offered(need, row)}
    by_place = muscles(need.knowledge)
    wanted = {a.muscle for a in need.active}
    servable = wanted & {muscle for row in offered.values() for muscle in row.muscles}
    chosen = _fewest(servable, offered, need) if servable else _for_region(offered, need)
    items = [item_of(id_, start.step, need) for id_ in chosen]
    items.sort(key=lambda item: -len(item.serves))
    kept = _that_fit(items, need.minutes)
    left = [LeftOut(m, _why_not(m, need.knowledge)) for m in by_place if m in wanted - servable]
    served = {m for item in kept for m in item.serves}
    short = f"Not within {need.minutes:g} minutes a day."
    left += [LeftOut(m, short) for m in by_place if m in servable - served]
    breath = [
        item_of(id_, step, need)
        for step in range(start.step, -1, -1)
        for id_ in reversed([id_ for id_, row in offered.items() if row.kind == AEROBIC])
    ]
    rest = need.minutes - sum(item.minutes for item in kept)
    fits = next((item for item in breath if item.minutes <= rest), None)
    if fits is None:
        left.append(LeftOut(AEROBIC, short))
    return Programme(need, (*kept, *([fits] if fits else [])), tuple(left))


def is_offered(need: Need, row: Exercise) -> bool:
    """Whether an exercise can be done with what is at hand, and is of a kind that is borne."""
    kinds = exercise_rules(need.knowledge).irritability[need.irritability].kinds
    return row.kind in kinds and need.equipment >= set(row.equipment)


def _fewest(wanted: set[str], offered: dict[str, Exercise], need: Need) -> Sequence[str]:
    """The fewest exercises that serve all muscles wanted: exact, one muscle after the other."""
    kinds = exercise_rules(need.knowledge).goals[need.goal].kinds
    order = {id_: i for i, id_ in enumerate(offered)}
    servers = {
        m: [id_ for id_, row in offered.items() if m in row.muscles]
        for m in muscles(need.knowledge)
        if m in wanted
    }

    @cache
    def best(missing: frozenset[str]) -> tuple[Cost, tuple[str, ...]]:
        if not missing:
            return (0, 0, ()), ()
        first = next(m for m in servers if m in missing)
        ways = []
        for id_ in servers[first]:
            (number, rank, places), more = best(missing - set(offered[id_].muscles))
            rank += kinds.index(offered[id_].kind)
            ways.append(((number + 1, rank, (order[id_], *places)), (id_, *more)))
        return min(ways)

    return best(frozenset(wanted))[1]


def _for_region(offered: dict[str, Exercise], need: Need) -> list[str]:
    """Without an active muscle: one for the region, of the kind that the goal puts first."""
    kinds = exercise_rules(need.knowledge).goals[need.goal].kinds
    here = [i for i, row in offered.items() if need.region in row.regions(need.knowledge)]
    return sorted(here, key=lambda id_: kinds.index(offered[id_].kind))[:1]


def item_of(id_: str, step: int, need: Need) -> Item:
    """Return an exercise at a step, for those of the active muscles that it serves."""
    row = exercises(need.knowledge)[id_]
    mine = [a for a in need.active if a.muscle in row.muscles]
    sides = {a.side for a in mine}
    side = sides.pop() if len(sides) == 1 else BOTH
    serves = tuple(dict.fromkeys(a.muscle for a in mine))
    start = exercise_rules(need.knowledge).irritability[need.irritability]
    if serves:
        why = f"Serves {', '.join(serves)}; as few exercises as serve all. {start.because}"
    elif row.kind == AEROBIC:
        why = "One exercise for the breath goes with every programme."
    else:
        why = f"No active muscle has an exercise: one for the region, {need.region}."
    return Item(id_, step, side, serves, why, need.knowledge)


def _that_fit(items: list[Item], minutes: float) -> list[Item]:
    """All, at a lesser dose if need be; else as many as the minutes allow at the least dose."""
    for step in range(STEPS, -1, -1):
        items = [at_step(item, min(item.step, step)) for item in items]
        if sum(item.minutes for item in items) <= minutes:
            return items
    kept: list[Item] = []
    for item in items:
        if sum(each.minutes for each in kept) + item.minutes <= minutes:
            kept.append(item)
    return kept


def at_step(item: Item, step: int, exercise: str | None = None) -> Item:
    """Return an item at another step, or as another variant."""
    return replace(item, step=step, exercise=exercise or item.exercise, own=None)


def _why_not(muscle: str, knowledge: Knowledge) -> str:
    if (known := exercise_catalogue(knowledge).not_exercised.get(muscle)) is not None:
        return known.because
    rows = (row for row in exercises(knowledge).values() if muscle in row.muscles)
    ways = ", ".join(sorted({" and ".join((row.kind, *row.equipment)) for row in rows}))
    return f"Not at hand, or too much while it is so sore: {ways}."


def _between(span: tuple[float, float], step: int) -> int:
    low, high = span
    return int(low + (high - low) * step / STEPS + 0.5)
