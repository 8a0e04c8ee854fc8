"""From arrays to the tables of the care log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import polars as pl

from reliefpath.care_log.schema import TABLES
from reliefpath.simulation.plan import Flags, Ints, Plan, Random


def ids(prefix: str, count: int) -> pl.Series:
    """Return `count` identifiers, numbered from 1 with at least four digits."""
    return prefix + pl.Series(range(1, count + 1)).cast(pl.String).str.zfill(4)


def words_at(options: Sequence[str | None], index: Ints) -> pl.Series:
    """Return the option at each index."""
    return pl.Series(options, dtype=pl.String).gather(index)


def words_of(groups: Sequence[Sequence[str]], group: Ints, random: Random) -> pl.Series:
    """Draw a word from each one's group."""
    sizes = np.array([len(g) for g in groups])
    begins = np.cumsum(sizes) - sizes
    place = begins[group] + (random.random(group.size) * sizes[group]).astype(np.int64)
    return words_at([word for g in groups for word in g], place)


def cells(chosen: Flags) -> tuple[Ints, ...]:
    """Return the indices of the chosen cells of a grid, row by row."""
    return tuple(i.astype(np.int64) for i in np.nonzero(chosen))


def complete(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with exactly the columns and types of the care log's table."""
    return frame.select(
        (pl.col(c) if c in frame.columns else pl.lit(None)).cast(dtype).alias(c)
        for c, dtype in TABLES[name].schema.items()
    )


def timed(name: str, parts: Iterable[pl.DataFrame], plan: Plan, as_of: date) -> pl.DataFrame:
    """Return the rows of `parts`, which tell their episode as `e` and their day of care as `day`,
    as a table of the care log, by episode and time.
    """
    rows = pl.concat(parts, how="diagonal").sort("e", "day", maintain_order=True)
    e = rows["e"].to_numpy()
    ago = pl.Series(plan.days[e]) - rows["day"]
    at = (pl.lit(as_of) - pl.duration(days="ago")).cast(pl.Datetime("us"))
    return complete(
        name,
        rows.with_columns(
            episode=_of_episode(rows, ids("demo-", len(plan)).gather(e)),
            patient=ids("P", plan.patients).gather(plan.patient[e]),
            ago=ago,
        ).with_columns(at=at.dt.replace_time_zone("UTC")),
    )


def _of_episode(rows: pl.DataFrame, episode: pl.Series) -> pl.Series:
    """Leave the episode out of what belongs to the person."""
    if "of_episode" not in rows.columns:
        return episode
    return episode.set(~rows["of_episode"], None)
