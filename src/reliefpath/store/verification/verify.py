"""Does the chart hold what was recorded: every entry of the log in its chain, every row sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from reliefpath.store.frames import stream_rows
from reliefpath.store.tables import AUDIT, ROWS, SEALS
from reliefpath.store.verification.audit import BEGINNING, Head, digest, entry_hash
from reliefpath.store.verification.integrity import check_database

Row = dict[str, Any]


@dataclass(frozen=True)
class Verified:
    """What was found.

    Attributes:
        head: The last entry of the log.
        rows: How many rows were looked at.
        wrong: All that is wrong, damage of the database first.
        damage: How much of that is damage of the database, whose rows may be as recorded.
        unchecked: What of the database could not be checked, and why.
    """

    head: Head
    rows: int
    wrong: tuple[str, ...]
    damage: int = 0
    unchecked: tuple[str, ...] = ()

    @property
    def damage_alone(self) -> bool:
        """Whether the database is damaged, and every row still as recorded."""
        return 0 < self.damage == len(self.wrong)


def verify_database(connection: sa.Connection, verify_rows: Callable[[], Verified]) -> Verified:
    """Check a database and then, as far as they can be read, its rows.

    Raises:
        sqlalchemy.exc.DBAPIError: the rows of a sound database could not be read.
    """
    sound = check_database(connection)
    try:
        found = verify_rows()
    except (sa.exc.DBAPIError, TypeError, ValueError):
        if not sound.wrong:
            raise
        # in a damaged file a value may be of any type, or none
        found = Verified(Head(0, "", BEGINNING), 0, ("the rows cannot all be read",))
    return Verified(
        found.head, found.rows, (*sound.wrong, *found.wrong), len(sound.wrong), sound.unchecked
    )


def verify(connection: sa.Connection, expected: str | None = None) -> Verified:
    """Check the whole chart, a batch of rows at a time.

    Args:
        connection: a snapshot of the chart.
        expected: a head noted down earlier, `ENTRY:HASH`; without one, entries cut off at the end
            of the log together with their rows leave no trace.
    """
    wrong: list[str] = []
    seals = _seals_by_entry(connection)
    entries = _sealed(connection, seals, wrong)
    head = verify_chain(entries, expected, wrong, _said)
    rows = sum(_verify_rows(connection, name, head, wrong) for name in ROWS)
    return Verified(head, rows, tuple(wrong))


def miscounted(connection: sa.Connection) -> Iterator[str]:
    """Yield which tables have another number of rows than was recorded: a quick look at all."""
    for name, rows in ROWS.items():
        there = connection.scalar(sa.select(sa.func.count()).select_from(rows))
        sealed = sa.select(sa.func.sum(SEALS.c.rows)).where(SEALS.c.table_name == name)
        recorded = int(connection.scalar(sealed) or 0)
        if there != recorded:
            yield f"{name}: {there:,} rows are there, {recorded:,} were recorded"


def _seals_by_entry(connection: sa.Connection) -> dict[int, str]:
    """The digest of each entry's seals, as the entry should have it."""
    found: dict[int, list[Row]] = {}
    for seal in stream_rows(connection, SEALS, (SEALS.c.entry, SEALS.c.table_name, SEALS.c.first)):
        found.setdefault(seal["entry"], []).append(seal)
    return {entry: digest(rows) for entry, rows in found.items()}


def _sealed(connection: sa.Connection, seals: Mapping[int, str], wrong: list[str]) -> Iterator[Row]:
    """Yield the log, and look whether each entry's seals are as it says."""
    left = set(seals)
    for entry in stream_rows(connection, AUDIT, (AUDIT.c.entry,)):
        yield entry
        number = entry["entry"]
        if entry["digest"] != seals.get(number):
            wrong.append(f"seals: those of entry {number} ({_said(entry)}) were altered")
        left.discard(number)
    wrong += [f"seals: the log does not know their entry {number}" for number in sorted(left)]


def verify_chain(
    entries: Iterable[Row],
    expected: str | None,
    wrong: list[str],
    said: Callable[[Row], str],
    log: str = "the log",
) -> Head:
    """Return the head of a log, whose entries come in order; add to `wrong` what is.

    Args:
        entries: the entries as they are stored.
        expected: a head noted down earlier, without which a cut at the end leaves no trace.
        wrong: what was found so far.
        said: returns what an entry is about.
        log: what the log is called.
    """
    head = Head(0, "", BEGINNING)
    seen = expected in (None, str(head))
    for entry in entries:
        number = entry["entry"]
        if number != head.entry + 1:
            missing = f"{head.entry + 1} to {number - 1}"
            wrong.append(f"{log}: entries {missing} are missing")
        elif entry["previous"] != head.hash:
            wrong.append(f"{log}: entry {number} does not follow from entry {head.entry}")
        if entry["hash"] != entry_hash(entry):
            wrong.append(f"{log}: entry {number} was altered ({said(entry)})")
        if entry["at"] < head.at:
            wrong.append(f"{log}: entry {number} is older than the one before")
        head = Head(number, entry["at"], entry["hash"])
        seen = seen or str(head) == expected
    if not seen:
        wrong.append(f"{log}: the entry noted down, {expected}, is not in it; it was cut")
    return head


def _said(entry: Row) -> str:
    return f"{entry['action']} by {entry['by']} at {entry['at']}"


def _verify_rows(connection: sa.Connection, name: str, head: Head, wrong: list[str]) -> int:
    """Walk the rows and their seals side by side, both in the order of the rows."""
    seals = stream_rows(connection, SEALS, (SEALS.c.first,), SEALS.c.table_name == name)
    rows, count = stream_rows(connection, ROWS[name], (ROWS[name].c.id,)), 0
    row = next(rows, None)
    for seal in seals:
        held = []
        while row is not None and row["id"] <= seal["last"]:
            count += 1
            if row["id"] < seal["first"]:
                wrong.append(f"{name}: row {row['id']} was never recorded")
            else:
                held.append(row)
            row = next(rows, None)
        place = f"{name}: rows {seal['first']} to {seal['last']} of entry {seal['entry']}"
        if len(held) != seal["rows"]:
            wrong.append(f"{place}: {len(held)} are there, {seal['rows']} were recorded")
        elif digest(held) != seal["digest"]:
            wrong.append(f"{place}: at least one was altered or moved")
        if seal["entry"] > head.entry:
            wrong.append(f"{place}: the log does not know that entry")
    while row is not None:
        count += 1
        wrong.append(f"{name}: row {row['id']} was never recorded")
        row = next(rows, None)
    return count
