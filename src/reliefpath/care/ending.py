"""Care of a complaint ends, with its day and reason, and is taken up again where that was wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl

from reliefpath.care.correcting import NO_REASON
from reliefpath.care.request import Request
from reliefpath.care_log.follow_up import AGREES, REFUSES
from reliefpath.care_log.schema import DEATH, END_REASONS, FINDINGS, PLANNED, RECOVERED
from reliefpath.clock import day_of, instant_of
from reliefpath.errors import UsageError, is_reason
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import correct
from reliefpath.store.history import Version, rows_of
from reliefpath.store.writing import AuditEvent, Change

ENDED, REOPENED = "end-care", "reopen-care"
"""What the audit log calls it when care ends, and when that is taken back."""
WORDS = {
    RECOVERED: "discharge, recovered",
    "discharge": "discharge, for another reason",
    "referral": "referral to somebody else",
    "moved": "moved away",
    DEATH: "death",
    "other": "other",
}
"""Each reason as people say it."""


class EndRequest(Request):
    """Why care of a complaint ends, and when."""

    episode: str
    on: date
    reason: str
    follow_up: bool | None = None
    """Whether the patient agrees to be asked on, which is asked for after a recovery alone."""
    words: str | None = None
    """What else there is to say, such as to whom the patient was referred."""


def end_care(chart: Chart, patient: str, request: EndRequest, today: date, by: str) -> int:
    """Record that care has ended; return the entry of the audit log.

    What is still planned is cancelled. With a death every complaint that is under way ends.

    Args:
        chart: where the patient is on record.
        patient: whose complaint it is.
        request: why and when.
        today: the day at the clinic, after which nothing has happened.
        by: who records it.

    Raises:
        UsageError: care has ended already, or it makes no sense; nothing is recorded.
        CareLogError: a value breaks the schema.
    """
    _check(request, today)
    died = request.reason == DEATH
    with chart.change(AuditEvent(by, ENDED, request.words, patient)) as change:
        episodes = rows_of(change.connection, "episodes", patient)
        ending = _ending(episodes, request, every=died)
        if died:
            _record_death(chart, change, patient, request.on)
        ends = {"ended_on": request.on.isoformat(), "end_reason": request.reason}
        for row in ending:
            correct(change, "episodes", row.row, ends, chart.knowledge)
        _cancel_plans(chart, change, patient, {row.values["episode"] for row in ending}, request.on)
        if request.reason == RECOVERED:
            change.add("findings", _answer(patient, request))
        change.detail.update(
            ended_on=request.on.isoformat(),
            end_reason=request.reason,
            episodes=[row.values["episode"] for row in ending],
        )
    return change.entry


def reopen(chart: Chart, patient: str, episode: str, by: str, why: str) -> int:
    """Take the end of care back; return the entry of the audit log.

    Where it was a death, the person lives, and every complaint that ended with it goes on. What was
    cancelled stays so.

    Raises:
        UsageError: care has not ended, the patient has died, or no reason is told.
    """
    if not is_reason(why):
        raise UsageError(NO_REASON)
    with chart.change(AuditEvent(by, REOPENED, why.strip(), patient)) as change:
        episodes = rows_of(change.connection, "episodes", patient)
        ended = own_complaint(episodes, episode)
        (person,) = rows_of(change.connection, "patients", patient)
        if ended.values["ended_on"] is None:
            raise UsageError("care has not ended: there is nothing to reopen")
        again = [ended]
        if ended.values["end_reason"] == DEATH:
            end = ("ended_on", "end_reason")
            again = [e for e in episodes if all(e.values[k] == ended.values[k] for k in end)]
            if person.values["died_on"] is not None:
                correct(change, "patients", person.row, {"died_on": None}, chart.knowledge)
        elif person.values["died_on"] is not None:
            raise UsageError(
                f"the patient died on {person.values['died_on']} by the record: correct that first"
            )
        for row in again:
            goes_on = {"ended_on": None, "end_reason": None}
            correct(change, "episodes", row.row, goes_on, chart.knowledge)
        change.detail["episodes"] = [row.values["episode"] for row in again]
    return change.entry


def _check(request: EndRequest, today: date) -> None:
    if request.reason not in END_REASONS:
        raise UsageError(f"say why care ends: {', '.join(END_REASONS)}")
    if request.on > today:
        raise UsageError(f"{request.on} has not come yet; record it once care has ended")
    if request.reason == RECOVERED and request.follow_up is None:
        raise UsageError("ask whether the patient agrees to check-ins after the recovery")
    if request.reason != RECOVERED and request.follow_up:
        raise UsageError("check-ins go on after a recovery alone: leave that answer out")


def own_complaint(episodes: Iterable[Version], episode: str) -> Version:
    """Return the row of a complaint among those of its patient.

    Raises:
        UsageError: it is none of theirs.
    """
    for row in episodes:
        if row.values["episode"] == episode:
            return row
    raise UsageError(f"`{episode}` is no complaint of this patient")


def _ending(episodes: list[Version], request: EndRequest, *, every: bool) -> list[Version]:
    """The complaints that end: the one that is named, or with a death all that are under way."""
    own, on = own_complaint(episodes, request.episode), request.on.isoformat()
    if not every:
        if own.values["ended_on"] is not None:
            raise UsageError(
                f"care ended on {own.values['ended_on']} already: reopen it, or correct its row"
            )
        episodes = [own]
    for row in episodes:
        if row.values["started_on"] > on:
            raise UsageError(
                f"{row.values['episode']} began on {row.values['started_on']}, after {on}: "
                "which day is right?"
            )
    return [
        row for row in episodes if row.values["ended_on"] is None or row.values["ended_on"] > on
    ]


def _record_death(chart: Chart, change: Change, patient: str, on: date) -> None:
    (person,) = rows_of(change.connection, "patients", patient)
    if (before := person.values["died_on"]) is None:
        correct(change, "patients", person.row, {"died_on": on.isoformat()}, chart.knowledge)
    elif before != on.isoformat():
        raise UsageError(f"the patient died on {before} by the record: which day is right?")


def _cancel_plans(chart: Chart, change: Change, patient: str, episodes: set[str], on: date) -> None:
    """Cancel what is planned, but for a visit up to the last day of care: it may have been."""
    for table in ("treatments", "visits"):
        for row in rows_of(change.connection, table, patient):
            if row.values["status"] != PLANNED or row.values["episode"] not in episodes:
                continue
            at = datetime.fromisoformat(row.values["at"])
            if table == "treatments" or day_of(at, chart.zone) > on:
                correct(change, table, row.row, {"status": "cancelled"}, chart.knowledge)


def _answer(patient: str, request: EndRequest) -> pl.DataFrame:
    """What the patient says to check-ins after the recovery."""
    row = {
        "patient": patient,
        "at": instant_of(request.on),
        "kind": "consent",
        "code": AGREES if request.follow_up else REFUSES,
        "episode": request.episode,
    }
    return pl.DataFrame([row], FINDINGS.schema)
