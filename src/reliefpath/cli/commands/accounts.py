"""The commands about accounts, such as to make the first administrator's."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import ChartArgument
from reliefpath.cli.options import AccountsPlace, place_of
from reliefpath.cli.records import whoami
from reliefpath.cli.render.output import open_console
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.identity.accounts import Accounts

app = typer.Typer(
    no_args_is_help=True, help="Who may sign in to the web application, and what they may do."
)
Username = Annotated[str, typer.Argument(metavar="USERNAME", help="How they sign in.")]


class RoleName(StrEnum):
    """What an account may do; the same as `clinic.roles.Role`, which is not loaded for --help."""

    CLINICIAN = "clinician"
    ASSISTANT = "assistant"
    DIRECTOR = "director"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@app.command()
def add(
    chart: ChartArgument,
    username: Username,
    name: Annotated[str, typer.Option(help="How they are called.")],
    role: Annotated[RoleName, typer.Option(help="What they may do.")],
    accounts: AccountsPlace = None,
    single_sign_on: Annotated[
        str | None,
        typer.Option(
            metavar="E-MAIL", help="Without password: their e-mail, or subject, at the provider."
        ),
    ] = None,
    treats: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLINICIAN",
            help="The chart's name for the clinician whose patients they treat; may be repeated.",
        ),
    ] = None,
) -> None:
    """Add an account; its password is asked for, or read from standard input.

    **Examples**

    - `reliefpath account add clinic.chart ada --name "Ada Adams" --role administrator`
    - `reliefpath account add clinic.chart lena --name Lena --role clinician --treats "L. Brandt"`
    - `reliefpath account add clinic.chart bo --name Bo --role auditor --single-sign-on bo@b.org`
    """
    from reliefpath.identity.roles import Role

    opened = _opened(chart, accounts)
    given = None if single_sign_on else _password()
    opened.add(
        username,
        name,
        Role(role),
        given,
        known_as=single_sign_on,
        clinicians=treats or (),
        by=whoami(),
    )
    typer.echo(f"Added {username}, {role}.")


@app.command("list")
def list_(chart: ChartArgument, accounts: AccountsPlace = None) -> None:
    """List the accounts."""
    from reliefpath.cli.render.table import grid

    columns = ("username", "name", "role", "authenticator", "active", "single sign-on", "treats")
    rows = grid(*columns)
    for each in _opened(chart, accounts).all():
        said = ("yes" if flag else "no" for flag in (each.has_totp, each.active))
        treats = "; ".join(sorted(each.care_teams)) or "–"
        rows.add_row(each.username, each.name, each.role, *said, each.known_as or "–", treats)
    with open_console() as console:
        console.print(rows)


@app.command()
def disable(chart: ChartArgument, username: Username, accounts: AccountsPlace = None) -> None:
    """Let nobody sign in with an account any more, and end its sessions."""
    opened = _opened(chart, accounts)
    opened.change(username, opened.find(username).role, active=False, by=whoami())
    typer.echo(f"Disabled {username}.")


@app.command()
def password(chart: ChartArgument, username: Username, accounts: AccountsPlace = None) -> None:
    """Set a password, which is asked for or read from standard input; its sessions end."""
    opened = _opened(chart, accounts)
    opened.find(username)
    opened.set_password(username, _password(), by=whoami())
    typer.echo(f"{username} has a new password.")


@app.command()
def copy(
    chart: ChartArgument,
    target: Annotated[str, typer.Argument(metavar="PLACE", help="A new file, or a database URL.")],
    accounts: AccountsPlace = None,
) -> None:
    """Copy the accounts of a chart, or of its backup, with their log, and prove that it is whole.

    Nobody is signed in there.

    **Example**

    - `reliefpath account copy 2026-01-31T120000.000000Z.chart clinic.chart.accounts`
    """
    from reliefpath.identity.copies import copy_accounts

    copied = copy_accounts(_opened(chart, accounts), target)
    entries = copied.log.head().entry
    typer.echo(f"Copied accounts: {len(copied.all()):,}, entries of their log: {entries:,}.")


def _opened(chart: str, accounts: str | None) -> Accounts:
    from pathlib import Path

    from reliefpath.identity.accounts import Accounts

    if accounts is None and "://" not in chart and not Path(chart).is_file():
        raise UsageError(f"there is no chart `{chart}`; make one: reliefpath chart init {chart}")
    return Accounts(place_of(chart, accounts))


def _password() -> str:
    if sys.stdin.isatty():
        given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return given
    return sys.stdin.readline().rstrip("\r\n")
