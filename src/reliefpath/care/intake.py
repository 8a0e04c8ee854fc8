"""A patient's first visit: who they are, what hurts, how much, and what was asked about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from difflib import SequenceMatcher
from hashlib import sha256

import polars as pl
import sqlalchemy as sa

from reliefpath.care.request import Request
from reliefpath.care_log.schema import EPISODES, FINDINGS, PATIENTS, SCORES
from reliefpath.clock import instant_of
from reliefpath.errors import UsageError
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.anatomy.body_map import PAIN_AREA
from reliefpath.reference.therapies import NOT_UNDERSTOOD, SCREENED
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS, holding
from reliefpath.store.writing import AuditEvent

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What a record number is made of: nothing that is read for something else."""
LENGTH, SHORT = 8, 3
ALIKE = 0.75
"""How alike two names are, from 0 to 1, that may be one, where the day of birth is the same."""


class Person(Request):
    """Who somebody is, as far as it is known."""

    name: str
    birth_date: date | None = None
    sex: str | None = None
    language: str | None = None


class Complaint(Request):
    """What somebody comes with."""

    region: str
    side: str | None = None
    complaint: str | None = None
    primary_measure: str | None = None
    clinician: str | None = None
    payer: str | None = None


class Score(Request):
    """A score of a measure, or of one item of it."""

    measure: str
    value: float
    item: str | None = None


class Screening(Request):
    """A kind of finding that was asked about, and what was found: nothing, if it is empty."""

    kind: str
    codes: tuple[str, ...] = ()
    words: str | None = None
    """What was found, where the catalogue has no code for it."""


class Answer(Request):
    """A finding that was not screened for: a consent, a weight, a pregnancy."""

    kind: str
    code: str
    value: float | None = None
    unit: str | None = None
    of_complaint: bool = False


class IntakeRequest(Request):
    """Everything of a first visit; what was not asked stays unknown.

    Sent twice as it is, it is recorded once.
    """

    on: date
    patient: str | None = None
    """The record number: of somebody on record where `person` is None, else a new one's own."""
    person: Person | None
    complaint: Complaint
    areas: tuple[str, ...] = ()
    """Where on the body it hurts, as codes of the body map."""
    scores: tuple[Score, ...] = ()
    screenings: tuple[Screening, ...] = ()
    answers: tuple[Answer, ...] = ()


class Likeness(Request):
    """Somebody on record who may be the same person."""

    patient: str
    name: str
    birth_date: date | None
    episode: str | None
    """One of their episodes, by which their record opens."""


def take_in(chart: Chart, request: IntakeRequest, by: str, *, page: str) -> str:
    """Record a first visit as one change; return the identifier of the episode.

    Args:
        chart: where it is recorded.
        request: what was said, asked and found.
        by: who records it.
        page: from where, as the audit log tells it.

    Raises:
        UsageError: the record number is somebody's already, or nobody's.
        CareLogError: a value breaks the schema; it lists every one of them.
    """
    patient, episode = _named(request)
    if taken_in_before(chart, request):
        return episode
    is_known = chart.care_log_of(patient).patients.height > 0
    if request.person is not None and is_known:
        raise UsageError(f"record number {patient} is somebody's already; leave it empty, or open")
    if request.person is None and not is_known:
        raise UsageError(f"nobody has the record number {patient}")
    rows = dict(_rows(request, patient, episode))
    act = AuditEvent(by, "enter", None, patient)
    chart.insert(rows, act, page=page, idempotency_key=episode)
    return episode


def taken_in_before(chart: Chart, request: IntakeRequest) -> bool:
    """Return whether just this was recorded already, and is sent again."""
    patient, episode = _named(request)
    return chart.patient_of(episode) == patient


def _named(request: IntakeRequest) -> tuple[str, str]:
    """The identifiers of the patient and of the episode: the same for the same request."""
    made = _letters_of(request.model_dump_json())
    patient = request.patient or f"P-{made}"
    return patient, f"{patient}-{made[:SHORT]}"


def _letters_of(text: str) -> str:
    """Letters and digits that no other text is likely to have."""
    number = int.from_bytes(sha256(text.encode()).digest())
    return "".join(LETTERS[number // len(LETTERS) ** n % len(LETTERS)] for n in range(LENGTH))


def _rows(request: IntakeRequest, patient: str, episode: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of a first visit, by table."""
    at = instant_of(request.on)
    if request.person is not None:
        person = {"patient": patient, **request.person.model_dump()}
        yield "patients", pl.DataFrame([person], PATIENTS.schema)
    complaint = {"episode": episode, "patient": patient, "started_on": request.on}
    complaint |= request.complaint.model_dump()
    yield "episodes", pl.DataFrame([complaint], EPISODES.schema)
    said = {"episode": episode, "at": at, "reported_by": "patient"}
    scores = [{**said, **score.model_dump()} for score in request.scores]
    yield "scores", pl.DataFrame(scores, SCORES.schema)
    found = [{"patient": patient, "at": at, **row} for row in _findings(request, episode)]
    yield "findings", pl.DataFrame(found, FINDINGS.schema)


def _findings(request: IntakeRequest, episode: str) -> Iterator[dict[str, object]]:
    for area in request.areas:
        yield {"kind": PAIN_AREA, "code": area, "episode": episode}
    for asked in request.screenings:
        for code in (SCREENED, *asked.codes):
            yield {"kind": asked.kind, "code": code}
        if asked.words is not None:
            yield {"kind": asked.kind, "code": NOT_UNDERSTOOD, "words": asked.words}
    for answer in request.answers:
        row = answer.model_dump(exclude={"of_complaint"})
        yield {**row, "episode": episode if answer.of_complaint else None}


def people_like(chart: Chart, name: str, birth_date: date | None) -> list[Likeness]:
    """Return whoever on record may be the same person, in the order of their names."""
    people, episodes = ROWS["patients"], ROWS["episodes"]
    theirs = sa.select(sa.func.min(episodes.c.episode)).where(
        episodes.c.patient == people.c.patient, holding(episodes)
    )
    query = sa.select(
        people.c.patient, people.c.name, people.c.birth_date, theirs.scalar_subquery()
    ).where(holding(people), people.c.name.is_not(None))
    with read_transaction(chart.engine) as connection:
        known = connection.execute(query).all()
    found = (
        Likeness(patient=patient, name=called, birth_date=born, episode=episode)
        for patient, called, born, episode in known
        if _may_be_one(name, birth_date, called, _day(born))
    )
    return sorted(found, key=lambda person: (folded(person.name), person.patient))


def _day(born: date | str | None) -> date | None:
    return date.fromisoformat(born) if isinstance(born, str) else born


def _may_be_one(name: str, born: date | None, other: str, other_born: date | None) -> bool:
    """Whether two people may be one: days of birth are mistyped seldom, names often."""
    mine, theirs = sorted(folded(name).split()), sorted(folded(other).split())
    shared = len(set(mine) & set(theirs))
    if mine == theirs:
        return True
    if born is None or other_born is None:
        return shared > 1
    if born != other_born:
        return False
    return shared > 0 or SequenceMatcher(None, " ".join(mine), " ".join(theirs)).ratio() >= ALIKE
