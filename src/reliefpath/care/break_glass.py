"""Whose patient it is: who is not of the care team says why before a record opens."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from reliefpath.care.audit import REFUSED, note
from reliefpath.care.clinic_chart import Care
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
    """Return the record of an episode's patient to who may open it; see `open_record_of`.

    Raises:
        UsageError: there is no such episode.
        BreakGlassRequiredError: as for `open_record_of`.
    """
    patient = care.chart.patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}`")
    return _opened(care, care.chart.care_log_of(patient), patient, episode, worker, page)


def open_record_of(care: Care, patient: str, worker: Account, page: str) -> CareLog:
    """Return the record of a patient to who may open it.

    The look is in the audit log, and so is a look that was refused. The care team are the
    clinicians of all of the patient's episodes, since a record opens whole; a patient of whom no
    episode names a clinician is everybody's.

    Raises:
        UsageError: there is no such patient.
        BreakGlassRequiredError: it is another care team's, and the worker has not said in the last
            24 hours why it is opened.
    """
    care_log = care.chart.care_log_of(patient)
    if care_log.patients.is_empty():
        raise UsageError(f"nobody has the record number `{patient}`")
    episode = care_log.episodes["episode"].min()
    return _opened(care, care_log, patient, str(episode), worker, page)


def _opened(
    care: Care, care_log: CareLog, patient: str, episode: str, worker: Account, page: str
) -> CareLog:
    team = set(care_log.episodes["clinician"].drop_nulls())
    is_theirs = not team or worker.role is Role.DIRECTOR or worker.clinicians & team
    if not is_theirs and not _gave_a_reason(care, patient, worker):
        note(care.chart, worker.username, REFUSED, patient=patient, page=page)
        raise BreakGlassRequiredError(episode, ", ".join(sorted(team)))
    note(care.chart, worker.username, patient=patient, page=page)
    return care_log


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
