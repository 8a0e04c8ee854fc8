"""The exercise programme of a patient: changed by hand, signed, and taken home as a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.planning.exercise import Situation, proposed, situation_of
from reliefpath.care.programmes import (
    PROPOSAL,
    SignedProgramme,
    exercises_in_force,
    in_force,
    offers,
    programme_to_print,
    sign_programme,
    versions_of,
    weigh_programme,
    withdraw_programme,
)
from reliefpath.care_log.log import CareLog
from reliefpath.clock import this_moment
from reliefpath.documents.exercise import handout
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.identity.roles import TREAT
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.languages import LANGUAGES, speech, spoken_or_english
from reliefpath.reference.therapies.exercise import (
    Change,
    Goal,
    Irritability,
    exercise_catalogue,
    exercises,
)
from reliefpath.web.forms import NOTHING, Form, Said, text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.correcting import Row
from reliefpath.web.routes.patient.patient import Carer, Treater
from reliefpath.web.segments import segment
from reliefpath.web.standalone import paper
from reliefpath.web.views import programme as views
from reliefpath.web.views.checks import Shown
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/exercise")
SIGN, PROPOSE = "sign", "propose"
STALE = (
    "nothing was changed or signed: another version was signed or withdrawn meanwhile; look at it "
    "below, then do it again"
)


@dataclass(frozen=True)
class Draft:
    """A programme on its form, and what it is held against."""

    care_log: CareLog
    here: Situation
    versions: list[SignedProgramme]
    lines: list[views.Line]
    said: Said = field(default_factory=lambda: NOTHING)
    wrong: str | None = None

    @property
    def signed(self) -> SignedProgramme | None:
        """The version in force."""
        return in_force(self.versions)

    @property
    def version(self) -> int:
        """The row of that version."""
        return PROPOSAL if self.signed is None else self.signed.row

    @property
    def offers(self) -> tuple[Change, ...]:
        """What the check-ins since it was signed suggest."""
        signed = self.signed
        if signed is None or signed.programme is None or self.here.refusal is not None:
            return ()
        return offers(self.here, signed)

    @property
    def remarks(self) -> Iterator[str]:
        """What is told of the whole: what was changed in a proposal, or holds all of it back."""
        changes = self.offers
        if self.signed is None and self.here.refusal is None:
            changes = proposed(self.here).changes
        for change in changes:
            if self.signed is None or change.exercise is None:
                what = f"{change.exercise.replace('-', ' ')}: " if change.exercise else ""
                yield f"{what}{change.did}. {change.because}"


@router.get("")
def ask(request: Request, episode: str, worker: Carer) -> Response:
    """Show the programme in force, or the proposal, to be changed and signed."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "exercise")
    return _shown(request, _opened(care, care_log, episode))


@router.post("")
def change(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Change the programme as a button says, or sign it; the form comes back with everything."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, "exercise")
    opened = _opened(care, care_log, episode)
    lines = views.lines_of(said, care.knowledge)
    draft, action = replace(opened, lines=lines, said=said), str(said.get("action") or "")
    if said.get("version") != str(draft.version):
        return _shown(request, replace(draft, wrong=STALE))
    try:
        fitted = views.settings_of(said, care.knowledge)
        draft = replace(draft, here=situation_of(care_log, episode, care.today, **fitted))
        if action == PROPOSE:
            return _shown(request, replace(draft, lines=_proposal(draft.here)))
        lines, new = views.swapped(said, lines, draft.here.need)
        draft = replace(draft, lines=lines)
        lines = views.changed(action, lines, said, draft.here.need, views.offers_of(draft.offers))
        draft = replace(draft, lines=lines)
        if action == SIGN:
            if new:
                raise UsageError(f"{', '.join(new)}: new here, so look at the dose, then sign")
            asked = views.request_of(said, episode, lines, draft.here.need)
            at = this_moment(care_log.zone, care.today)
            by = worker.username
            sign_programme(care.chart, care_log, asked, at, by, seen, page="exercise")
            return RedirectResponse(f"/patient/{segment(episode)}/exercise", 303)
    except ReliefPathError as error:
        draft = replace(draft, wrong=str(error))
    return _shown(request, draft)


@router.get("/programme")
def programme(
    request: Request, episode: str, worker: Carer, kind: str = "html", version: int | None = None
) -> Response:
    """Write the programme as signed, else as it is proposed, in the patient's language."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "programme")
    here = situation_of(care_log, episode, care.today, equipment=_household(care.knowledge))
    found, signed = programme_to_print(care.chart, here, version)
    html = handout(
        found,
        on=care.today,
        name=care_log.patients["name"][0],
        language=spoken_or_english(care_log.patients["language"][0]),
        signed_on=None if signed is None else signed.day,
    )
    return paper(html, kind, f"{episode}-exercise")


@router.post("/{row}/withdraw")
def withdraw(request: Request, episode: str, row: Row, worker: Treater, said: Form) -> Response:
    """Withdraw a version that was signed in error."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "exercise")
    draft = _opened(care, care_log, episode)
    try:
        why = text_of(said, "why") or ""
        withdraw_programme(care.chart, draft.here, row, worker.username, why)
    except UsageError as error:
        return _shown(request, replace(draft, wrong=str(error)))
    return RedirectResponse(f"/patient/{segment(episode)}/exercise", 303)


def _opened(care: Care, care_log: CareLog, episode: str) -> Draft:
    """The version in force with what it was fitted to, or the proposal."""
    here = situation_of(care_log, episode, care.today, equipment=_household(care.knowledge))
    versions = versions_of(care.chart, here)
    signed = in_force(versions)
    if signed is None or signed.programme is None:
        return Draft(care_log, here, versions, _proposal(here))
    need = signed.programme.need
    here = situation_of(
        *(care_log, episode, care.today),
        equipment=need.equipment,
        minutes=need.minutes,
        irritability=need.irritability,
        goal=need.goal,
    )
    lines = [views.Line.of(item) for item in signed.programme.items]
    return Draft(care_log, here, versions, lines)


def _household(knowledge: Knowledge) -> frozenset[str]:
    known = exercise_catalogue(knowledge).equipment
    return frozenset(id_ for id_, row in known.items() if row.household)


def _proposal(here: Situation) -> list[views.Line]:
    """The proposed exercises; none while there is to be no programme, which the page tells."""
    if here.refusal is not None:
        return []
    return [views.Line.of(item) for item in proposed(here).items]


def _shown(request: Request, draft: Draft) -> Response:
    care: Care = request.app.state.care
    here, signed = draft.here, draft.signed
    need, known = here.need, exercise_catalogue(here.need.knowledge)
    since = here.examined_on if signed is None else signed.at
    told = here.check_ins(since)
    wrong, plan = draft.wrong, None
    rows = views.rows(draft.lines, need, views.offers_of(draft.offers), views.told_of_each(told))
    try:
        asked = views.request_of(draft.said, here.episode, draft.lines, need)
        if asked.exercises:
            plan = weigh_programme(care.chart, draft.care_log, asked, care.today)
    except ReliefPathError as error:
        wrong = wrong or str(error)
    language = spoken_or_english(draft.care_log.patients["language"][0])
    return page(
        request,
        "exercise",
        about=head(draft.care_log, here.episode, care.today),
        refusal=here.refusal,
        notes=here.notes,
        rows=list(rows),
        remarks=list(draft.remarks),
        programme=None if plan is None else plan.programme,
        shown=None if plan is None or not plan.checks else Shown(plan, []),
        version=draft.version,
        signed=signed,
        versions=draft.versions,
        elsewhere=list(_elsewhere(care, draft.care_log, here.episode)),
        added=draft.said.get("add") or "" if draft.wrong else "",
        catalogue=[row.name for row in exercises(need.knowledge).values()],
        equipment=[(id_, row.name, id_ in need.equipment) for id_, row in known.equipment.items()],
        need=need,
        minutes_a_day=draft.said.get("minutes_a_day") or f"{need.minutes:g}",
        irritabilities=[(each.value, each.value) for each in Irritability],
        goals=[(each.value, each.value) for each in Goal],
        language=LANGUAGES[language],
        origin=speech(language, "reliefpath.documents.exercise").origin,
        may_sign=request.state.worker.role in TREAT,
        wrong=wrong,
    )


def _elsewhere(care: Care, care_log: CareLog, episode: str) -> Iterator[dict[str, Any]]:
    """The patient's other complaints under way for which a programme is in force."""
    others = care_log.episodes.filter(pl.col("episode") != episode, pl.col("ended_on").is_null())
    for other in others.iter_rows(named=True):
        if exercises_in_force(care.chart, other["episode"]):
            yield other
