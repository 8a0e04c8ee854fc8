"""Where patients who agreed to it are reminded: apart from the chart, so that it can be forgotten.

The chart's audit log tells who agreed and who does not any more, never the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from reliefpath.care.reminders.emails import checked
from reliefpath.identity.tables import ADDRESSES
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction, write_transaction
from reliefpath.store.writing import AuditEvent

AGREED, ENDED = "reminders-agreed", "reminders-ended"


@dataclass(frozen=True)
class Addresses:
    """The addresses of a chart's patients."""

    engine: sa.Engine
    chart: Chart

    def of(self, patient: str) -> str | None:
        """Return a patient's address, or None if they did not agree to be reminded."""
        found = sa.select(ADDRESSES.c.email).where(ADDRESSES.c.patient == patient)
        with read_transaction(self.engine) as connection:
            email: str | None = connection.scalar(found)
            return email

    def all(self) -> dict[str, str]:
        """Return every address by its patient."""
        with read_transaction(self.engine) as connection:
            rows = connection.execute(sa.select(ADDRESSES.c.patient, ADDRESSES.c.email))
            return {row.patient: row.email for row in rows}

    def agree(self, patient: str, email: str, by: str) -> None:
        """Remind a patient at an address from now on, in the place of any other.

        Raises:
            UsageError: it is no address.
        """
        row = {"patient": patient, "email": checked(email), "by": by}
        row["agreed"] = datetime.now(UTC).isoformat(timespec="seconds")
        self.chart.note(AuditEvent(by, AGREED, None, patient))
        with write_transaction(self.engine) as connection:
            connection.execute(ADDRESSES.delete().where(ADDRESSES.c.patient == patient))
            connection.execute(ADDRESSES.insert(), row)

    def move(self, patient: str, to: str, by: str) -> None:
        """Let the address of a record that was merged away be that of the one it is part of now.

        The one that is there already stays.
        """
        if self.of(to) is not None:
            self.forget(patient, by)
            return
        with write_transaction(self.engine) as connection:
            mine = ADDRESSES.c.patient == patient
            connection.execute(ADDRESSES.update().where(mine).values(patient=to))

    def forget(self, patient: str, by: str) -> None:
        """Remind a patient no more, and take the address out."""
        with write_transaction(self.engine) as connection:
            mine = ADDRESSES.delete().where(ADDRESSES.c.patient == patient)
            was_known = connection.execute(mine).rowcount > 0
        if was_known:
            self.chart.note(AuditEvent(by, ENDED, None, patient))
