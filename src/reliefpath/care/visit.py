"""A follow-up visit: what was scored, examined, done and asked, as one change of the chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import polars as pl

from reliefpath.care.examination import ExaminationRequest, ExaminedMuscle, exam_rows
from reliefpath.care.intake import Score
from reliefpath.care.planning.given import EXERCISE, Session, exercise_rows, needling_rows
from reliefpath.care.planning.needling import NeedlingRequest, needling_for
from reliefpath.care.planning.person import renewed_rows
from reliefpath.care.planning.recording import Recording, weigh
from reliefpath.care.request import Request
from reliefpath.care.visits import Corrected, PlanRequest, attendance, planned_row, visit_rows
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import FINDINGS, SCORES, TREATMENTS
from reliefpath.clock import instant_of
from reliefpath.errors import UsageError
from reliefpath.pathway.model import Pathway
from reliefpath.reference.therapies import SCREENED, finding_kinds
from reliefpath.reference.therapies.injection import Place


class VisitRequest(Request):
    """Everything of a visit; what was not done or asked is left empty, and stays unknown."""

    episode: str
    on: date
    scores: tuple[Score, ...] = ()
    examined: tuple[ExaminedMuscle, ...] = ()
    needled: tuple[Place, ...] = ()
    needle: str | None = None
    adverse_effect: str | None = None
    """What went wrong with the needle."""
    adherence: float | None = None
    """Share of the exercise programme done since the last report."""
    exercises: Mapping[str, float] = {}
    """The same of each exercise that was asked about; all of it is then their mean."""
    therapies: tuple[str, ...] = ()
    """What else was given, such as education, by its code."""
    agrees_to_needling: bool = False
    note: str | None = None
    clinician: str | None = None
    """Who saw the patient."""
    next_visit: datetime | None = None
    nothing_new: bool = False
    """What was screened for before was asked about again, and nothing is new."""
    acknowledged: tuple[str, ...] = ()
    """Ids of decisions about the needle that a clinician has weighed."""


def visit(
    care_log: CareLog, request: VisitRequest, pathway: Pathway, seen: int, today: date
) -> Recording:
    """Return a visit on its way into the chart, its needle held against the record and itself.

    What was examined, asked and agreed to at this visit counts for the needle of the same visit.

    Args:
        care_log: the patient's record.
        request: what was said, found and done.
        pathway: the protocol to go by.
        seen: the last entry of the audit log before the record was read.
        today: the day at the clinic, before which no next visit is planned.

    Raises:
        UsageError: nothing is told, or it makes no sense.
    """
    exams = exam_rows(
        care_log,
        ExaminationRequest(episode=request.episode, at=request.on, muscles=request.examined),
    )
    answers, scores, treatments = _answers(care_log, request), _scores(request), _given(request)
    if request.note is None and not any(map(len, (exams, answers, scores, treatments))):
        raise UsageError("nothing is recorded: say at least one thing that was done or found")
    if request.adverse_effect is not None and not request.needled:
        raise UsageError("what went wrong is told, and no needle: say which muscle was needled")
    if request.adherence is not None and request.exercises:
        raise UsageError("exercise done: say it of each exercise, or of all together, not both")
    plan = None
    if request.needled:
        known = replace(
            care_log,
            exams=pl.concat([care_log.exams, exams]),
            findings=pl.concat([care_log.findings, answers]),
        )
        asked = NeedlingRequest(
            episode=request.episode,
            places=request.needled,
            at=request.on,
            nothing_new=request.nothing_new,
        )
        plan = weigh(needling_for(known, asked, pathway), request.acknowledged)
        answers = pl.concat([answers, renewed_rows(plan, _patient(care_log), request.on)])
    visits, corrected = _visits(care_log, request, today)
    if not corrected and not any(map(len, (exams, answers, scores, treatments, visits))):
        raise UsageError("nothing is recorded: the same note is on record of that day already")
    beside = {"scores": scores, "exams": exams, "visits": visits}
    return Recording(treatments, care_log, seen, plan, answers, beside, corrected=corrected)


def _visits(
    care_log: CareLog, request: VisitRequest, today: date
) -> tuple[pl.DataFrame, Corrected]:
    """That the patient came, and when they come again."""
    came = attendance(care_log, request.episode, request.on, request.clinician, request.note)
    new, corrected = came
    if request.next_visit is not None:
        plan = PlanRequest(
            episode=request.episode, at=request.next_visit, clinician=request.clinician
        )
        new = [*new, planned_row(care_log, plan, today)]
    return visit_rows(care_log, request.episode, new), corrected


def _patient(care_log: CareLog) -> str:
    return str(care_log.patients["patient"][0])


def _scores(request: VisitRequest) -> pl.DataFrame:
    shared = {"episode": request.episode, "at": instant_of(request.on), "reported_by": "patient"}
    return pl.DataFrame([{**shared, **s.model_dump()} for s in request.scores], SCORES.schema)


def _given(request: VisitRequest) -> pl.DataFrame:
    """The rows of what was done; exercise has one, with how much of it was done where known."""
    session = Session(
        request.episode,
        request.on,
        needle=request.needle,
        adverse_effect=request.adverse_effect,
    )
    plain = replace(session, needle=None, adverse_effect=None)
    shared = {"episode": request.episode, "at": instant_of(request.on)}
    is_told = request.adherence is not None or bool(request.exercises)
    told = {EXERCISE} if is_told else set()
    others = [{**shared, "therapy": t} for t in request.therapies if t not in told]
    parts = [pl.DataFrame(others, TREATMENTS.schema)]
    if is_told:
        parts.append(exercise_rows(request.adherence, plain, request.exercises))
    if request.needled:
        parts.append(needling_rows(request.needled, session))
    return pl.concat(parts)


def _answers(care_log: CareLog, request: VisitRequest) -> pl.DataFrame:
    """The consent given, and what was asked again of what was asked before."""
    shared = {"patient": _patient(care_log), "at": instant_of(request.on)}
    rows = []
    if request.agrees_to_needling:
        rows.append({**shared, "kind": "consent", "code": "needling", "episode": request.episode})
    if request.nothing_new:
        findings = care_log.moment(request.on).before(care_log.findings)
        before = set(findings.filter(code=SCREENED)["kind"])
        kinds = (k for k, row in finding_kinds(care_log.knowledge).items() if row.screening)
        rows += [{**shared, "kind": k, "code": SCREENED} for k in kinds if k in before]
    return pl.DataFrame(rows, FINDINGS.schema)
