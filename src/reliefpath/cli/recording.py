"""What the commands share that record what was given: its options, and the one audited change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reliefpath.cli.commands.chart.options import By
from reliefpath.cli.options import moment
from reliefpath.cli.records import Records, chart_of, whoami
from reliefpath.errors import UsageError, is_reason

if TYPE_CHECKING:
    from polars import DataFrame

    from reliefpath.care.planning.given import Session
    from reliefpath.care.planning.recording import Recording
    from reliefpath.care_log.log import CareLog
    from reliefpath.reference.therapies.injection import Checked, Place

At = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="When: a date, or a time with its zone.  [default: now]"),
]
Technique = Annotated[str | None, typer.Option(metavar="TEXT", help="How it was done.")]
Adverse = Annotated[str | None, typer.Option(metavar="TEXT", help="What went wrong.")]
GivenAnyway = Annotated[
    str | None,
    typer.Option(
        metavar="REASON", help="It was given although it is refused; the audit log keeps why."
    ),
]
ALL, NONE = "all", "none"


@dataclass(frozen=True)
class Told:
    """What only whoever gave it, or heard of it, can tell."""

    at: At = None
    technique: Technique = None
    adverse_effect: Adverse = None
    given_anyway: GivenAnyway = None
    by: By = None

    def session(self, episode: str, at: date | datetime, **more: Any) -> Session:
        """Return the session."""
        from reliefpath.care.planning.given import Session

        return Session(episode, at, self.technique, adverse_effect=self.adverse_effect, **more)


@dataclass(frozen=True)
class ToldOfNeedle(Told):
    """What only whoever had the needle in hand can tell."""

    needle: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Thickness and length, `0.30 x 40 mm`.")
    ] = None
    twitch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE",
            help="Where a local twitch was seen or felt: `MUSCLE SIDE`, `all` or `none`; "
            "repeatable.  [default: not looked for]",
        ),
    ] = None
    response: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of the pain relieved, 0 to 1.")
    ] = None

    def session_at(
        self, places: Collection[Place], episode: str, at: date | datetime, **more: Any
    ) -> Session:
        """Return the session at some places."""
        return self.session(
            episode,
            at,
            needle=self.needle,
            twitches=_twitches(self.twitch, places),
            response=self.response,
            **more,
        )


def _twitches(texts: list[str] | None, places: Collection[Place]) -> Collection[Place] | None:
    if not texts:
        return None
    if texts in ([ALL], [NONE]):
        return places if texts == [ALL] else ()
    return [place_of("--twitch", text) for text in texts]


def place_of(option: str, text: str) -> Place:
    """Return a muscle and its side."""
    words = text.split()
    if len(words) != 2:
        raise UsageError(f"{option} {text!r}: expected a muscle and a side, `upper-trapezius left`")
    return words[0], words[1]


class Writing:
    """A session on its way into a chart, whose record is looked at first.

    If anything of the patient is recorded between the look and the writing, nothing is written.
    """

    def __init__(self, command: str, chart: str, told: Told) -> None:
        if told.given_anyway is not None and not is_reason(told.given_anyway):
            raise UsageError("--given-anyway: expected the reason, in words")
        self.command, self.told = command, told
        self.records = Records(chart, command, by=told.by)
        self._chart = chart_of(chart)
        self.seen = self._chart.head().entry

    @cached_property
    def at(self) -> date | datetime:
        """When it was given.

        Raises:
            UsageError: it has not happened yet, or is a time without a zone.
        """
        from reliefpath.clock import instant_of

        now = self._chart.clock()
        if self.told.at is None:
            return now
        at = moment(self.told.at, "--at")
        future = instant_of(at) > now if isinstance(at, datetime) else at > self._chart.today
        if future:
            raise UsageError(f"--at {self.told.at!r} has not happened yet; record it once it has")
        return at

    def write(
        self, rows: DataFrame, care_log: CareLog, plan: Checked | None = None, **detail: Any
    ) -> None:
        """Record all rows, or none and exit with 1 where anything stands against it."""
        from reliefpath.care.planning.recording import Recording

        recording = Recording(rows, care_log, self.seen)
        if plan is not None:
            recording = Recording.of_plan(plan, rows, care_log, self.seen, self.at)
        self.enter(recording, **detail)

    def enter(self, recording: Recording, **detail: Any) -> None:
        """Record what a plan makes of a session; see `write`."""
        why, plan = self.told.given_anyway, recording.plan
        if why is None and recording.against:
            typer.echo("Nothing was recorded:", err=True)
            for said in recording.against:
                typer.echo(f"  {said}", err=True)
            if plan is not None and plan.open_decisions:
                typer.echo("Once a decision is weighed: --acknowledge ID", err=True)
            typer.echo("If it was given nevertheless: --given-anyway REASON", err=True)
            raise typer.Exit(1)
        by = self.told.by or whoami()
        entry = recording.enter(self._chart, by, why, command=self.command, **detail)
        rows = recording.rows.height
        count = "1 row" if rows == 1 else f"{rows} rows"
        typer.echo(f"Recorded {count}, as entry {entry} of the audit log.")
