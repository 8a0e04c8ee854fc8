"""The declaration of every fact, from which the table's schema and the data dictionary derive."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files

import polars as pl
from pydantic import Field

from reliefpath.knowledge.catalogue import Catalogue, Row, load_catalogue


class FactType(StrEnum):
    """The types a fact can have."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of the fact's column."""
        return {
            FactType.TEXT: pl.String(),
            FactType.WHOLE: pl.Int64(),
            FactType.NUMBER: pl.Float64(),
            FactType.FLAG: pl.Boolean(),
        }[self]


class Fact(Row):
    """One column of the facts table."""

    label: str = Field(description="What a page calls it")
    type: FactType = Field(description="Type of the column")
    unit: str | None = Field(default=None, description="What one unit of the value is")
    meaning: str = Field(description="What the fact says")


class FactsFile(Catalogue):
    """The content of `facts.yaml`."""

    facts: dict[str, Fact]


@cache
def declaration() -> FactsFile:
    """Return the declared facts with their sources."""
    return load_catalogue(files(__package__) / "facts.yaml", FactsFile)


@cache
def schema() -> dict[str, pl.DataType]:
    """Return the type of every fact's column, in the order of declaration."""
    return {name: fact.type.dtype for name, fact in declaration().facts.items()}


STATUS = "status"
"""What criteria and notes may ask of beside the facts: the episode's status."""


@cache
def askable() -> dict[str, pl.DataType]:
    """Return the type of everything that criteria and notes may ask of."""
    return {**schema(), STATUS: pl.String()}
