"""One person's record as a page for them to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from itertools import pairwise

from reliefpath.care_log.schema import EPISODES, PATIENTS
from reliefpath.documents.printing import template
from reliefpath.documents.record.curve import FRAME, Curve, curves
from reliefpath.documents.record.record import Line, Record, Version
from reliefpath.documents.record.words import (
    ACTIONS,
    NAMES,
    Row,
    Wording,
    label,
    time_text,
)
from reliefpath.reference.anatomy import Region
from reliefpath.reference.measures import Measure, measures
from reliefpath.store.tables import HISTORIES

PLACES = {region.value: region.meaning for region in Region}
OF_EPISODES = (
    *("scores", "treatments", "exams", "findings", "visits"),
    *("decisions", "programmes"),
)


@dataclass(frozen=True)
class Event:
    """Something that happened, when, and who recorded it."""

    at: str
    title: str
    details: str
    by: str


@dataclass(frozen=True)
class Complaint:
    """An episode that is on record, with all that belongs to it."""

    id: str
    title: str
    values: Row
    facts: list[tuple[str, str]]
    curves: list[Curve]
    events: list[Event]


@dataclass(frozen=True)
class Correction:
    """What a row said before, what it says since, who changed it and why."""

    at: str
    by: str
    about: str
    changes: list[tuple[str, str, str]]
    """What, what it was, what it is."""
    note: str
    reason: str | None


def record_html(record: Record, zone: tzinfo = UTC) -> str:
    """Return a record as one HTML page that needs nothing else.

    Args:
        record: what to show.
        zone: whose clocks tell the time of day.
    """
    say = Wording(record.knowledge, zone)
    person = next((line.values for line in record.tables["patients"] if line.values), None)
    return template(__package__, "record.html.jinja").render(
        record=record,
        name=(person or {}).get("name"),
        language=(person or {}).get("language"),
        facts=[] if person is None else _facts("patients", PATIENTS.schema, person, say),
        complaints=list(_complaints(record, say)),
        findings=_events(record, ("findings",), None, say),
        corrections=sorted(_corrections(record, say), key=lambda c: c.at),
        measures=_measures(record),
        actions=ACTIONS,
        time=lambda at: time_text(at, zone),
        zone=zone.tzname(None) or str(zone),
        picture=FRAME,
    )


def _facts(name: str, columns: Iterable[str], values: Row, say: Wording) -> list[tuple[str, str]]:
    told = ((label(name, c), say.words(name, c, values)) for c in columns if c in values)
    return [(meaning, said) for meaning, said in told if said]


def _complaints(record: Record, say: Wording) -> Iterator[Complaint]:
    held = (line.values for line in record.tables["episodes"] if line.values)
    for values in sorted(held, key=lambda row: (row["started_on"], row["episode"]), reverse=True):
        episode = values["episode"]
        scores = (line.values for line in record.tables["scores"] if line.values)
        region = values["region"].replace("-", " ")
        columns = [c for c in EPISODES.schema if c not in ("region", "complaint")]
        yield Complaint(
            episode,
            f"{region.capitalize()}, since {time_text(values['started_on'])}",
            values,
            [
                ("Where", PLACES[values["region"]]),
                *_facts("episodes", columns, values, say),
            ],
            curves((r for r in scores if r["episode"] == episode), record.knowledge),
            _events(record, OF_EPISODES, episode, say),
        )


def _events(record: Record, names: Iterable[str], episode: str | None, say: Wording) -> list[Event]:
    """What belongs to an episode, or to none."""
    events = [
        Event(
            line.values["at"] if name != "decisions" else line.versions[0].recorded_at,
            say.title(name, line.read or line.values),
            _details(name, line, say),
            line.versions[-1].by,
        )
        for name in names
        for line in record.tables[name]
        if line.values and line.values["episode"] == episode
    ]
    return sorted(events, key=lambda event: event.at)


def _details(name: str, line: Line, say: Wording) -> str:
    assert line.values is not None
    said, why = say.details(name, line.read or line.values), line.versions[0].reason
    return f"{said}; because: {why}" if name == "decisions" and why else said


def _corrections(record: Record, say: Wording) -> Iterator[Correction]:
    for name, lines in record.tables.items():
        for line in lines:
            about = _about(name, line, say)
            for before, after in pairwise(line.versions):
                changes, note = _change(name, before, after, say)
                yield Correction(after.recorded_at, after.by, about, changes, note, after.reason)


def _about(name: str, line: Line, say: Wording) -> str:
    values = line.read or next((v.values for v in reversed(line.versions) if v.values), None)
    if values is None or name == "patients":
        return NAMES[name]
    when = f" of {time_text(values['at'], say.zone)}" if "at" in values else ""
    return f"{NAMES[name]}{when}: {say.title(name, values)}"


def _change(
    name: str, before: Version, after: Version, say: Wording
) -> tuple[list[tuple[str, str, str]], str]:
    """What was changed, and what else there is to say of it."""
    if after.change == "withdrawn":
        said = "" if after.values is None else _whole(name, after.values, say)
        return [], f"Withdrawn, entered in error: {said or NAMES[name]}"
    if before.values is None or after.values is None:
        return [], "Moved between records: it had been entered for the wrong person."
    changed = [
        (
            label(name, column),
            say.words(name, column, before.values) or "not known",
            say.words(name, column, after.values) or "not known",
        )
        for column in after.values
        if before.values[column] != after.values[column]
    ]
    return changed, "Entered again." if before.change == "withdrawn" else ""


def _whole(name: str, values: Row, say: Wording) -> str:
    if name in OF_EPISODES:
        return say.details(name, values)
    return ", ".join(said for _, said in _facts(name, HISTORIES[name].schema, values, say))


def _measures(record: Record) -> list[Measure]:
    held = {line.values["measure"] for line in record.tables["scores"] if line.values}
    return [measure for name, measure in measures(record.knowledge).items() if name in held]
