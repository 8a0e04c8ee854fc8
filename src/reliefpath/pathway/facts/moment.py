"""The rows that had happened by the moment for which facts are asked, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.clock import Moment, walls

Rows = dict[str, NDArray[Any]]
"""Columns as arrays."""


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    """Run a plan that is already in good order: for one episode, optimising costs more than it."""
    return frame.collect(engine="in-memory", optimizations=pl.QueryOptFlags.none())


def rows_of(
    rows: pl.DataFrame, episodes: pl.DataFrame, moment: Moment, **columns: NDArray[Any]
) -> Rows:
    """Return the part of some columns that is of these episodes and had happened.

    With `e`, the episode's row number, `at`, on the clinic's wall clock, and `day`. All as arrays:
    for one episode a plan costs more than what it does.
    """
    # an episode's number is its place among the categories: quicker than a join
    e = places(rows["episode"], pl.Enum(episodes["episode"]))
    at = walls(rows["at"], moment.zone)
    kept = (e >= 0) & (at < moment.end_as_array)
    found = {"e": e, "at": at} | columns
    if not kept.all():
        found = {name: values[kept] for name, values in found.items()}
    return found | {"day": found["at"].astype("datetime64[D]")}


def places(text: pl.Series, names: pl.Enum) -> NDArray[np.int64]:
    """Return the place of each text among some names, from 0; -1 where it is none of them."""
    known = text.cast(names, strict=False).to_physical().to_numpy()
    found: NDArray[np.int64] = np.nan_to_num(known, nan=-1).astype(np.int64)
    return found
