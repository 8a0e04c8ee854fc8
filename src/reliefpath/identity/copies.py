"""Copies of the accounts that are proven to tell what was logged."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.identity.account_log import verify_sign_ins
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.tables import ACCOUNTS, ADDRESSES, CARE_TEAMS, EVENTS, IDENTITIES
from reliefpath.private_files import part_of
from reliefpath.store.database import read_transaction, write_transaction
from reliefpath.store.verification.audit import head_of

SUFFIX = ".accounts"
"""Accounts are beside their chart, called as it is and this."""


def copy_accounts(source: Accounts, place: str) -> Accounts:
    """Copy who works here and the log into a database without accounts; nobody is signed in there.

    Raises:
        UsageError: there are accounts already, or the log is not as it was written.
        ChartError: a database could not be read or written.
    """
    target = Accounts(place, source.clock)
    try:
        with (
            read_transaction(source.engine) as seen,
            write_transaction(target.engine) as connection,
        ):
            if head_of(connection, log=EVENTS).entry:
                raise UsageError(f"there are accounts in `{place}` already; copy to another place")
            _copy(seen, connection)
    except BaseException:
        target.engine.dispose()
        raise
    return target


def _copy(seen: sa.Connection, connection: sa.Connection) -> None:
    for table in (ACCOUNTS, IDENTITIES, CARE_TEAMS, EVENTS, ADDRESSES):
        rows = [dict(row._mapping) for row in seen.execute(sa.select(table))]
        if rows:
            connection.execute(table.insert(), rows)
    wrong = verify_sign_ins(connection, str(head_of(seen, log=EVENTS))).wrong
    if wrong:
        raise UsageError("the log of sign-ins is not as it was written: " + "; ".join(wrong[:5]))


def back_up_accounts(source: Accounts, chart: Path) -> Path:
    """Copy the accounts beside the backup of a chart; what failed is not called so.

    Raises:
        UsageError: the log is not as it was written.
        ChartError: a database could not be read or written.
    """
    file = chart.with_name(f"{chart.name}{SUFFIX}")
    with part_of(file) as part:
        copy_accounts(source, str(part)).engine.dispose()
    return file
