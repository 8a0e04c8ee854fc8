"""The clinic's clock: what day it is there, and on which of its days something happened.

A row that gives a date alone is kept as midnight UTC of that date, and belongs to that day in every
time zone. A row that gives a time belongs to the day that it was at the clinic; a time that happens
to be midnight UTC is kept a microsecond later (`timed`), so that the two can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tzlocal import get_localzone_name

from reliefpath.errors import UsageError, nearest

MIDNIGHT = time()
TICK = timedelta(microseconds=1)
ALIASES = ("Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu")
"""Further names of UTC."""


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name, such as `Europe/Madrid`.

    Raises:
        UsageError: there is none of that name, or its data are damaged.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # ZoneInfoNotFoundError is a LookupError
        hint = nearest(name, available_timezones())
        raise UsageError(
            f"unknown time zone `{name}`{hint}; expected one such as Europe/Madrid or UTC"
        ) from None


def machine_zone() -> str:
    """Return the IANA name of this machine's time zone, UTC where it says none."""
    try:
        zone = zone_of(get_localzone_name() or "UTC").key
    except (LookupError, ValueError, UsageError):
        return "UTC"
    return "UTC" if zone in ALIASES else zone


def today(zone: str) -> date:
    """Return what day it is now in a time zone: the one clock of every surface."""
    return datetime.now(zone_of(zone)).date()


def this_moment(zone: str, day: date) -> datetime:
    """Return this moment as the care log keeps it, on a day that a demo clinic may stay on."""
    now = datetime.now(zone_of(zone))
    return instant_of(now if now.date() == day else datetime.combine(day, now.timetz()))


def has_time(at: datetime) -> bool:
    """Return whether an instant says a time of day, rather than a date alone."""
    return at.astimezone(UTC).time() != MIDNIGHT


def timed(at: datetime) -> datetime:
    """Return an instant in UTC that is known to have been said with its time of day."""
    at = at.astimezone(UTC)
    return at if has_time(at) else at + TICK


def instant_of(at: date | datetime) -> datetime:
    """Return a date, or a moment with its zone, as the care log keeps it.

    Raises:
        UsageError: it is a time without a zone.
    """
    if not isinstance(at, datetime):
        return datetime.combine(at, MIDNIGHT, UTC)
    _refuse_naive(at)
    return timed(at)


def at_clinic(local: datetime, zone: str) -> datetime:
    """Return the moment of a date and time as clocks of a time zone show it.

    Raises:
        UsageError: the clocks skip that time, as where they are put forward.
    """
    at = local.replace(tzinfo=zone_of(zone))
    if at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) != local:
        raise UsageError(f"there is no {local:%H:%M} on {local:%Y-%m-%d}: the clocks skip it")
    return at


def day_of(at: datetime, zone: str) -> date:
    """Return the day at the clinic on which an instant of the care log was."""
    return at.astimezone(zone_of(zone)).date() if has_time(at) else at.astimezone(UTC).date()


def wall(at: pl.Expr, zone: str) -> pl.Expr:
    """Return instants in UTC as the clinic's wall clock shows them, under the name of UTC.

    What has no time of day stays on its day.
    """
    if zone == "UTC":
        return at
    shown = at.dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.replace_time_zone("UTC")
    return pl.when(at.dt.time() == MIDNIGHT).then(at).otherwise(shown)


def day(zone: str, column: str = "at") -> pl.Expr:
    """Return the day at the clinic of a column of instants."""
    return wall(pl.col(column), zone).dt.date()


@dataclass(frozen=True)
class Moment:
    """What had happened before `end` counts; spans are counted in days up to `day`."""

    day: date
    end: datetime
    """On the clinic's wall clock, under the name of UTC."""
    zone: str = "UTC"

    @classmethod
    def of(cls, as_of: date | datetime, zone: str = "UTC") -> Moment:
        """Return the end of a date at the clinic, or a moment with its zone.

        Raises:
            UsageError: a moment has no zone.
        """
        if not isinstance(as_of, datetime):
            return cls(as_of, datetime.combine(as_of, MIDNIGHT, UTC) + timedelta(days=1), zone)
        _refuse_naive(as_of)
        shown = as_of.astimezone(zone_of(zone)).replace(tzinfo=UTC, fold=0)
        return cls(shown.date(), shown + TICK, zone)

    @cached_property
    def had_happened(self) -> pl.Expr:
        """Whether a row had happened."""
        return wall(pl.col("at"), self.zone) < self.end

    @cached_property
    def end_as_array(self) -> np.datetime64:
        """`end` as arrays have it."""
        return np.datetime64(self.end.replace(tzinfo=None), "us")

    def before(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that had happened, with `at` on the clinic's wall clock."""
        return rows.filter(self.had_happened).with_columns(wall(pl.col("at"), self.zone))

    def day_of(self, column: str = "at") -> pl.Expr:
        """Return the day at the clinic of a column of instants."""
        return day(self.zone, column)

    def weeks_from(self, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Weeks from dates to this day; NaN from none."""
        return self.days_from(days) / 7

    def days_from(self, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Whole days from dates to this day; NaN from none."""
        found: NDArray[Any] = (np.datetime64(self.day, "D") - days) / np.timedelta64(1, "D")
        return found


def _refuse_naive(at: datetime) -> None:
    if at.tzinfo is None:
        raise UsageError(f"as_of {at.isoformat()!r} has no zone; give a date, or add a zone")
