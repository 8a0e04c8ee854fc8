"""The planner of an injection: the dose, every check, the record of it, its papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.planning.injection import (
    InjectionRequest,
    PlannedInjection,
    plan_again,
    plan_for,
    recording_of,
)
from reliefpath.care.planning.proposal import Proposal, propose
from reliefpath.care.planning.recording import Recording
from reliefpath.care_log.log import CareLog
from reliefpath.documents import papers as written
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.knowledge.languages import spoken_or_english
from reliefpath.reference.therapies import agents
from reliefpath.reference.therapies.coverage import PAYER, Asked, coverage_catalogue
from reliefpath.reference.therapies.injection import Plan
from reliefpath.web.forms import Form, Said, muscle_choices, rows_of, text_of
from reliefpath.web.injection_form import (
    SITE,
    VIAL,
    FieldError,
    filled_in,
    lots_of,
    opened_mg,
    request_of,
    site_rows,
    twitches,
    vial_rows,
    vials_of,
)
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.routes.patient.recording import session_of
from reliefpath.web.standalone import paper as as_paper
from reliefpath.web.views.checks import NOTHING_NEW, Shown, put_on_record, weighed_in
from reliefpath.web.views.injection import form_view
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/injection")
ANSWER = ("criterion", "answered_by", "answer")
BESIDE_A_PLAN = (*ANSWER, NOTHING_NEW, "acknowledge", "agrees", "given_anyway")
"""What is ticked and answered beside a plan, and waits while none can be made."""
SETTINGS = ("on", "weight", "weight_unit", "height_cm", "payer", "agrees")


@dataclass
class Outcome:
    """What came of a form: a plan as far as one could be made, and what is wrong."""

    plan: Plan | None = None
    recording: Recording | None = None
    """The plan on its way into the chart; None where it is there, or cannot be."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What is missing or wrong, by the id of its field."""
    wrong: str | None = None
    missing: str | None = None
    """What a form that nobody has sent yet still lacks for a plan."""
    is_sent: bool = True
    """Whether somebody filled the form in, so that what is still empty is marked."""
    is_recorded: bool = False


@router.get("")
def ask(request: Request, episode: str, worker: Treater) -> Response:
    """Show the planner: with what the address says, else with what the record suggests."""
    care: Care = request.app.state.care
    care_log = open_record(care, episode, worker, "injection")
    said: Said = request.query_params
    proposal = propose(care_log, episode, care.today)
    outcome = Outcome(is_sent=bool(said.getlist("muscle")))
    if not outcome.is_sent:
        said = filled_in(proposal)
    try:
        asked = request_of(said, episode, care.today, care.knowledge)
        found = _planned_again(care, care_log, asked, said)
        outcome.plan, outcome.is_recorded = found.plan, not found.given.is_empty()
        proposal = propose(found.care_log, episode, care.today)
        if not outcome.is_recorded:
            outcome.recording = _recording(care_log, asked, found.plan, said)
    except ReliefPathError as error:
        if outcome.is_sent:
            outcome.wrong = str(error)
        else:
            outcome.missing = str(error)
    return _form(request, episode, care_log, said, proposal, outcome)


@router.post("")
def record(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Check a plan, and record it as given where nothing stands against it."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, "injection")
    outcome = Outcome()
    try:
        asked = request_of(said, episode, care.today, care.knowledge)
        plan = weighed_in(plan_for(care_log, asked, care.pathway, care.priors), said)
        outcome.plan = plan
        outcome.recording = recording = _recording(care_log, asked, plan, said, seen)
        told = {"page": "injection", "steroid_reason": plan.steroid_reason}
        if put_on_record(said, recording, care.chart, worker.username, **told):
            return RedirectResponse(f"{request.url.path}?{_query(said)}", 303)
    except FieldError as error:
        outcome.fields, outcome.wrong = error.fields, str(error)
    except ReliefPathError as error:
        outcome.wrong = str(error)
    proposal = propose(care_log, episode, care.today)
    return _form(request, episode, care_log, said, proposal, outcome)


@router.get("/{name}.{kind}")
def paper(request: Request, episode: str, name: str, kind: str, worker: Treater) -> Response:
    """Write one paper of the injection that the address tells of, as a page or as PDF."""
    care: Care = request.app.state.care
    if name not in written.NAMES or kind not in ("html", "pdf"):
        raise UsageError(f"no paper `{name}.{kind}`: {', '.join(written.NAMES)}, as html or pdf")
    care_log, said = open_record(care, episode, worker, name), request.query_params
    asked = request_of(said, episode, care.today, care.knowledge)
    found = _planned_again(care, care_log, asked, said)
    told = _told(said)
    case = written.case_of(
        *(found.care_log, episode, found.plan, care.pathway, found.plan.on),
        priors=care.priors,
        told=told,
        given=found.given,
        language=spoken_or_english(care_log.patients["language"][0]),
    )
    papers = written.papers(case)
    if name not in papers:
        why = " ".join(written.why_not(found.plan, told)[name])
        raise UsageError(f"no {name.replace('-', ' ')} is written: {why}")
    return as_paper(written.paper_html(papers[name]), kind, f"{episode}-{name}")


def _told(said: Said) -> written.Told:
    """What only the people in the room can tell."""
    return written.Told(
        lots_of(said),
        text_of(said, "relief_told"),
        text_of(said, "adverse_effect"),
        opened_mg=opened_mg(said),
        answers={
            row["criterion"]: written.Answer(row["answered_by"], row["answer"])
            for row in rows_of(said, ANSWER)
            if row["answered_by"] or row["answer"]
        },
    )


def _planned_again(
    care: Care, care_log: CareLog, asked: InjectionRequest, said: Said
) -> PlannedInjection:
    """The plan that a form describes, on the record as it was before the injection itself."""
    found = plan_again(care_log, asked, care.pathway, care.priors)
    return replace(found, plan=weighed_in(found.plan, said))


def _recording(
    care_log: CareLog, asked: InjectionRequest, plan: Plan, said: Said, seen: int = 0
) -> Recording:
    """The plan on its way into the chart, with what only whoever gives it can tell."""
    session = session_of(said, asked.episode, plan.on, twitches=twitches(said))
    return recording_of(care_log, asked, plan, session, vials_of(said), seen)


def _query(said: Said) -> str:
    """The plan as an address says it, for its papers: nothing that only the form itself needs."""
    kept = {*SITE, *VIAL, *ANSWER, *SETTINGS, NOTHING_NEW, "acknowledge"}
    return urlencode([(name, str(value)) for name, value in said.multi_items() if name in kept])


def _form(
    request: Request,
    episode: str,
    care_log: CareLog,
    said: Said,
    proposal: Proposal,
    outcome: Outcome,
) -> Response:
    today, knowledge = request.app.state.care.today, care_log.knowledge
    about, plan, recording = head(care_log, episode, today), outcome.plan, outcome.recording
    against = recording.against if recording is not None and outcome.is_sent else []
    missing = {} if plan is None else _missing(plan, said)
    view = form_view(
        plan,
        recording,
        site_rows(said),
        vial_rows(said),
        outcome.fields,
        care_log,
        proposal,
        today,
        is_sent=outcome.is_sent,
    )
    return page(
        request,
        "injection",
        about=about,
        said=said,
        today=today,
        view=view,
        proposal=proposal,
        muscles=muscle_choices(knowledge, about["region"]),
        agents=[(id_, row.name) for id_, row in agents(knowledge).items()],
        payers=[(id_, row.name) for id_, row in coverage_catalogue(knowledge).coverage.items()],
        shown=None if plan is None else Shown(plan, against),
        wrong=outcome.wrong,
        lacks=outcome.missing,
        kept=BESIDE_A_PLAN,
        recorded=outcome.is_recorded,
        query=_query(said),
        papers=[name for name in written.NAMES if plan is not None and name not in missing],
        missing=missing,
        uncertain=() if plan is None else _uncertain(plan),
        answered={row["criterion"]: row for row in rows_of(said, ANSWER)},
    )


def _missing(plan: Plan, said: Said) -> Mapping[str, Sequence[str]]:
    """The papers that are not written, each with why not."""
    try:
        return written.why_not(plan, _told(said))
    except UsageError as error:
        return {written.LETTER: [str(error)]}


def _uncertain(plan: Plan) -> list[Asked]:
    """What the payer asks and only a clinician can answer."""
    asked = [a for a in plan.coverage if a.of_this_payer and a.met is None and a.payer != PAYER]
    return list({each.id: each for each in asked}.values())
