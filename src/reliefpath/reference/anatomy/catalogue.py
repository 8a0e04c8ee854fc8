"""The body's regions and the muscles a pain clinic treats, read from `muscles.yaml`."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files

from pydantic import Field, model_validator

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Row


class Region(StrEnum):
    """A region of the body in which a complaint, a muscle or a referred sensation lies."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Region:  # noqa: D102 an enum is never called so
        region = str.__new__(cls, code)
        region._value_ = code
        region.meaning = meaning
        return region

    HEAD = "head", "Scalp, forehead, temple, eye, ear and face above the jaw"
    JAW = "jaw", "Jaw, jaw joint, cheek, teeth and throat"
    NECK = "neck", "Skull base to the angle between neck and shoulder"
    SHOULDER = "shoulder", "Shoulder joint, deltoid and top of the shoulder"
    UPPER_BACK = "upper-back", "Shoulder blade and back of the rib cage"
    CHEST = "chest", "Front and side of the rib cage, breast included"
    ABDOMEN = "abdomen", "Front of the trunk below the ribs"
    LOW_BACK = "low-back", "Lowest ribs to sacrum"
    HIP = "hip", "Hip, groin, buttock, tailbone and sacroiliac joint"
    ARM = "arm", "Upper arm, elbow, forearm, wrist and hand"
    LEG = "leg", "Thigh, knee, lower leg, ankle and foot"


REGIONS: tuple[str, ...] = tuple(region.value for region in Region)


class Muscle(Row):
    """A muscle, or a group treated as one, on either side of the body."""

    name: str
    region: Region
    reaches: tuple[Region, ...] = Field(
        description="Regions in which its referred sensation is described, its own included"
    )
    crosses: tuple[Region, ...] = Field(
        default=(), description="Those of them in which it is described on the other side too"
    )
    referral: str = Field(description="Where its referred sensation is felt: a hint, never a rule")
    pneumothorax: int = Field(
        ge=0, le=2, description="Risk that a needle meets the lung: 0 none, 1 caution, 2 high"
    )
    hazards: str = Field(description="What else a needle must not meet")

    @model_validator(mode="after")
    def _reaches_its_own_region(self) -> Muscle:
        if self.region not in self.reaches:
            raise ValueError(f"`reaches` must contain the muscle's own region, {self.region.value}")
        if not set(self.crosses) <= set(self.reaches):
            raise ValueError("`crosses` must be among `reaches`")
        return self


class MuscleCatalogue(Catalogue):
    """The content of `muscles.yaml`."""

    muscles: dict[str, Muscle]


@derived
def muscle_catalogue(knowledge: Knowledge) -> MuscleCatalogue:
    """Return the muscles with their sources."""
    return catalogue(knowledge, "muscles", files(__package__) / "muscles.yaml", MuscleCatalogue)


def muscles(knowledge: Knowledge) -> dict[str, Muscle]:
    """Return the muscles by id, from head to foot."""
    return muscle_catalogue(knowledge).muscles
