"""The body on which patients mark their pain, read from `body.yaml`, left and right apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import model_validator

from reliefpath.anatomy.catalogue import Region
from reliefpath.knowledge import Catalogue, load_catalogue

View = Literal["front", "back"]
SIDES = ("left", "right")


class Body(Catalogue):
    """The content of `body.yaml`."""

    source: tuple[str, ...]
    names: dict[Region, str]
    views: dict[View, dict[Region, str]]

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


def areas() -> tuple[Area, ...]:
    """Return the areas, from head to foot, left before right."""
    return tuple(Area(region, side) for region in Region for side in SIDES)


def shapes(view: View) -> tuple[Shape, ...]:
    """Return what is seen of the body from the front or the back.

    From the front the person's left lies on the viewer's right, from the back on the left.
    """
    mirrored = "right" if view == "front" else "left"
    return tuple(
        Shape(Area(region, side), path, side == mirrored)
        for region, path in body().views[view].items()
        for side in SIDES
    )
