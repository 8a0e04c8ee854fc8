"""What an injection, and dry needling, brought on the scale that the curve follows."""

from __future__ import annotations

import numpy as np

from reliefpath.pathway.facts.curves import Series, well
from reliefpath.pathway.facts.groups import Flags, Floats, Ints

HALF = 0.5
"""Relief that counts, by the payers' policies on a repeat (Medicare LCD L34211, DL39671)."""


def relief(s: Series, recovered: float) -> dict[str, Floats]:
    """Return what the latest injection brought, and for how long, and dry needling as a whole.

    Relief is the share by which a score after the latest injection is better than the last before
    it. Relief by half lasts from the injection to the last score before the first that shows less.
    """
    if not s.e.size:
        return dict.fromkeys(FACTS, np.empty(0))
    after, base = s.since_latest, _before(s, s.since_latest)
    share = 1 - s.burden / base[s.owner]
    index, end = np.arange(s.burden.size), s.offsets[1:]
    lost = np.minimum.reduceat(np.where(after & (share < HALF), index, s.burden.size), s.first)
    held = np.minimum(lost, end) - 1
    known = after[s.last] & ~np.isnan(base)
    best = np.maximum.reduceat(np.where(after, share, -np.inf), s.first)
    weeks = np.where(after[held], s.injected[held], 0.0)
    needled, well_now = ~np.isnan(s.needled), well(s, recovered)[s.last]
    told = best, share[s.last], weeks
    return {
        "injection_relief": np.where(known, told[0], np.nan),
        "injection_relief_now": np.where(known, told[1], np.nan),
        "injection_relief_weeks": np.where(known, told[2], np.nan),
        "relieved": (well_now & (s.effect[s.last] > 0)).astype(float),
        "well_now": well_now.astype(float),
        "dry_needling_gain": np.where(
            needled[s.last], 1 - s.burden[s.last] / _before(s, needled), np.nan
        ),
    }


FACTS = (
    *("injection_relief", "injection_relief_now", "injection_relief_weeks"),
    *("relieved", "well_now", "dry_needling_gain"),
)


def _before(s: Series, after: Flags) -> Floats:
    """The last score of each series before those `after`, which end it; NaN without one, or if it
    left less to relieve than the scale can tell from its own error.
    """
    count: Ints = np.add.reduceat(after, s.first, dtype=np.int64)
    last = s.last - count
    found = s.burden[np.maximum(last, s.first)]
    return np.where((last >= s.first) & (found >= s.mdc), found, np.nan)
