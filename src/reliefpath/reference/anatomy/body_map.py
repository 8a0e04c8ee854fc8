"""The body on which pain is marked and muscles lie, read from `body.yaml`, left and right apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import model_validator

from reliefpath.knowledge.catalogue import Catalogue, Record, folded, load_catalogue
from reliefpath.reference.anatomy.catalogue import Muscle, Region

View = Literal["front", "back"]
SIDES = ("left", "right")
MIRRORED = {"front": "right", "back": "left"}
"""The side that lies left of the midline as the body is looked at."""
PAIN_AREA = "pain-area"
"""The kind of the findings that say where a patient marked pain."""


class Spot(Record):
    """Where a muscle is pointed at, on the half that is drawn."""

    view: View
    x: float
    y: float


class Body(Catalogue):
    """The content of `body.yaml`."""

    source: tuple[str, ...]
    names: dict[Region, str]
    synonyms: dict[Region, tuple[str, ...]]
    views: dict[View, dict[Region, str]]
    muscles: dict[str, Spot]

    @model_validator(mode="after")
    def _draws_every_region(self) -> Self:
        drawn = {region for view in self.views.values() for region in view}
        if not set(Region) == drawn == set(self.names):
            raise ValueError("expected every region to be named and drawn")
        return self


@dataclass(frozen=True)
class Area:
    """A region on one side of the body: one place to mark."""

    region: Region
    side: str

    @property
    def code(self) -> str:
        """The finding's code, such as `neck-left`."""
        return f"{self.region}-{self.side}"

    @property
    def name(self) -> str:
        """What a patient calls it, such as `Neck, left`."""
        return f"{body().names[self.region]}, {self.side}"

    @property
    def views(self) -> tuple[View, ...]:
        """From where it is seen."""
        return tuple(view for view, drawn in body().views.items() if self.region in drawn)


@dataclass(frozen=True)
class Shape:
    """An area as it is drawn in one view."""

    area: Area
    path: str
    mirrored: bool
    """Whether it is the mirror image of its path, left of the midline as it is looked at."""


@cache
def body() -> Body:
    """Return the drawing with its sources."""
    return load_catalogue(files(__package__) / "body.yaml", Body)


@cache
def region_names() -> Mapping[str, str]:
    """Return the region that each part of the body and each other name, folded, belongs to."""
    rows = [(region.value, (region.value, *names)) for region, names in body().synonyms.items()]
    return {folded(name): region for region, names in rows for name in names}


def areas() -> tuple[Area, ...]:
    """Return the areas, from head to foot, left before right."""
    return tuple(Area(region, side) for region in Region for side in SIDES)


def shapes(view: View) -> tuple[Shape, ...]:
    """Return what is seen of the body from the front or the back.

    From the front the person's left lies on the viewer's right, from the back on the left.
    """
    return tuple(
        Shape(Area(region, side), path, side == MIRRORED[view])
        for region, path in body().views[view].items()
        for side in SIDES
    )


def spots(muscle: str, side: str) -> tuple[Spot, ...]:
    """Return where a muscle of a side, or of both, lies as it is looked at; a clinic's own may not.

    What lies left of the midline has an x below 0.
    """
    if (spot := body().muscles.get(muscle)) is None:
        return ()
    x = {True: -spot.x, False: spot.x}
    return tuple(
        spot.model_copy(update={"x": x[each == MIRRORED[spot.view]]}) for each in _sides(side)
    )


def referral(muscle: Muscle, side: str) -> tuple[Area, ...]:
    """Return the areas in which a muscle of a side, or of both, is felt: its own, and others."""
    return tuple(
        Area(region, each)
        for region in Region
        if region in muscle.reaches
        for each in (SIDES if region in muscle.crosses else _sides(side))
    )


def _sides(side: str) -> tuple[str, ...]:
    return SIDES if side == "both" else (side,)
