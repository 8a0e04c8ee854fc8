"""How often somebody may be wrong about a password: then they wait, longer each time."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.identity.networks import network_of
from reliefpath.identity.tables import TRIES
from reliefpath.store.database import write_transaction

FREE = {"here": 5, "account": 20, "address": 50, "device": 5}
"""Failures without a wait: of an account from one address, of it from any, of an address at all;
and of an account on a browser on which it has signed in before, where nothing else counts.

One address alone can't keep the account's owner out: it waits before the account does. Many can,
but on a browser that the owner has used.
"""
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN = timedelta(days=1)


class WaitError(UsageError):
    """There were too many tries; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many tries: wait {seconds} seconds, then try again")


def count_attempt(
    engine: sa.Engine, username: str, address: str, now: datetime, device: str | None = None
) -> None:
    """Count a try as failed before it is made, so that many at once are no way around.

    Args:
        engine: of the accounts.
        username: whom it is to sign in.
        address: who asks.
        now: when.
        device: what the browser is called if the account has signed in on it; see `devices`.

    Raises:
        WaitError: it is too early for another one.
    """
    keys = _keys(username, address, device)
    with write_transaction(engine) as connection:
        connection.execute(TRIES.delete().where(TRIES.c.last < _text(now - FORGOTTEN)))
        known = sa.select(TRIES).where(TRIES.c.key.in_(list(keys.values())))
        rows = {row.key: row for row in connection.execute(known)}
        latest = max((row.until for row in rows.values()), default="")
        if latest > _text(now):
            wait = datetime.fromisoformat(latest) - now
            raise WaitError(int(wait.total_seconds()) + 1)
        for kind, key in keys.items():
            failures = rows[key].failures + 1 if key in rows else 1
            connection.execute(TRIES.delete().where(TRIES.c.key == key))
            until = _text(now + _wait(failures - FREE[kind]))
            row = {"key": key, "failures": failures, "last": _text(now), "until": until}
            connection.execute(TRIES.insert().values(row))


def reset(
    connection: sa.Connection, username: str, address: str, device: str | None = None
) -> None:
    """Take back what `count_attempt` counted, since the try was right.

    Of the address that one alone: who guesses at many accounts gains nothing by one of their own.
    """
    keys = _keys(username, address, device)
    shared = keys.pop("address", None)
    connection.execute(TRIES.delete().where(TRIES.c.key.in_(list(keys.values()))))
    fewer = {"failures": TRIES.c.failures - 1}
    connection.execute(TRIES.update().where(TRIES.c.key == shared).values(fewer))


def _wait(beyond: int) -> timedelta:
    """Return the wait after so many failures beyond the free ones: 1 s, 2 s, 4 s, ... 15 min."""
    if beyond < 0:
        return timedelta()
    return min(timedelta(seconds=2 ** min(beyond, 20)), LONGEST_WAIT)


def _keys(username: str, address: str, device: str | None) -> dict[str, str]:
    """Hashes, because people type their passwords into the field of the name."""
    asker = network_of(address)
    said = {"here": f"{username}\n{asker}", "account": username, "address": asker}
    if device is not None:
        said = {"device": f"{username}\n{device}"}
    return {kind: f"{kind}:{sha256(of.encode()).hexdigest()}" for kind, of in said.items()}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
