"""What learning methods are shown: whole episodes of other patients, their scores alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .histories import Histories, Ints, Truth
from .worlds import World, simulate

EPISODES = 1_000
SEED = 7
"""Simulated training episodes come from another seed than the judged ones."""
FOLDS = 5
FOLDS_SEED = 31


def simulated_episodes(world: World, episodes: int = EPISODES) -> Histories:
    """Return whole episodes of a world: of each its last history."""
    histories, truth = simulate(world, episodes, SEED)
    last = np.flatnonzero(np.diff(truth.episode, append=-1))
    return histories.take(last)


def whole_series(histories: Histories, truth: Truth) -> Histories:
    """Return the whole series of each real patient: a first history and all visits ahead of it."""
    firsts = np.flatnonzero(np.diff(truth.episode, prepend=-1))
    weeks, burden = [], []
    for i in firsts:
        week, score = histories.visits(int(i))
        later = np.isfinite(histories.ahead[i])
        weeks.append(np.append(week, histories.ahead[i, later]))
        burden.append(np.append(score, truth.observed[i, later]))
    return Histories(
        np.cumsum([0, *map(len, weeks)]).astype(np.int64),
        np.concatenate([*weeks, np.empty(0)]),
        np.concatenate([*burden, np.empty(0)]),
        histories.scale_range[firsts],
        histories.mcid[firsts],
        histories.step[firsts],
        np.full((firsts.size, 1), np.nan),
    )


def joined(parts: list[Histories]) -> Histories:
    """Return whole episodes of several measures as one batch; nothing is asked ahead."""
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    return Histories(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([part.weeks for part in parts]),
        np.concatenate([part.burden for part in parts]),
        np.concatenate([part.scale_range for part in parts]),
        np.concatenate([part.mcid for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.full((counts.size, 1), np.nan),
    )


def up_to_each_visit(whole: Histories) -> Histories:
    """Return every history, from the second visit on, that whole episodes consist of."""
    owner, parts = [], []
    for i in range(len(whole)):
        begin, end = whole.offsets[i], whole.offsets[i + 1]
        for upto in range(begin + 2, end + 1):
            owner.append(i)
            parts.append(np.arange(begin, upto))
    index = np.concatenate([*parts, np.empty(0, np.int64)]).astype(np.int64)
    rows = np.array(owner, np.int64)
    return Histories(
        np.cumsum([0, *map(len, parts)]).astype(np.int64),
        whole.weeks[index],
        whole.burden[index],
        whole.scale_range[rows],
        whole.mcid[rows],
        whole.step[rows],
        whole.ahead[rows],
    )


def folds(episode: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield, for each fifth of the episodes, its histories and the places of the other episodes.

    Places count the episodes in the order of their first history.
    """
    names, first, which = np.unique(episode, return_index=True, return_inverse=True)
    fold = np.random.default_rng(FOLDS_SEED).permutation(names.size) % FOLDS
    of_place = fold[np.argsort(first)]
    for f in range(FOLDS):
        yield np.flatnonzero(fold[which] == f), np.flatnonzero(of_place != f)
