"""The command about dry needling."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.injecting import Acknowledge, Episode, Format, PlanFormat, write_plan
from reliefpath.cli.options import AsOf, Out, PathwayFile, Source, as_of_day, read_pathway
from reliefpath.cli.records import Records
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="Plan a session of dry needling.", no_args_is_help=True)


@app.callback()
def _needle() -> None:
    pass


@app.command()
def plan(
    source: Source,
    episode: Episode,
    site: Annotated[
        list[str], typer.Option(metavar="SITE", help="`MUSCLE SIDE`; may be given again.")
    ],
    as_of: AsOf = None,
    acknowledge: Acknowledge = None,
    pathway: PathwayFile = None,
    file_format: Format = PlanFormat.TEXT,
    out: Out = None,
) -> None:
    """Check a session: who may not be needled, what the needle must not meet, does it help.

    Exits with 1 unless it is ready.

    **Example**

    - `reliefpath needle plan clinic/ demo-0001 --site "upper-trapezius left"`
    """
    places = [_place(text) for text in site]
    day, chosen = as_of_day(as_of), read_pathway(pathway)
    from reliefpath.pathway.needling import needling_for

    care_log = Records(source, "needle plan").of(episode)
    found = needling_for(care_log, episode, places, chosen, day, acknowledge or ())
    from reliefpath.terminal.injection import print_checks, print_end, print_result

    def show(console: Console) -> None:
        print_result(console, found, found.on)
        print_checks(console, found)
        print_end(console, found)

    data = {**asdict(found), "on": found.on.isoformat()}
    write_plan(found, data, show, file_format, out)


def _place(text: str) -> tuple[str, str]:
    words = text.split()
    if len(words) != 2:
        raise UsageError(f"--site {text!r}: expected a muscle and a side, `upper-trapezius left`")
    return words[0], words[1]
