"""The commands about dry needling."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.cli.commands.chart.options import ChartArgument
from reliefpath.cli.injecting import (
    Acknowledge,
    Episode,
    Format,
    NothingNew,
    PlanFormat,
    days_of,
    write_plan,
)
from reliefpath.cli.options import (
    AsOf,
    Out,
    PathwayFile,
    ReadingOptions,
    Source,
    as_of_day,
    read_pathway,
    taking,
)
from reliefpath.cli.recording import ToldOfNeedle, Writing, place_of
from reliefpath.cli.records import Records

if TYPE_CHECKING:
    from rich.console import Console

    from reliefpath.care_log.log import CareLog
    from reliefpath.reference.therapies.needling import NeedlingPlan

app = typer.Typer(help="Plan a session of dry needling, and record it.", no_args_is_help=True)


@dataclass(frozen=True)
class Asked:
    """The options that describe a planned session."""

    site: Annotated[
        list[str], typer.Option(metavar="SITE", help="`MUSCLE SIDE`; may be given again.")
    ]
    nothing_new: NothingNew = False
    acknowledge: Acknowledge = None
    pathway: PathwayFile = None


def _planned(
    records: Records, episode: str, asked: Asked, day: date | datetime
) -> tuple[NeedlingPlan, CareLog]:
    chosen = read_pathway(asked.pathway)
    from reliefpath.care.planning.needling import NeedlingRequest, needling_for

    request = NeedlingRequest(
        episode=episode,
        places=tuple(place_of("--site", text) for text in asked.site),
        at=day,
        nothing_new=asked.nothing_new,
        acknowledged=tuple(asked.acknowledge or ()),
    )
    care_log = records.of(episode)
    return needling_for(care_log, request, chosen), care_log


@app.command()
@taking(ReadingOptions)
@taking(Asked)
def plan(
    source: Source,
    episode: Episode,
    asked: Asked,
    as_of: AsOf = None,
    file_format: Format = PlanFormat.TEXT,
    out: Out = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Check a session: who may not be needled, what the needle must not meet, does it help.

    Exits with 1 unless it is ready.

    **Example**

    - `reliefpath needle plan clinic/ demo-0001 --site "upper-trapezius left"`
    """
    found, _ = _planned(
        Records(source, "needle plan", reading), episode, asked, as_of_day(as_of, source)
    )
    from reliefpath.cli.render.injection import print_checks, print_end, print_result

    def show(console: Console) -> None:
        print_result(console, found, found.on)
        print_checks(console, found)
        print_end(console, found)

    data = {**asdict(found), "on": found.on.isoformat(), "renewed": days_of(found)}
    write_plan(found, data, show, file_format, out)


@app.command()
@taking(ToldOfNeedle)
@taking(Asked)
def record(chart: ChartArgument, episode: Episode, asked: Asked, told: ToldOfNeedle) -> None:
    """Record a session that was given: planned on the record as it stands, then written whole.

    What the plan blocks, or what nobody has weighed, is refused, and so is what is on record of
    that day already, unless it was given anyway. Exits with 1 when nothing was recorded.

    **Example**

    - `reliefpath needle record clinic.chart demo-0001 --site "infraspinatus left"
      --needle "0.30 x 40 mm" --twitch all --response 0.3`
    """
    writing = Writing("needle record", chart, told)
    found, care_log = _planned(writing.records, episode, asked, writing.at)
    from reliefpath.care.planning.given import needling_rows

    rows = needling_rows(found.places, told.session_at(found.places, episode, writing.at))
    writing.write(rows, care_log, found)
