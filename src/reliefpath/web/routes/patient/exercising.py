"""The exercise programme of a patient, as the page that they take home."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.planning.exercise import programme_for
from reliefpath.documents.exercise import handout
from reliefpath.errors import UsageError
from reliefpath.knowledge.languages import spoken_or_english
from reliefpath.reference.therapies.exercise import Goal, Irritability, exercise_catalogue
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer
from reliefpath.web.standalone import paper
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/exercise")


@router.get("")
def ask(request: Request, episode: str, worker: Carer) -> Response:
    """Show what the programme may be fitted to."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "exercise")
    known = exercise_catalogue(care.knowledge)
    return page(
        request,
        "exercise",
        about=head(care_log, episode, care.today),
        equipment=[(id_, row.name, row.household) for id_, row in known.equipment.items()],
        irritabilities=list(Irritability),
        goals=list(Goal),
    )


@router.get("/programme")
def programme(
    request: Request,
    episode: str,
    worker: Carer,
    minutes: float = 20,
    irritability: Irritability = Irritability.MEDIUM,
    goal: Goal = Goal.RELIEF,
    kind: str = "html",
) -> Response:
    """Write the programme for the muscles of the latest exam, in the patient's language."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "programme")
    at_hand = request.query_params.getlist("equipment")
    if unknown := set(at_hand) - set(exercise_catalogue(care.knowledge).equipment):
        raise UsageError(f"unknown equipment `{unknown.pop()}`")
    found = programme_for(
        *(care_log, episode, care.today),
        equipment=at_hand,
        minutes=minutes,
        irritability=irritability,
        goal=goal,
    )
    language = spoken_or_english(care_log.patients["language"][0])
    html = handout(found, on=care.today, language=language)
    return paper(html, kind, f"{episode}-exercise")
