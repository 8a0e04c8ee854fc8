"""What makes rows a course: no gap that breaks it, and time between its sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reliefpath.pathway.facts.groups import Floats, Groups, Ints

FAR = 1 << 24
"""Days, more than there are from year 1 to 9999, that keep the days of episodes apart."""


@dataclass(frozen=True)
class Trial:
    """What counts as a trial of conservative care, which a pathway sets."""

    gap_weeks: float = 6
    """A longer gap between two records ends a course."""
    lately_weeks: float = 4
    """How far back from the latest record *lately* goes."""
    needling_days_apart: int = 3
    """Days from a session of dry needling that counts to the next that does."""


def longest_course(ago: Floats, episode: Groups, gap_days: float) -> Floats:
    """Return the days from the first record to the last of each episode's longest course.

    Args:
        ago: how many days ago each row was, NaN where it does not count.
        episode: the episode of each row.
        gap_days: more days without a record than these end a course.
    """
    counts = ~np.isnan(ago)
    order = np.lexsort((ago[counts], episode.of[counts]))
    e, days = episode.of[counts][order], ago[counts][order]
    begins = (np.diff(e, prepend=-1) != 0) | (np.diff(days, prepend=np.nan) > gap_days)
    first = np.flatnonzero(begins)
    last = np.append(first[1:], e.size)[: first.size] - 1
    return Groups(e[first], episode.size).most(days[last] - days[first])


def spread_sessions(ago: Floats, episode: Groups, apart: int) -> Ints:
    """Return how many sessions there were of each episode, counting only those `apart` days.

    The first counts, and then each that is so many days or more after the last that did.
    """
    counts = ~np.isnan(ago)
    days = np.unique(episode.of[counts] * FAR - ago[counts].astype(np.int64) + FAR // 2)
    owner = days // FAR
    found = np.zeros(episode.size, np.int64)
    at = np.flatnonzero(np.diff(owner, prepend=-1) != 0)
    while at.size:
        found[owner[at]] += 1
        after = np.searchsorted(days, days[at] + apart)
        same = np.append(owner, -1)[after] == owner[at]
        at = after[same]
    return found
