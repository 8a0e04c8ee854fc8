"""The moment for which facts are asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.errors import UsageError


@dataclass(frozen=True)
class Moment:
    """What had happened before `end` counts; spans are counted in days up to `day`."""

    day: date
    end: datetime

    @classmethod
    def of(cls, as_of: date | datetime) -> Moment:
        """Return the end of a date, in UTC, or a moment with its zone.

        Raises:
            UsageError: a moment has no zone.
        """
        if not isinstance(as_of, datetime):
            return cls(as_of, datetime.combine(as_of, datetime.min.time(), UTC) + timedelta(days=1))
        if as_of.tzinfo is None:
            raise UsageError(f"as_of {as_of.isoformat()!r} has no zone; give a date, or add a zone")
        at = as_of.astimezone(UTC)
        return cls(at.date(), at + timedelta(microseconds=1))

    @cached_property
    def had_happened(self) -> pl.Expr:
        """Whether a row had happened."""
        return pl.col("at") < self.end

    def before(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that had happened."""
        return rows.filter(self.had_happened)

    def weeks_since(self, column: str) -> pl.Expr:
        """Weeks from a date column to this day."""
        return self.days_since(column) / 7

    def weeks_from(self, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Weeks from dates to this day; NaN from none."""
        return self.days_from(days) / 7

    def days_from(self, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Whole days from dates to this day; NaN from none."""
        return (np.datetime64(self.day, "D") - days) / np.timedelta64(1, "D")

    def days_since(self, column: str) -> pl.Expr:
        """Whole days from a date column to this day."""
        return (pl.lit(self.day) - pl.col(column)).dt.total_days()


_DAY = pl.col("at").dt.date()


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """Run a plan that is already in good order: for one episode, optimising costs more than it."""
    return frame.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


def rows_of(
    rows: pl.DataFrame, episodes: pl.DataFrame, moment: Moment, *columns: str | pl.Expr
) -> pl.DataFrame:
    """Return columns of the rows of these episodes that had happened, with `e`, the episode's
    row number, `at`, and `day`, its date in UTC."""
    # an episode's number is its place among the categories: quicker than a join
    e = pl.col("episode").cast(pl.Enum(episodes["episode"]), strict=False).to_physical()
    told = rows.lazy().select("at", *columns, e=e.cast(pl.Int64), day=_DAY)
    return collected(told.filter(pl.col("e").is_not_null() & moment.had_happened))


def arrays(rows: pl.DataFrame) -> dict[str, NDArray[Any]]:
    """Return columns as arrays, with NaN for what is not known."""
    return {column.name: column.to_numpy() for column in rows.iter_columns()}


def place(text: pl.Expr, names: Iterable[str]) -> pl.Expr:
    """The place of each text among some names, from 0; -1 where it is none of them."""
    known = text.cast(pl.Enum(list(names)), strict=False)
    return known.to_physical().cast(pl.Int64).fill_null(-1)
