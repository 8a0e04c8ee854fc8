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

from reliefpath.errors import ChartError, UncertainCommitError, UsageError

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
    url = engine.url
    with translate_errors(url, commits=False), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def write_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield the connection of the only writer; commit at the end, or undo everything.

    Writers queue, so that none is lost, none waits for another in a circle, and entries of the
    audit log are recorded in the order of their numbers.

    Raises:
        UncertainCommitError: The answer to the commit never came.
        ChartError: The database could not do what was asked; nothing was written.
    """
    url = engine.url
    with translate_errors(url, commits=False), _queue(engine), engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection = connection.execution_options(writes=True)
        else:
            connection = connection.execution_options(isolation_level="READ COMMITTED")
        with connection.begin() as transaction:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"set local lock_timeout = '{WAIT_SECONDS}s'")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            yield connection
            with translate_errors(url):
                transaction.commit()


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
def translate_errors(url: sa.URL, *, commits: bool = True) -> Iterator[None]:
    """Say in plain words what a database refuses, by its codes: its texts are in its own language.

    Args:
        url: The database.
        commits: Whether what is done here may end by a commit. Where its answer never comes,
            nobody can know whether it was made.

    Raises:
        UncertainCommitError: It is not known whether the changes were written.
        ChartError: The database could not do what was asked; nothing was written.
    """
    driver = url.get_dialect().import_dbapi()
    try:
        yield
    except (sa.exc.DBAPIError, driver.Error) as e:
        why = f"{_name(url)}: {_why(e)}"
        if commits and (_is_lost(e) or _code(e).startswith("SQLITE_IOERR")):
            raise UncertainCommitError(f"{why}; {_UNCERTAIN}") from e
        raise ChartError(f"{why}; nothing was written") from e
    except UnicodeDecodeError as e:  # of SQLite's own message, which cites a damaged schema
        raise ChartError(f"{_name(url)}: {_REASONS['SQLITE_CORRUPT']}; nothing was written") from e


def _name(url: sa.URL) -> str:
    return f"`{url.database if url.get_backend_name() == 'sqlite' else url.render_as_string()}`"


_UNCERTAIN = (
    "it is not known whether the last change was written: look for it (reliefpath chart history, "
    "reliefpath chart audit), and do it again only if it is not there"
)
_FULL = "the server's disk is full: make room and try again"
_DAMAGED = "is damaged; restore a backup: reliefpath chart restore FILE TARGET"
_APPEND_ONLY = "rows are kept for ever: correct or withdraw them instead"
_REASONS = {
    "SQLITE_FULL": "the disk is full: make room and try again",
    "SQLITE_IOERR": "the disk is full or failing: look after it",
    "SQLITE_READONLY": "the medium or the file is read-only, and looking is recorded too; "
    "copy it to where it may be written",
    "SQLITE_CANTOPEN": "cannot be opened; check the path and its permissions",
    "SQLITE_NOTADB": "is not an SQLite file",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_BUSY": f"another program has kept it locked for {WAIT_SECONDS} seconds",
    "SQLITE_CONSTRAINT_TRIGGER": _APPEND_ONLY,
    "53100": _FULL,  # disk_full
    "58030": "the server's disk is failing: look after it",  # io_error
    "XX001": _DAMAGED,  # data_corrupted
    "XX002": _DAMAGED,  # index_corrupted
    "25006": "the server is read-only (a standby?); use the primary",  # read_only_sql_transaction
    "55P03": f"another writer has kept it locked for {WAIT_SECONDS} seconds",  # lock_not_available
    "P0001": _APPEND_ONLY,  # raise_exception, which only our triggers do
}
"""What a database means, by its code."""


def _why(error: Exception) -> str:
    if _is_lost(error):
        return "the connection was lost"
    code = _code(error)
    primary = "_".join(code.split("_")[:2])  # SQLITE_IOERR of SQLITE_IOERR_FSYNC
    if reason := _REASONS.get(code, _REASONS.get(primary)):
        return reason
    raw = _raw(error)
    said = " ".join(str(raw).split())
    if isinstance(error, sa.exc.OperationalError) and getattr(raw, "sqlstate", code) is None:
        return f"cannot be reached: {said}; check that the server runs, and each part of the URL"
    return said


def _is_lost(error: Exception) -> bool:
    if not isinstance(error, sa.exc.DBAPIError):
        return False  # of the driver's own: SQLAlchemy tells of it next, when it rolls back
    return error.connection_invalidated or _code(error).startswith(("08", "40003"))


def _code(error: Exception) -> str:
    """Return the SQLSTATE of PostgreSQL, or the name that SQLite has for an error."""
    raw = _raw(error)
    return str(getattr(raw, "sqlstate", None) or getattr(raw, "sqlite_errorname", ""))


def _raw(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error
