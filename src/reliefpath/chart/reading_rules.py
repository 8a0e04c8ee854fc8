"""How other people's files are understood, and what in them is doubted, from `reading.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import Field

from reliefpath.knowledge import Catalogue, Record, Row, load_catalogue


class Number(Row):
    """A number that decides what is doubted."""

    value: float = Field(gt=0)
    because: str


class DoubtRules(Record):
    """When a score looks as if it were on another scale than the one before it."""

    widest_of_narrow: Number = Field(description="Top of a scale that can hold two units")
    least_ratio: Number = Field(description="Least ratio of two scores that is about tenfold")
    most_ratio: Number = Field(description="Greatest ratio of two scores that is about tenfold")
    least_ratio_with_decimals: Number = Field(
        description="Least ratio where only the smaller of two scores has decimals"
    )
    least_flipped: Number = Field(description="Least distance from zero of a sign that flipped")
    most_off_mirror: Number = Field(description="How far from a mirror image a flip may be")


class ReadingRules(Catalogue):
    """The content of `reading.yaml`."""

    doubts: DoubtRules


@cache
def reading_rules() -> ReadingRules:
    """Return the rules with their sources."""
    return load_catalogue(files(__package__) / "reading.yaml", ReadingRules)
