"""Another clinician becomes responsible for a complaint; the care team follows."""

from __future__ import annotations

from collections.abc import Collection

from reliefpath.care.correcting import NO_REASON
from reliefpath.care.ending import own_complaint
from reliefpath.errors import UsageError, is_reason, nearest
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import correct
from reliefpath.store.history import rows_of
from reliefpath.store.writing import AuditEvent

HANDED_OVER = "hand-over"
"""What the audit log calls it."""


def hand_over(
    chart: Chart,
    patient: str,
    episode: str,
    clinician: str,
    by: str,
    why: str,
    *,
    known: Collection[str],
    every: bool = False,
) -> int:
    """Record who is responsible from now on; return the entry of the audit log.

    Args:
        chart: where the patient is on record.
        patient: whose complaint it is.
        episode: the complaint.
        clinician: who takes it over.
        by: who records it.
        why: for what reason.
        known: whom an account that treats answers for: nobody is handed to who does not look.
        every: whether all complaints that are under way go along, and not this one alone.

    Raises:
        UsageError: nobody answers for that clinician, they are responsible already, or no reason
            is told.
    """
    if not is_reason(why):
        raise UsageError(NO_REASON)
    if clinician not in known:
        raise UsageError(
            f"no account that treats answers for `{clinician}`{nearest(clinician, known)}: "
            "the patient would be nobody's"
        )
    with chart.change(AuditEvent(by, HANDED_OVER, why.strip(), patient)) as change:
        episodes = rows_of(change.connection, "episodes", patient)
        named = [own_complaint(episodes, episode)]
        if every:
            named += [r for r in episodes if r not in named and r.values["ended_on"] is None]
        changed = [row for row in named if row.values["clinician"] != clinician]
        if not changed:
            raise UsageError(f"`{clinician}` is responsible already")
        for row in changed:
            correct(change, "episodes", row.row, {"clinician": clinician}, chart.knowledge)
        change.detail["episodes"] = [row.values["episode"] for row in changed]
    return change.entry
