"""Whose patient it is: who is not of the care team says why before a record opens."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from reliefpath.care.audit import REFUSED, note
from reliefpath.care.clinic_chart import Care
from reliefpath.care.patients import PatientState
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError, is_reason
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import Role
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import AUDIT, INSTANT
from reliefpath.store.verification.audit import instant_text

OPENED = "open"
"""What the audit log calls it when somebody else's patient is opened with a reason."""
LASTS = timedelta(hours=24)
"""How long a reason opens a record before it is asked for again."""


class BreakGlassRequiredError(Exception):
    """The patient is of another care team: the answer is the page that asks why it is opened."""

    def __init__(self, episode: str, clinicians: str) -> None:
        super().__init__(episode)
        self.episode, self.clinicians = episode, clinicians


def open_record(care: Care, episode: str, worker: Account, page: str) -> CareLog:
    """Return the record of an episode's patient to who may open it; see `look`."""
    return look(care, episode, worker, page).care_log


def open_record_of(care: Care, patient: str, worker: Account, page: str) -> CareLog:
    """Return the record of a patient to who may open it, by any of their record numbers.

    See `look`.

    Raises:
        UsageError: there is no such patient.
    """
    patient = care.chart.kept_as(patient)
    care_log = care.patients.state(patient).care_log
    if care_log.patients.is_empty():
        raise UsageError(f"nobody has the record number `{patient}`")
    episode = str(care_log.episodes["episode"].min())
    return _opened(care, patient, episode, worker, page).care_log


def look(
    care: Care, episode: str, worker: Account, page: str, part_of: str | None = None
) -> PatientState:
    """Return an episode's patient to who may open the record.

    The look is in the audit log, and so is a look that was refused. What is part of a page that the
    worker has open, such as its picture, is the same look. The care team are the clinicians of all
    of the patient's episodes, since a record opens whole; a patient of whom no episode names a
    clinician is everybody's.

    Raises:
        UsageError: there is no such episode.
        BreakGlassRequiredError: it is another care team's, and the worker has not said in the last
            24 hours why it is opened.
    """
    patient = care.chart.patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}`")
    return _opened(care, patient, episode, worker, page, part_of)


def _opened(
    care: Care, patient: str, episode: str, worker: Account, page: str, part_of: str | None = None
) -> PatientState:
    state = care.patients.state(patient)
    is_theirs = not state.team or worker.role is Role.DIRECTOR or worker.clinicians & state.team
    if not is_theirs and not _gave_a_reason(care, patient, worker):
        note(care.chart, worker.username, REFUSED, patient=patient, page=page)
        raise BreakGlassRequiredError(episode, ", ".join(sorted(state.team)))
    if part_of is None or not state.is_open(worker.username, part_of):
        note(care.chart, worker.username, patient=patient, page=page)
        state.note_look(worker.username, page)
    return state


def break_glass(care: Care, episode: str, worker: Account, reason: str) -> None:
    """Keep in the audit log why somebody opens another care team's patient, for 24 hours.

    Raises:
        UsageError: there is no such episode, or the reason is no reason.
    """
    patient = care.chart.patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}`")
    if not is_reason(reason):
        raise UsageError(
            "say in words why this record is opened, such as `covering for a colleague`; the audit "
            "log keeps it"
        )
    note(
        *(care.chart, worker.username, OPENED),
        patient=patient,
        reason=reason.strip(),
        episode=episode,
    )


def _gave_a_reason(care: Care, patient: str, worker: Account) -> bool:
    """Whether the worker has said lately why they see this patient."""
    since = instant_text(care.chart.clock() - LASTS)
    mine = (AUDIT.c.patient == patient) & (AUDIT.c.by == worker.username)
    lately = AUDIT.c.at > sa.literal(since, INSTANT)
    query = sa.select(AUDIT.c.entry).where(mine, AUDIT.c.action == OPENED, lately).limit(1)
    with read_transaction(care.chart.engine) as connection:
        return connection.scalar(query) is not None
