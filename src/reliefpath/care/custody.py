"""What a server answers for: that the chart and its accounts are whole, and private."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.tables import EVENTS
from reliefpath.private_files import open_to_others, with_beside
from reliefpath.store.backup import SUFFIX as SUFFIX
from reliefpath.store.backup import Proven as Proven
from reliefpath.store.backup import back_up as back_up
from reliefpath.store.backup import proven_copy
from reliefpath.store.backup import remove_broken_off as remove_broken_off
from reliefpath.store.chart import Chart, open_chart
from reliefpath.store.database import read_transaction, url_of
from reliefpath.store.verification.heads import KeptHeads
from reliefpath.store.verification.integrity import Soundness, check_database
from reliefpath.store.writing import AuditEvent


@dataclass(frozen=True)
class Custody:
    """A chart, its accounts if there are any, and the file where the ends of their logs are noted.

    Raises, in all that it does:
        UsageError: the file of ends can't be read.
        ChartError: a database can't be read.
    """

    chart: Chart
    accounts: Accounts | None = None
    heads: Path | None = None

    def check_databases(self) -> Soundness:
        """Look for damage below the rows, and for a lost end of a log; not at every row."""
        found = self.chart.check_database()
        wrong, unchecked = [*found.wrong, *self.lost()], list(found.unchecked)
        if self.accounts is not None:
            with read_transaction(self.accounts.engine) as connection:
                found = check_database(connection)
            wrong += [f"accounts: {said}" for said in found.wrong]
            unchecked += [f"accounts: {said}" for said in found.unchecked]
        return Soundness(tuple(wrong), tuple(unchecked))

    def lost(self) -> list[str]:
        """Return what of the logs is lost, by the ends noted down."""
        return [said for kept, engine in self._kept() for said in kept.lost(engine)]

    def note_heads(self) -> None:
        """Note down where the logs end now; nothing where nobody asked for it."""
        for kept, engine in self._kept():
            kept.keep(engine, self.chart.clock())

    def open_to_others(self) -> list[str]:
        """Return which files others on this computer may read, and what to do about it."""
        engines = [self.chart.engine, *([] if self.accounts is None else [self.accounts.engine])]
        files = [f for engine in engines if (f := _file_of(engine.url)) is not None]
        return open_to_others([*with_beside(files), *([self.heads] if self.heads else [])])

    def _kept(self) -> Iterator[tuple[KeptHeads, sa.Engine]]:
        if self.heads is not None:
            yield KeptHeads(self.heads), self.chart.engine
            if self.accounts is not None:
                yield KeptHeads(self.heads, "accounts", EVENTS), self.accounts.engine


def copy_to_file(source: Chart, file: Path, by: str) -> Proven:
    """Copy a whole chart into a file that is a chart itself, proven; the log tells who did it.

    Raises:
        UsageError: the file is there, or the chart is not as it was recorded.
        ChartError: a database could not be read or written.
    """
    source.note(AuditEvent(by, "backup"), to=str(file))
    return proven_copy(source, str(file))


def restore(file: Path, place: str, by: str) -> Proven:
    """Make a chart from a backup, proven; its log tells who did it.

    Raises:
        UsageError: there is no backup, something is there already, or it is not as recorded.
        ChartError: a database could not be read or written.
    """
    proven = proven_copy(open_chart(str(file)), place)
    open_chart(place).note(AuditEvent(by, "restore"), source=str(file))
    return proven


def _file_of(url: sa.URL) -> Path | None:
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def accounts_of(place: str) -> Accounts | None:
    """Return the accounts that are somewhere, or None where no such file is; none are made.

    Raises:
        UsageError: they are of a newer version.
        ChartError: they could not be read.
    """
    file = _file_of(url_of(place))
    return None if file is not None and not file.is_file() else Accounts(place)
