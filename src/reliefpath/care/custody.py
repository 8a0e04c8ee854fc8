"""What a server answers for: that the chart and its accounts are whole, and private."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from reliefpath.identity.accounts import Accounts
from reliefpath.identity.tables import EVENTS
from reliefpath.private_files import open_to_others, with_beside
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction, url_of
from reliefpath.store.verification.heads import KeptHeads
from reliefpath.store.verification.integrity import Soundness, check_database


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
