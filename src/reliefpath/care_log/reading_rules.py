"""How other people's files are understood, and what in them is doubted, from `reading.yaml`."""

from __future__ import annotations

import re
from functools import cache, cached_property
from importlib.resources import files

from pydantic import Field

from reliefpath.knowledge.catalogue import Catalogue, Record, Row, load_catalogue


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


class Words(Row):
    """How others say the codes of a column."""

    codes: dict[str, tuple[str, ...]] = Field(description="Code to words for it, in lower case")
    because: str

    @cached_property
    def code_of(self) -> dict[str, str]:
        """The code of each word."""
        return {word: code for code, words in self.codes.items() for word in words}


class Turning(Row):
    """Names of columns that could turn a row round, if they were left out."""

    names: tuple[str, ...] = Field(description="In lower case, with hyphens between words")
    because: str

    def turns(self, column: str) -> bool:
        """Return whether a column has such a name, or one that holds it, such as `order_status`."""
        said = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", column.strip())
        said = re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-")
        return any(f"-{name}-" in f"-{said}-" for name in self.names)


class ReadingRules(Catalogue):
    """The content of `reading.yaml`."""

    doubts: DoubtRules
    words: dict[str, Words] = Field(description="By table and column")
    turning: Turning


@cache
def reading_rules() -> ReadingRules:
    """Return the rules with their sources."""
    return load_catalogue(files(__package__) / "reading.yaml", ReadingRules)
