"""The command that starts the web application."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from reliefpath.cli.chart.options import ChartArgument
from reliefpath.cli.options import PathwayFile, PriorFile
from reliefpath.errors import UsageError

app = typer.Typer()
SECRET = "RELIEFPATH_SECRET"
HOME = ("127.0.0.1", "localhost", "::1")
DEMO = (
    ("therapist", "Lena Brandt, PT", "clinician"),  # whose patients there are in the demo clinic
    ("assistant", "Asha Assistant", "assistant"),
    ("director", "Dora Director", "director"),
    ("auditor", "Aude Auditor", "auditor"),
    ("admin", "Ada Administrator", "administrator"),
)
DEMO_PASSWORD = "conservative-first"


@app.command()
def serve(
    chart: ChartArgument,
    accounts: Annotated[
        str | None,
        typer.Option(help="File or database URL of the accounts; by default beside the chart."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to answer at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to answer at.")] = 8000,
    demo: Annotated[
        bool, typer.Option("--demo", help="Make demo accounts; answers this computer alone.")
    ] = False,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Let cookies travel without HTTPS.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Stay on this day, as a demo clinic does.")
    ] = None,
    phone: Annotated[
        str | None, typer.Option(help="The clinic's number, as patients are told it.")
    ] = None,
    emergency: Annotated[
        str | None, typer.Option(help="The number of the emergency services, for patients.")
    ] = None,
    pathway: PathwayFile = None,
    prior: PriorFile = None,
) -> None:
    """Serve the web application on a chart.

    What cookies and links are signed with comes from the environment, RELIEFPATH_SECRET; without it
    everybody signs in anew after a restart, and links to check in end with it.

    **Example**

    - `reliefpath serve clinic.chart --demo`
    """
    if demo and host not in HOME:
        raise UsageError(f"demo accounts answer this computer alone: not --host {host}")
    import uvicorn

    from reliefpath.cli.options import as_of_day
    from reliefpath.clinic.accounts import Accounts
    from reliefpath.clinic.app import create_app
    from reliefpath.clinic.roles import Role
    from reliefpath.clinic.settings import Settings, today

    secret = os.environ.get(SECRET, "").encode()
    if secret and len(secret) < 32:
        raise UsageError(f"{SECRET} must have at least 32 characters")
    place = accounts or _beside(chart)
    day = None if as_of is None else as_of_day(as_of)
    settings = Settings(
        chart=chart,
        accounts=place,
        secret=secret or secrets.token_bytes(32),
        pathway=None if pathway is None else Path(pathway),
        prior=None if prior is None else Path(prior),
        secure=not (plain_http or demo),
        demo=demo,
        phone=phone,
        emergency=emergency,
        today=today if day is None else lambda: day,
    )
    application = create_app(settings)
    known = {account.username for account in Accounts(place).all()}
    if demo:
        for username, name, role in DEMO:
            if username not in known:
                Accounts(place).add(username, name, Role(role), DEMO_PASSWORD)
        typer.echo(f"Demo accounts, password {DEMO_PASSWORD}: {', '.join(n for n, _, _ in DEMO)}")
    elif known & {username for username, _, _ in DEMO} and host not in HOME:
        raise UsageError("there are demo accounts in this file: serve the open from another one")
    typer.echo(f"ReliefPath answers at http://{host}:{port}/")
    uvicorn.run(application, host=host, port=port, log_level="warning", server_header=False)


def _beside(chart: str) -> str:
    if "://" in chart:
        raise UsageError("name the accounts of a chart in a database: --accounts FILE or URL")
    return f"{chart}.accounts"
