"""How much of each exercise was done, as one cell of the care log: `chin-tuck-wall=1 shrug=0.5`."""

from __future__ import annotations

from collections.abc import Mapping

from reliefpath.errors import UsageError

EQUALS = "="
NEAR = 0.005
"""Shares that agree so far are told as the same percentage."""


def shares_text(shares: Mapping[str, float]) -> str | None:
    """Return what was told of each exercise, as the care log keeps it; None where nothing was."""
    return " ".join(f"{id_}{EQUALS}{share:g}" for id_, share in sorted(shares.items())) or None


def read_shares(text: str | None) -> dict[str, float]:
    """Return how much of each exercise was done; what was not told is not in it.

    Raises:
        UsageError: it is no list of exercises with a share each, from 0 to 1.
    """
    shares: dict[str, float] = {}
    for word in (text or "").split():
        exercise, equals, said = word.partition(EQUALS)
        try:
            share = float(said)
        except ValueError:
            share = -1.0
        if not exercise or not equals or not 0 <= share <= 1:
            raise UsageError(f"{word!r}: expected EXERCISE{EQUALS}SHARE, the share from 0 to 1")
        if exercise in shares:
            raise UsageError(f"`{exercise}` is told twice")
        shares[exercise] = share
    return shares


def total_share(shares: Mapping[str, float]) -> float | None:
    """Return how much of all was done: the mean of what was told, None where nothing was."""
    return sum(shares.values()) / len(shares) if shares else None
