"""The database of accounts: who works here, who is signed in, who tried, and what was done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reliefpath.chart.store.database import engine_of, turn, url_of

METADATA = sa.MetaData()
ACCOUNTS = sa.Table(
    "accounts",
    METADATA,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),  # empty for one that has none
    sa.Column("temporary_until", sa.Text),  # for a password that its owner did not choose
    sa.Column("totp", sa.Text),
    sa.Column("totp_new", sa.Text),  # shown to its owner, not yet confirmed with a code
    sa.Column("totp_used", sa.BigInteger, nullable=False, default=0),  # no step counts twice
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    sa.Column("demo", sa.Boolean, nullable=False, default=False),
)
IDENTITIES = sa.Table(
    "identities",  # who is who at the identity provider
    METADATA,
    sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), primary_key=True),
    sa.Column("known_as", sa.Text, nullable=False, unique=True),  # an e-mail, or the subject
    sa.Column("issuer", sa.Text),  # with the subject from the first sign-in on
    sa.Column("subject", sa.Text),
    sa.UniqueConstraint("issuer", "subject"),
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), nullable=False, index=True),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("began", sa.Text, nullable=False),
    sa.Column("used", sa.Text, nullable=False),
)
TRIES = sa.Table(
    "tries",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
)
EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("event", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("username", sa.Text),  # null where nobody is called so: it might be a password
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("by", sa.Text),  # null where it is the account's owner
    sa.Column("address", sa.Text),
)


def _of(dialect: str, statement: str) -> Any:
    statements: Any = sa.DDL  # untyped
    return statements(statement).execute_if(dialect=dialect)


_KEPT = {
    "sqlite": [
        f"create trigger events_no_{verb} before {verb} on events "
        "begin select raise(abort, 'append-only'); end"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        "create or replace function events_kept() returns trigger language plpgsql as "
        "$$ begin raise exception 'append-only'; end $$",
        "create trigger events_kept before update or delete or truncate on events "
        "for each statement execute function events_kept()",
    ],
}
for _dialect, _statements in _KEPT.items():
    for _statement in _statements:
        sa.event.listen(EVENTS, "after_create", _of(_dialect, _statement))


def open_accounts(place: str) -> sa.Engine:
    """Open the database of accounts, a file or a URL; make it where there is none.

    Raises:
        UsageError: it is neither a file nor a known URL.
        ChartError: it could not be reached or written.
    """
    url = url_of(place)
    if url.get_backend_name() == "sqlite" and url.database and Path(url.database).parent.is_dir():
        Path(url.database).touch(mode=0o600)  # nobody else on this computer reads it
    engine = engine_of(url)
    with turn(engine) as connection:
        METADATA.create_all(connection)
    return engine
