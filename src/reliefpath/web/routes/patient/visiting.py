"""A follow-up visit on one page: what was scored, examined, done and asked, saved at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.check_in.questions import FUNCTION, OWN, PAIN
from reliefpath.care.clinic_chart import Care
from reliefpath.care.examination import ExaminedMuscle
from reliefpath.care.exercise_done import last_report
from reliefpath.care.intake import Score
from reliefpath.care.planning.given import EXERCISE, NEEDLING
from reliefpath.care.programmes import exercises_in_force
from reliefpath.care.visit import VisitRequest, visit
from reliefpath.care.visits import next_visit
from reliefpath.care_log.log import CareLog
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies import therapies
from reliefpath.web.forms import (
    FLAGS,
    NOTHING,
    Form,
    Said,
    day_of,
    muscle_choices,
    number_of,
    text_of,
    time_of,
)
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.segments import segment
from reliefpath.web.views.checks import Shown, nothing_new, put_on_record
from reliefpath.web.views.exercise_done import CONFIRMED, DID, DONE, ExercisesDone
from reliefpath.web.views.ledger import SIGNS, latest_exam
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/visit")
FURTHER = 2
"""Rows for muscles that were not in the latest exam."""
Muscle = dict[str, Any]


@router.get("")
def ask(request: Request, episode: str, worker: Treater, on: date | None = None) -> Response:
    """Show the form of a visit on a day, with what was so last time beside it."""
    care_log = open_record(request.app.state.care, episode, worker, "visit")
    return _form(request, episode, care_log, NOTHING, on=on)


@router.post("")
def record(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Record a visit, or show the form as it was with what stands against it."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, "visit")
    shown, wrong = None, None
    try:
        done = _exercises(care, care_log, episode)
        asked = _request(said, episode, care_log, care.today, done, worker.name)
        recording = visit(care_log, asked, care.pathway, seen, care.today)
        shown = None if recording.plan is None else Shown(recording.plan, recording.against)
        if put_on_record(said, recording, care.chart, worker.username, page="visit"):
            return RedirectResponse(f"/patient/{segment(episode)}", 303)
    except ReliefPathError as error:
        wrong = str(error)
    return _form(request, episode, care_log, said, shown=shown, wrong=wrong)


def _exercises(care: Care, care_log: CareLog, episode: str) -> ExercisesDone:
    prescribed = exercises_in_force(care.chart, episode)
    report = last_report(care.chart, care_log, episode)
    return ExercisesDone.of(prescribed, report, care.knowledge, care.today)


def _request(
    said: Said,
    episode: str,
    care_log: CareLog,
    today: date,
    done: ExercisesDone,
    clinician: str,
) -> VisitRequest:
    rows = list(_muscles(said))
    for number, row in enumerate(rows, start=1):
        if not row["muscle"]:
            raise UsageError(f"muscle {number}: choose it, or leave the whole row empty")
        if not row["side"]:
            raise UsageError(f"{row['muscle']}: choose the side")
    return VisitRequest(
        episode=episode,
        on=day_of(said, today),
        scores=tuple(_scores(said, _activities(care_log, episode))),
        examined=tuple(_examined(rows)),
        needled=tuple((row["muscle"], row["side"]) for row in rows if row["needled"]),
        needle=text_of(said, "needle"),
        adverse_effect=text_of(said, "adverse_effect"),
        **done.request(said),
        therapies=tuple(map(str, said.getlist("therapy"))),
        agrees_to_needling=said.get("agrees") == "yes",
        note=text_of(said, "note"),
        clinician=clinician,
        next_visit=time_of(said, "next_visit", care_log.zone),
        nothing_new=nothing_new(said),
        acknowledged=tuple(map(str, said.getlist("acknowledge"))),
    )


def _muscles(said: Said) -> Iterator[Muscle]:
    """The rows in which something is said, as it was; a tap stands under the number of its row."""
    places = zip(said.getlist("muscle"), said.getlist("side"), strict=False)
    for n, (muscle, side) in enumerate(places):
        signs = {sign: said.get(f"{sign}-{n}") for sign in SIGNS}
        needled = said.get(f"needled-{n}") == "yes"
        if muscle or needled or any(signs.values()):
            yield {"muscle": str(muscle), "side": str(side), **signs, "needled": needled}


def _examined(rows: list[Muscle]) -> Iterator[ExaminedMuscle]:
    for row in rows:
        signs = {sign: FLAGS.get(row[sign]) for sign in SIGNS}
        if any(found is not None for found in signs.values()):
            yield ExaminedMuscle(muscle=row["muscle"], side=row["side"], **signs)


def _scores(said: Said, activities: list[str]) -> Iterator[Score]:
    for measure in (PAIN, OWN):
        if (value := number_of(said, measure)) is not None:
            yield Score(measure=measure, value=value)
    for n, activity in enumerate(activities):
        if (value := number_of(said, f"{FUNCTION}-{n}")) is not None:
            yield Score(measure=FUNCTION, value=value, item=activity)


def _activities(care_log: CareLog, episode: str) -> list[str]:
    """The patient's own activities, as they were first named."""
    named = pl.col("item").is_not_null()
    rows = care_log.scores.filter(named, episode=episode, measure=FUNCTION).sort("at", "item")
    return rows["item"].unique(maintain_order=True).to_list()


def _last_scores(care_log: CareLog, episode: str) -> dict[tuple[str, str | None], float]:
    """What was scored last, by measure and item."""
    rows = care_log.scores.filter(episode=episode).sort("at")["measure", "item", "value"]
    return {(measure, item): value for measure, item, value in rows.iter_rows()}


def _last_of(care_log: CareLog, episode: str, therapy: str, column: str) -> Any:
    """What stood last in a column of a therapy."""
    rows = care_log.given.filter(pl.col(column).is_not_null(), episode=episode, therapy=therapy)
    return None if rows.is_empty() else rows.sort("at")[column][-1]


def _form(
    request: Request,
    episode: str,
    care_log: CareLog,
    said: Said,
    *,
    on: date | None = None,
    shown: Shown | None = None,
    wrong: str | None = None,
) -> Response:
    """The form as it was filled in, with the muscles of the latest exam."""
    care: Care = request.app.state.care
    about = head(care_log, episode, care.today)
    exam = latest_exam(care_log, episode, care.today)
    last = {} if exam is None else {(row["muscle"], row["side"]): row for row in exam[1]}
    return page(
        request,
        "visit",
        about=about,
        said=said,
        day=said.get("on") or (on or care.today).isoformat(),
        rows=list(_rows(said, last)),
        muscles=muscle_choices(care_log.knowledge, about["region"]),
        signs=SIGNS,
        examined_on=None if exam is None else exam[0],
        activities=_activities(care_log, episode),
        last=_last_scores(care_log, episode),
        pain=PAIN,
        own=OWN,
        function=FUNCTION,
        done=_exercises(care, care_log, episode),
        needle=_last_of(care_log, episode, NEEDLING, "needle"),
        confirmed=CONFIRMED,
        did=DID,
        shares=DONE,
        therapies=_beside(care_log.knowledge),
        coming=next_visit(care_log, episode, care.today + timedelta(days=1)),
        shown=shown,
        wrong=wrong,
    )


def _rows(said: Said, last: Mapping[tuple[str, str], Muscle]) -> Iterator[Muscle]:
    """The rows of muscles: as filled in, else those of the latest exam, and two empty ones."""
    nothing: Muscle = {"needled": False, **dict.fromkeys(SIGNS)}
    if said:
        rows = list(_muscles(said))
    else:
        rows = [{"muscle": muscle, "side": side, **nothing} for muscle, side in last]
    for row in [*rows, *({"muscle": "", "side": "", **nothing} for _ in range(FURTHER))]:
        before = last.get((row["muscle"], row["side"]))
        yield {**row, "last": before}


def _beside(knowledge: Knowledge) -> list[tuple[str, str]]:
    """What else is given at a visit: anything less invasive than a needle, but exercise itself."""
    known = therapies(knowledge)
    limit = known[NEEDLING].invasiveness
    return [
        (id_, row.name)
        for id_, row in known.items()
        if row.invasiveness < limit and id_ != EXERCISE
    ]
