"""The pathway as a picture: its steps as a staircase with their gates, its statuses by urgency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reliefpath.pathway.model import Pathway, Status, Step

WIDTH, GAP = 1280, 10
HEAD, LINE, RISE, PAD = 58, 19, 44, 12
"""Of a step: what its name takes, one criterion, how much higher the next step is, and the rest."""
COLUMN = 11
"""Criteria under one another; a step that has more is as much wider."""
STATUS = 74
"""How high a status is."""


@dataclass(frozen=True)
class Stair:
    """A step in its place."""

    name: str
    x: float
    y: float
    width: float
    height: float
    criteria: tuple[tuple[str, bool, float, float], ...]
    """Each with whether a medical director must sign it off, and its place."""


@dataclass(frozen=True)
class Mark:
    """A status in its place."""

    name: str
    urgency: int
    x: float
    width: float


@dataclass(frozen=True)
class Staircase:
    """The picture."""

    stairs: tuple[Stair, ...]
    marks: tuple[Mark, ...]
    ground: float
    height: float
    says: str
    """The picture in words."""


def staircase(pathway: Pathway) -> Staircase:
    """Return the picture of a pathway."""
    heights = _heights(pathway)
    ground = heights[-1] + PAD
    stairs = tuple(_stairs(pathway, heights, ground))
    marks = tuple(_marks(pathway))
    return Staircase(stairs, marks, ground, ground + STATUS + 3 * PAD, _says(stairs, marks))


def _heights(pathway: Pathway) -> list[float]:
    """How high each step stands: above the one before it, and with room for its criteria."""
    heights: list[float] = []
    for step in pathway.steps.values():
        room = HEAD + LINE * min(COLUMN, len(step.criteria)) + PAD
        heights.append(max(room, heights[-1] + RISE if heights else 0))
    return heights


def _stairs(pathway: Pathway, heights: list[float], ground: float) -> Iterator[Stair]:
    columns = [_columns(step) for step in pathway.steps.values()]
    unit, x = WIDTH / sum(columns), 0.0
    for step, high, wide in zip(pathway.steps.values(), heights, columns, strict=True):
        criteria = tuple(
            (name, pathway.needs_signature(c), *_place(x, unit, ground - high, n))
            for n, (name, c) in enumerate(step.criteria.items())
        )
        yield Stair(step.name, x, ground - high, unit * wide - GAP, high, criteria)
        x += unit * wide


def _columns(step: Step) -> int:
    return max(1, -(-len(step.criteria) // COLUMN))


def _place(x: float, unit: float, top: float, n: int) -> tuple[float, float]:
    """Where a step's criterion number `n` stands."""
    return x + PAD + unit * (n // COLUMN), top + HEAD + LINE * (n % COLUMN + 0.7)


def _marks(pathway: Pathway) -> list[Mark]:
    def urgency(item: tuple[str, Status]) -> int:
        return item[1].urgency

    width = WIDTH / len(pathway.statuses)
    return [
        Mark(
            str(name),
            status.urgency,
            n * width,
            width - GAP,
        )
        for n, (name, status) in enumerate(sorted(pathway.statuses.items(), key=urgency))
    ]


def _says(stairs: tuple[Stair, ...], marks: tuple[Mark, ...]) -> str:
    steps = "; ".join(
        f"{n}. {s.name}, with {len(s.criteria)} criteria" for n, s in enumerate(stairs, 1)
    )
    statuses = ", ".join(f"{m.name} ({m.urgency})" for m in marks)
    return (
        f"Steps from least to most invasive: {steps}. A step is reached when its criteria and "
        f"those of every step before it hold. Statuses by urgency, 1 seen first: {statuses}."
    )
