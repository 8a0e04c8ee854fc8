"""The moment for which facts are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import polars as pl

from reliefpath.errors import UsageError

FrameT = TypeVar("FrameT", pl.DataFrame, pl.LazyFrame)


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

    def before(self, rows: FrameT) -> FrameT:
        """Return the rows that had happened."""
        return rows.filter(pl.col("at") < self.end)

    def weeks_since(self, column: str) -> pl.Expr:
        """Weeks from a date column to this day."""
        return self.days_since(column) / 7

    def days_since(self, column: str) -> pl.Expr:
        """Whole days from a date column to this day."""
        return (pl.lit(self.day) - pl.col(column)).dt.total_days()


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """Run a plan that is already in good order: for one episode, optimising costs more than it."""
    return frame.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


def rows_of(rows: pl.LazyFrame, episodes: pl.LazyFrame, moment: Moment) -> pl.LazyFrame:
    """Return the rows of these episodes that had happened, with `e`, the episode's row number,
    and `day`, the date of each in UTC."""
    return (
        moment.before(rows)
        .join(episodes.select("e", "episode"), on="episode")
        .with_columns(day=pl.col("at").dt.date())
    )


def one_row_each(episodes: pl.LazyFrame, part: pl.LazyFrame) -> pl.LazyFrame:
    """Return the columns of `part`, keyed by `e`, with one row an episode in their order."""
    return episodes.select("e").join(part, on="e", how="left", maintain_order="left").drop("e")
