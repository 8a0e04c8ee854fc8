"""The log of sign-ins and of changes to accounts: append-only, and chained as the audit log is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from reliefpath.identity.tables import EVENTS
from reliefpath.store.database import read_transaction
from reliefpath.store.frames import stream_rows
from reliefpath.store.verification.audit import Head, append, head_of
from reliefpath.store.verification.verify import Verified, verify_chain, verify_database

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Event:
    """Something that happened to an account."""

    entry: int
    at: str
    username: str | None
    what: str
    by: str | None
    address: str | None


@dataclass(frozen=True)
class SignIns:
    """The log of a database of accounts."""

    engine: sa.Engine
    clock: Clock

    def newest(self, before: int | None = None, limit: int = 100) -> list[Event]:
        """Return the newest events, or those before one."""
        told = (EVENTS.c[field.name] for field in fields(Event))
        query = sa.select(*told).order_by(EVENTS.c.entry.desc()).limit(limit)
        if before is not None:
            query = query.where(EVENTS.c.entry < before)
        with read_transaction(self.engine) as connection:
            return [Event(*row) for row in connection.execute(query)]

    def head(self) -> Head:
        """Return the last entry."""
        with read_transaction(self.engine) as connection:
            return head_of(connection, log=EVENTS)

    def verify(self, expected: str | None = None) -> Verified:
        """Check that the database of accounts is sound, and its log tells what it was told.

        `expected` is an earlier head of it.
        """
        with read_transaction(self.engine) as connection:
            return verify_database(connection, lambda: verify_sign_ins(connection, expected))

    def note(
        self,
        connection: sa.Connection,
        username: str | None,
        what: str,
        by: str | None = None,
        address: str | None = None,
    ) -> None:
        """Add to the log, in the transaction of what it tells."""
        head = head_of(connection, log=EVENTS)
        at = max(self.clock().isoformat(timespec="seconds"), head.at)
        row = {"entry": head.entry + 1, "at": at, "username": username, "what": what, "by": by}
        append(connection, {**row, "address": address, "previous": head.hash}, EVENTS)


def verify_sign_ins(connection: sa.Connection, expected: str | None) -> Verified:
    """Check that the log tells what it was told; see `verify_chain`."""
    wrong: list[str] = []
    entries = stream_rows(connection, EVENTS, (EVENTS.c.entry,))
    head = verify_chain(entries, expected, wrong, _said, "sign-ins")
    return Verified(head, head.entry, tuple(wrong))


def _said(entry: dict[str, Any]) -> str:
    return f"{entry['what']} at {entry['at']}"
