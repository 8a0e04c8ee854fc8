"""The database of accounts: who works here, who is signed in, who tried, and what was done.

It also holds what must be forgotten when it is asked for, which the chart never does: addresses.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.private_files import create_file
from reliefpath.store.database import engine_of, translate_errors, url_of
from reliefpath.store.migrations import Versions
from reliefpath.store.tables import KEY

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
CARE_TEAMS = sa.Table(
    "care_teams",  # whose patients somebody treats, beside those whose clinician is their user name
    METADATA,
    sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), primary_key=True),
    sa.Column("clinician", sa.Text, primary_key=True),  # as the chart's episodes name the clinician
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
    "events",  # chained as the chart's audit log is
    METADATA,
    sa.Column("entry", KEY, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("username", sa.Text),  # null where nobody is called so: it might be a password
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("by", sa.Text),  # null where it is the account's owner
    sa.Column("address", sa.Text),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
ADDRESSES = sa.Table(
    "addresses",  # of patients who agreed to be reminded
    METADATA,
    sa.Column("patient", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("agreed", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),  # who took it down
)
KEPT = {
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
"""What keeps the log of every version as it is, by dialect."""


OLDEST = "0001"
"""What a database is of that was made before they said so."""
VERSIONS = Versions("reliefpath.identity:versions", "accounts_version")


def open_accounts(place: str) -> sa.Engine:
    """Open the database of accounts, a file or a URL; make it where there is none.

    One of an older version is brought to this one.

    Raises:
        UsageError: it is neither a file nor a known URL, or of a newer version.
        ChartError: it could not be reached or written.
    """
    url = url_of(place)
    if url.get_backend_name() == "sqlite" and url.database and Path(url.database).parent.is_dir():
        with suppress(FileExistsError):
            create_file(Path(url.database))
    engine = engine_of(url)
    with translate_errors(url):
        version = VERSIONS.version_of(engine)
        if version is not None and not VERSIONS.known(version):
            raise UsageError(
                f"`{url}` was written by a newer version of ReliefPath; install that one"
            )
        if version != VERSIONS.newest():
            unsaid = version is None and sa.inspect(engine).has_table(ACCOUNTS.name)
            VERSIONS.upgrade(engine, since=OLDEST if unsaid else None)
    return engine
