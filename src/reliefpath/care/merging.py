"""Two records turn out to be one person's, and become one; or that was wrong, and is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from reliefpath.care.correcting import NO_REASON
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care.request import Request
from reliefpath.errors import UsageError, is_reason
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies import SCREENED, finding_kinds
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import correct
from reliefpath.store.database import read_transaction
from reliefpath.store.history import Version, rows_of
from reliefpath.store.identifiers import MERGED, UNMERGED, joined
from reliefpath.store.merging import merge, unmerge
from reliefpath.store.writing import AuditEvent

TOLD = {
    "name": "Name",
    "birth_date": "Born",
    "sex": "Sex, as on record",
    "language": "Language",
    "died_on": "Died",
}
"""What is told of a person, each with how a page calls it."""


@dataclass(frozen=True)
class Difference:
    """What two records tell otherwise of a person; somebody chooses."""

    column: str
    kept: str
    other: str

    @property
    def label(self) -> str:
        """How a page calls it."""
        return TOLD[self.column]


class MergeRequest(Request):
    """Two records that are one person's, and what holds where they differ."""

    kept: str
    """The record number that stays."""
    other: str
    """The one whose rows move."""
    chosen: Mapping[str, str] = {}
    """By column, the value that holds, as one of the records has it."""
    why: str


def differences(chart: Chart, kept: str, other: str) -> list[Difference]:
    """Return what two records tell otherwise of the person; what one alone tells is no difference.

    Raises:
        UsageError: they are one record, or one is not there.
    """
    with read_transaction(chart.engine) as connection:
        pair = _people(connection, kept, other)
    return _differences(*pair)


def merge_records(chart: Chart, addresses: Addresses, request: MergeRequest, by: str) -> int:
    """Move all that one record has into another, as one change; return its entry of the log.

    Both histories are kept, and both record numbers lead to the one record. Findings are united:
    what was found stands, whatever the other record was asked.

    Args:
        chart: where both are on record.
        addresses: where patients are reminded; the kept record's own address comes first.
        request: which records, and what was chosen.
        by: who says that they are one person.

    Raises:
        UsageError: nothing is chosen where they differ, or what was chosen is in neither any more.
    """
    if not is_reason(request.why):
        raise UsageError(NO_REASON)
    kept, other = request.kept, request.other
    with chart.change(AuditEvent(by, MERGED, request.why.strip(), kept)) as change:
        mine, theirs = _people(change.connection, kept, other)
        values = _filled(mine, theirs) | _chosen(_differences(mine, theirs), request.chosen)
        changed = {name: value for name, value in values.items() if mine.values[name] != value}
        if changed:
            correct(change, "patients", mine.row, changed, chart.knowledge)
        merge(change, kept, other)
    addresses.move(other, kept, by)
    return change.entry


def merged_into(chart: Chart, patient: str) -> list[str]:
    """Return the record numbers that were merged into a record."""
    with read_transaction(chart.engine) as connection:
        return sorted(joined(connection, {patient}) - {patient})


def unmerge_record(chart: Chart, patient: str, by: str, why: str) -> int:
    """Take a merge back; return the entry of the audit log. See `store.merging.unmerge`.

    Where the patient is reminded is not divided again: it stays with the record that was kept.

    Args:
        chart: where the records are.
        patient: the record number that was merged away.
        by: who takes it back.
        why: for what reason.

    Raises:
        UsageError: it was not merged, or no reason is told.
    """
    if not is_reason(why):
        raise UsageError(NO_REASON)
    kept = chart.kept_as(patient)
    with chart.change(AuditEvent(by, UNMERGED, why.strip(), kept)) as change:
        unmerge(change, patient, partial(_is_danger, chart.knowledge))
    return change.entry


def _is_danger(knowledge: Knowledge, kind: str, code: str) -> bool:
    """Whether a finding may stand against something, or is one that nobody understands."""
    row = finding_kinds(knowledge)[kind]
    return bool(row.codes[code].bars) or (row.screening and code != SCREENED)


def _people(connection: sa.Connection, kept: str, other: str) -> tuple[Version, Version]:
    if kept == other:
        raise UsageError(f"`{kept}` is one record already: name two")
    found = [rows_of(connection, "patients", patient) for patient in (kept, other)]
    for patient, rows in zip((kept, other), found, strict=True):
        if not rows:
            raise UsageError(f"nobody has the record number `{patient}`")
    return found[0][0], found[1][0]


def _differences(kept: Version, other: Version) -> list[Difference]:
    pairs = ((column, kept.values[column], other.values[column]) for column in TOLD)
    return [Difference(c, a, b) for c, a, b in pairs if a != b and None not in (a, b)]


def _filled(kept: Version, other: Version) -> dict[str, str | None]:
    """What one of the records alone tells."""
    return {
        column: other.values[column]
        for column in TOLD
        if kept.values[column] is None and other.values[column] is not None
    }


def _chosen(differing: list[Difference], chosen: Mapping[str, str]) -> dict[str, str | None]:
    for each in differing:
        if each.column not in chosen:
            raise UsageError(f"{each.label}: choose which holds, {each.kept} or {each.other}")
        if chosen[each.column] not in (each.kept, each.other):
            raise UsageError(f"{each.label}: what you chose is in neither record now: look again")
    return {each.column: chosen[each.column] for each in differing}
