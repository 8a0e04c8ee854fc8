"""What is new since a clinician looked: warning signs, flares, gates that opened, check-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import sqlalchemy as sa

from reliefpath.care.check_in.links import PATIENT, USED
from reliefpath.care.clinic_chart import Care
from reliefpath.care.red_flags import is_red_flag
from reliefpath.care.worklist import AGO
from reliefpath.clock import MIDNIGHT, day_of, zone_of
from reliefpath.errors import UsageError
from reliefpath.pathway.advice import assess_episode
from reliefpath.pathway.assessment import GATE
from reliefpath.reference.therapies import finding_kinds
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.frames import stored_select
from reliefpath.store.tables import AUDIT, ROWS, SEEN, holding, stored
from reliefpath.store.verification.audit import head_of, instant_text
from reliefpath.store.writing import AuditEvent

RED_FLAG, FLARE, GATE_OPENED, CHECKED_IN = "red-flag", "flare", "gate-opened", "check-in"
"""The kinds of news, the most urgent first."""


@dataclass(frozen=True)
class Since:
    """From when on something is new: all that was recorded after an entry of the audit log."""

    entry: int
    at: datetime
    was_seen: bool
    """Whether somebody said so; else it is since the morning of the day before."""


@dataclass(frozen=True)
class News:
    """Something new of a patient.

    Attributes:
        kind: What it is.
        at: When it was recorded; None where it came about by time alone.
        patient, episode, name: Of whom.
        text: What there is to say.
        code: Of a red flag, its kind and code.
    """

    kind: str
    at: datetime | None
    patient: str
    episode: str
    name: str
    text: str
    code: tuple[str, str] | None = None


def last_seen(chart: Chart, username: str, today: date) -> Since:
    """Return since when something is new to somebody, a week at most."""
    zone = zone_of(chart.zone)
    mine = (AUDIT.c.by == username) & (AUDIT.c.action == SEEN)
    query = sa.select(AUDIT.c.detail, stored(AUDIT.c.at, chart.engine.dialect.name))
    with read_transaction(chart.engine) as connection:
        last = connection.execute(query.where(mine).order_by(AUDIT.c.entry.desc()).limit(1)).first()
        yesterday, longest = (
            datetime.combine(today - ago, MIDNIGHT, zone) for ago in (timedelta(days=1), AGO)
        )
        if last is not None and (at := datetime.fromisoformat(last[1])) >= longest:
            return Since(json.loads(last[0])["upto"], at, was_seen=True)
        since = yesterday if last is None else longest
        return Since(head_of(connection, instant_text(since)).entry, since, was_seen=False)


def note_seen(chart: Chart, upto: int, by: str) -> None:
    """Keep that somebody saw what was recorded up to an entry of the audit log.

    What came after the page was made is still new.

    Raises:
        UsageError: there is no such entry.
    """
    if not 0 <= upto <= chart.head().entry:
        raise UsageError("the page is not of this chart any more; open it again")
    chart.note(AuditEvent(by, SEEN), upto=upto)


def news(care: Care, rows: pl.DataFrame, since: Since) -> list[News]:
    """Return what is new of the patients of some rows of the worklist, the most urgent first."""
    found = [*_red_flags(care.chart, rows, since), *_flares(care, rows, since)]
    found += _gates(care, rows, since)
    told = {item.patient for item in found if item.kind in (RED_FLAG, FLARE)}
    return [*found, *(n for n in _check_ins(care.chart, rows, since) if n.patient not in told)]


def _named(rows: pl.DataFrame) -> dict[str, tuple[str, str]]:
    """Of each patient the most urgent episode, and the name."""
    first = rows.unique("patient", keep="first", maintain_order=True)
    columns = "patient", "episode", pl.coalesce("name", "patient").alias("named")
    return {patient: (episode, name) for patient, episode, name in first.select(columns).rows()}


def _who(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["patient"], row["episode"], row["name"] or row["patient"]


def _red_flags(chart: Chart, rows: pl.DataFrame, since: Since) -> Iterator[News]:
    """Red flags that stand and were recorded since."""
    named, dialect = _named(rows.filter(pl.col("red_flag").fill_null(False))), chart.engine.dialect
    table = ROWS["findings"]
    query = stored_select(table, ("patient", "kind", "code"), dialect.name).add_columns(
        stored(AUDIT.c.at, dialect.name).label("told_at"), AUDIT.c.by, AUDIT.c.action
    )
    new = (table.c.entry > since.entry) & table.c.patient.in_(list(named)) & holding(table)
    query = query.join(AUDIT, AUDIT.c.entry == table.c.entry).where(new)
    with read_transaction(chart.engine) as connection:
        found = connection.execute(query.order_by(table.c.id.desc())).all()
    for patient, kind, code, at, by, action in found:
        if not is_red_flag(chart.knowledge, kind, code):
            continue
        sign = finding_kinds(chart.knowledge)[kind].codes[code].name
        who = "the patient, not yet examined" if by == PATIENT or action == USED else by
        text = f"{sign}, reported by {who}"
        when = datetime.fromisoformat(at)
        yield News(RED_FLAG, when, patient, *named[patient], text, (kind, code))


def _flares(care: Care, rows: pl.DataFrame, since: Since) -> Iterator[News]:
    """Latest scores, recorded since, that are clearly worse than those before."""
    asks = [id_ for id_, (_, c) in care.pathway.criteria.items() if "flare" in c.require.split()]
    worse = pl.any_horizontal(pl.lit(False), *(~pl.col(id_).fill_null(True) for id_ in asks))
    flaring = rows.filter("in_care", worse)
    scores, chart = ROWS["scores"], care.chart
    mine = scores.c.episode.in_(flaring["episode"].to_list()) & (scores.c.entry > since.entry)
    at = stored(AUDIT.c.at, chart.engine.dialect.name)
    query = sa.select(scores.c.episode, at).join(AUDIT, AUDIT.c.entry == scores.c.entry)
    with read_transaction(chart.engine) as connection:
        found = connection.execute(query.where(mine, holding(scores))).all()
    scored = dict(map(tuple, found))
    for row in flaring.iter_rows(named=True):
        if row["episode"] in scored:
            text = f"The latest score, {row['current']:g}, is clearly worse than the one before"
            when = datetime.fromisoformat(scored[row["episode"]])
            yield News(FLARE, when, *_who(row), text)


def _gates(care: Care, rows: pl.DataFrame, since: Since) -> Iterator[News]:
    """Gates that are open and were not by what was on record then."""
    was_open = pl.col("was_gate").fill_null(False)
    opened = rows.filter(pl.col(GATE).fill_null(False), ~was_open)
    day = day_of(since.at, care.chart.zone)
    for row in opened.select("episode", "patient", "name").iter_rows(named=True):
        if not _was_open(care, row["patient"], row["episode"], since.entry, day):
            yield News(GATE_OPENED, None, *_who(row), "The gate to the injection is open")


def _was_open(care: Care, patient: str, episode: str, entry: int, day: date) -> bool:
    """Whether the gate was open on a day, by what was on record up to an entry; worked out once."""
    state = care.patients.state(patient)
    return state.once(
        ("gate", entry, day, episode), lambda: _gate(care, patient, episode, entry, day)
    )


def _gate(care: Care, patient: str, episode: str, entry: int, day: date) -> bool:
    care_log = care.chart.care_log_of(patient, entry)
    if care_log.episodes.filter(episode=episode).is_empty():
        return False
    return assess_episode(care_log, episode, care.pathway, day, care.priors).gate is True


def _check_ins(chart: Chart, rows: pl.DataFrame, since: Since) -> Iterator[News]:
    """Check-ins that arrived since, one of each patient."""
    named, at = _named(rows), stored(AUDIT.c.at, chart.engine.dialect.name)
    query = sa.select(AUDIT.c.patient, at, AUDIT.c.by)
    query = query.where(AUDIT.c.entry > since.entry, AUDIT.c.action == USED)
    with read_transaction(chart.engine) as connection:
        found = connection.execute(query.order_by(AUDIT.c.entry.desc())).all()
    for patient, arrived, by in found:
        if patient in named:
            text = "Checked in" if by == PATIENT else f"Checked in, filled in by {by}"
            when = datetime.fromisoformat(arrived)
            yield News(CHECKED_IN, when, patient, *named.pop(patient), text)
