"""Accounts of the people who work in a clinic, and who is signed in; apart from the chart."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.identity import care_teams, passwords, totp
from reliefpath.identity import provider_accounts as identities
from reliefpath.identity.account_log import Clock, SignIns
from reliefpath.identity.roles import Role
from reliefpath.identity.single_sign_on.id_token import Person
from reliefpath.identity.tables import ACCOUNTS, IDENTITIES, SESSIONS, open_accounts
from reliefpath.identity.throttle import count_attempt, reset
from reliefpath.store.database import read_transaction, write_transaction

IDLE, LONGEST = timedelta(minutes=20), timedelta(hours=12)
"""A session locks after so long without a click, and ends after a working day."""
TEMPORARY = timedelta(days=3)
"""How long a password that somebody else chose is good for."""
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_WHOLE = sa.select(ACCOUNTS, IDENTITIES.c.known_as).select_from(ACCOUNTS).outerjoin(IDENTITIES)
Row = sa.Row[Any]


@dataclass(frozen=True)
class Account:
    """Somebody who works in the clinic."""

    username: str
    name: str
    role: Role
    has_totp: bool
    active: bool
    temporary: bool = False
    """Whether the password is one that they did not choose, so that they must choose theirs."""
    demo: bool = False
    has_password: bool = True
    known_as: str | None = None
    """What the identity provider calls them, or None if they don't sign in by it."""
    care_teams: frozenset[str] = frozenset()
    """Whose patients they treat, beside those whose clinician is their user name."""

    @property
    def clinicians(self) -> frozenset[str]:
        """How the chart names the clinician of their patients."""
        return self.care_teams | {self.username}


@dataclass(frozen=True)
class Session:
    """Somebody signed in: what their forms must send back, and who it is."""

    account: Account
    csrf: str


@dataclass(frozen=True)
class Locked:
    """Whose session is locked, and what its forms sent back."""

    username: str
    csrf: str


def _now() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """The accounts and sessions of one database."""

    def __init__(self, place: str, clock: Clock = _now) -> None:
        self.engine, self.clock = open_accounts(place), clock
        self.log = SignIns(self.engine, clock)

    # who works here

    def add(
        self,
        username: str,
        name: str,
        role: Role,
        password: str | None,
        *,
        temporary: bool = False,
        demo: bool = False,
        known_as: str | None = None,
        clinicians: Collection[str] = (),
        by: str | None = None,
    ) -> None:
        """Add an account.

        Args:
            username: how they sign in: lower case letters, digits, `.`, `_`, `@` and `-`.
            name: how they are called.
            role: what they may do.
            password: at least 12 characters; None for who signs in by the identity provider alone.
            temporary: whether they must choose another when they sign in.
            demo: whether the password is known to everybody.
            known_as: their e-mail, or subject, at the identity provider.
            clinicians: whose patients they treat; see `care_teams`.
            by: who adds it.

        Raises:
            UsageError: the name or password is not usable, or there is such an account.
        """
        if not USERNAME.fullmatch(username):
            raise UsageError("a user name has a-z, 0-9, `.`, `_`, `@` and `-`, at most 64 of them")
        if not name.strip() or not name.isprintable():
            raise UsageError("a name is printable text")
        row: dict[str, object] = {"username": username, "name": name.strip(), "role": role.value}
        hashed = "" if password is None else passwords.hashed(password, username)
        with write_transaction(self.engine) as connection:
            if _row(connection, username) is not None:
                raise UsageError(f"there is an account `{username}` already")
            care_teams.check_is_no_clinician(connection, username)
            until = self._until(temporary and password is not None)
            row |= {"password": hashed, "temporary_until": until, "demo": demo}
            connection.execute(ACCOUNTS.insert().values(row))
            self.log.note(connection, username, f"added as {role}", by)
            if known_as:
                identities.name(connection, username, known_as)
            if clinicians:
                self._treat(connection, username, clinicians, by)

    def is_empty(self) -> bool:
        """Return whether nobody was ever given an account here."""
        with read_transaction(self.engine) as connection:
            return connection.scalar(sa.select(ACCOUNTS.c.username).limit(1)) is None

    def all(self) -> Sequence[Account]:
        """Return every account, by name."""
        with read_transaction(self.engine) as connection:
            rows = connection.execute(_WHOLE.order_by(ACCOUNTS.c.name))
            teams = care_teams.care_teams(connection)
            return [_account(row, teams) for row in rows]

    def find(self, username: str) -> Account:
        """Return an account.

        Raises:
            UsageError: there is none.
        """
        with read_transaction(self.engine) as connection:
            row = _known(connection, username)
            return _account(row, care_teams.care_teams(connection, username))

    def change(self, username: str, role: Role, *, active: bool, by: str | None = None) -> None:
        """Give an account a role, or disable it; nobody stays signed in on it.

        Raises:
            UsageError: there is no such account, or nobody would be left to keep accounts.
        """
        with write_transaction(self.engine) as connection:
            before = _account(_known(connection, username))
            _set(connection, username, role=role.value, active=active)
            keeper = sa.and_(ACCOUNTS.c.role == Role.ADMINISTRATOR.value, ACCOUNTS.c.active)
            was_keeper = before.active and before.role is Role.ADMINISTRATOR
            if was_keeper and connection.execute(sa.select(ACCOUNTS).where(keeper)).first() is None:
                raise UsageError("the last administrator stays: make another one first")
            _end_sessions(connection, username)
            if before.role is not role:
                self.log.note(connection, username, f"role {before.role} to {role}", by)
            if before.active is not active:
                self.log.note(connection, username, "enabled" if active else "disabled", by)

    def set_password(
        self, username: str, password: str, *, temporary: bool = False, by: str | None = None
    ) -> None:
        """Set a new password; nobody stays signed in on it.

        Raises:
            UsageError: it is not usable, or there is no such account.
        """
        hashed = passwords.hashed(password, username)
        with write_transaction(self.engine) as connection:
            _known(connection, username)
            until = self._until(temporary)
            _set(connection, username, password=hashed, temporary_until=until)
            _end_sessions(connection, username)
            self.log.note(connection, username, "new password", by)

    def set_known_as(self, username: str, known_as: str, by: str | None = None) -> None:
        """Say what the identity provider calls somebody; if empty, it does not sign them in.

        Whoever it signed in on the account before, it does not any more; nobody stays signed in.

        Raises:
            UsageError: it is not usable or somebody else's, or there is no such account.
        """
        with write_transaction(self.engine) as connection:
            _known(connection, username)
            identities.forget(connection, username)
            if known_as:
                identities.name(connection, username, known_as)
            _end_sessions(connection, username)
            what = f"single sign-on as {known_as}" if known_as else "no single sign-on"
            self.log.note(connection, username, what, by)

    def set_care_teams(
        self, username: str, clinicians: Collection[str], by: str | None = None
    ) -> None:
        """Say which clinicians' patients somebody treats, as the chart names the clinicians.

        Raises:
            UsageError: a name is the user name of an account, or there is no such account.
        """
        with write_transaction(self.engine) as connection:
            _known(connection, username)
            self._treat(connection, username, clinicians, by)

    def _treat(
        self, connection: sa.Connection, username: str, clinicians: Collection[str], by: str | None
    ) -> None:
        care_teams.bind(connection, username, clinicians)
        whose = ", ".join(sorted(clinicians)) or "nobody else"
        self.log.note(connection, username, f"treats the patients of {whose}", by)

    # a second factor

    def new_totp(self, username: str) -> str:
        """Return a secret for an authenticator, which counts once a code has confirmed it."""
        secret = totp.new_secret()
        with write_transaction(self.engine) as connection:
            _set(connection, username, totp_new=secret)
        return secret

    def waiting_totp(self, username: str) -> str | None:
        """Return the secret that waits for its first code."""
        with read_transaction(self.engine) as connection:
            found: str | None = _known(connection, username).totp_new
            return found

    def confirm_totp(self, username: str, code: str) -> None:
        """Take up the secret that waits; nobody stays signed in without having shown a code.

        Raises:
            UsageError: the code is not one of it.
        """
        with write_transaction(self.engine) as connection:
            secret = _known(connection, username).totp_new
            step = secret and totp.step_of(secret, code, self.clock())
            if not step:
                raise UsageError("the code is not right: look at the clock of the phone")
            _set(connection, username, totp=secret, totp_new=None, totp_used=step)
            _end_sessions(connection, username)
            self.log.note(connection, username, "authenticator added")

    def remove_totp(self, username: str, by: str | None = None) -> None:
        """Have an account without authenticator, such as when the phone is lost.

        Nobody stays signed in on it.
        """
        with write_transaction(self.engine) as connection:
            _known(connection, username)
            _set(connection, username, totp=None, totp_new=None)
            _end_sessions(connection, username)
            self.log.note(connection, username, "authenticator removed", by)

    # signing in

    def sign_in(
        self,
        username: str,
        password: str,
        code: str = "",
        address: str = "",
        device: str | None = None,
    ) -> str | None:
        """Return the token of a new session, or None if password or code is wrong.

        Of a browser on which the account has signed in before, `device` is what it is called.

        Raises:
            WaitError: there were too many tries.
        """
        if not self.proves(username, password, address, code, device):
            return None
        return self.begin(username, address)

    def enter(self, person: Person, address: str = "") -> str:
        """Return the token of a new session of who the identity provider says it is.

        Raises:
            UnknownPersonError: nobody may sign in here as them.
        """
        with write_transaction(self.engine) as connection:
            username = identities.bound_to(connection, person)
            if username is None and (username := identities.bind(connection, person)):
                self.log.note(connection, username, f"bound to {person.subject} of {person.issuer}")
            row = username and _row(connection, username)
            if not row:
                self.log.note(connection, None, f"nobody here is {person}", address=address)
            elif not row.active:
                self.log.note(connection, row.username, "disabled account", address=address)
            elif row.temporary_until is not None:  # they don't need it
                _set(connection, row.username, password="", temporary_until=None)
                self.log.note(connection, row.username, "temporary password taken back")
        if not row or not row.active:
            raise identities.unknown(person, disabled=bool(row))
        return self.begin(row.username, address, "signed in by single sign-on")

    def proves(
        self,
        username: str,
        password: str,
        address: str = "",
        code: str | None = None,
        device: str | None = None,
    ) -> bool:
        """Return whether somebody knows the password, and the code unless it is None.

        Raises:
            WaitError: there were too many tries.
        """
        count_attempt(self.engine, username, address, self.clock(), device)
        with read_transaction(self.engine) as connection:
            row = _row(connection, username)
        # outside of any transaction: it takes long on purpose
        known = passwords.matches(row.password if row else None, password)
        with write_transaction(self.engine) as connection:
            if row is None:
                self.log.note(connection, None, "no such account", address=address)
                return False
            wrong = self._wrong(connection, row, known, code)
            if wrong is not None:
                self.log.note(connection, username, wrong, address=address)
                return False
            reset(connection, username, address, device)
        return True

    def _wrong(
        self,
        connection: sa.Connection,
        row: Row,
        known: bool,
        code: str | None,
    ) -> str | None:
        now = self.clock()
        if not known:
            return "wrong password"
        if not row.active:
            return "disabled account"
        if row.temporary_until is not None and row.temporary_until < now.isoformat():
            return "temporary password too old"
        if code is None or row.totp is None:
            return None
        step = totp.step_of(row.totp, code, now)
        mine = sa.and_(ACCOUNTS.c.username == row.username, ACCOUNTS.c.totp_used < (step or 0))
        used = connection.execute(ACCOUNTS.update().where(mine).values(totp_used=step or 0))
        return None if step and used.rowcount else "wrong or used code"

    def begin(self, username: str, address: str = "", how: str = "signed in") -> str:
        """Return the token of a new session."""
        token, now = secrets.token_urlsafe(32), self.clock()
        row = {"token": _hashed(token), "username": username, "csrf": secrets.token_urlsafe(32)}
        row |= {"began": now.isoformat(), "used": now.isoformat()}
        with write_transaction(self.engine) as connection:
            old = SESSIONS.c.began < (now - LONGEST).isoformat()
            connection.execute(SESSIONS.delete().where(old))
            connection.execute(SESSIONS.insert().values(row))
            self.log.note(connection, username, how, address=address)
        return token

    def session(self, token: str) -> Session | None:
        """Return who is signed in with a token, or None if nobody is or it was left too long."""
        now, mine = self.clock(), SESSIONS.c.token == _hashed(token)
        with read_transaction(self.engine) as connection:
            both = _WHOLE.add_columns(SESSIONS.c.csrf, SESSIONS.c.began, SESSIONS.c.used)
            row = connection.execute(both.join(SESSIONS).where(mine)).first()
            teams = care_teams.care_teams(connection, row.username) if row else {}
        if row is None or not row.active:
            return None
        idle = now - datetime.fromisoformat(row.used)
        if idle > IDLE or now - datetime.fromisoformat(row.began) > LONGEST:
            return None
        if idle > timedelta(minutes=1):
            with write_transaction(self.engine) as connection:
                connection.execute(SESSIONS.update().where(mine).values(used=now.isoformat()))
        return Session(_account(row, teams), row.csrf)

    def locked(self, token: str) -> Locked | None:
        """Return a session that is locked: left for too long, but within its working day."""
        now = self.clock()
        with read_transaction(self.engine) as connection:
            mine = sa.select(SESSIONS).where(SESSIONS.c.token == _hashed(token))
            row = connection.execute(mine).first()
        if row is None or now - datetime.fromisoformat(row.began) > LONGEST:
            return None
        idle = now - datetime.fromisoformat(row.used)
        return Locked(row.username, row.csrf) if idle > IDLE else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        mine = SESSIONS.c.token == _hashed(token)
        with write_transaction(self.engine) as connection:
            username = connection.scalar(sa.select(SESSIONS.c.username).where(mine))
            connection.execute(SESSIONS.delete().where(mine))
            if username is not None:
                self.log.note(connection, username, "signed out")

    def sign_out_everywhere(self, username: str) -> None:
        """End every session of an account."""
        with write_transaction(self.engine) as connection:
            _end_sessions(connection, username)
            self.log.note(connection, username, "signed out everywhere")

    def _until(self, temporary: bool) -> str | None:
        return (self.clock() + TEMPORARY).isoformat() if temporary else None


def _row(connection: sa.Connection, username: str) -> Row | None:
    return connection.execute(_WHOLE.where(ACCOUNTS.c.username == username)).first()


def _known(connection: sa.Connection, username: str) -> Row:
    row = _row(connection, username)
    if row is None:
        raise UsageError(f"there is no account `{username}`")
    return row


def _set(connection: sa.Connection, username: str, **values: object) -> None:
    connection.execute(ACCOUNTS.update().where(ACCOUNTS.c.username == username).values(**values))


def _end_sessions(connection: sa.Connection, username: str) -> None:
    connection.execute(SESSIONS.delete().where(SESSIONS.c.username == username))


def _account(row: Row, teams: dict[str, frozenset[str]] | None = None) -> Account:
    temporary = row.temporary_until is not None
    has_totp = row.totp is not None
    treats = (teams or {}).get(row.username, frozenset())
    mine = (temporary, row.demo, row.password != "", row.known_as, treats)
    return Account(row.username, row.name, Role(row.role), has_totp, row.active, *mine)


def _hashed(token: str) -> str:
    """A token is kept as its hash: who reads the file is not signed in by it."""
    return sha256(token.encode()).hexdigest()
