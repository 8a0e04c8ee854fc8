"""Is a database sound below its rows: pages, indexes, references, checksums.

A damaged index leaves every row as it was recorded and still makes a question about one patient
lose some of them, since it is answered by the index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

MOST = 100
"""How much damage is told: a file without its middle would have a line a page."""


@dataclass(frozen=True)
class Soundness:
    """What is damaged, and what could not be checked, and why."""

    wrong: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


def check_database(connection: sa.Connection) -> Soundness:
    """Have a database check itself, all of its content: about 3 seconds a gigabyte in SQLite."""
    if connection.dialect.name == "sqlite":
        return Soundness(tuple(f"database: {said}" for said in _check_sqlite(connection)))
    return _check_postgres(connection)


def _check_sqlite(connection: sa.Connection) -> Iterator[str]:
    try:
        for (said,) in connection.exec_driver_sql(f"pragma integrity_check({MOST})"):
            if said != "ok":
                yield str(said)
        for table, row, *_ in connection.exec_driver_sql("pragma foreign_key_check"):
            yield f"row {row} of {table} takes the place of one that is not there"
    except sa.exc.DatabaseError as e:
        yield str(e.orig)
    except UnicodeDecodeError:  # of a message that cites a damaged schema
        yield "the schema is damaged"


def _check_postgres(connection: sa.Connection) -> Soundness:
    wrong, unchecked = _failed_checksums(connection)
    damaged, why_not = _check_with_amcheck(connection)
    return Soundness((*wrong, *damaged), (*unchecked, *why_not))


def _failed_checksums(connection: sa.Connection) -> tuple[list[str], list[str]]:
    """Look what the server found whenever it read a page; without checksums it can't tell."""
    if connection.exec_driver_sql("show data_checksums").scalar() != "on":
        return [], [
            "pages: the server keeps no checksums; to have them, stop it and run "
            "`pg_checksums --enable`"
        ]
    failures, last = connection.exec_driver_sql(
        "select checksum_failures, checksum_last_failure from pg_stat_database "
        "where datname = current_database()"
    ).one()
    if not failures:
        return [], []
    return [
        f"database: {failures} pages did not have their checksum, the last at {last}; once a "
        "backup is restored: select pg_stat_reset()"
    ], []


_AMCHECK = """
select quote_ident(n.nspname), has_function_privilege(p.oid, 'execute')
from pg_extension e
join pg_namespace n on n.oid = e.extnamespace
join pg_proc p on p.pronamespace = n.oid and p.proname = 'bt_index_check' and p.pronargs = 2
where e.extname = 'amcheck'
"""
_INDEXES = """
select c.oid::regclass::text
from pg_index i join pg_class c on c.oid = i.indexrelid
join pg_am a on a.oid = c.relam
where c.relnamespace = current_schema()::regnamespace and a.amname = 'btree' and i.indisvalid
and c.relpersistence = 'p' order by 1
"""
_INVALID = """
select indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid
where c.relnamespace = current_schema()::regnamespace and not i.indisvalid
"""


def _check_with_amcheck(connection: sa.Connection) -> tuple[list[str], list[str]]:
    """Look whether every row is in every index, and every index in its order."""
    found = connection.exec_driver_sql(_AMCHECK).one_or_none()
    if found is None:
        return [], [
            "indexes: the extension amcheck is not in the database; as its superuser: "
            "create extension amcheck; grant execute on function bt_index_check(regclass, boolean) "
            "to ROLE"
        ]
    schema, allowed = found
    if not allowed:
        return [], [
            "indexes: the role may not check them; as the superuser: grant execute on function "
            f"{schema}.bt_index_check(regclass, boolean) to {_role(connection)}"
        ]
    wrong = [
        f"database: the index {name} is not valid"
        for (name,) in connection.exec_driver_sql(_INVALID)
    ]
    for (name,) in connection.exec_driver_sql(_INDEXES).all():
        check = sa.text(f"select {schema}.bt_index_check(cast(:name as regclass), true)")
        try:
            with connection.begin_nested():
                connection.execute(check, {"name": name})
        except sa.exc.DBAPIError as e:
            if e.connection_invalidated:
                raise
            wrong.append(f"database: {name}: {str(e.orig).splitlines()[0]}")
    return wrong[:MOST], []


def _role(connection: sa.Connection) -> str:
    return str(connection.exec_driver_sql("select quote_ident(current_user)").scalar())
