"""Accounts, their log, and the questions of an auditor, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.copies import back_up_accounts, copy_accounts
from reliefpath.identity.roles import Role
from reliefpath.store.chart import create_chart
from reliefpath.store.log import Asked
from reliefpath.store.writing import AuditEvent
from store.conftest import database, databases, server_url

__all__ = ["database", "databases", "server_url"]
PASSWORD = "conservative-first"
DAY = date(2026, 1, 31)


def test_accounts_sign_in_and_their_log_stays(database: str) -> None:
    accounts = Accounts(database)
    accounts.add("thea", "Thea", Role.CLINICIAN, PASSWORD)
    assert accounts.sign_in("thea", "not the password") is None
    token = accounts.sign_in("thea", PASSWORD)
    assert token is not None
    assert accounts.session(token) is not None
    accounts.sign_out(token)
    assert accounts.session(token) is None
    accounts.engine.dispose()
    accounts = Accounts(database)  # a file or a server that has the tables already
    told = ["signed out", "signed in", "wrong password", "added as clinician"]
    assert [event.what for event in accounts.log.newest()] == told
    refused = pytest.raises(sa.exc.DBAPIError, match="append-only")
    with refused, accounts.engine.begin() as connection:
        connection.exec_driver_sql("delete from events")
    accounts.engine.dispose()


def test_accounts_are_copied_with_their_log_and_without_who_is_signed_in(
    database: str, tmp_path: Path
) -> None:
    accounts = Accounts(database)
    accounts.add("thea", "Thea", Role.CLINICIAN, PASSWORD, known_as="thea@clinic.example")
    token = accounts.begin("thea")
    copied = copy_accounts(accounts, str(tmp_path / "copy"))
    assert copied.all() == accounts.all()
    assert copied.log.newest() == accounts.log.newest()
    assert copied.session(token) is None
    assert copied.sign_in("thea", PASSWORD) is not None
    with pytest.raises(UsageError, match="there are accounts"):
        copy_accounts(copied, database)
    for each in (accounts, copied):
        each.engine.dispose()


def test_accounts_whose_log_was_altered_are_no_backup(tmp_path: Path) -> None:
    accounts = Accounts(str(tmp_path / "accounts"))
    accounts.add("thea", "Thea", Role.CLINICIAN, PASSWORD)
    with accounts.engine.begin() as connection:
        connection.exec_driver_sql("drop trigger events_no_update")
        connection.exec_driver_sql("update events set what = 'x'")
    with pytest.raises(UsageError, match="not as it was written"):
        back_up_accounts(accounts, tmp_path / "2026.chart")
    assert not list(tmp_path.glob("2026*"))
    accounts.engine.dispose()


@pytest.mark.parametrize(
    ("asked", "entries"),
    [
        (Asked(), [4, 3, 2, 1]),
        (Asked(by="thea"), [3, 2]),
        (Asked(action="view", by="thea"), [2]),
        (Asked(patient="P1"), [2]),
        (Asked(since=DAY, until=DAY), [3, 2]),
        (Asked(until=date(2026, 1, 30)), [1]),
        (Asked(by="' or 1=1 --"), []),
    ],
)
def test_the_log_is_asked(database: str, asked: Asked, entries: list[int]) -> None:
    days = iter([30, 31, 31, 32])
    chart = create_chart(database)
    for act in (
        AuditEvent("import", "import"),
        AuditEvent("thea", "view", None, "P1"),
        AuditEvent("thea", "correct", "misread"),
        AuditEvent("ada", "backup"),
    ):
        day = next(days)
        moment = datetime(2026, 1 + day // 32, day % 32 or 1, 23, 59, 59, tzinfo=UTC)
        type(chart)(chart.engine, lambda moment=moment: moment).note(act)  # type: ignore[misc]
    assert [row["entry"] for row in chart.entries(asked)] == entries
    assert [row["entry"] for row in chart.entries(asked, limit=1)] == entries[:1]
    assert [row["entry"] for row in chart.entries(asked, before=3)] == [e for e in entries if e < 3]
    chart.close()
