"""The episodes of which facts are asked, and the rows of other tables that are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import RECOVERED, SIDES
from reliefpath.clock import Moment, wall
from reliefpath.pathway.facts.groups import Ints

Rows = dict[str, NDArray[Any]]
"""Columns as arrays."""
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Episodes:
    """The episodes begun by a moment, numbered in the order of their identifiers."""

    table: pl.DataFrame
    moment: Moment

    @classmethod
    def of(cls, care_log: CareLog, moment: Moment) -> Episodes:
        """Return the episodes of a care log that had begun."""
        begun = care_log.episodes.lazy().filter(pl.col("started_on") <= moment.day)
        return cls(collected(begun.sort("episode")), moment)

    @property
    def size(self) -> int:
        """How many there are."""
        return self.table.height

    @cached_property
    def names(self) -> pl.Enum:
        """Their identifiers."""
        return pl.Enum(self.table["episode"])

    @cached_property
    def people(self) -> pl.Enum:
        """Whose they are, each person once."""
        return pl.Enum(self.table["patient"].unique())

    @cached_property
    def person(self) -> Ints:
        """The number of each one's person."""
        return self._places["person"]

    @cached_property
    def side(self) -> Ints:
        """The place of each one's side among the sides; -1 where it is not on record."""
        return self._places["side"]

    @cached_property
    def started(self) -> Days:
        """The day on which each began."""
        return self.table["started_on"].to_numpy()

    @cached_property
    def ended(self) -> Days:
        """The day on which each ended, if it has."""
        return self.table["ended_on"].to_numpy()

    @cached_property
    def scored_until(self) -> Days:
        """The last day of which a score of each counts, if there is one: check-ins go on after a
        recovery.
        """
        goes_on = pl.col("end_reason") == RECOVERED
        last = pl.when(goes_on.fill_null(value=False)).then(None).otherwise("ended_on")
        return self.table.select(last.alias("day"))["day"].to_numpy()

    @cached_property
    def _places(self) -> Rows:
        return arrays(self.table, person=place("patient", self.people), side=SIDE)

    def rows(self, table: pl.DataFrame, by: Sequence[str] = (), /, **columns: pl.Expr) -> Rows:
        """Return some columns of the rows that are theirs and had happened, as arrays.

        With `e`, the episode's number, `at`, on the clinic's wall clock, and `day`; in the order
        of the columns `by`, where it is asked for.
        """
        at = wall(pl.col("at"), self.moment.zone)
        found = arrays(table, by, e=place("episode", self.names), at=at, **columns)
        kept = (found["e"] >= 0) & (found["at"] < self.moment.end_as_array)
        if not kept.all():
            found = {name: values[kept] for name, values in found.items()}
        return found | {"day": found["at"].astype("datetime64[D]")}


def place(column: str | pl.Expr, names: pl.Enum) -> pl.Expr:
    """Return the place of each text of a column among some names, from 0; -1 where it is none."""
    text = pl.col(column) if isinstance(column, str) else column
    # quicker than a join
    return text.cast(names, strict=False).to_physical().cast(pl.Int64).fill_null(-1)


def arrays(table: pl.DataFrame, by: Sequence[str] = (), /, **columns: pl.Expr) -> Rows:
    """Return columns of a table as arrays, all by one plan: for one episode that is what costs."""
    plan = table.lazy().select(**columns)
    found = collected(plan.sort(by) if by else plan)
    return {column.name: column.to_numpy() for column in found}


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """Run a plan that is already in good order: for one episode, optimising costs more than it."""
    return frame.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


SIDE = place("side", pl.Enum(SIDES))
"""The place of each row's side among the sides."""
