"""Which account is whose at the identity provider: named by an administrator, then bound for ever.

An e-mail counts at the first sign-in alone, and if the provider says that it is theirs; from then
on the provider's subject does, since an e-mail may become another person's.
"""

from __future__ import annotations

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.identity.single_sign_on.errors import UnknownPersonError
from reliefpath.identity.single_sign_on.id_token import LONGEST, Person
from reliefpath.identity.tables import IDENTITIES


def name(connection: sa.Connection, username: str, known_as: str) -> None:
    """Say what the provider calls somebody: an e-mail, or the subject where it is none.

    Raises:
        UsageError: it is not usable, or somebody else is called so.
    """
    if len(known_as) > LONGEST or not known_as.isprintable() or " " in known_as:
        raise UsageError("single sign-on needs the e-mail or the subject that the provider knows")
    known_as = known_as.lower() if "@" in known_as else known_as
    theirs = sa.select(IDENTITIES.c.username).where(IDENTITIES.c.known_as == known_as)
    other = connection.scalar(theirs)
    if other is not None:
        raise UsageError(f"`{other}` signs in as `{known_as}` already")
    connection.execute(IDENTITIES.insert().values(username=username, known_as=known_as))


def forget(connection: sa.Connection, username: str) -> None:
    """Let the provider's word no longer be enough for an account."""
    connection.execute(IDENTITIES.delete().where(IDENTITIES.c.username == username))


def bound_to(connection: sa.Connection, person: Person) -> str | None:
    """Return whose account it is since an earlier sign-in."""
    them = (IDENTITIES.c.issuer == person.issuer) & (IDENTITIES.c.subject == person.subject)
    username: str | None = connection.scalar(sa.select(IDENTITIES.c.username).where(them))
    return username


def bind(connection: sa.Connection, person: Person) -> str | None:
    """Return whose account it is by what they are called, and bind it to them."""
    names = [] if "@" in person.subject else [person.subject]
    names += [person.email] if person.verified and person.email else []
    new = IDENTITIES.c.subject.is_(None) & IDENTITIES.c.known_as.in_(names)
    found = connection.scalars(sa.select(IDENTITIES.c.username).where(new)).all()
    if len(found) != 1:  # nobody, or one by e-mail and another by subject
        return None
    mine = IDENTITIES.c.username == found[0]
    them = {"issuer": person.issuer, "subject": person.subject}
    connection.execute(IDENTITIES.update().where(mine).values(them))
    return str(found[0])


def unknown(person: Person, *, disabled: bool) -> UnknownPersonError:
    """Return what to tell somebody who may not sign in here."""
    if disabled:
        return UnknownPersonError("your account is disabled: ask the administrator of the clinic")
    if person.email and not person.verified:
        return UnknownPersonError(
            f"the provider has not verified that {person.email} is yours: have it do so, or ask "
            "the administrator of the clinic, who finds your subject under Sign-ins"
        )
    return UnknownPersonError(
        f"the provider knows you as {person.email or person.subject}, and no account here is "
        "yours: ask the administrator of the clinic to add you under People"
    )
