"""Which record numbers are one person's, once their records were merged."""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlalchemy as sa

from reliefpath.store.tables import AUDIT, FEW, FLAG, ROWS, superseded

MERGED, UNMERGED = "merge", "unmerge"
"""What the audit log calls it; the entry names the record that is kept, its detail the other."""


def kept_as(connection: sa.Connection, patient: str) -> str:
    """Return under which record number a person is on record, once theirs was merged away."""
    found = merged_away(connection, patient)
    return patient if found is None else kept_as(connection, found[0])


def joined(connection: sa.Connection, patients: Collection[str]) -> set[str]:
    """Return record numbers with all that were merged into them."""
    found, new = set(patients), sorted(set(patients))
    while new:
        part, new = new[:FEW], new[FEW:]
        named = AUDIT.c.patient.in_(part) & AUDIT.c.action.in_([MERGED, UNMERGED])
        acts = sa.select(AUDIT.c.action, AUDIT.c.detail).where(named).order_by(AUDIT.c.entry)
        theirs: set[str] = set()
        for action, detail in connection.execute(acts):
            change = theirs.add if action == MERGED else theirs.discard
            change(json.loads(detail)["merged"])
        new += sorted(theirs - found)
        found |= theirs
    return found


def identifiers(connection: sa.Connection, patient: str) -> set[str]:
    """Return every record number of a person, whichever of them is asked for."""
    return joined(connection, {kept_as(connection, patient)})


def merged_away(connection: sa.Connection, patient: str) -> tuple[str, int] | None:
    """Into whose record one was merged, and by which entry; None where it was not."""
    people = ROWS["patients"]
    query = (
        sa.select(AUDIT.c.patient, AUDIT.c.entry)
        .join(people, people.c.entry == AUDIT.c.entry)
        .where(people.c.patient == patient, people.c.withdrawn == sa.literal(True, FLAG))
        .where(~superseded(people))
        .where(AUDIT.c.action == MERGED)
    )
    found = connection.execute(query).first()
    return None if found is None else (str(found[0]), int(found[1]))
