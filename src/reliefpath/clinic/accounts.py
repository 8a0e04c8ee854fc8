"""Accounts of the people who work in a clinic, and who is signed in; apart from the chart."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pyotp
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from reliefpath.clinic.roles import Role
from reliefpath.errors import UsageError

METADATA = sa.MetaData()
ACCOUNTS = sa.Table(
    "accounts",
    METADATA,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("totp", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False),
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, sa.ForeignKey("accounts.username"), nullable=False),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("began", sa.Text, nullable=False),
    sa.Column("used", sa.Text, nullable=False),
)
IDLE, LONGEST = timedelta(minutes=20), timedelta(hours=12)
"""A session locks after so long without a click, and ends after a working day."""
SHORTEST_PASSWORD = 12
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")
"""Checked where there is no such account, so that time does not tell."""


@dataclass(frozen=True)
class Account:
    """Somebody who works in the clinic."""

    username: str
    name: str
    role: Role
    has_totp: bool
    active: bool


@dataclass(frozen=True)
class Session:
    """Somebody signed in: what their forms must send back, and who it is."""

    account: Account
    csrf: str


class Accounts:
    """The accounts and sessions of one database."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url if "://" in url else f"sqlite:///{url}")
        METADATA.create_all(self.engine)

    def add(
        self, username: str, name: str, role: Role, password: str, totp: str | None = None
    ) -> None:
        """Add an account.

        Args:
            username: how they sign in.
            name: how they are called, also in the chart's audit log.
            role: what they may do.
            password: at least 12 characters.
            totp: the secret of their authenticator, base 32; None for none.

        Raises:
            UsageError: the password is too short, or there is such an account.
        """
        _check_password(password)
        row = {"username": username, "name": name, "role": role.value, "totp": totp}
        hashed = _HASHER.hash(password)
        try:
            with self.engine.begin() as connection:
                connection.execute(ACCOUNTS.insert().values(**row, password=hashed, active=True))
        except sa.exc.IntegrityError:
            raise UsageError(f"there is an account `{username}` already") from None

    def all(self) -> Sequence[Account]:
        """Return every account, by name."""
        with self.engine.begin() as connection:
            rows = connection.execute(sa.select(ACCOUNTS).order_by(ACCOUNTS.c.name))
            return [_account(row) for row in rows]

    def change(self, username: str, **values: object) -> None:
        """Change the name, role, active or totp of an account; nobody stays signed in on it."""
        with self.engine.begin() as connection:
            named = ACCOUNTS.c.username == username
            connection.execute(ACCOUNTS.update().where(named).values(**values))
            connection.execute(SESSIONS.delete().where(SESSIONS.c.username == username))

    def set_password(self, username: str, password: str) -> None:
        """Set a new password; nobody stays signed in on it.

        Raises:
            UsageError: it is too short.
        """
        _check_password(password)
        self.change(username, password=_HASHER.hash(password))

    def sign_in(self, username: str, password: str, code: str = "") -> str | None:
        """Return the token of a new session, or None if password or code is wrong."""
        with self.engine.begin() as connection:
            named = sa.select(ACCOUNTS).where(ACCOUNTS.c.username == username)
            row = connection.execute(named).first()
            right = _matches(row.password if row else _NOBODY, password)
            if row is None or not right or not row.active:
                return None
            if row.totp and not pyotp.TOTP(row.totp).verify(code.strip(), valid_window=1):
                return None
            token, now = secrets.token_urlsafe(32), _now()
            connection.execute(
                SESSIONS.insert().values(
                    token=_hashed(token),
                    username=username,
                    csrf=secrets.token_urlsafe(32),
                    began=now.isoformat(),
                    used=now.isoformat(),
                )
            )
            return token

    def session(self, token: str) -> Session | None:
        """Return who is signed in with a token, or None if nobody is or it was left too long."""
        now, key = _now(), _hashed(token)
        with self.engine.begin() as connection:
            both = sa.select(SESSIONS, ACCOUNTS).join(ACCOUNTS).where(SESSIONS.c.token == key)
            row = connection.execute(both).first()
            if row is None:
                return None
            used, began = datetime.fromisoformat(row.used), datetime.fromisoformat(row.began)
            mine = SESSIONS.c.token == key
            if not row.active or now - used > IDLE or now - began > LONGEST:
                connection.execute(SESSIONS.delete().where(mine))
                return None
            if now - used > timedelta(minutes=1):
                connection.execute(SESSIONS.update().where(mine).values(used=now.isoformat()))
            return Session(_account(row), row.csrf)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self.engine.begin() as connection:
            connection.execute(SESSIONS.delete().where(SESSIONS.c.token == _hashed(token)))


def _account(row: sa.Row[tuple[object, ...]]) -> Account:
    return Account(row.username, row.name, Role(row.role), row.totp is not None, row.active)


def _check_password(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise UsageError(f"a password has at least {SHORTEST_PASSWORD} characters")


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _hashed(token: str) -> str:
    """A token is kept as its hash: who reads the file is not signed in by it."""
    return sha256(token.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)
