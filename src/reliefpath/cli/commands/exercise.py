"""The commands about exercise."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument
from reliefpath.cli.injecting import Acknowledge
from reliefpath.cli.language import Language, language_for
from reliefpath.cli.options import AsOf, Out, ReadingOptions, Source, as_of_day, knowledge, taking
from reliefpath.cli.recording import Told, Writing
from reliefpath.cli.records import Records, chart_of, whoami
from reliefpath.cli.render.output import open_console, output
from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.care.programmes import ProgrammeRequest
    from reliefpath.reference.therapies.exercise import Programme

app = typer.Typer(
    help="Plan exercise for the muscles that hurt, sign it, and record it.", no_args_is_help=True
)
NOTHING = "none"
FITTED = ("equipment", "minutes", "irritability", "goal")
"""What a programme is fitted to, as a file of it says."""


class ProgrammeFormat(StrEnum):
    """How a programme is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


BY_FILE = {".html": ProgrammeFormat.HTML, ".pdf": ProgrammeFormat.PDF}


class IrritabilityName(StrEnum):
    """How easily pain is stirred up."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class GoalName(StrEnum):
    """What comes first."""

    RELIEF = "relief"
    MOBILITY = "mobility"
    STRENGTH = "strength"


@app.command()
@taking(ReadingOptions)
def plan(
    source: Source,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    equipment: Annotated[
        list[str] | None,
        typer.Option(
            metavar="THING",
            help="`band`, `dumbbell` or `ball`, beside the chair, wall and towel of every home; "
            "`none` takes those away; repeatable.",
        ),
    ] = None,
    minutes: Annotated[float, typer.Option(help="How long a day.")] = 20,
    irritability: Annotated[
        IrritabilityName, typer.Option(help="How easily pain is stirred up.")
    ] = IrritabilityName.MEDIUM,
    goal: Annotated[GoalName, typer.Option(help="What comes first.")] = GoalName.RELIEF,
    as_of: AsOf = None,
    file_format: Annotated[
        ProgrammeFormat | None,
        typer.Option(
            "--format",
            help="How to write it; html and pdf are the patient's page.  [default: by FILE]",
        ),
    ] = None,
    language: Language = None,
    out: Out = None,
    *,
    reading: ReadingOptions,
) -> None:
    """Plan exercise for the muscles of the latest exam: the fewest that serve all, and why each.

    **Examples**

    - `reliefpath exercise plan clinic/ demo-0001 --equipment band --minutes 15`
    - `reliefpath exercise plan clinic/ demo-0001 --irritability high --out exercises.html`
    - `reliefpath exercise plan clinic/ demo-0001 --language es --out exercises.pdf`
    """
    day = as_of_day(as_of, source)
    from reliefpath.care.planning.exercise import programme_for
    from reliefpath.reference.therapies.exercise import Goal, Irritability

    care_log = Records(source, "exercise plan", reading).of(episode)
    found = programme_for(
        care_log,
        episode,
        day,
        equipment=_at_hand(equipment or []),
        minutes=minutes,
        irritability=Irritability(irritability.value),
        goal=Goal(goal.value),
    )
    by_file = BY_FILE.get(out.suffix if out else "", ProgrammeFormat.TEXT)
    match file_format or by_file:
        case ProgrammeFormat.HTML | ProgrammeFormat.PDF as page:
            _write_page(
                found,
                page,
                language_for(care_log, episode, language),
                care_log.moment(day).day,
                out,
            )
        case ProgrammeFormat.JSON:
            with output(out) as stream:
                stream.write(_json(found).encode() + b"\n")
        case ProgrammeFormat.TEXT:
            from reliefpath.cli.render.exercise import print_programme

            with open_console(out) as console:
                print_programme(console, found)


def _write_page(
    programme: Programme,
    page: ProgrammeFormat,
    language: str,
    day: date,
    out: Path | None,
    signed_on: date | None = None,
) -> None:
    from reliefpath.documents.exercise import handout
    from reliefpath.documents.printing import page_pdf
    from reliefpath.knowledge.languages import speech

    if (origin := speech(language, "reliefpath.documents.exercise").origin) is not None:
        typer.echo(f"The patient's page: {origin}.", err=True)
    html = handout(programme, on=day, language=language, signed_on=signed_on)
    content = page_pdf(html) if page is ProgrammeFormat.PDF else html.encode()
    with output(out) as stream:
        stream.write(content)


@app.command()
@taking(Told)
def record(
    chart: ChartArgument,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    adherence: Annotated[
        float,
        typer.Option(
            metavar="SHARE", help="Share of the programme done since the last report, 0 to 1."
        ),
    ],
    told: Told,
) -> None:
    """Record how much of the programme was done since the last report.

    A second report of one day is refused, unless it was given anyway.

    **Example**

    - `reliefpath exercise record clinic.chart demo-0001 --adherence 0.8`
    """
    writing = Writing("exercise record", chart, told)
    care_log = writing.records.of(episode)
    from reliefpath.care.planning.given import exercise_rows

    writing.write(exercise_rows(adherence, told.session(episode, writing.at)), care_log)


@app.command()
def sign(
    chart: ChartArgument,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The programme, as `exercise plan --format json` writes it, changed or not.",
        ),
    ],
    acknowledge: Acknowledge = None,
    by: By = None,
) -> None:
    """Sign a programme, as a new version of the patient's; what stands against it is weighed by ID.

    **Examples**

    - `reliefpath exercise plan clinic.chart demo-0001 --format json --out programme.json`
    - `reliefpath exercise sign clinic.chart demo-0001 programme.json`
    """
    opened, who = chart_of(chart), by or whoami()
    seen = opened.head().entry
    care_log = Records(chart, "exercise sign", by=by).of(episode)
    from reliefpath.care.planning.exercise import situation_of
    from reliefpath.care.programmes import (
        PROPOSAL,
        sign_programme,
        signed_programme,
        weigh_programme,
    )

    now = signed_programme(opened, situation_of(care_log, episode, opened.today))
    request = _request(
        file, episode, PROPOSAL if now is None else now.row, tuple(acknowledge or ())
    )
    plan = weigh_programme(opened, care_log, request, opened.today)
    for check in plan.checks:
        mark = "weighed" if check.id in plan.acknowledged else check.verdict.value
        typer.echo(f"{mark}: {check.id}: {check.says}", err=True)
    if plan.blocking or plan.open_decisions:
        typer.echo("Nothing was signed. Once a decision is weighed: --acknowledge ID", err=True)
        raise typer.Exit(1)
    entry = sign_programme(
        opened, care_log, request, opened.clock(), who, seen, command="exercise sign"
    )
    typer.echo(f"Signed, as entry {entry} of the audit log.")


def _request(
    file: Path, episode: str, version: int, acknowledged: tuple[str, ...]
) -> ProgrammeRequest:
    """The programme in a file.

    Raises:
        UsageError: there is none, or it is something else.
    """
    from reliefpath.care.programmes import PrescribedExercise, ProgrammeRequest

    try:
        said = json.loads(file.read_text("utf-8"))
        rows = [(row["exercise"], row["side"], row["dose"]) for row in said["items"]]
        need = {name: said["need"][name] for name in FITTED}
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"`{file}` is no programme: expected what `reliefpath exercise plan --format json` "
            "writes"
        ) from None
    exercises = []
    for exercise, side, dose in rows:
        told = {**dose, "sets": None} if dose.get("minutes") is not None else dose
        exercises.append(PrescribedExercise(exercise=exercise, side=side or "both", **told))
    return ProgrammeRequest(
        episode=episode,
        exercises=tuple(exercises),
        version=version,
        acknowledged=acknowledged,
        **need,
    )


@app.command()
def signed(
    chart: ChartArgument,
    episode: Annotated[str, typer.Argument(help="Which episode.")],
    language: Language = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the patient's page of the version in force: .html or .pdf."
        ),
    ] = None,
    by: By = None,
) -> None:
    """Show every version of a signed programme, or write the patient's page of the one in force.

    A version signed in error is withdrawn by `reliefpath chart withdraw CHART programmes ROW`.

    **Examples**

    - `reliefpath exercise signed clinic.chart demo-0001`
    - `reliefpath exercise signed clinic.chart demo-0001 --out exercises.pdf`
    """
    opened = chart_of(chart)
    care_log = Records(chart, "exercise signed", by=by).of(episode)
    from reliefpath.care.planning.exercise import situation_of
    from reliefpath.care.programmes import programme_to_print, versions_of

    here = situation_of(care_log, episode, opened.today)
    versions = versions_of(opened, here)
    if all(version.withdrawn for version in versions):
        raise UsageError(f"no programme of `{episode}` is signed; see: reliefpath exercise plan")
    if out is None:
        from reliefpath.cli.render.exercise import print_versions

        with open_console() as console:
            print_versions(console, versions)
        return
    if (page := BY_FILE.get(out.suffix)) is None:
        raise UsageError(f"`{out}`: expected a name that ends in .html or .pdf")
    found, version = programme_to_print(opened, here)
    assert version is not None
    spoken = language_for(care_log, episode, language)
    _write_page(found, page, spoken, here.moment.day, out, signed_on=version.day)


def _at_hand(named: list[str]) -> set[str]:
    from reliefpath.reference.therapies.exercise import exercise_catalogue

    every_home = {
        id_ for id_, row in exercise_catalogue(knowledge()).equipment.items() if row.household
    }
    return set(named) - {NOTHING} | (set() if NOTHING in named else every_home)


def _json(programme: Programme) -> str:
    items = [
        {
            **_plain(item),
            "name": item.row.name,
            "side": item.sides,
            "dose": item.dose,
            "minutes": round(item.minutes, 2),
            "sources": item.sources,
        }
        for item in programme.items
    ]
    data = {"minutes": round(programme.minutes, 2), **_plain(programme), "items": items}
    data["reminders"] = programme.reminders
    return json.dumps(data, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON has no form for, and a dataclass by its fields but the knowledge it rests on."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    return {f.name: getattr(value, f.name) for f in fields(value) if f.name != "knowledge"}
