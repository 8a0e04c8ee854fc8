"""The audit log as surfaces need it: what they note in it, and what an auditor asks of it."""

from __future__ import annotations

from typing import Any

from reliefpath.store.chart import Chart
from reliefpath.store.log import Asked as Asked
from reliefpath.store.tables import AUDIT
from reliefpath.store.writing import AuditEvent

COLUMNS: tuple[str, ...] = tuple(AUDIT.c.keys())
"""What each entry tells."""
VIEW, REFUSED, EXPORT, VERIFY = "view", "refused", "export", "verify"


def note(
    chart: Chart,
    by: str,
    action: str = VIEW,
    *,
    patient: str | None = None,
    reason: str | None = None,
    **detail: Any,
) -> None:
    """Note in the audit log that somebody saw or did something.

    Args:
        chart: whose log it is.
        by: who.
        action: what, in the log's word.
        patient: whom it concerns, where it concerns one person.
        reason: why, where there is something to say.
        detail: what else the log says, such as the page.
    """
    chart.note(AuditEvent(by, action, reason, patient), **detail)
