"""Exercise programmes that clinicians sign: put together, checked, kept with their versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from reliefpath.care.correcting import withdraw_row
from reliefpath.care.planning.exercise import (
    MINUTES,
    NOT_READ,
    NOT_SCREENED,
    Situation,
    proposed,
    situation_of,
)
from reliefpath.care.planning.recording import weigh
from reliefpath.care.request import Request
from reliefpath.care_log.log import CareLog
from reliefpath.clock import day_of
from reliefpath.errors import UsageError
from reliefpath.reference.therapies.exercise import (
    Change,
    ExercisePlan,
    Goal,
    Irritability,
    Programme,
    differences,
    next_programme,
    plan_exercise,
    prescribed,
    prescription,
    programme_text,
    read_programme,
)
from reliefpath.reference.therapies.injection import Check, Verdict
from reliefpath.store.chart import Chart
from reliefpath.store.programmes import keep_programme, programmes_of
from reliefpath.store.writing import AuditEvent

PROPOSAL = 0
"""The version of what nobody has signed yet."""


class PrescribedExercise(Request):
    """One exercise with its dose, as far as its kind has one."""

    exercise: str
    side: str
    sets: int | None = None
    repetitions: int | None = None
    seconds: int | None = None
    minutes: int | None = None
    per_week: int | None = None


class ProgrammeRequest(Request):
    """A programme that a clinician put together."""

    episode: str
    exercises: tuple[PrescribedExercise, ...]
    equipment: frozenset[str] = frozenset()
    minutes: float = MINUTES
    irritability: Irritability = Irritability.MEDIUM
    goal: Goal = Goal.RELIEF
    version: int
    """The row of the version that it was made from; `PROPOSAL` where none is in force."""
    acknowledged: tuple[str, ...] = ()
    """Ids of what stands against it that a clinician has weighed."""


@dataclass(frozen=True)
class SignedProgramme:
    """One version of a programme, as it was signed."""

    row: int
    number: int
    at: datetime
    day: date
    """The day at the clinic."""
    by: str
    programme: Programme | None
    """None where the catalogue lacks one of its exercises now."""
    unreadable: str | None
    acknowledged: tuple[str, ...]
    changed: tuple[str, ...]
    """What changed from the version before it that was not withdrawn."""
    withdrawn: tuple[str, str] | None
    """Who withdrew it, and why."""


def versions_of(chart: Chart, here: Situation) -> list[SignedProgramme]:
    """Return the versions of a programme, the latest first; those withdrawn stand among them."""
    found: list[SignedProgramme] = []
    before: Programme | None = None
    for number, row in enumerate(programmes_of(chart, here.episode), start=1):
        at = datetime.fromisoformat(row["at"])
        programme, unreadable = None, None
        try:
            programme = read_programme(row["programme"], here.need)
        except UsageError as error:
            unreadable = str(error)
        withdrawn = None
        if row["withdrawn_by"] is not None:
            withdrawn = row["withdrawn_by"], row["withdrawn_because"] or ""
        changed = () if programme is None else tuple(differences(before, programme))
        found.append(
            SignedProgramme(
                *(row["id"], number, at, day_of(at, here.moment.zone), row["by"]),
                *(programme, unreadable),
                tuple(json.loads(row["programme"])["acknowledged"]),
                *(changed, withdrawn),
            )
        )
        if withdrawn is None and programme is not None:
            before = programme
    return found[::-1]


def in_force(versions: list[SignedProgramme]) -> SignedProgramme | None:
    """Return the version that holds: the latest that nobody withdrew."""
    return next((version for version in versions if version.withdrawn is None), None)


def exercises_in_force(chart: Chart, episode: str) -> tuple[str, ...]:
    """Return the exercises of the version in force, in their order; none without one."""
    held = [row for row in programmes_of(chart, episode) if row["withdrawn_by"] is None]
    rows = json.loads(held[-1]["programme"])["exercises"] if held else []
    return tuple(row["exercise"] for row in rows)


def signed_programme(chart: Chart, here: Situation) -> SignedProgramme | None:
    """Return the version of an episode's programme that is in force."""
    return in_force(versions_of(chart, here))


def programme_to_print(
    chart: Chart, here: Situation, row: int | None = None
) -> tuple[Programme, SignedProgramme | None]:
    """Return the programme that the patient gets: as signed, else as the software proposes it.

    Args:
        chart: where the patient is on record.
        here: what bears on it.
        row: which version; by default the one in force.

    Raises:
        UsageError: a red flag is active, there is no such version, or the catalogue lacks one of
            its exercises now.
    """
    if here.refusal is not None:
        raise UsageError(here.refusal)
    versions = versions_of(chart, here)
    signed = in_force(versions)
    if row is not None:
        signed = next((version for version in versions if version.row == row), None)
        if signed is None:
            raise UsageError(f"no programme {row} of `{here.episode}` was ever signed")
    if signed is None:
        return proposed(here), None
    if signed.programme is None:
        raise UsageError(
            f"the programme signed on {signed.day} cannot be written: {signed.unreadable}; "
            "sign a new one"
        )
    return here.fit(signed.programme), signed


def programme_for_patient(
    chart: Chart, here: Situation
) -> tuple[Programme, SignedProgramme | None] | None:
    """Return what a patient may see of it without a clinician beside; None where that is nothing.

    Nothing is shown while a red flag is active, or before anybody asked about them.
    """
    if here.refusal is not None or not here.screened:
        return None
    try:
        found, signed = programme_to_print(chart, here)
    except UsageError:
        return None
    return (found, signed) if found.items else None


def offers(here: Situation, signed: SignedProgramme) -> tuple[Change, ...]:
    """Return the changes that the check-ins since a version was signed suggest; none is made."""
    assert signed.programme is not None
    return next_programme(signed.programme, here.check_ins(signed.at)).changes


def weigh_programme(
    chart: Chart, care_log: CareLog, request: ProgrammeRequest, on: date
) -> ExercisePlan:
    """Return a programme with everything that stands against it.

    Raises:
        UsageError: an exercise or a dose makes no sense, or the episode is not there.
    """
    here = situation_of(
        *(care_log, request.episode, on),
        equipment=request.equipment,
        minutes=request.minutes,
        irritability=request.irritability,
        goal=request.goal,
    )
    items = [prescribed(here.need, **row.model_dump()) for row in request.exercises]
    signed = signed_programme(chart, here)
    before = None if signed is None else signed.programme
    plan = plan_exercise(
        prescription(here.need, items),
        on,
        before,
        here.check_ins(here.examined_on if signed is None else signed.at),
        _of_person(here),
    )
    return weigh(plan, request.acknowledged)


def _of_person(here: Situation) -> Iterator[Check]:
    """What stands against any exercise."""
    if here.refusal is not None:
        yield Check("red-flag", Verdict.BLOCKED, f"There is {here.refusal}.")
    elif not here.screened:
        yield Check("red-flags-not-asked", Verdict.UNKNOWN, NOT_SCREENED)
    if NOT_READ in here.notes:
        yield Check("record-incomplete", Verdict.DECISION, NOT_READ)
    row = here.care_log.episodes.row(by_predicate=pl.col("episode") == here.episode, named=True)
    if row["ended_on"] is not None and row["ended_on"] <= here.moment.day:
        says = f"Care for this complaint ended on {row['ended_on']}."
        yield Check("care-has-ended", Verdict.DECISION, says)


def sign_programme(
    chart: Chart,
    care_log: CareLog,
    request: ProgrammeRequest,
    at: datetime,
    by: str,
    seen: int,
    **detail: Any,
) -> int:
    """Keep a programme that a clinician signs as a new version; return the audit log's entry.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        request: the programme.
        at: the moment of signing.
        by: who signs it.
        seen: the last entry of the audit log before the record was read.
        detail: what else the audit log says.

    Raises:
        UsageError: something stands against it that cannot be weighed, or was not; somebody signed
            another version meanwhile; or something of the patient was recorded since it was read.
    """
    plan = weigh_programme(chart, care_log, request, day_of(at, care_log.zone))
    against = [check.says for check in plan.blocking]
    against += [c.says for c in plan.checks if c.id in plan.open_decisions]
    if against:
        raise UsageError(f"nothing was signed: {' '.join(against)}")
    now = in_force(versions_of(chart, situation_of(care_log, request.episode, at)))
    if (PROPOSAL if now is None else now.row) != request.version:
        raise UsageError(
            "nothing was signed: another version was signed or withdrawn meanwhile; look at it, "
            "then sign"
        )
    act = AuditEvent(by, "enter", None, care_log.patients["patient"][0])
    text = programme_text(plan.programme, plan.acknowledged)
    told = {**detail, "acknowledged": plan.acknowledged} if plan.acknowledged else detail
    return keep_programme(chart, request.episode, at, text, act, seen, **told)


def withdraw_programme(chart: Chart, here: Situation, row: int, by: str, why: str) -> None:
    """Record that a version was signed in error; the one before it is in force again.

    Raises:
        UsageError: the episode has no such version that holds, or no reason is told.
    """
    if row not in {version.row for version in versions_of(chart, here)}:
        raise UsageError(f"no programme {row} of `{here.episode}` was ever signed")
    withdraw_row(chart, "programmes", row, by, why)
