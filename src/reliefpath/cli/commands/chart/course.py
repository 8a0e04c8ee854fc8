"""The commands about the course of a patient's care: its end, and who is responsible."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from reliefpath.cli.commands.chart.options import By, ChartArgument
from reliefpath.cli.commands.chart.rows import Why
from reliefpath.cli.options import AccountsPlace, place_of
from reliefpath.cli.records import chart_of, whoami
from reliefpath.errors import UsageError

app = typer.Typer()
Episode = Annotated[str, typer.Argument(metavar="EPISODE", help="Which episode.")]


class EndReason(StrEnum):
    """Why care ends; the same as `care_log.schema.END_REASONS`, which is not loaded for --help."""

    RECOVERED = "recovered"
    DISCHARGE = "discharge"
    REFERRAL = "referral"
    MOVED = "moved"
    DEATH = "death"
    OTHER = "other"


@app.command()
def end(
    chart: ChartArgument,
    episode: Episode,
    reason: Annotated[EndReason, typer.Option(help="Why care ends.")],
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day it ended.  [default: today]")
    ] = None,
    follow_up: Annotated[
        bool | None,
        typer.Option(
            "--follow-up/--no-follow-up",
            help="Whether the patient agrees to check-ins after a recovery.",
        ),
    ] = None,
    words: Annotated[str | None, typer.Option(metavar="TEXT", help="What else to say.")] = None,
    by: By = None,
) -> None:
    """End the care of a complaint; with a death, of every complaint of the patient.

    **Example**

    - `reliefpath chart end clinic.chart E0001 --reason recovered --follow-up`
    """
    from reliefpath.care.ending import EndRequest, end_care

    opened = chart_of(chart)
    day = opened.today if on is None else _day(on)
    asked = EndRequest(
        episode=episode, on=day, reason=str(reason), follow_up=follow_up, words=words
    )
    entry = end_care(opened, _patient(chart, episode), asked, opened.today, by or whoami())
    typer.echo(f"Care has ended, as entry {entry} of the audit log.")


@app.command()
def reopen(chart: ChartArgument, episode: Episode, why: Why, by: By = None) -> None:
    """Take the end of care back; what was planned then stays cancelled."""
    from reliefpath.care.ending import reopen as take_up_again

    opened = chart_of(chart)
    entry = take_up_again(opened, _patient(chart, episode), episode, by or whoami(), why)
    typer.echo(f"Care goes on, as entry {entry} of the audit log.")


@app.command()
def hand_over(
    chart: ChartArgument,
    episode: Episode,
    clinician: Annotated[str, typer.Argument(metavar="CLINICIAN", help="Who takes it over.")],
    why: Why,
    every: Annotated[
        bool, typer.Option("--every", help="The other complaints under way, too.")
    ] = False,
    accounts: AccountsPlace = None,
    by: By = None,
) -> None:
    """Let another clinician be responsible: one whose patients an account answers for."""
    from reliefpath.care.handing_over import hand_over as hand
    from reliefpath.identity.accounts import Accounts
    from reliefpath.identity.care_teams import clinicians_with_an_account

    known = clinicians_with_an_account(Accounts(place_of(chart, accounts)).engine)
    patient = _patient(chart, episode)
    entry = hand(
        *(chart_of(chart), patient, episode, clinician, by or whoami(), why),
        known=known,
        every=every,
    )
    typer.echo(f"{clinician} is responsible, as entry {entry} of the audit log.")


@app.command()
def merge(
    chart: ChartArgument,
    kept: Annotated[str, typer.Argument(metavar="KEPT", help="The record number that stays.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The one whose rows move.")],
    why: Why,
    choose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=VALUE", help="What holds where the records differ; repeatable."
        ),
    ] = None,
    accounts: AccountsPlace = None,
    by: By = None,
) -> None:
    """Make two records one that turn out to be of one person; both histories are kept.

    **Example**

    - `reliefpath chart merge clinic.chart P0001 P0417 --choose sex=female --why "same person"`
    """
    from reliefpath.care.merging import MergeRequest, merge_records
    from reliefpath.care.reminders.addresses import Addresses
    from reliefpath.identity.accounts import Accounts

    pairs = [text.partition("=") for text in choose or ()]
    for column, equals, _ in pairs:
        if not equals:
            raise UsageError(f"--choose {column!r}: expected COLUMN=VALUE")
    opened = chart_of(chart)
    addresses = Addresses(Accounts(place_of(chart, accounts)).engine, opened)
    chosen = {column: value for column, _, value in pairs}
    asked = MergeRequest(kept=kept, other=other, chosen=chosen, why=why)
    entry = merge_records(opened, addresses, asked, by or whoami())
    typer.echo(f"{other} is {kept} from now on, as entry {entry} of the audit log.")


@app.command()
def unmerge(
    chart: ChartArgument,
    patient: Annotated[
        str, typer.Argument(metavar="PATIENT", help="The record number that was merged away.")
    ],
    why: Why,
    by: By = None,
) -> None:
    """Take a merge back: what it moved goes back as it was corrected since.

    Of what was found since of the person, and of no complaint, a danger counts for both.
    """
    from reliefpath.care.merging import unmerge_record

    entry = unmerge_record(chart_of(chart), patient, by or whoami(), why)
    typer.echo(f"{patient} has a record again, as entry {entry} of the audit log.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--on {text!r} is no date, as in 2026-03-31") from None


def _patient(chart: str, episode: str) -> str:
    patient = chart_of(chart).patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}`")
    return patient
