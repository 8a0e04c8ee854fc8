"""Decisions rather than probabilities: whom a method would treat, and how often that is right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

import numpy as np

from .arena import ORACLE, Round
from .scoring import order
from .standings import share, truth_of


@dataclass(frozen=True)
class Decision:
    """How many histories a method picks, and how many of them are level and in the window.

    Attributes:
        histories: All that there are.
        true: Those that are.
        raised: Those picked.
        hits: Both.
        possible: Hits of the oracle, which ranks best, if it picks as many.
    """

    histories: int
    true: int
    raised: int
    hits: int
    possible: int

    @property
    def precision(self) -> float:
        """The share of those picked that are level and in the window."""
        return share(self.hits, self.raised)

    @property
    def recall(self) -> float:
        """The share of those level and in the window that are picked."""
        return share(self.hits, self.true)


def deciding(played: Round) -> Iterator[str]:
    """Yield the methods that decide."""
    for method, told in played.told.items():
        if told.answers.decided is not None:
            yield method


def decision(played: Round, method: str) -> Decision:
    """Return what a method decides in a world; it answers every history."""
    picked = played.told[method].answers.decided
    assert picked is not None
    truth = truth_of(played.truth, "both")
    best = order(played.told[ORACLE].answers.both) >= truth.size - picked.sum()
    counts = truth, picked, picked & truth, best & truth
    return Decision(truth.size, *(int(np.sum(which)) for which in counts))


def together(decisions: Iterable[Decision]) -> Decision:
    """Return the decisions of several worlds as one."""
    return Decision(*(sum(counts) for counts in zip(*map(astuple, decisions), strict=True)))
