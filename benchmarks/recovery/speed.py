"""How long methods take, on episodes with 10 visits in the median."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reliefpath.recovery import DEFAULT_PRIOR, forecast, recover
from reliefpath.recovery.learning import learn

from .histories import LEVELS, Histories
from .ours import LEARNED, SHIPPED
from .peers import LEARNING, PEERS
from .training import simulated_episodes
from .worlds import JUDGED

DISTINCT = 2_000
"""Simulated episodes, repeated where more are timed."""
SHARES = {
    "person like me": 100,
    "ruptures PELT": 100,
    "curve_fit": 300,
    "local linear trend": 5_000,
}
"""Slow methods are timed on this part of the episodes of the fastest one."""
USUAL_SHARE = 10
FEWEST = 2
REPEATS = 7
AHEAD = 3
TAUGHT = 1_000
ONE, TWO = f"{SHIPPED}, 1 thread", f"{SHIPPED}, 2 threads"
FORECAST = f"{SHIPPED}, {AHEAD} visits forecast, 2 threads"
LEARN = f"{LEARNED}: learning, a round of each set of shapes"


@dataclass(frozen=True)
class Speed:
    """How long a method takes.

    Attributes:
        method: Which.
        episodes: On how many it was timed.
        per_million: Seconds for a million of them.
    """

    method: str
    episodes: int
    per_million: float


def speeds(episodes: int) -> list[Speed]:
    """Return the time of each method; the fastest is timed on so many episodes."""
    whole = simulated_episodes(JUDGED[0], min(DISTINCT, episodes))
    many = repeated(whole, episodes)
    found = [
        _timed(ONE, many, lambda h: _recover(h, 1)),
        _timed(TWO, many, lambda h: _recover(h, 2)),
        _timed(FORECAST, repeated(whole, max(episodes // USUAL_SHARE, FEWEST)), _forecast),
        _timed(LEARN, repeated(whole, min(TAUGHT, episodes)), _learn),
    ]
    for name, method in (PEERS | {k: make(whole) for k, make in LEARNING.items()}).items():
        share = SHARES.get(name, USUAL_SHARE)
        found.append(_timed(name, repeated(whole, max(episodes // share, FEWEST)), method))
    return found


def repeated(histories: Histories, episodes: int) -> Histories:
    """Return so many episodes: these over and over, with forecasts asked 1, 2 and 3 weeks on."""
    found = histories.take(np.arange(episodes) % len(histories))
    last = found.weeks[found.offsets[1:] - 1]
    return Histories(
        found.offsets,
        found.weeks,
        found.burden,
        found.scale_range,
        found.mcid,
        found.step,
        last[:, None] + np.arange(1.0, AHEAD + 1),
    )


def _timed(name: str, histories: Histories, method: Callable[[Histories], Any]) -> Speed:
    method(histories.take(np.arange(1)))
    took = []
    for _ in range(REPEATS if name not in SHARES else 1):
        begun = time.perf_counter()
        method(histories)
        took.append(time.perf_counter() - begun)
    return Speed(name, len(histories), min(took) / len(histories) * 1e6)


def _recover(h: Histories, threads: int) -> object:
    return recover(
        h.offsets, h.weeks, h.burden, h.scale_range, h.mcid, step=h.step, threads=threads
    )


def _forecast(h: Histories) -> object:
    return forecast(
        h.offsets, h.weeks, h.burden, h.scale_range, h.ahead, LEVELS, step=h.step, threads=2
    )


def _learn(h: Histories) -> object:
    return learn(h.offsets, h.weeks, h.burden, h.scale_range, step=h.step, rounds=1)


def working_set() -> tuple[int, int]:
    """Return the bytes of the prior, which threads share, and of one thread's working space.

    Neither depends on the number of episodes; what does are the columns of input and answers.
    """
    from reliefpath.recovery._kernel.compiled import space_bytes

    packed = DEFAULT_PRIOR.packed
    return sum(array.nbytes for array in packed.arrays.values()), space_bytes(packed, 16)
