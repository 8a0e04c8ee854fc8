"""One person's whole record: every row with its history, and who looked at it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from reliefpath.care_log.schema import TABLES, Kind
from reliefpath.care_log.terms import Terms, resolved
from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies import NOT_UNDERSTOOD
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.frames import stored_select
from reliefpath.store.identifiers import identifiers, kept_as
from reliefpath.store.reading import about, read_log, terms_on_record
from reliefpath.store.tables import AUDIT, DECISIONS, HISTORIES, PROGRAMMES, ROWS, START_OF_DAY
from reliefpath.store.verification.audit import Head, head_of

FORMAT, FORMAT_VERSION = "reliefpath-patient-record", 1
LOOKS = ("view", "export", "backup")
"""What is done with everybody's records at once, and so with each."""
AS_JSON = {"advice", "programme"}
"""The columns that hold JSON."""
ABOUT_A_PERSON = (*TABLES, DECISIONS.name, PROGRAMMES.name)
Row = dict[str, Any]


@dataclass(frozen=True)
class Version:
    """What was said of something at one time."""

    row: int
    entry: int
    """Of the audit log; what follows is what it says."""
    recorded_at: str
    by: str
    change: Literal["recorded", "corrected", "withdrawn"]
    reason: str | None
    values: Row | None
    """By column, in JSON's types; None where it is, or was then, another person's record."""


@dataclass(frozen=True)
class Line:
    """Something on record, with its history, the oldest version first."""

    versions: tuple[Version, ...]
    understood_as: str | None = None
    """The code that words are read as by now, where they were not understood as they stand."""

    @property
    def values(self) -> Row | None:
        """What holds now; None where it was withdrawn, or moved to whom it belongs."""
        last = self.versions[-1]
        return None if last.change == "withdrawn" else last.values

    @property
    def read(self) -> Row | None:
        """What holds now, as it is read: with the answer to words that were not understood."""
        answer = {} if self.understood_as is None else {"code": self.understood_as}
        return None if self.values is None else self.values | answer


@dataclass(frozen=True)
class Access:
    """An entry of the audit log that concerns the person."""

    entry: int
    at: str
    by: str
    action: str
    reason: str | None
    everybody: bool
    """Whether it concerned everybody's records at once."""


@dataclass(frozen=True)
class Record:
    """Everything on record of one person at one moment."""

    knowledge: Knowledge
    """The catalogues that the codes are of."""
    patient: str
    head: Head
    """The last entry of the audit log at that moment."""
    tables: dict[str, tuple[Line, ...]]
    access: tuple[Access, ...]


def record_of(chart: Chart, patient: str) -> Record:
    """Return everything on record of one person; note in the audit log that you looked.

    Records that were merged are one, whichever of their numbers is asked for. What was moved to
    another person's record, since it had been entered for the wrong one, is told without its
    values; so is what moved the other way, for as long as it stood there.

    Raises:
        UsageError: nobody of that name was ever on record; nothing is said of who is.
    """
    with read_transaction(chart.engine) as connection:
        patient, theirs = kept_as(connection, patient), identifiers(connection, patient)
        rows = {name: _versions(connection, name, theirs) for name in ABOUT_A_PERSON}
        if not rows["patients"]:
            raise UsageError(f"no patient `{patient}` was ever on record in `{chart.name}`")
        entries = _entries(connection, {row["entry"] for part in rows.values() for row in part})
        chains = {name: list(_chains(part)) for name, part in rows.items()}
        mine = {c[-1]["episode"] for c in chains["episodes"] if c[-1]["patient"] in theirs}

        def is_own(row: Row) -> bool:
            return row["patient"] in theirs if "patient" in row else row["episode"] in mine

        tables = {
            name: tuple(
                Line(tuple(_told(name, chain, entries, [is_own(row) for row in chain])))
                for chain in part
                if any(map(is_own, chain))
            )
            for name, part in chains.items()
        }
        terms = terms_on_record(connection)
        tables["findings"] = tuple(
            _understood(line, terms, chart.knowledge) for line in tables["findings"]
        )
        access = tuple(_access(connection, patient, tables))
        return Record(chart.knowledge, patient, head_of(connection), tables, access)


def record_json(record: Record) -> str:
    """Return a record as JSON; its shape is told in `docs/rights.md` and changes with `version`."""
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "patient": record.patient,
        "as_of": {"entry": record.head.entry, "at": record.head.at},
        "tables": {
            name: [{"values": line.values, **asdict(line)} for line in lines]
            for name, lines in record.tables.items()
        },
        "access": [asdict(access) for access in record.access],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _understood(line: Line, terms: Terms, knowledge: Knowledge) -> Line:
    """The line with what its words are read as, if somebody said so since."""
    if line.values is None or line.values["code"] != NOT_UNDERSTOOD:
        return line
    said = line.values["kind"], NOT_UNDERSTOOD, line.values["words"]
    code, _ = resolved(knowledge, *said, terms)
    return line if code == NOT_UNDERSTOOD else replace(line, understood_as=code)


def _versions(connection: sa.Connection, name: str, patients: Collection[str]) -> list[Row]:
    """Every row that ever named one of these, and all that it superseded or that superseded it."""
    rows, found = ROWS[name], dict[int, Row]()
    names = ("id", "entry", "supersedes", "withdrawn", *HISTORIES[name].schema)
    query = stored_select(rows, names, connection.dialect.name)
    wanted = about(name, lambda whose: whose.in_(patients))
    while True:
        answer = connection.execute(query.where(wanted))
        read = [dict(zip(names, row, strict=True)) for row in answer]
        new = {row["id"]: row for row in read if row["id"] not in found}
        if not new:
            return [found[id_] for id_ in sorted(found)]
        found |= new
        before = [row["supersedes"] for row in new.values() if row["supersedes"] is not None]
        wanted = sa.or_(rows.c.id.in_(before), rows.c.supersedes.in_(list(new)))


def _entries(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, Row]:
    names = ("entry", "at", "by", "reason")
    query = stored_select(AUDIT, names, connection.dialect.name)
    answer = connection.execute(query.where(AUDIT.c.entry.in_(list(numbers))))
    return {row[0]: dict(zip(names, row, strict=True)) for row in answer}


def _chains(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in their order, each after the one that it superseded."""
    chains: dict[int, list[Row]] = {}
    for row in rows:
        chain = chains.pop(row["supersedes"], [])
        chains[row["id"]] = [*chain, row]
    yield from sorted(chains.values(), key=lambda chain: int(chain[0]["id"]))


def _told(
    name: str, chain: list[Row], entries: dict[int, Row], own: list[bool]
) -> Iterator[Version]:
    before: Row | None = None
    for row, is_own in zip(chain, own, strict=True):
        entry = entries[row["entry"]]
        change: Literal["recorded", "corrected", "withdrawn"] = "corrected"
        if row["withdrawn"]:
            change = "withdrawn"
        elif before is None or before["withdrawn"]:
            change = "recorded"
        values = _values(name, row) if is_own and own[-1] else None
        told = entry["at"], entry["by"], change, entry["reason"]
        yield Version(row["id"], row["entry"], *told, values)
        before = row


def _values(name: str, row: Row) -> Row:
    """The columns but the patient, who is the same in all of them."""
    values = {c.name: _value(c.kind, row[c.name]) for c in HISTORIES[name].columns}
    for column in AS_JSON & values.keys():
        values[column] = json.loads(values[column])
    values.pop("patient", None)
    return values


def _value(kind: Kind, value: Any) -> Any:
    match kind:
        case Kind.FLAG if value is not None:
            return bool(value)
        case Kind.INSTANT if value is not None:
            return value.removesuffix(START_OF_DAY).replace(".000000Z", "Z")
    return value


def _access(
    connection: sa.Connection, patient: str, tables: dict[str, tuple[Line, ...]]
) -> Iterator[Access]:
    """Who looked and who wrote: not those who corrected somebody else's rows."""
    wrote = {v.entry for lines in tables.values() for line in lines for v in line.versions}
    names = "entry", "at", "by", "action", "reason"
    for row in read_log(connection, patient).iter_rows(named=True):
        everybody = row["patient"] is None
        if not everybody or row["entry"] in wrote or row["action"] in LOOKS:
            told = {name: row[name] for name in names}
            yield Access(**told, everybody=everybody and row["action"] in LOOKS)
