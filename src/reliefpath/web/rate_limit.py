"""So many requests a minute from one address, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from reliefpath.identity.networks import network_of

A_MINUTE = 120
"""Far more than a household asks for, far fewer than a machine does."""


@dataclass
class Limit:
    """What each address asked for in this minute."""

    a_minute: int = A_MINUTE
    clock: Callable[[], float] = monotonic
    _minute: int = -1
    _asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def allows(self, address: str) -> bool:
        """Count a request, and return whether it is answered."""
        minute = int(self.clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._asked.clear()
        asker = network_of(address)
        self._asked[asker] += 1
        return self._asked[asker] <= self.a_minute
