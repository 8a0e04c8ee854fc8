"""Accounts come to every version and back with what they hold, and are then as the tables say."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.identity.tables import METADATA, VERSIONS
from reliefpath.store.database import engine_of, read_transaction, url_of
from store.conftest import database, databases, server_url

from .conftest import PASSWORD

__all__ = ["database", "databases", "server_url"]
EVERY = ["0001", "0002", "0003", "0004", "0005"]
"""Every version there ever was."""
LOG = ["no such account", "signed in", "wrong password", "added as clinician"]


@pytest.fixture
def old(tmp_path: Path) -> str:
    """Accounts that were made before there were versions."""
    file = tmp_path / "accounts"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(Path(__file__).with_name("accounts_0001.sql").read_text("utf-8"))
    return str(file)


def test_every_version_is_known() -> None:
    scripts = ScriptDirectory("src/reliefpath/identity/versions", version_locations=SCRIPTS)
    assert [script.revision for script in scripts.walk_revisions()][::-1] == EVERY
    assert VERSIONS.newest() == EVERY[-1]


SCRIPTS = ["src/reliefpath/identity/versions"]


def test_a_database_is_what_the_tables_say(database: str) -> None:
    accounts = Accounts(database)
    with read_transaction(accounts.engine) as connection:
        opts = {"compare_type": True, "version_table": VERSIONS.table}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), METADATA) == []
    accounts.engine.dispose()


def test_accounts_from_before_there_were_versions_stay(old: str) -> None:
    accounts = Accounts(old)
    assert VERSIONS.version_of(accounts.engine) == EVERY[-1]
    assert [account.username for account in accounts.all()] == ["ada", "thea"]
    assert [event.what for event in accounts.log.newest()][:4] == LOG
    assert not accounts.log.verify().wrong
    assert accounts.sign_in("thea", PASSWORD) is not None
    with read_transaction(accounts.engine) as connection:
        opts = {"compare_type": True, "version_table": VERSIONS.table}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), METADATA) == []
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), accounts.engine.begin() as c:
        c.exec_driver_sql("delete from events")


def test_many_may_open_old_accounts_at_once(old: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Accounts, [old] * 4))
    assert {VERSIONS.version_of(accounts.engine) for accounts in opened} == {EVERY[-1]}
    for accounts in opened:
        accounts.engine.dispose()


def test_accounts_go_back_a_version_and_come_again(database: str) -> None:
    accounts = Accounts(database)
    accounts.add("thea", "Thea", Role.CLINICIAN, PASSWORD)
    for version in EVERY[-2::-1]:
        VERSIONS.downgrade(accounts.engine, version)
    VERSIONS.upgrade(accounts.engine)
    assert accounts.sign_in("thea", PASSWORD) is not None
    assert [event.what for event in accounts.log.newest()] == ["signed in", "added as clinician"]
    assert not accounts.log.verify().wrong
    accounts.engine.dispose()


def test_accounts_of_a_newer_version_are_refused(old: str) -> None:
    Accounts(old).engine.dispose()
    engine = engine_of(url_of(old))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"update {VERSIONS.table} set version_num = '9999'")
    engine.dispose()
    with pytest.raises(UsageError, match="newer version"):
        Accounts(old)
