"""Connections to the one database behind a chart, SQLite or PostgreSQL, and what they refuse."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa

from reliefpath.errors import ChartError, UsageError

WAIT_SECONDS = 60
"""How long a writer waits for the writers before it."""
LOCK = 7_264_833_017
"""The advisory lock that PostgreSQL's writers queue for; any number that nobody else uses."""
SQLITE_HEADER = b"SQLite format 3\x00"


def url_of(source: str) -> sa.URL:
    """Return the URL of a database, given as URL or as the path of an SQLite file.

    Raises:
        UsageError: it is neither.
    """
    if "://" not in source:
        return sa.URL.create("sqlite", database=source)
    try:
        url = sa.make_url(source)
    except sa.exc.ArgumentError:
        raise UsageError(f"`{source}` is not a database URL; expected {_EXPECTED}") from None
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise UsageError(f"`{url.drivername}` is not a known database; expected {_EXPECTED}")
    return url


_EXPECTED = "a file, or postgresql://USER@HOST/DATABASE"


def is_sqlite(file: Path) -> bool:
    """Return whether SQLite wrote a file."""
    with file.open("rb") as stream:
        return stream.read(len(SQLITE_HEADER)) == SQLITE_HEADER


def engine_of(url: sa.URL) -> sa.Engine:
    """Return an engine whose transactions begin as its connections say.

    See `read_transaction` and `write_transaction`.
    """
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": WAIT_SECONDS})
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        _let_go_after_fork(engine)
        return engine
    try:
        engine = sa.create_engine(
            url, isolation_level="REPEATABLE READ", pool_pre_ping=True, client_encoding="utf8"
        )
    except ModuleNotFoundError:
        raise UsageError(
            "PostgreSQL needs its driver; install it with: pip install 'reliefpath[postgres]'"
        ) from None
    sa.event.listen(engine, "connect", _set_up_postgres)
    _let_go_after_fork(engine)
    return engine


def _let_go_after_fork(engine: sa.Engine) -> None:
    """Have a forked process make connections of its own: two can't talk over one."""
    known = weakref.ref(engine)

    def let_go() -> None:
        if (still := known()) is not None:
            still.dispose(close=False)
            _QUEUES.pop(still, None)

    os.register_at_fork(after_in_child=let_go)


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions, not the driver
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _set_up_postgres(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        cursor.execute("set datestyle to iso")
        cursor.execute("set jit to off")  # compiling a question takes longer than answering it
    connection.commit()


@contextmanager
def read_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection that sees one moment's state, whatever others write meanwhile."""
    with translate_errors(engine.url), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def write_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield the connection of the only writer; commit at the end, or undo everything.

    Writers queue, so that none is lost, none waits for another in a circle, and entries of the
    audit log are recorded in the order of their numbers.
    """
    with translate_errors(engine.url), _queue(engine), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection = connection.execution_options(writes=True)
        else:
            connection = connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"set local lock_timeout = '{WAIT_SECONDS}s'")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield connection


def analyze(connection: sa.Connection) -> None:
    """Have PostgreSQL count its rows where a great many are new: till then it reads whole tables.

    It would do so by itself, a minute later.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("analyze")


@contextmanager
def _queue(engine: sa.Engine) -> Iterator[None]:
    """Wait for the writers of this process, where SQLite would look ever more rarely if it may."""
    queue = _QUEUES.setdefault(engine, Lock())
    mine = queue.acquire(timeout=WAIT_SECONDS)  # then SQLite says what is wrong
    try:
        yield
    finally:
        if mine:
            queue.release()


_QUEUES: weakref.WeakKeyDictionary[sa.Engine, Lock] = weakref.WeakKeyDictionary()


@contextmanager
def translate_errors(url: sa.URL) -> Iterator[None]:
    """Say in plain words what a database refuses.

    Raises:
        ChartError: the database could not do what was asked; nothing was written.
    """
    driver = url.get_dialect().import_dbapi()
    try:
        yield
    except (sa.exc.DBAPIError, driver.Error) as e:
        said = str(e.orig if isinstance(e, sa.exc.DBAPIError) else e)
        raise ChartError(f"{_name(url)}: {_why(said)}") from e
    except UnicodeDecodeError as e:  # of SQLite's own message, which cites a damaged schema
        raise ChartError(f"{_name(url)}: {_why('malformed')}") from e


def _name(url: sa.URL) -> str:
    return f"`{url.database if url.get_backend_name() == 'sqlite' else url.render_as_string()}`"


_REASONS = {
    "database or disk is full": "the disk is full: make room and try again",
    "disk I/O error": "the disk is full or failing: look after it and try again",
    "could not extend file": "the server's disk is full: make room and try again",
    "No space left": "the server's disk is full: make room and try again",
    "readonly database": "the medium or the file is read-only, and looking is recorded too; "
    "copy it to where it may be written",
    "read-only transaction": "the server is read-only (a standby?); use the primary",
    "unable to open database file": "cannot be opened; check the path and its permissions",
    "file is not a database": "is not an SQLite file",
    "malformed": "is damaged; restore a backup: reliefpath chart restore FILE TARGET",
    "database is locked": f"another program has kept it locked for {WAIT_SECONDS} seconds",
    "lock timeout": f"another writer has kept it locked for {WAIT_SECONDS} seconds",
    "append-only": "rows are kept for ever: correct or withdraw them instead",
    "Connection refused": "no server answers there; is it running?",
    "authentication failed": "the server refused the name or password",
    '" does not exist': "the server does not know it",
}


_LOST = (
    "server closed the connection",
    "terminating connection",
    "connection is lost",
    "EOF detected",
)


def _why(said: str) -> str:
    if any(words in said for words in _LOST):
        return "the connection was lost; look whether it was written before you try again"
    found = (reason for words, reason in _REASONS.items() if words in said)
    return f"{next(found, ' '.join(said.split()))}; nothing was written"
