"""A clinic's chart: everything that can be read from it and recorded in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care_log.log import CareLog, assemble
from reliefpath.care_log.schema import TABLES
from reliefpath.clock import MIDNIGHT, today, zone_of
from reliefpath.errors import CareLogError, ChartError, UsageError
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.private_files import create_file, remove
from reliefpath.store import loading, migrations
from reliefpath.store.copying import copy_chart
from reliefpath.store.corrections import correct, row_named, undo, withdraw
from reliefpath.store.database import (
    engine_of,
    read_transaction,
    translate_errors,
    url_of,
    write_transaction,
)
from reliefpath.store.identifiers import kept_as
from reliefpath.store.invariants import check, check_unchanged, entered_before
from reliefpath.store.log import Asked, read_acts, read_entries
from reliefpath.store.reading import (
    ZONE,
    bearing_codes,
    changed_since,
    clinicians_of,
    count_rows,
    known_parents,
    patient_of,
    read_batches,
    read_care_log,
    read_decisions,
    read_log,
    zone_on_record,
)
from reliefpath.store.tables import ROWS, SETTINGS, holding
from reliefpath.store.verification.audit import Head, head_of, instant_text
from reliefpath.store.verification.integrity import Soundness, check_database
from reliefpath.store.verification.verify import Verified, miscounted, verify, verify_database
from reliefpath.store.writing import AuditEvent, Change, Clock, changing

Known = date | datetime | int | None
Corrected = Mapping[tuple[str, str], Mapping[str, str | None]]
"""New values of rows that hold, by table and identifier."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, repr=False)
class Chart:
    """A chart on SQLite or PostgreSQL; any number of threads and processes may use it at once."""

    engine: sa.Engine
    clock: Clock = _now
    knowledge: Knowledge = SHIPPED
    """The catalogues that its codes are of."""

    @property
    def name(self) -> str:
        """How the chart is called in messages, without a password."""
        url = self.engine.url
        return str(url.database if url.get_backend_name() == "sqlite" else url)

    def __repr__(self) -> str:
        clinic = "" if self.knowledge.clinic is None else f"; {self.knowledge.clinic.edition}"
        return f"<Chart: {self.name}{clinic}>"

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    # what is on record

    def care_logs(self, known_at: Known = None) -> Iterator[CareLog]:
        """Yield the care log of a few thousand patients at a time, all of one moment.

        Args:
            known_at: what was on record by the end of a day, or by a moment with its zone, or by an
                entry of the audit log; by default what holds now.

        Raises:
            UsageError: `known_at` is a moment without a zone.
        """
        with read_transaction(self.engine) as connection:
            yield from read_batches(connection, self.knowledge, _upto(connection, known_at))

    def care_log(self, known_at: Known = None) -> CareLog:
        """Return everybody's care log; see `care_logs`."""
        with read_transaction(self.engine) as connection:
            return read_care_log(connection, self.knowledge, _upto(connection, known_at))

    def care_log_of(self, patient: str, known_at: Known = None) -> CareLog:
        """Return one patient's care log; see `care_logs`."""
        with read_transaction(self.engine) as connection:
            upto = _upto(connection, known_at)
            return read_care_log(connection, self.knowledge, upto, (patient, patient))

    def patient_of(self, episode: str, known_at: Known = None) -> str | None:
        """Return whose episode it is, or None where there is no such episode."""
        with read_transaction(self.engine) as connection:
            return patient_of(connection, episode, _upto(connection, known_at))

    def kept_as(self, patient: str) -> str:
        """Return under which record number a person is on record, if theirs was merged away."""
        with read_transaction(self.engine) as connection:
            return kept_as(connection, patient)

    def clinicians_of(self, patient: str, known_at: int | None = None) -> frozenset[str]:
        """Return whom the episodes of a patient name; now, or as of an entry of the audit log."""
        with read_transaction(self.engine) as connection:
            return clinicians_of(connection, patient, known_at)

    def bearing_codes(self) -> dict[str, pl.DataFrame]:
        """Return by table, each once, the codes on record that bear on whoever is asked about."""
        with read_transaction(self.engine) as connection:
            return bearing_codes(connection)

    @property
    def zone(self) -> str:
        """The clinic's time zone, as an IANA name; UTC where none was set."""
        with read_transaction(self.engine) as connection:
            return zone_on_record(connection)

    @property
    def today(self) -> date:
        """What day it is at the clinic."""
        return today(self.zone)

    def decisions(self, episode: str | None = None) -> list[dict[str, Any]]:
        """Return what was made of advice, with `recorded_at`, `by` and `reason`."""
        with read_transaction(self.engine) as connection:
            return read_decisions(connection, episode)

    def last_decision(self) -> int:
        """Return the number of the row of the latest decision, 0 without one."""
        with read_transaction(self.engine) as connection:
            return connection.scalar(sa.select(sa.func.max(ROWS["decisions"].c.id))) or 0

    def document(self, name: str) -> str:
        """Return a text that advice rests on."""
        rows = ROWS["documents"]
        with read_transaction(self.engine) as connection:
            text = sa.select(rows.c.text).where(rows.c.document == name)
            return str(connection.execute(text).scalars().first())

    def log(self, patient: str | None = None) -> pl.DataFrame:
        """Return the audit log, or the entries that concern one patient, everybody included."""
        with read_transaction(self.engine) as connection:
            return read_log(connection, patient)

    def changed_since(self, entry: int, most: int = 10_000) -> set[str] | None:
        """Return whose record changed after an entry of the audit log; None where too many rows
        did to tell one by one.
        """
        with read_transaction(self.engine) as connection:
            return changed_since(connection, entry, most)

    def entries(
        self, asked: Asked, before: int | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return the newest entries of the audit log asked for, or those before one."""
        with read_transaction(self.engine) as connection:
            return read_entries(connection, asked, before, limit)

    def acts(self, patients: Iterable[str], actions: Iterable[str]) -> list[dict[str, Any]]:
        """Return the entries of the audit log that tell of some actions upon some patients."""
        with read_transaction(self.engine) as connection:
            return read_acts(connection, patients, actions)

    def counts(self) -> dict[str, tuple[int, int, int, int, int]]:
        """Return, by table, how many rows hold, were recorded, corrected, withdrawn, and wait."""
        with read_transaction(self.engine) as connection:
            return count_rows(connection)

    def head(self) -> Head:
        """Return the last entry of the audit log."""
        with read_transaction(self.engine) as connection:
            return head_of(connection)

    def verify(self, expected: str | None = None) -> Verified:
        """Check that the database is sound and holds exactly what was recorded.

        Args:
            expected: a head noted down earlier; see `verifying.verify`.

        Raises:
            ChartError: the database could not be read.
        """
        with read_transaction(self.engine) as connection:
            return verify_database(connection, lambda: verify(connection, expected))

    def check_database(self) -> Soundness:
        """Look for damage below the rows, and for rows that are gone or new behind the log's back.

        That takes far less time than to verify.
        """
        with read_transaction(self.engine) as connection:
            found = check_database(connection)
            return found if found.wrong else replace(found, wrong=tuple(miscounted(connection)))

    # what is recorded

    @contextmanager
    def change(self, act: AuditEvent) -> Iterator[Change]:
        """Yield a change that is recorded whole, or not at all.

        Raises:
            UsageError: it would leave two rows saying different things of the same, or a row
                without its patient or episode.
            ChartError: the database could not write.
        """
        with changing(self.engine, act, self.clock) as change:
            yield change
            check(change)

    def note(self, act: AuditEvent, **detail: Any) -> None:
        """Record in the audit log that somebody saw or did something."""
        with changing(self.engine, act, self.clock) as change:
            change.detail.update(detail)

    def insert(
        self,
        tables: Mapping[str, pl.DataFrame],
        act: AuditEvent,
        *,
        corrected: Corrected = MappingProxyType({}),
        expected_version: int | None = None,
        idempotency_key: str | None = None,
        replaces: int | None = None,
        **detail: Any,
    ) -> int:
        """Record new rows; return the entry of the audit log.

        Args:
            tables: the rows by table.
            act: who records them and why.
            corrected: values of rows on record that are changed by the same act, as in `correct`.
            expected_version: the last entry of the log when the record of `act.patient` was
                looked at, if the rows are only true of the record as it was then.
            idempotency_key: what the sender calls these rows; if an act like this one recorded
                rows of that name of that patient already, nothing is recorded, and that entry is
                returned.
            replaces: the entry of the audit log whose rows of that patient these take the place
                of; where others did already, nothing is recorded, and that entry is returned.
            detail: what else the audit log says.

        Raises:
            CareLogError: a row breaks the schema; it lists every one of them.
            UsageError: a row says otherwise than one that holds; correct that one. Or something of
                the patient was recorded since `expected_version`.
        """
        parents = self.on_record(tables)
        # before it is this change's turn: others need not wait
        care_log = _checked(tables, parents, self.knowledge)
        with self.change(act) as change:
            if replaces is not None:
                undo(change, replaces)
                if change.silent:
                    return replaces
                change.detail["replaces"] = replaces
            if idempotency_key is not None:
                before = entered_before(change, idempotency_key)
                if before is not None and replaces is None:
                    change.silent = True
                    return before
                change.detail["once"] = idempotency_key
            if expected_version is not None:
                check_unchanged(change, expected_version)
            change.detail.update(detail)
            now = known_parents(change.connection, tables.values())
            if not all(now[name].equals(parents[name]) for name in now):
                care_log = _checked(tables, now, self.knowledge)
            for name in TABLES:
                if care_log.table(name).height:
                    change.add(name, care_log.table(name))
            for (name, identifier), values in corrected.items():
                correct(change, name, row_named(change, name, identifier), values, self.knowledge)
        return change.entry

    def correct(
        self, name: str, row: int, values: Mapping[str, str | None], act: AuditEvent
    ) -> int:
        """Record a row in the place of another, with some values changed; return the entry.

        Raises:
            UsageError: the row does not hold, or may not be corrected like that.
            CareLogError: a value breaks the schema.
        """
        with self.change(act) as change:
            correct(change, name, row, values, self.knowledge)
        return change.entry

    def withdraw(self, name: str, row: int, act: AuditEvent) -> dict[str, int]:
        """Record that a row was entered in error, and with it what belongs to it alone.

        Returns:
            How many rows of each table no longer hold.

        Raises:
            UsageError: the row does not hold.
        """
        with self.change(act) as change:
            return withdraw(change, name, row)

    def set_zone(self, zone: str, act: AuditEvent) -> None:
        """Set the clinic's time zone, which says on which day everything on record was.

        Raises:
            UsageError: there is no such time zone, or it is set already.
        """
        zone_of(zone)
        row = {"setting": ZONE, "value": zone}
        with self.change(act) as change:
            rows = change.touch("settings")
            mine = sa.and_(rows.c.setting == ZONE, holding(rows))
            before = change.connection.execute(
                sa.select(rows.c.id, rows.c.value).where(mine)
            ).first()
            if before is None:
                change.add("settings", pl.DataFrame([row], SETTINGS.schema))
            elif before.value == zone:
                raise UsageError(f"the time zone of `{self.name}` is {zone} already")
            else:
                change.supersede("settings", {**row, "supersedes": before.id}, withdrawn=False)

    def load(
        self,
        care_log: CareLog,
        fingerprint: str,
        act: AuditEvent,
        *,
        corrections: bool = False,
        progress: loading.Progress = lambda table, done, total: None,
    ) -> loading.Loaded:
        """Record a whole care log at once, whatever its size; see `loading`.

        Raises:
            UsageError: a patient or episode was withdrawn meanwhile.
            ChartError: the database could not write.
        """
        load = loading.stage(self.engine, care_log, fingerprint, progress)
        with changing(self.engine, act, self.clock) as change:
            loaded = loading.record(change, load, fingerprint, corrections=corrections)
            check(change)
            change.silent = not (any(loaded.new.values()) or any(loaded.corrected.values()))
        if loaded.contradictions:
            with changing(self.engine, act, self.clock) as change:
                loading.clear(change.connection, load)
                change.silent = True
        return loaded

    def unfinished(self) -> dict[str, int]:
        """Return how many rows wait of each load that did not end, by its fingerprint."""
        with read_transaction(self.engine) as connection:
            return loading.unfinished(connection)

    def forget(self, fingerprint: str) -> None:
        """Give up a load that did not end; nothing of it was ever on record."""
        with write_transaction(self.engine) as connection:
            loading.forget(connection, fingerprint)

    def on_record(self, raw: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """Return the patients and episodes on record to which rows of `raw` may refer."""
        with read_transaction(self.engine) as connection:
            return known_parents(connection, raw.values())

    def copy_to(self, target: Chart) -> None:
        """Copy everything recorded into a chart that is empty."""
        if target.head().entry:
            raise UsageError(f"`{target.name}` is not empty; copy into a new chart")
        copy_chart(self.engine, target.engine)


def _checked(
    tables: Mapping[str, pl.DataFrame], parents: Mapping[str, pl.DataFrame], knowledge: Knowledge
) -> CareLog:
    care_log, bad = assemble(dict(tables), knowledge, parents)
    problems = [b.at(name, None if b.row is None else b.row + 1) for name, b in bad]
    if any(not problem.warning for problem in problems):
        raise CareLogError(problems)
    return replace(care_log, incomplete=frozenset())


def _upto(connection: sa.Connection, known_at: Known) -> int | None:
    match known_at:
        case None | int():
            return known_at
        case datetime(tzinfo=None):
            raise UsageError(f"{known_at.isoformat()!r} has no zone; give a date, or add a zone")
        case datetime():
            before = known_at + timedelta(microseconds=1)
        case date():
            zone = zone_of(zone_on_record(connection))
            before = datetime.combine(known_at + timedelta(days=1), MIDNIGHT, zone)
    return head_of(connection, instant_text(before)).entry


def create_chart(source: str, *, in_place: bool = False) -> Chart:
    """Make a chart where there is none: an SQLite file, or the tables in an empty database.

    Args:
        source: where, a file or a database URL.
        in_place: whether the file is there already, and empty.

    Raises:
        UsageError: there is one already, or something else.
        ChartError: the database could not be reached or written.
    """
    url = url_of(source)
    made = None
    if url.get_backend_name() == "sqlite" and not in_place:
        made = _new_file(Path(str(url.database)))
    try:
        with _engine(url) as engine:
            if migrations.version_of(engine) is not None:
                raise UsageError(f"there is a chart in `{url}` already")
            migrations.upgrade(engine)
    except BaseException:
        if made is not None:
            remove(made)
        raise
    return Chart(engine)


def _new_file(file: Path) -> Path:
    try:
        create_file(file)
    except FileExistsError:
        raise UsageError(f"`{file}` already exists") from None
    except OSError:
        raise ChartError(
            f"`{file}`: cannot be opened; check the path and its permissions; nothing was written"
        ) from None
    return file


def open_chart(source: str | Path, knowledge: Knowledge = SHIPPED) -> Chart:
    """Open a chart.

    Args:
        source: an SQLite file, or a database URL.
        knowledge: the catalogues that its codes are of.

    Raises:
        UsageError: there is none, or its version is not this software's; the message says what to
            do.
        ChartError: the database could not be reached.
    """
    url = url_of(str(source))
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise UsageError(f"there is no chart `{source}`; make one: reliefpath chart init {source}")
    with _engine(url) as engine:
        version = migrations.version_of(engine)
        if version is None:
            raise UsageError(f"there is no chart in `{url}`; make one: reliefpath chart init URL")
        if version != migrations.newest():
            if migrations.known(version):
                raise UsageError(
                    f"`{url}` was written by an older version of ReliefPath; make a backup with "
                    "that version, then: reliefpath chart upgrade CHART"
                )
            raise UsageError(
                f"`{url}` was written by a newer version of ReliefPath; install that one"
            )
    return Chart(engine, knowledge=knowledge)


@contextmanager
def _engine(url: sa.URL) -> Iterator[sa.Engine]:
    """Yield the engine of a database, and let go of it if anything is wrong with it."""
    engine = engine_of(url)
    try:
        with translate_errors(url):
            yield engine
    except BaseException:
        engine.dispose()
        raise
