"""Where something was done or found, held against where the complaint is."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from reliefpath.anatomy import REGIONS, muscles
from reliefpath.pathway.facts.groups import Flags, Ints


@cache
def muscle_names() -> pl.Enum:
    """Return the muscles, whose place a row's muscle is read as."""
    return pl.Enum(list(muscles()))


def reaching(muscle: Ints, e: Ints, episodes: pl.DataFrame) -> Flags:
    """Return whether the muscle of each row lies in, or is known to refer to, where it hurts.

    Args:
        muscle: its place in the catalogue; -1, none, reaches nowhere.
        e: the place of each row's episode.
        episodes: with the region of the complaint, and further ones.
    """
    hurts = np.zeros((episodes.height, len(REGIONS)), np.bool_)
    where = zip(episodes["region"], episodes["other_regions"], strict=True)
    for place, (region, others) in enumerate(where):
        for name in (region, *(others or "").split()):
            if name in REGIONS:
                hurts[place, REGIONS.index(name)] = True
    found: Flags = np.any(_reaches()[muscle] & hurts[e], axis=1)
    return found


@cache
def _reaches() -> Flags:
    """Whether each muscle lies in each region, or is known to refer to it; none does, at -1."""
    known = [[region in row.reaches for region in REGIONS] for row in muscles().values()]
    return np.pad(np.array(known), ((0, 1), (0, 0)))
