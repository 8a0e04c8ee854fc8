"""A first visit on one page: who it is, what hurts, how much, and what was asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import ImmutableMultiDict

from reliefpath.care.break_glass import open_record_of
from reliefpath.care.care_teams import clinicians_of
from reliefpath.care.check_in.questions import FUNCTION, PAIN, activities
from reliefpath.care.clinic_chart import Care
from reliefpath.care.ending import WORDS as ENDS
from reliefpath.care.intake import (
    Answer,
    Complaint,
    IntakeRequest,
    Likeness,
    Person,
    Score,
    Screening,
    people_like,
    take_in,
    taken_in_before,
)
from reliefpath.care_log.recurrence import ended_before
from reliefpath.care_log.schema import PATIENTS, SIDES
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.identity.accounts import Account
from reliefpath.identity.roles import TREAT
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import REGIONS
from reliefpath.reference.anatomy.body_map import areas, body, shapes
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import SCREENED, FindingKind, finding_kinds
from reliefpath.web.forms import (
    NOTHING,
    Form,
    Said,
    date_of,
    day_of,
    filled,
    number_of,
    rows_of,
    text_of,
)
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Carer
from reliefpath.web.segments import segment

router = APIRouter(prefix="/intake")
ACTIVITY, SCORE = ("activity", "rated"), ("measure", "total")
NONE, WORDS = "none", "words_of_"
KnownPerson = dict[str, Any] | None
Episode = dict[str, Any]
CONSENTS = {"needling": "Dry needling", "injection": "An injection, should it come to that"}


@router.get("")
def ask(request: Request, worker: Carer, patient: str | None = None) -> Response:
    """Show the form, for somebody new or for a further complaint of somebody on record."""
    return _form(request, worker, NOTHING, _known(request, worker, patient))


@router.post("")
def record(request: Request, worker: Carer, said: Form) -> Response:
    """Record the visit; before somebody new is, show who on record may be the same person."""
    care: Care = request.app.state.care
    known = _known(request, worker, text_of(said, "known"))
    try:
        asked = _request(said, known, care)
        if before := _ended(known, asked, said, care):
            return _form(request, worker, said, known, before=before)
        if alike := _may_be(asked, said, care):
            care.note_shown(worker, "intake", (each.patient for each in alike))
            return _form(request, worker, said, known, alike=alike)
        episode = take_in(care.chart, asked, worker.username, page="intake")
    except ReliefPathError as error:
        return _form(request, worker, said, known, wrong=str(error))
    return RedirectResponse(f"/patient/{segment(episode)}", 303)


def _known(request: Request, worker: Account, patient: str | None) -> KnownPerson:
    """What is known of somebody on record, to who may open it; None of somebody new."""
    if patient is None:
        return None
    opened = open_record_of(request.app.state.care, patient, worker, "intake")
    return opened.patients.row(0, named=True)


def _may_be(asked: IntakeRequest, said: Said, care: Care) -> list[Likeness]:
    """Who on record may be the person, unless that was answered, or they are on record by this."""
    person = asked.person
    if person is None or said.get("is_new") or taken_in_before(care.chart, asked):
        return []
    return people_like(care.chart, person.name, person.birth_date)


def _ended(known: KnownPerson, asked: IntakeRequest, said: Said, care: Care) -> list[Episode]:
    """The episodes that ended and may have come back, unless it was said that this one is new."""
    if known is None or said.get("is_new_episode") or taken_in_before(care.chart, asked):
        return []
    care_log = care.patients.state(known["patient"]).care_log
    ended = ended_before(care_log, asked.complaint.region, asked.complaint.side, asked.on)
    return [
        row
        | {"end": ENDS.get(row["end_reason"]), "activities": activities(care_log, row["episode"])}
        for row in ended.iter_rows(named=True)
    ]


def _carried_over(said: Said, before: list[Episode]) -> Said:
    """The form with the measure and the activities of the latest episode, where it has none."""
    if not before:
        return said
    rows, more = [*said.multi_items()], before[0]
    if not any(row[ACTIVITY[0]] for row in rows_of(said, ACTIVITY)):
        rows = [(name, value) for name, value in rows if name not in ACTIVITY]
        rows += [
            pair for name in more["activities"] for pair in zip(ACTIVITY, (name, ""), strict=True)
        ]
    if text_of(said, "primary_measure") is None and more["primary_measure"] is not None:
        rows = [(name, value) for name, value in rows if name != "primary_measure"]
        rows.append(("primary_measure", more["primary_measure"]))
    return ImmutableMultiDict(rows)


def _request(said: Said, known: KnownPerson, care: Care) -> IntakeRequest:
    complaint: dict[str, Any] = {name: text_of(said, name) for name in Complaint.model_fields}
    return IntakeRequest(
        on=day_of(said, care.today),
        patient=text_of(said, "number") if known is None else known["patient"],
        person=_person(said, care.today) if known is None else None,
        complaint=Complaint(**{**complaint, "region": complaint["region"] or ""}),
        areas=tuple(map(str, said.getlist("area"))),
        scores=tuple(_scores(said)),
        screenings=tuple(_screenings(said, care.knowledge)),
        answers=tuple(_answers(said)),
    )


def _person(said: Said, today: date) -> Person:
    name = text_of(said, "name")
    if name is None:
        raise UsageError("name: say what the person is called")
    born = date_of(said, "birth_date")
    if born is not None and born > today:
        raise UsageError(f"born: {born} has not come yet")
    rest = {key: text_of(said, key) for key in ("sex", "language")}
    return Person(name=name, birth_date=born, **rest)


def _scores(said: Said) -> Iterator[Score]:
    pain = number_of(said, "pain")
    if pain is not None:
        yield Score(measure=PAIN, value=pain)
    for about, of in ((ACTIVITY, FUNCTION), (SCORE, None)):
        name, rated = about
        for row in filled(rows_of(said, about), name):
            value = number_of(row, rated)
            if value is None:
                raise UsageError(f"{row[name]}: give its score, or leave the row empty")
            item = row[name] if of else None
            yield Score(measure=of or row[name], value=value, item=item)


def _screenings(said: Said, knowledge: Knowledge) -> Iterator[Screening]:
    nothing = said.getlist(NONE)
    for kind in screened(knowledge):
        codes, words = tuple(map(str, said.getlist(kind))), text_of(said, WORDS + kind)
        if kind in nothing and (codes or words):
            what = kind.replace("-", " ")
            raise UsageError(f"{what}: either none, or what was found; untick one of them")
        if kind in nothing or codes or words:
            yield Screening(kind=kind, codes=codes, words=words)


def screened(knowledge: Knowledge) -> dict[str, FindingKind]:
    """Return the kinds of finding that are asked about at a first visit."""
    return {kind: row for kind, row in finding_kinds(knowledge).items() if row.screening}


def _answers(said: Said) -> Iterator[Answer]:
    pregnancy, weight = text_of(said, "pregnancy"), number_of(said, "weight")
    if pregnancy is not None:
        yield Answer(kind="pregnancy", code=pregnancy)
    if weight is not None:
        yield Answer(kind="weight", code="body-weight", value=weight, unit="kg")
    for what in CONSENTS:
        if (code := text_of(said, f"consent_{what}")) is not None:
            yield Answer(kind="consent", code=code, of_complaint=True)


def _form(
    request: Request,
    worker: Account,
    said: Said,
    known: KnownPerson,
    *,
    alike: list[Likeness] | None = None,
    before: list[Episode] | None = None,
    wrong: str | None = None,
) -> Response:
    """The form as it was filled in."""
    care: Care = request.app.state.care
    followed = measures(care.knowledge)
    said = _carried_over(said, before or [])
    return page(
        request,
        "intake",
        said=said,
        known=known,
        today=care.today,
        alike=alike,
        before=before,
        may_merge=worker.role in TREAT,
        wrong=wrong,
        regions=_choices(REGIONS),
        sides=_choices(SIDES),
        sexes=_choices(PATIENTS["sex"].codes_in(care.knowledge)),
        areas=areas(),
        names=body().names,
        views=[(view, shapes(view)) for view in ("front", "back")],
        clinicians=sorted({*clinicians_of(care.chart), *worker.clinicians}),
        mine=next(iter(sorted(worker.clinicians)), ""),
        activities=rows_of(said, ACTIVITY),
        totals=rows_of(said, SCORE, 1)[:-1],
        measures=[(id_, row.name) for id_, row in followed.items()],
        kinds=screened(care.knowledge),
        screened=SCREENED,
        consents=CONSENTS,
    )


def _choices(codes: Iterable[str]) -> list[tuple[str, str]]:
    return [(code, code.replace("-", " ")) for code in codes]
