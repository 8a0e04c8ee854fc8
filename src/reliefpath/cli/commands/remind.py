"""The command that reminds patients of their check-ins, for a timer to run each day."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from reliefpath.cli.commands.chart.options import ChartArgument
from reliefpath.cli.commands.serve import SECRET, secret_of
from reliefpath.cli.options import (
    AccountsPlace,
    Emergency,
    PathwayFile,
    Phone,
    PriorFile,
    knowledge,
    place_of,
)
from reliefpath.cli.records import whoami
from reliefpath.errors import UsageError

app = typer.Typer()


@app.command()
def remind(
    chart: ChartArgument,
    url: Annotated[str, typer.Option(help="Where patients reach the clinic's server.")],
    accounts: AccountsPlace = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Whose check-in is due on this day.")
    ] = None,
    phone: Phone = None,
    emergency: Emergency = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
) -> None:
    """Mail a link to every patient who agreed to it and whose check-in is due.

    Whoever has a link that is still open is not mailed again, and who did not answer three mails
    neither. The mail server is what RELIEFPATH_MAIL_SERVER, _FROM, _USER and _PASSWORD say, and
    links are signed with RELIEFPATH_SECRET, the same as the server's.

    **Example**

    - `reliefpath remind clinic.chart --url https://clinic.example.org`
    """
    from reliefpath.care.check_in.links import Links
    from reliefpath.care.clinic_chart import Care
    from reliefpath.care.reminders.addresses import Addresses
    from reliefpath.care.reminders.mail import MailServer, needed
    from reliefpath.care.reminders.reminding import due_of
    from reliefpath.care.reminders.reminding import remind as remind_all
    from reliefpath.cli.options import as_of_day
    from reliefpath.identity.accounts import Accounts

    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise UsageError(f"`{url}` is no address, such as https://clinic.example.org")
    secret, mail = secret_of(os.environ), needed(MailServer.of(os.environ))
    if not secret:
        raise UsageError(f"set {SECRET} to what the server has, which opens the links")
    day = None if as_of is None else as_of_day(as_of, chart)
    care = Care.open(
        chart,
        None if pathway is None else Path(pathway),
        None if prior is None else Path(prior),
        None if day is None else lambda: day,
        knowledge(),
    )
    care.assessed.patience = None
    links = Links(care.chart, secret)
    addresses = Addresses(Accounts(place_of(chart, accounts)).engine, care.chart)
    due = due_of(care.everybody(), links, addresses)
    done = remind_all(due, links, mail, url.rstrip("/"), whoami(), phone, emergency)
    for line in done.says:
        typer.echo(line)
    if done.failed:
        raise typer.Exit(1)
