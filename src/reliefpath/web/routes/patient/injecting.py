"""The planner of an injection: every check with its arithmetic, the record of it, its papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record
from reliefpath.care.clinic_chart import Care
from reliefpath.care.planning.given import injection_rows
from reliefpath.care.planning.injection import (
    InjectionRequest,
    PlannedInjection,
    plan_again,
    plan_for,
)
from reliefpath.care.planning.recording import Recording
from reliefpath.care_log.log import CareLog
from reliefpath.documents import papers as written
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.knowledge.languages import spoken_or_english
from reliefpath.reference.therapies import agents, units
from reliefpath.reference.therapies.coverage import PAYER, Asked, coverage_catalogue
from reliefpath.reference.therapies.injection import Checked, Plan, Portion, Site
from reliefpath.web.forms import (
    FLAGS,
    Form,
    Said,
    day_of,
    filled,
    muscle_choices,
    number_of,
    rows_of,
    text_of,
)
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.routes.patient.recording import session_of
from reliefpath.web.standalone import paper as as_paper
from reliefpath.web.views.checks import (
    NOTHING_NEW,
    Shown,
    nothing_new,
    put_on_record,
    weighed_in,
)
from reliefpath.web.views.patient import head

router = APIRouter(prefix="/patient/{episode}/injection")
ROW = ("muscle", "side", "agent", "strength", "unit", "volume_ml", "lot", "opened_mg", "twitch")
ANSWER = ("criterion", "answered_by", "answer")
SETTINGS = ("on", "weight", "weight_unit", "height_cm", "steroid_reason", "payer")
UNITS = ("percent", "mg/ml")


@router.get("")
def ask(request: Request, episode: str, worker: Treater) -> Response:
    """Show the planner; with what the address says, where it says something."""
    care: Care = request.app.state.care
    care_log, said = open_record(care, episode, worker, "injection"), request.query_params
    if not said.getlist("muscle"):
        return _form(request, episode, care_log, said)
    try:
        found = _planned_again(care, care_log, episode, said)
    except ReliefPathError as error:
        return _form(request, episode, care_log, said, wrong=str(error))
    recorded = not found.given.is_empty()
    return _form(request, episode, care_log, said, shown=Shown(found.plan, []), recorded=recorded)


@router.post("")
def record(request: Request, episode: str, worker: Treater, said: Form) -> Response:
    """Check a plan, and record it as given where nothing stands against it."""
    care: Care = request.app.state.care
    seen = care.chart.head().entry
    care_log = open_record(care, episode, worker, "injection")
    shown, wrong = None, None
    try:
        asked = _request(said, episode, care.today)
        plan = weighed_in(plan_for(care_log, asked, care.pathway, care.priors), said)
        rows = _rows(plan, said, episode)
        recording = Recording.of_plan(plan, rows, care_log, seen, plan.on)
        shown = Shown(plan, recording.against)
        told = {"page": "injection", "steroid_reason": plan.steroid_reason}
        if put_on_record(said, recording, care.chart, worker.username, **told):
            return RedirectResponse(f"{request.url.path}?{_query(said)}", 303)
    except ReliefPathError as error:
        wrong = str(error)
    return _form(request, episode, care_log, said, shown=shown, wrong=wrong)


@router.get("/{name}.{kind}")
def paper(request: Request, episode: str, name: str, kind: str, worker: Treater) -> Response:
    """Write one paper of the injection that the address tells of, as a page or as PDF."""
    care: Care = request.app.state.care
    if name not in written.NAMES or kind not in ("html", "pdf"):
        raise UsageError(f"no paper `{name}.{kind}`: {', '.join(written.NAMES)}, as html or pdf")
    care_log, said = open_record(care, episode, worker, name), request.query_params
    found = _planned_again(care, care_log, episode, said)
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
        _lots(said),
        text_of(said, "relief_told"),
        text_of(said, "adverse_effect"),
        opened_mg=_opened(said),
        answers={
            row["criterion"]: written.Answer(row["answered_by"], row["answer"])
            for row in rows_of(said, ANSWER)
            if row["answered_by"] or row["answer"]
        },
    )


def _opened(said: Said) -> dict[str, float]:
    """What the single-dose vials held that were opened, told once an agent or at each site."""
    found: dict[str, float] = {}
    for row in filled(rows_of(said, ROW)):
        open_record = number_of(row, "opened_mg")
        if row["agent"] and open_record is not None:
            found[row["agent"]] = found.get(row["agent"], 0.0) + open_record
    return found


def _planned_again(care: Care, care_log: CareLog, episode: str, said: Said) -> PlannedInjection:
    """The plan that a form describes, on the record as it was before the injection itself."""
    asked = _request(said, episode, care.today)
    found = plan_again(care_log, asked, care.pathway, care.priors)
    return replace(found, plan=weighed_in(found.plan, said))


def _request(said: Said, episode: str, today: date) -> InjectionRequest:
    return InjectionRequest(
        episode=episode,
        sites=tuple(_sites(said)),
        at=day_of(said, today),
        weight_kg=_weight(said),
        height_cm=number_of(said, "height_cm"),
        payer=text_of(said, "payer"),
        steroid_reason=text_of(said, "steroid_reason"),
        nothing_new=nothing_new(said),
    )


def _sites(said: Said) -> list[Site]:
    """Rows of the same muscle and side are one site with several agents."""
    sites: dict[tuple[str, str], list[Portion]] = {}
    for row in filled(rows_of(said, ROW)):
        sites.setdefault((row["muscle"], row["side"]), []).append(_portion(row))
    if not sites:
        raise UsageError("nothing is planned: choose at least one muscle, side and agent")
    return [Site(muscle, side, tuple(portions)) for (muscle, side), portions in sites.items()]


def _portion(row: dict[str, str]) -> Portion:
    if not row["agent"]:
        raise UsageError(f"{row['muscle']}: choose the agent")
    strength, volume = number_of(row, "strength"), number_of(row, "volume_ml")
    unit: Any = row["unit"] or UNITS[0]
    return Portion(row["agent"], strength or 0.0, unit, volume or 0.0)


def _weight(said: Said) -> float | None:
    weight, unit = number_of(said, "weight"), str(said.get("weight_unit") or "kg")
    if weight is None:
        return None
    if unit not in ("kg", "lb"):
        raise UsageError(f"weight: unknown unit `{unit}`, expected kg or lb")
    return weight * units()[unit].factor / units()["kg"].factor


def _lots(said: Said) -> dict[str, str]:
    rows = filled(rows_of(said, ROW))
    return {row["agent"]: row["lot"] for row in rows if row["agent"] and row["lot"]}


def _rows(plan: Plan, said: Said, episode: str) -> Any:
    """The rows of the care log, with what the needle found at each place."""
    rows = filled(rows_of(said, ROW))
    told = {(row["muscle"], row["side"]): FLAGS.get(row["twitch"]) for row in rows}
    looked = {place: flag for place, flag in told.items() if flag is not None}
    twitches = [place for place, flag in looked.items() if flag] if looked else None
    session = session_of(said, episode, plan.on, lots=_lots(said), twitches=twitches)
    return injection_rows(plan.sites, session)


def _query(said: Said) -> str:
    """The plan as an address says it, for its papers: nothing that only the form itself needs."""
    kept = {*ROW, *ANSWER, *SETTINGS, NOTHING_NEW, "acknowledge"}
    return urlencode([(name, str(value)) for name, value in said.multi_items() if name in kept])


def _form(
    request: Request,
    episode: str,
    care_log: CareLog,
    said: Said,
    *,
    shown: Shown | None = None,
    wrong: str | None = None,
    recorded: bool = False,
) -> Response:
    today = request.app.state.care.today
    about = head(care_log, episode, today)
    missing = {} if shown is None else _missing(shown.plan, said)
    policies = coverage_catalogue(care_log.knowledge).coverage
    asked = () if shown is None else _uncertain(shown.plan)
    return page(
        request,
        "injection",
        about=about,
        said=said,
        today=today,
        rows=rows_of(said, ROW),
        muscles=muscle_choices(care_log.knowledge, about["region"]),
        agents=[(id_, row.name) for id_, row in agents(care_log.knowledge).items()],
        payers=[(id_, row.name) for id_, row in policies.items()],
        shown=shown,
        wrong=wrong,
        recorded=recorded,
        query=_query(said),
        papers=[name for name in written.NAMES if shown is not None and name not in missing],
        missing=missing,
        uncertain=asked,
        answered={row["criterion"]: row for row in rows_of(said, ANSWER)},
    )


def _missing(plan: Checked, said: Said) -> Mapping[str, Sequence[str]]:
    """The papers that are not written, each with why not."""
    if not isinstance(plan, Plan):
        return {}
    try:
        return written.why_not(plan, _told(said))
    except UsageError as error:
        return {written.LETTER: [str(error)]}


def _uncertain(plan: Checked) -> list[Asked]:
    """What the payer asks and only a clinician can answer."""
    if not isinstance(plan, Plan):
        return []
    asked = [a for a in plan.coverage if a.of_this_payer and a.met is None and a.payer != PAYER]
    return list({each.id: each for each in asked}.values())
