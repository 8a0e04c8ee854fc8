"""Whose patients an account treats, and who answers for whom.

The chart's episodes name a clinician in a text. One that is an account's user name is that account,
whatever anybody is called; any other text is whose an administrator says it is. A display name
decides nothing: two people may bear the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import polars as pl
import sqlalchemy as sa

from reliefpath.chart.store.chart import Chart
from reliefpath.chart.store.database import snapshot
from reliefpath.chart.store.tables import ROWS, holding
from reliefpath.clinic.account_tables import ACCOUNTS, CARE_TEAMS
from reliefpath.clinic.roles import TREAT, Role
from reliefpath.errors import UsageError
from reliefpath.pathway.assessment import STATUS

URGENT = ("referred", "worsening", "recurred")
"""Statuses in which somebody has to see the patient soon."""


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
    treats = sa.and_(ACCOUNTS.c.active, ACCOUNTS.c.role.in_([role.value for role in TREAT]))
    own = sa.select(ACCOUNTS.c.username).where(treats)
    others = sa.select(CARE_TEAMS.c.clinician).join(ACCOUNTS).where(treats)
    with snapshot(engine) as connection:
        return frozenset(connection.scalars(own.union(others)))


def sees_nobodys(engine: sa.Engine, role: Role) -> bool:
    """Return whether who is urgent and nobody's stands on the worklists of a role.

    It is the director's; where no director can sign in, every clinician's.
    """
    if role is not Role.CLINICIAN:
        return role is Role.DIRECTOR
    is_director = sa.and_(ACCOUNTS.c.active, ACCOUNTS.c.role == Role.DIRECTOR.value)
    with snapshot(engine) as connection:
        return connection.scalar(sa.select(ACCOUNTS.c.username).where(is_director)) is None


def clinicians_of(chart: Chart) -> list[str]:
    """Return every clinician whom an episode on record names."""
    rows = ROWS["episodes"]
    query = sa.select(rows.c.clinician).where(holding(rows), rows.c.clinician.is_not(None))
    with snapshot(chart.engine) as connection:
        return sorted(connection.scalars(query.distinct()))


def treated_by(rows: pl.DataFrame, clinicians: Collection[str]) -> pl.Expr:
    """Return whether the patient of a row of `everybody` is of a care team, or of none at all.

    The care team of a patient are the clinicians of all of their episodes, as when a record opens.
    """
    theirs = rows.filter(pl.col("clinician").is_in(list(clinicians)))["patient"].unique()
    return ~pl.col("assigned") | pl.col("patient").is_in(theirs.implode())


def unanswered(rows: pl.DataFrame, with_an_account: Collection[str]) -> pl.Expr:
    """Return whether a row of `everybody` is urgent, and nobody who treats the patient signs in.

    Only who treats them now counts: the clinician of an ended episode may not look any more.
    """
    signs_in = pl.col("clinician").is_in(list(with_an_account)).fill_null(False)
    is_urgent = pl.col("in_care") & pl.col(STATUS).is_in(URGENT)
    # the few first: most rows are not urgent, and of those most have somebody
    patients = rows.filter(is_urgent & ~signs_in)["patient"].unique().implode()
    theirs = rows.filter(pl.col("in_care") & pl.col("patient").is_in(patients))
    answered = theirs.filter(signs_in)["patient"].unique().implode()
    of_nobody = pl.col("patient").is_in(patients) & ~pl.col("patient").is_in(answered)
    return is_urgent & of_nobody
