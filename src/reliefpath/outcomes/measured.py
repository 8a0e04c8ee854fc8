"""A number with what it is out of."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reliefpath.care_log.sharing import sharing_catalogue


def few() -> int:
    """Return below how many a number is not stable."""
    return sharing_catalogue().limits.fewest_alike.value


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    name: str
    count: int
    out_of: int

    @property
    def share(self) -> float | None:
        """The share; None out of nobody."""
        return self.count / self.out_of if self.out_of else None

    @property
    def stable(self) -> bool:
        """Whether one more or less does not turn it: it counts, and is out of, enough."""
        return self.out_of >= few() and not 0 < self.count < few()


def share(name: str, rows: pl.DataFrame, holds: pl.Expr) -> Share:
    """Return of how many rows something holds; what is unknown does not."""
    return Share(name, rows.filter(holds.fill_null(False)).height, rows.height)
