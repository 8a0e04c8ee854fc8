"""The command that starts the web application."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import ChartArgument
from reliefpath.cli.options import (
    AccountsPlace,
    Emergency,
    Heads,
    PathwayFile,
    Phone,
    PriorFile,
    knowledge,
    place_of,
)
from reliefpath.cli.records import VERIFY
from reliefpath.errors import ChartError, UsageError

if TYPE_CHECKING:
    from reliefpath.care.custody import Custody
    from reliefpath.identity.accounts import Accounts

app = typer.Typer()
SECRET = "RELIEFPATH_SECRET"  # noqa: S105 the name of the variable
NAME = re.compile(r"(?P<host>[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?")
HOME = ("127.0.0.1", "localhost", "::1", "[::1]")
DEMO = (
    ("therapist", "Lena Brandt, PT", "clinician", ("Lena Brandt, PT",)),
    ("assistant", "Asha Assistant", "assistant", ("Lena Brandt, PT",)),
    ("director", "Dora Director", "director", ()),
    ("auditor", "Aude Auditor", "auditor", ()),
    ("admin", "Ada Administrator", "administrator", ()),
)
"""User name, name, role, and whose patients of the demo clinic they treat."""
DEMO_PASSWORD = "conservative-first"  # noqa: S105 known to everybody


@app.command()
def serve(
    chart: ChartArgument,
    accounts: AccountsPlace = None,
    host: Annotated[str, typer.Option(help="Address to answer at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to answer at.")] = 8000,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="HOST",
            help="Answer to this name alone; may be repeated. Links begin with the first.",
        ),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answer HTTPS with this certificate.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The private key of the certificate.")
    ] = None,
    proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Believe this proxy, which speaks HTTPS, who it asks for."
        ),
    ] = None,
    backups: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where administrators make backups.")
    ] = None,
    heads: Heads = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Make demo accounts; answers this computer alone.")
    ] = False,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Let cookies and patients' data travel unguarded.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Stay on this day, as a demo clinic does.")
    ] = None,
    phone: Phone = None,
    emergency: Emergency = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
) -> None:
    """Serve the web application on a chart.

    What links are signed with comes from the environment, RELIEFPATH_SECRET; without it links to
    check in end with a restart. People may sign in by an OpenID Connect provider, too, which
    RELIEFPATH_OIDC_ISSUER, _CLIENT_ID, _CLIENT_SECRET and _NAME tell. Reminders to check in are
    mailed where RELIEFPATH_MAIL_SERVER, _FROM, _USER and _PASSWORD say.

    **Examples**

    - `reliefpath serve clinic.chart --demo`
    - `reliefpath serve clinic.chart --proxy 127.0.0.1 --name clinic.example.org --backups DIR`
    """
    encrypted = certificate is not None or proxy is not None
    _refuse_the_open(host, demo=demo, proxy=proxy, encrypted=encrypted or plain_http)
    scheme = "https" if encrypted else "http"
    hosts: tuple[str, ...] = HOME
    if demo:
        address = _address(scheme, host, port)
    else:
        address, hosts = _named(names or (), scheme, None if proxy else port)
    if (certificate is None) != (key is None):
        raise UsageError("--certificate and --key go together")
    if backups is not None and not backups.is_dir():
        raise UsageError(f"there is no folder `{backups}` for backups: make it")
    from reliefpath.care.reminders.mail import MailServer
    from reliefpath.cli.options import as_of_day
    from reliefpath.identity.accounts import Accounts
    from reliefpath.identity.single_sign_on.settings import SingleSignOn
    from reliefpath.web.app import create_app
    from reliefpath.web.server import run
    from reliefpath.web.settings import Always, Settings

    secret = secret_of(os.environ)
    place = place_of(chart, accounts)
    day = None if as_of is None else as_of_day(as_of, chart)
    settings = Settings(
        chart=chart,
        accounts=place,
        secret=secret or secrets.token_bytes(32),
        pathway=None if pathway is None else Path(pathway),
        prior=None if prior is None else Path(prior),
        knowledge=knowledge(),
        secure=not (plain_http or demo),
        demo=demo,
        phone=phone,
        emergency=emergency,
        hosts=hosts,
        address=address,
        backups=backups,
        heads=heads,
        single_sign_on=SingleSignOn.of(os.environ),
        mail=MailServer.of(os.environ),
        today=None if day is None else Always(day),
        apart=hasattr(socket, "AF_UNIX"),
    )
    application = create_app(settings)
    look_over(application.state.custody, backups, key)
    _look_after_demo_accounts(Accounts(place), demo=demo)
    typer.echo(f"ReliefPath answers at {address}/")
    run(
        application,
        direct=proxy is None,
        host=host,
        port=port,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy or "",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        limit_concurrency=1_000,
    )


def look_over(custody: Custody, backups: Path | None, key: Path | None) -> None:
    """Refuse a damaged chart or damaged accounts, and tell what could not be checked.

    Raises:
        ChartError: pages would be answered without some of what was recorded.
        UsageError: the ends of the logs can't be noted down, or the records name what no catalogue
            knows and what bears on everybody.
    """
    from reliefpath.care.custody import SUFFIX, remove_broken_off
    from reliefpath.care_log.checks import check_codes
    from reliefpath.private_files import open_to_others

    found = custody.check_databases()
    if found.wrong:
        raise ChartError(
            "not started, since pages might leave out what was recorded: "
            + "; ".join(found.wrong[:5])
            + f". {VERIFY}"
        )
    check_codes(custody.chart.bearing_codes(), custody.chart.knowledge)
    custody.note_heads()
    for said in found.unchecked:
        typer.echo(f"Not checked: {said}", err=True)
    others = [] if key is None else [key]
    if backups is not None:
        remove_broken_off(backups)
        others += sorted(backups.glob(f"*{SUFFIX}*"))
    for said in (*custody.open_to_others(), *open_to_others(others)):
        typer.echo(f"Warning: {said}", err=True)


def secret_of(environment: Mapping[str, str]) -> bytes:
    """Return what links are signed with; empty where nothing is given.

    Raises:
        UsageError: it is too short.
    """
    secret = environment.get(SECRET, "").encode()
    if secret and len(secret) < 32:
        raise UsageError(f"{SECRET} must have at least 32 characters")
    return secret


def _named(names: Iterable[str], scheme: str, port: int | None) -> tuple[str, tuple[str, ...]]:
    """Return the address that links begin with, and the names that the server answers to.

    Args:
        names: as they were given; one may have a port.
        scheme: `http` or `https`.
        port: at which browsers find it; None where it is the proxy's own.

    Raises:
        UsageError: there is none, or one is no name of a host.
    """
    found = [NAME.fullmatch(name.lower()) for name in names]
    if not found:
        raise UsageError(
            "say by which name it is reached, since links to patients begin with it: --name "
            "clinic.example.org; to try it out on this computer, --name localhost or --demo"
        )
    for name, match in zip(names, found, strict=True):
        if match is None:
            raise UsageError(f"`{name}` is no name of a host, such as clinic.example.org")
    hosts = [match["host"] for match in found if match]
    first = found[0]
    said = int(first["port"]) if first and first["port"] else port
    return _address(scheme, hosts[0], said), tuple(hosts)


def _address(scheme: str, host: str, port: int | None) -> str:
    """Return an address, without the port where browsers know it."""
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    usual = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host}" + ("" if port in (None, usual) else f":{port}")


def _refuse_the_open(host: str, *, demo: bool, proxy: str | None, encrypted: bool) -> None:
    """Refuse what would let others in, or read along.

    Raises:
        UsageError: demo accounts, or plain HTTP, would be reached from other computers.
    """
    if demo and (host not in HOME or proxy is not None):
        raise UsageError("demo accounts answer this computer alone: without --host and --proxy")
    if host not in HOME and not encrypted:
        raise UsageError(
            f"at {host} others could read along: give --certificate and --key, or put a proxy that "
            "speaks HTTPS before it and give --proxy; to let them, --plain-http"
        )


def _look_after_demo_accounts(accounts: Accounts, *, demo: bool) -> None:
    from reliefpath.identity.roles import Role

    known = accounts.all()
    if not demo:
        if any(account.demo for account in known):
            raise UsageError(
                "these accounts are a demo's, whose password everybody knows: add --demo, or give "
                "other accounts: --accounts FILE"
            )
        if not known:
            typer.echo(
                "Nobody can sign in yet. Add the first account: reliefpath account add CHART "
                "USERNAME --name NAME --role administrator. After a restore, stop the server, "
                "delete the empty accounts, and bring them back: reliefpath account copy BACKUP "
                "CHART.accounts"
            )
        return
    for username, name, role, clinicians in DEMO:
        if username not in {account.username for account in known}:
            accounts.add(
                username, name, Role(role), DEMO_PASSWORD, demo=True, clinicians=clinicians
            )
    typer.echo(f"Demo accounts, password {DEMO_PASSWORD}: {', '.join(n for n, *_ in DEMO)}")
