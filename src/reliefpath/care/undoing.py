"""What somebody has just saved of a patient is undone: exactly the rows of that save."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import HOLDS, saved_rows, undo
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import AUDIT, INSTANT
from reliefpath.store.verification.audit import instant_text
from reliefpath.store.writing import AuditEvent

LASTS = timedelta(minutes=15)
"""For how long a save may be undone; after that its rows are withdrawn one by one."""
ENTERED = "enter"
UNDONE = "undone right after it was saved"
SAVED = {
    "intake": "a first visit",
    "visit": "a visit",
    "exam": "an exam",
    "needling": "a session of dry needling",
    "injection": "an injection",
    "finding": "a finding",
    "exercise": "an exercise programme",
    "next-visit": "a visit to come",
}
"""What each form records."""


@dataclass(frozen=True)
class Save:
    """What somebody saved by a form, as an entry of the audit log."""

    entry: int
    page: str
    rows: int

    @property
    def words(self) -> str:
        """What was saved."""
        what = SAVED.get(self.page, self.page.replace("-", " "))
        return f"{what}, {self.rows} row{'s' if self.rows > 1 else ''}"


def latest_save(chart: Chart, patient: str, by: str) -> Save | None:
    """Return what somebody changed last of a patient, if it is a save that may still be undone.

    After an undo that is nothing: whoever taps twice does not undo what they saved before.
    """
    changed = sa.select(AUDIT).where(_lately(chart, patient, by), AUDIT.c.digest.is_not(None))
    with read_transaction(chart.engine) as connection:
        last = connection.execute(changed.order_by(AUDIT.c.entry.desc()).limit(1)).first()
        if (
            last is None
            or last.action != ENTERED
            or "page" not in (told := json.loads(last.detail))
        ):
            return None
        rows = saved_rows(connection, last.entry, patient)
    holds = all(state is HOLDS for state in rows.values())
    return Save(last.entry, told["page"], len(rows)) if holds else None


def undo_save(chart: Chart, patient: str, entry: int, by: str) -> None:
    """Withdraw the rows that somebody has just saved; what was undone already stays so.

    Raises:
        UsageError: it is no save of theirs of the last 15 minutes and of this patient, or one of
            its rows was corrected or withdrawn since; nothing is undone.
    """
    with chart.change(AuditEvent(by, "withdraw", UNDONE, patient)) as change:
        own = sa.select(AUDIT.c.entry).where(
            _lately(chart, patient, by), AUDIT.c.action == ENTERED, AUDIT.c.entry == entry
        )
        if change.connection.scalar(own) is None:
            raise UsageError(
                "nothing was undone: a save can be undone for 15 minutes, by who saved it; "
                "withdraw its rows one by one instead"
            )
        undo(change, entry)


def _lately(chart: Chart, patient: str, by: str) -> sa.ColumnElement[bool]:
    since = sa.literal(instant_text(chart.clock() - LASTS), INSTANT)
    return sa.and_(AUDIT.c.patient == patient, AUDIT.c.by == by, AUDIT.c.at > since)
