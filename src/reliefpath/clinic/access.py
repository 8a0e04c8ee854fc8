"""Whose patient it is: who is not of the care team says why before a record opens."""

from __future__ import annotations

import sqlalchemy as sa

from reliefpath.chart.care_log import CareLog
from reliefpath.chart.store.database import snapshot
from reliefpath.chart.store.tables import AUDIT
from reliefpath.chart.store.writing import Act
from reliefpath.clinic.accounts import Account
from reliefpath.clinic.care import Care
from reliefpath.clinic.roles import Role
from reliefpath.errors import UsageError

OPENED = "open"
"""What the audit log calls it when somebody else's patient is opened with a reason."""


class ReasonNeededError(Exception):
    """The episode is another clinician's: the answer is the page that asks why it is opened."""

    def __init__(self, episode: str, clinician: str) -> None:
        super().__init__(episode)
        self.episode, self.clinician = episode, clinician


def opened(care: Care, episode: str, worker: Account, page: str) -> CareLog:
    """Return the record of an episode's patient to who may open it; the look is in the audit log.

    Raises:
        UsageError: there is no such episode.
        ReasonNeededError: it is another clinician's, and the worker has not said why it is opened.
    """
    patient = care.chart.patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}`")
    care_log = care.chart.care_log_of(patient)
    clinicians = care_log.episodes["clinician"]
    theirs = care_log.episodes.filter(episode=episode)["clinician"][0]
    mine = {worker.name, worker.username} & set(clinicians.drop_nulls())
    if (
        theirs
        and not mine
        and worker.role is not Role.DIRECTOR
        and not _told(care, patient, worker)
    ):
        raise ReasonNeededError(episode, theirs)
    care.chart.note(Act(worker.username, "view", None, patient), page=page)
    return care_log


def open_anyway(care: Care, episode: str, worker: Account, reason: str) -> None:
    """Keep in the audit log why somebody opens another clinician's patient.

    Raises:
        UsageError: there is no such episode, or no reason.
    """
    patient = care.chart.patient_of(episode)
    if patient is None:
        raise UsageError(f"no episode `{episode}`")
    if not reason.strip():
        raise UsageError("say why this record is opened; the audit log keeps it")
    care.chart.note(Act(worker.username, OPENED, reason.strip(), patient), episode=episode)


def _told(care: Care, patient: str, worker: Account) -> bool:
    """Whether the worker has said once why they see this patient."""
    mine = (AUDIT.c.patient == patient) & (AUDIT.c.by == worker.username)
    query = sa.select(AUDIT.c.entry).where(mine, AUDIT.c.action == OPENED).limit(1)
    with snapshot(care.chart.engine) as connection:
        return connection.scalar(query) is not None
