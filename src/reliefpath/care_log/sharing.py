"""What is asked of a care log that is shared without its people, read from `sharing.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import Field

from reliefpath.knowledge.catalogue import Catalogue, Record, Row, load_catalogue


class Limit(Row):
    """A number that decides what is shown."""

    value: int = Field(gt=0)
    because: str


class Limits(Record):
    """The numbers that decide what is shown of a patient."""

    fewest_alike: Limit = Field(description="How many patients share whatever is shown of one")
    oldest_age: Limit = Field(description="The age that stands for itself and all above")
    age_band_years: Limit = Field(description="How many years of age are shown as one")
    first_year: Limit = Field(description="The made-up year in which every first episode begins")


class Note(Row):
    """What the reader of a shared care log must know."""

    say: str


class SharingCatalogue(Catalogue):
    """The content of `sharing.yaml`."""

    limits: Limits
    notes: dict[str, Note]


@cache
def sharing_catalogue() -> SharingCatalogue:
    """Return the limits and notes with their sources."""
    return load_catalogue(files(__package__) / "sharing.yaml", SharingCatalogue)
