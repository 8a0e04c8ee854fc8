"""The command about dry needling."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from reliefpath.cli.inject import PlanFormat
from reliefpath.cli.injecting import Acknowledge, Episode
from reliefpath.cli.options import AsOf, Out, PathwayFile, Source, as_of_day, read_pathway
from reliefpath.cli.records import Records
from reliefpath.errors import UsageError
from reliefpath.terminal.output import open_console, output

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
    file_format: Annotated[
        PlanFormat, typer.Option("--format", help="How to write it.")
    ] = PlanFormat.TEXT,
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
    if file_format is PlanFormat.JSON:
        data = {"result": found.result, **asdict(found), "on": found.on.isoformat()}
        with output(out) as stream:
            stream.write(json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n")
    else:
        from reliefpath.terminal.injection import print_checks, print_end, print_result

        with open_console(out) as console:
            print_result(console, found, found.on)
            print_checks(console, found)
            print_end(console, found)
    from reliefpath.therapies.injection import Result

    if found.result is not Result.READY:
        raise typer.Exit(1)


def _place(text: str) -> tuple[str, str]:
    words = text.split()
    if len(words) != 2:
        raise UsageError(f"--site {text!r}: expected a muscle and a side, `upper-trapezius left`")
    return words[0], words[1]
