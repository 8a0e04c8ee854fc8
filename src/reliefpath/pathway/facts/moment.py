"""The moment for which facts are asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.errors import UsageError

Rows = dict[str, NDArray[Any]]
"""Columns as arrays."""


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

    @cached_property
    def end_in_utc(self) -> np.datetime64:
        """`end` as arrays have it."""
        return np.datetime64(self.end.replace(tzinfo=None), "us")

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


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """Run a plan that is already in good order: for one episode, optimising costs more than it."""
    return frame.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


def rows_of(
    rows: pl.DataFrame, episodes: pl.DataFrame, moment: Moment, **columns: NDArray[Any]
) -> Rows:
    """Return the part of some columns that is of these episodes and had happened.

    With `e`, the episode's row number, `at`, and `day`, its date in UTC. All as arrays: for one
    episode a plan costs more than what it does.
    """
    # an episode's number is its place among the categories: quicker than a join
    e = places(rows["episode"], pl.Enum(episodes["episode"]))
    at = rows["at"].to_numpy()
    kept = (e >= 0) & (at < moment.end_in_utc)
    found = {"e": e, "at": at} | columns
    if not kept.all():
        found = {name: values[kept] for name, values in found.items()}
    return found | {"day": found["at"].astype("datetime64[D]")}


def places(text: pl.Series, names: pl.Enum) -> NDArray[np.int64]:
    """Return the place of each text among some names, from 0; -1 where it is none of them."""
    known = text.cast(names, strict=False).to_physical().to_numpy()
    found: NDArray[np.int64] = np.nan_to_num(known, nan=-1).astype(np.int64)
    return found
