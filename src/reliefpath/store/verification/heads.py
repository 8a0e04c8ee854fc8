"""The ends of logs, kept in a file outside of what they are the ends of.

A log whose end was cut off, rows and all, is whole in itself: a lost end of SQLite's write-ahead
log, a file put back to what it was yesterday. Only who remembers a later end can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.private_files import opener
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import AUDIT, FEW
from reliefpath.store.verification.audit import Head, head_of, instant_text

_LINE = re.compile(r"(?P<at>\S+) (?P<log>[a-z]+) (?P<entry>\d+):(?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True)
class KeptHeads:
    """A file with an end of a log on each line: when it was noted, of which log, `ENTRY:HASH`.

    Attributes:
        file: The file; it is made where there is none.
        name: Which log, since several may be in one file.
        log: The table of the log.
    """

    file: Path
    name: str = "chart"
    log: sa.Table = AUDIT

    def all(self) -> dict[int, str]:
        """Return the hash of each entry that was noted down.

        Raises:
            UsageError: the file can't be read, or a line of it is something else.
        """
        found: dict[int, str] = {}
        try:
            lines = self.file.read_text("ascii").splitlines() if self.file.exists() else []
        except (OSError, ValueError):
            raise UsageError(f"`{self.file}` cannot be read as a file of ends of logs") from None
        for number, line in enumerate(lines, 1):
            said = _LINE.fullmatch(line)
            if said is None:
                raise UsageError(
                    f"{self.file}:{number}: expected TIME LOG ENTRY:HASH; if the line was broken "
                    "off, take it out"
                )
            if said["log"] == self.name and int(said["entry"]):
                found[int(said["entry"])] = said["hash"]
        return found

    def lost(self, engine: sa.Engine) -> tuple[str, ...]:
        """Return, where the log is not the one whose ends were noted down, what is lost.

        It looks at the entries noted down alone; `verify` looks at what is between them.
        """
        kept = self.all()
        with read_transaction(engine) as connection:
            there = self._there(connection, kept)
            head = head_of(connection, log=self.log)
        first = min((entry for entry in kept if there.get(entry) != kept[entry]), default=None)
        if first is None:
            return ()
        return (
            f"{self.name}: entry {first}, noted down in {self.file}, is not in the log, which ends "
            f"with entry {head.entry}: what was recorded last is lost, or an older backup was put "
            "in its place; if it was, on purpose, begin another file",
        )

    def keep(self, engine: sa.Engine, now: datetime) -> Head:
        """Note down where the log ends now, unless that is noted already.

        Raises:
            UsageError: the file can't be read or written.
        """
        with read_transaction(engine) as connection:
            head = head_of(connection, log=self.log)
        if head.entry and self.all().get(head.entry) != head.hash:
            try:
                with open(self.file, "ab", opener=opener) as stream:
                    stream.write(f"{instant_text(now)} {self.name} {head}\n".encode())
            except OSError as e:
                raise UsageError(f"`{self.file}` cannot be written: {e.strerror}") from None
        return head

    def _there(self, connection: sa.Connection, entries: Iterable[int]) -> dict[int, str]:
        numbers, found = sorted(entries), dict[int, str]()
        for i in range(0, len(numbers), FEW):
            mine = self.log.c.entry.in_(numbers[i : i + FEW])
            query = sa.select(self.log.c.entry, self.log.c.hash).where(mine)
            found |= {row.entry: row.hash for row in connection.execute(query)}
        return found
