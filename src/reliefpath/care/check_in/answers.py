"""What a patient sent, as rows of the care log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from reliefpath.care.check_in.links import USED, Link, Links
from reliefpath.care.check_in.questions import Questions
from reliefpath.care.check_in.words import EFFECT, SIGN, Sign, words
from reliefpath.care.planning.given import EXERCISE
from reliefpath.care_log.schema import REPORTERS, TABLES
from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy.body_map import PAIN_AREA, areas
from reliefpath.reference.therapies import SCREENED
from reliefpath.reference.therapies.exercise import (
    exercises,
    read_shares,
    shares_text,
    total_share,
)
from reliefpath.store.chart import Chart
from reliefpath.store.corrections import HOLDS, saved_rows
from reliefpath.store.database import read_transaction
from reliefpath.store.history import rows_of
from reliefpath.store.writing import AuditEvent

DID = "did"
"""What begins the field of how much of an exercise was done."""
MESSAGE, FROM_PATIENT = "message", "from-patient"
"""The finding that keeps what the patient wrote."""
LONGEST_MESSAGE = 500
"""Letters of it."""
NONE = "none"
"""Ticked where nothing of a list is so; nothing ticked is not answered."""


@dataclass(frozen=True)
class Answers:
    """What was answered; what was left out is not in it."""

    marks: dict[str, str]
    """Question by its field, to the mark chosen."""
    done: str | None
    each: dict[str, str]
    """Exercise to how much of it was done."""
    areas: tuple[str, ...]
    effects: tuple[str, ...]
    signs: tuple[str, ...]
    no_sign: bool
    """Whether all signs were answered with no."""
    message: str | None = None
    """What the patient wrote."""

    @property
    def digest(self) -> str:
        """What tells these answers from others."""
        said = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was answered."""
        return self == NOTHING

    def in_place_of(self, earlier: Answers, asked: Questions) -> Answers:
        """Return these answers as they replace earlier ones.

        A warning sign that was sent is not taken back by a tap: it stands until somebody of the
        clinic has looked.
        """
        signs = {*self.signs, *earlier.signs}
        effects = {*self.effects, *(asked.urgent & set(earlier.effects))}
        return replace(
            self,
            signs=tuple(code for code in words().signs if code in signs),
            effects=tuple(code for code in asked.effects if code in effects),
            no_sign=self.no_sign and not signs,
        )

    def told(self, asked: Questions) -> str | None:
        """Return the safety net that these answers call for."""
        ticked: list[Sign] = [words().signs[code] for code in self.signs]
        ticked += [asked.effects[code] for code in self.effects if code in asked.urgent]
        if not ticked:
            return None
        return "emergency" if any(sign.emergency for sign in ticked) else "today"

    def rows(
        self,
        asked: Questions,
        patient: str,
        episode: str,
        at: datetime,
        day: date,
        reported_by: str,
    ) -> dict[str, pl.DataFrame]:
        """Return the answers as rows by table, of the tables that there are rows of.

        `day` is the day at the clinic: where it hurts is told of that day alone.
        """
        where = {"episode": episode, "at": at}
        scores = [
            {"measure": q.measure, "item": q.item, "value": float(self.marks[q.field])}
            for q in asked.scales
            if q.field in self.marks
        ]
        rows = {
            "scores": [{**where, "reported_by": reported_by, **row} for row in scores],
            "treatments": [{**where, "therapy": EXERCISE, **done} for done in self._done()],
            "findings": [
                {"patient": patient, "at": at, **f} for f in self._findings(asked, episode, day)
            ],
        }
        return {name: _frame(name, said) for name, said in rows.items() if said}

    def _done(self) -> Iterator[dict[str, Any]]:
        """How much of the exercises was done; what was not told of counts neither way."""
        each = {id_: float(share) for id_, share in self.each.items()}
        if each:
            yield {"adherence": total_share(each), "exercises": shares_text(each)}
        elif self.done is not None:
            yield {"adherence": float(self.done)}

    def _findings(self, asked: Questions, episode: str, day: date) -> list[dict[str, Any]]:
        """What cannot wait is of the person, and so of all complaints; the rest is of this one."""
        here, urgent = {"episode": episode}, asked.urgent
        return [
            *({"kind": SIGN, "code": code} for code in self.signs),
            *({"kind": SIGN, "code": SCREENED, **here} for _ in range(self.no_sign)),
            *({"kind": EFFECT, "code": c, **({} if c in urgent else here)} for c in self.effects),
            *({"kind": PAIN_AREA, "code": code, "until": day, **here} for code in self.areas),
            *self._messages(episode, day),
        ]

    def _messages(self, episode: str, day: date) -> list[dict[str, Any]]:
        if self.message is None:
            return []
        said = {"words": self.message, "until": day, "episode": episode}
        return [{"kind": MESSAGE, "code": FROM_PATIENT, **said}]


NOTHING = Answers({}, None, {}, (), (), (), no_sign=False)
"""Where nothing was answered."""


def record_answers(
    links: Links,
    link: Link,
    answers: Answers,
    asked: Questions,
    *,
    at: datetime,
    day: date,
    by: str,
    reported_by: str,
    replaces: int | None = None,
) -> None:
    """Record what was answered by a link, once, however often it is sent.

    What was sent before on the same day may be replaced: it stays on record, as withdrawn.

    Args:
        links: the links of the chart.
        link: the one that was opened.
        answers: what was answered.
        asked: what was asked.
        at: the moment of the answers.
        day: the day at the clinic.
        by: who sends them: an account, or the patient.
        reported_by: who answered: one of `REPORTERS`.
        replaces: the entry of the audit log whose answers these replace, as they were shown.

    Raises:
        UsageError: nobody of that name can answer, or what is to be replaced was worked on since.
    """
    if reported_by not in REPORTERS:
        raise UsageError(f"reported_by must be one of {', '.join(REPORTERS)}")
    links.chart.insert(
        answers.rows(asked, link.patient, link.episode, at, day, reported_by),
        AuditEvent(by, USED, None, link.patient),
        idempotency_key=link.id,
        replaces=replaces,
        answers=answers.digest,
        told=answers.told(asked),
        on=day.isoformat(),
    )


def sent_answers(chart: Chart, link: Link, asked: Questions, today: date) -> Answers | None:
    """Return what was sent by a link, if it may still be changed; None where it may not.

    It may on the day that it was sent, while all of it is on record as it was sent.
    """
    if link.entry is None or link.on != today:
        return None
    with read_transaction(chart.engine) as connection:
        saved = saved_rows(connection, link.entry, link.patient)
        if any(state is not HOLDS for state in saved.values()):
            return None
        scores, treatments, findings = (
            [
                row.values
                for row in rows_of(connection, name, link.patient)
                if (name, row.row) in saved
            ]
            for name in ("scores", "treatments", "findings")
        )
    codes: dict[str, list[str]] = {}
    for row in findings:
        codes.setdefault(row["kind"], []).append(row["code"])
    effects, signs = codes.get(EFFECT, []), codes.get(SIGN, [])
    done = treatments[0] if treatments else {"adherence": None, "exercises": None}
    each = {id_: f"{share:g}" for id_, share in read_shares(done["exercises"]).items()}
    together = None if each or done["adherence"] is None else f"{done['adherence']:g}"
    is_asked = asked.effects.keys() >= set(effects) and asked.exercises.keys() >= each.keys()
    if not is_asked or (together is not None and asked.exercises):
        return None  # what would be left out, would be lost
    fields = {(q.measure, q.item): q.field for q in asked.scales}
    return Answers(
        marks={
            fields[key]: f"{row['value']:g}"
            for row in scores
            if (key := (row["measure"], row["item"])) in fields
        },
        done=together,
        each=each,
        areas=tuple(codes.get(PAIN_AREA, [])),
        effects=tuple(effects),
        signs=tuple(code for code in signs if code != SCREENED),
        no_sign=SCREENED in signs,
        message=next((row["words"] for row in findings if row["kind"] == MESSAGE), None),
    )


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = TABLES[table].schema
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema)


def read_answers(
    get: Callable[[str], object],
    many: Callable[[str], Iterable[object]],
    asked: Questions,
    knowledge: Knowledge,
) -> Answers:
    """Return what a form says; an exercise that was asked about when it was opened still counts.

    Args:
        get: one value of the form.
        many: all values of a name.
        asked: what was asked.
        knowledge: the catalogues.

    Raises:
        UsageError: something was answered that could not be chosen.
    """
    said = words()
    marks = {q.field: _one(get(q.field), q.marks) for q in asked.scales}
    codes = [area.code for area in areas()]
    signs = _several(many("sign"), [*said.signs, NONE])
    return Answers(
        marks={field: mark for field, mark in marks.items() if mark is not None},
        done=_one(get("done"), said.done),
        each={
            id_: share
            for id_ in exercises(knowledge)
            if (share := _one(get(f"{DID}/{id_}"), said.each)) is not None
        },
        areas=_several(many("area"), codes),
        effects=tuple(c for c in _several(many("effect"), [*asked.effects, NONE]) if c != NONE),
        signs=tuple(code for code in signs if code != NONE),
        no_sign=signs == (NONE,),
        message=_written(get("message")),
    )


def _written(value: object) -> str | None:
    lines = str(value or "").splitlines()
    text = "\n".join("".join(filter(str.isprintable, line)) for line in lines).strip()
    if len(text) > LONGEST_MESSAGE:
        raise UsageError(f"what was written is too long: at most {LONGEST_MESSAGE} letters")
    return text or None


def _one(value: object, choice: Iterable[str]) -> str | None:
    if not value:
        return None
    return _several([value], choice)[0]


def _several(values: Iterable[object], choice: Iterable[str]) -> tuple[str, ...]:
    given, known = set(values), list(choice)
    if given - set(known):
        raise UsageError("something was answered that could not be chosen: open the page again")
    return tuple(code for code in known if code in given)
