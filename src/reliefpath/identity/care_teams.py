"""Whose patients an account treats, and who answers for whom.

The chart's episodes name a clinician in a text. One that is an account's user name is that account,
whatever anybody is called; any other text is whose an administrator says it is. A display name
decides nothing: two people may bear the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.identity.roles import TREAT, Role
from reliefpath.identity.tables import ACCOUNTS, CARE_TEAMS
from reliefpath.store.database import read_transaction


def bind(connection: sa.Connection, username: str, clinicians: Collection[str]) -> None:
    """Say which clinicians' patients an account treats, and no others' any more.

    Raises:
        UsageError: a name is the user name of an account, which says whose it is.
    """
    for clinician in clinicians:
        check_is_nobodys(connection, clinician)
    connection.execute(CARE_TEAMS.delete().where(CARE_TEAMS.c.username == username))
    rows = [{"username": username, "clinician": clinician} for clinician in sorted(set(clinicians))]
    if rows:
        connection.execute(CARE_TEAMS.insert(), rows)


def check_is_nobodys(connection: sa.Connection, clinician: str) -> None:
    """Refuse a clinician's name that is the user name of an account.

    Raises:
        UsageError: it is.
    """
    theirs = sa.select(ACCOUNTS.c.username).where(ACCOUNTS.c.username == clinician)
    if connection.scalar(theirs) is not None:
        raise UsageError(f"`{clinician}` is the user name of an account, whose patients they are")


def check_is_no_clinician(connection: sa.Connection, username: str) -> None:
    """Refuse a new user name that the chart calls somebody else by.

    Raises:
        UsageError: it is.
    """
    bound = sa.select(CARE_TEAMS.c.username).where(CARE_TEAMS.c.clinician == username)
    if (other := connection.scalar(bound)) is not None:
        raise UsageError(
            f"the chart calls the clinician of `{other}`'s patients `{username}`: choose another "
            "user name"
        )


def care_teams(connection: sa.Connection, username: str | None = None) -> dict[str, frozenset[str]]:
    """Return the clinicians whose patients each account treats, or one account does."""
    query, found = sa.select(CARE_TEAMS), defaultdict(set)
    if username is not None:
        query = query.where(CARE_TEAMS.c.username == username)
    for row in connection.execute(query):
        found[row.username].add(row.clinician)
    return {name: frozenset(clinicians) for name, clinicians in found.items()}


def clinicians_with_an_account(engine: sa.Engine) -> frozenset[str]:
    """Return the clinicians for whose patients an active account answers that treats."""
    with read_transaction(engine) as connection:
        return frozenset(connection.scalars(_ANSWERED_FOR))


_TREATS = sa.and_(ACCOUNTS.c.active, ACCOUNTS.c.role.in_([role.value for role in TREAT]))
_ANSWERED_FOR = (
    sa.select(ACCOUNTS.c.username)
    .where(_TREATS)
    .union(sa.select(CARE_TEAMS.c.clinician).join(ACCOUNTS).where(_TREATS))
)


def sees_nobodys(engine: sa.Engine, role: Role) -> bool:
    """Return whether who is urgent and nobody's stands on the worklists of a role.

    It is the director's; where no director can sign in, every clinician's.
    """
    if role is not Role.CLINICIAN:
        return role is Role.DIRECTOR
    is_director = sa.and_(ACCOUNTS.c.active, ACCOUNTS.c.role == Role.DIRECTOR.value)
    with read_transaction(engine) as connection:
        return connection.scalar(sa.select(ACCOUNTS.c.username).where(is_director)) is None
