"""A row of a patient's record as a form, what was changed in it, and what it said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from reliefpath.care.correcting import RecordedRow, Version
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES, Column, Kind
from reliefpath.clock import day_of, has_time, zone_of
from reliefpath.documents.printing import day_text
from reliefpath.documents.record.words import CATALOGUES, Wording
from reliefpath.errors import CareLogError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies import finding_kinds

NAMES = {
    "patients": ("the person", "Person"),
    "episodes": ("the complaint", "Complaint"),
    "scores": ("a score", "Scores"),
    "treatments": ("a treatment", "Treatments"),
    "exams": ("an exam", "Exams"),
    "findings": ("a finding", "Findings"),
    "visits": ("a visit", "Visits"),
}
"""What a row of each table is called, and what its rows are."""
LABELS = {
    "at": "Day",
    "episode": "Complaint",
    "volume_ml": "Volume, mL",
    "pressure_kpa": "Pressure pain, kPa",
}
TIME = "time"
"""The field beside the day of a row that may say its time of day."""
FLAGS = {1: "yes", 0: "no", None: ""}
INPUTS = {Kind.DATE: "date", Kind.INSTANT: "date", Kind.NUMBER: "number"}
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A field of a row's form."""

    name: str
    label: str
    hint: str
    value: str
    input: str
    """The type of its input; `choice` and `prose` have an element of their own."""
    choices: tuple[tuple[str, str], ...] = ()
    problem: str | None = None


def columns_of(table: str) -> list[Column]:
    """Return the columns that a form may change: not what names the row, and whose it is."""
    declared = TABLES[table]
    columns = declared.columns[1:] if declared.unique else declared.columns
    return [column for column in columns if column.name not in ("patient", "kind")]


def typed(table: str, values: Values, zone: str) -> dict[str, str]:
    """Return what stands in each field of a row's form."""
    found = {}
    for column in columns_of(table):
        value = values[column.name]
        if column.kind is Kind.FLAG:
            found[column.name] = FLAGS[value]
        elif column.kind is Kind.INSTANT:
            at = datetime.fromisoformat(value)
            local = at.astimezone(zone_of(zone))
            found[column.name] = day_of(at, zone).isoformat()
            found[TIME] = f"{local:%H:%M}" if has_time(at) else ""
        elif column.kind is Kind.NUMBER and value is not None:
            found[column.name] = f"{value:.10g}"
        else:
            found[column.name] = str(value or "").strip().replace("\r\n", "\n")
    return found


def retyped(table: str, values: Values, said: Mapping[str, Any], zone: str) -> dict[str, str]:
    """Return the fields in which something else was sent than stood there."""
    sent = {n: str(said[n]).strip().replace("\r\n", "\n") for n in said}
    before = typed(table, values, zone)
    return {name: sent[name] for name, was in before.items() if sent.get(name, was) != was}


def changes(table: str, values: Values, new: Mapping[str, str], zone: str) -> dict[str, str | None]:
    """Return the values of the columns whose fields were retyped, as a care log has them."""
    after, found = {**typed(table, values, zone), **new}, dict[str, str | None]()
    for column in columns_of(table):
        if column.kind is Kind.INSTANT:
            if {column.name, TIME} & new.keys():
                found[column.name] = _instant(after[column.name], after[TIME], zone)
        elif column.name in new:
            text = new[column.name]
            if column.kind is Kind.FLAG:
                text = {"yes": "true", "no": "false"}.get(text, text)
            found[column.name] = text or None
    return found


def _instant(day: str, time: str, zone: str) -> str | None:
    """A date alone, or with a time by the clinic's clock; what is neither is refused as it is."""
    if not time:
        return day or None
    try:
        return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone_of(zone)).isoformat()
    except ValueError:
        return f"{day} {time}"


def problems_of(error: CareLogError) -> dict[str, str]:
    """Return what is wrong, by the field that is to be mended; under no name what is of none."""
    found: dict[str, str] = {}
    for problem in (each for each in error.problems if not each.warning):
        told = problem.expected if problem.value is None else f"{problem.value}: {problem.expected}"
        found.setdefault(problem.column or "", told)
    return found


def fields_of(
    care_log: CareLog,
    row: RecordedRow,
    new: Mapping[str, str],
    problems: Mapping[str, str],
) -> list[Field]:
    """Return the form of a row as it holds, with what was retyped and what is wrong with it."""
    values = row.latest.values
    texts = {**typed(row.table, values, care_log.zone), **new}
    found = []
    for column in columns_of(row.table):
        name = column.name
        choices = tuple(_choices(column, values, care_log))
        kind = "choice" if choices else "prose" if column.prose else INPUTS.get(column.kind, "text")
        told = (_label(name), _hint(column), texts[name], kind, choices, problems.get(name))
        found.append(Field(name, *told))
        if column.kind is Kind.INSTANT:
            found.append(Field(TIME, "Time", "where it matters", texts[TIME], "time"))
    return found


def _label(column: str) -> str:
    return LABELS.get(column, column.replace("_", " ").capitalize())


def _hint(column: Column) -> str:
    if column.name == "episode":
        return "of those of this patient"
    most = column.high
    limits = "" if most is None else f", from {column.low:g} to {most:g}"
    meaning = column.meaning.replace("`", "")
    return f"{meaning[0].lower()}{meaning[1:]}{limits}"


def _choices(column: Column, values: Values, care_log: CareLog) -> Iterator[tuple[str, str]]:
    """What a field may be, each with its name; nothing where it is typed."""
    knowledge = care_log.knowledge
    if column.kind is Kind.FLAG:
        yield from (("yes", "yes"), ("no", "no"))
    elif column.name == "episode":
        rows = care_log.episodes.select("episode", "region").iter_rows()
        yield from ((id_, f"{id_}, {region.replace('-', ' ')}") for id_, region in rows)
    elif column.name == "code":
        codes = finding_kinds(knowledge)[values["kind"]].codes
        yield from ((code, row.name) for code, row in codes.items())
    elif column.kind is Kind.CODE:
        named = CATALOGUES[column.name](knowledge) if column.name in CATALOGUES else {}
        for code in column.codes_in(knowledge):
            yield code, named[code].name if code in named else code.replace("-", " ")


@dataclass(frozen=True)
class Line:
    """A row in a list."""

    number: int
    day: date | None
    told: str


def lines(
    rows: list[Version], table: str, asked: Mapping[str, str], care_log: CareLog
) -> list[Line]:
    """Return the rows that are as an address asks: its columns by their values, `on` by the day."""
    found = []
    for row in rows:
        at = row.values.get("at")
        day = None if at is None else day_of(datetime.fromisoformat(at), care_log.zone)
        values = {**row.values, "on": day}
        if all(str(values.get(name)) == value for name, value in asked.items()):
            found.append(Line(row.row, day, told(table, row.values, care_log)))
    return found


def told(table: str, values: Values, care_log: CareLog) -> str:
    """Return what a row says, in a line."""
    say, parts = Wording(care_log.knowledge, zone_of(care_log.zone)), []
    for column in TABLES[table].columns:
        said = say.words(table, column.name, values)
        if not said or column.name in ("patient", "episode", "at"):
            continue
        labelled = column.kind in (Kind.FLAG, Kind.DATE, Kind.NUMBER) and column.name != "value"
        parts.append(f"{_label(column.name).lower()} {said}" if labelled else said)
    return ", ".join(parts)


@dataclass(frozen=True)
class Event:
    """When what was said changed, by whom and why."""

    change: str
    day: date
    by: str
    reason: str | None
    changed: list[tuple[str, str, str]]
    """What, what it was, what it is since."""


def events(row: RecordedRow, knowledge: Knowledge, zone: str) -> list[Event]:
    """Return what became of a row, the oldest first."""
    say, first = Wording(knowledge, zone_of(zone)), row.versions[0]
    found = [_event("Recorded", first, [], zone)]
    for before, after in pairwise(row.versions):
        change = "Withdrawn" if after.withdrawn else "Corrected"
        if before.withdrawn:
            change = "Recorded again"
        changed = [
            (
                _label(column),
                say.words(row.table, column, before.values) or "not known",
                say.words(row.table, column, after.values) or "not known",
            )
            for column in TABLES[row.table].schema
            if before.values[column] != after.values[column]
        ]
        found.append(_event(change, after, changed, zone))
    return found


def _event(change: str, version: Version, changed: list[tuple[str, str, str]], zone: str) -> Event:
    day = day_of(datetime.fromisoformat(version.at), zone)
    return Event(change, day, version.by, version.reason, changed)


def since(row: RecordedRow, zone: str) -> str | None:
    """Return what became of a row that holds no longer, in words; None where it holds."""
    if row.holds:
        return None
    later = row.versions[[v.row for v in row.versions].index(row.number) + 1 :] or (row.latest,)
    done = "withdrawn" if later[-1].withdrawn else "corrected"
    day = day_text(day_of(datetime.fromisoformat(later[-1].at), zone))
    because = f", because: {later[-1].reason}" if later[-1].reason else ""
    return f"{later[-1].by} has {done} this meanwhile, on {day}{because}."
