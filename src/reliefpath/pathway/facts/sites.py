"""Where something was done or found, held against where the complaint is."""

from __future__ import annotations

import numpy as np
import polars as pl

from reliefpath.care_log.schema import SIDES
from reliefpath.knowledge import Knowledge, derived
from reliefpath.pathway.facts.episodes import SIDE, Episodes, place
from reliefpath.pathway.facts.groups import Flags, Ints
from reliefpath.reference.anatomy import REGIONS, muscles

BOTH = SIDES.index("both")


@derived
def sites(knowledge: Knowledge) -> dict[str, pl.Expr]:
    """Return the columns that say where, read as places among the muscles and the sides."""
    return {"muscle": place("muscle", pl.Enum(list(muscles(knowledge)))), "side": SIDE}


def reaching(muscle: Ints, side: Ints, e: Ints, episodes: Episodes, knowledge: Knowledge) -> Flags:
    """Return whether the muscle of each row lies in, or is known to refer to, where it hurts.

    A side that is not on record, of the row or of the complaint, is not held against it.

    Args:
        muscle: its place in the catalogue; -1, none, reaches nowhere.
        side: its place among the sides; -1 where it is not on record.
        e: the place of each row's episode.
        episodes: with the region of the complaint, further ones, and its side.
        knowledge: the catalogues that have the muscles.
    """
    hurts = np.zeros((episodes.size, len(REGIONS)), np.bool_)
    where = zip(episodes.table["region"], episodes.table["other_regions"], strict=True)
    for nth, (region, others) in enumerate(where):
        for name in (region, *(others or "").split()):
            if name in REGIONS:
                hurts[nth, REGIONS.index(name)] = True
    of_complaint = episodes.side[e]
    either = (side == -1) | (side == BOTH) | (of_complaint == -1) | (of_complaint == BOTH)
    reaches, crosses = _reaches(knowledge)
    same = (either | (side == of_complaint)) & np.any(reaches[muscle] & hurts[e], axis=1)
    found: Flags = same | np.any(crosses[muscle] & hurts[e], axis=1)
    return found


@derived
def _reaches(knowledge: Knowledge) -> tuple[Flags, Flags]:
    """Whether each muscle lies in each region, or is known to refer to it, on its own side or the
    other; none does, at -1.
    """
    rows = muscles(knowledge).values()
    near = [[region in row.reaches for region in REGIONS] for row in rows]
    across = [[region in row.crosses for region in REGIONS] for row in rows]
    return np.pad(near, ((0, 1), (0, 0))), np.pad(across, ((0, 1), (0, 0)))
