"""Two records side by side that may be one person's, and the form that makes them one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import polars as pl
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from reliefpath.care.break_glass import open_record_of
from reliefpath.care.clinic_chart import Care
from reliefpath.care.intake import Likeness, people_like
from reliefpath.care.merging import (
    TOLD,
    MergeRequest,
    differences,
    merge_records,
    merged_into,
    unmerge_record,
)
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care_log.log import CareLog
from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.identity.accounts import Account
from reliefpath.reference.therapies import SCREENED, finding_kinds
from reliefpath.web.forms import NOTHING, Form, Said, text_of
from reliefpath.web.pages import page
from reliefpath.web.routes.patient.patient import Treater
from reliefpath.web.segments import segment

router = APIRouter(prefix="/merge")


@router.get("")
def ask(request: Request, worker: Treater, patient: str, other: str = "") -> Response:
    """Show who may be the same person, or two records side by side."""
    return _shown(request, worker, patient, other.strip(), NOTHING)


@router.post("")
def make_one(request: Request, worker: Treater, said: Form) -> Response:
    """Merge two records, or show them as they are with what is wrong."""
    care: Care = request.app.state.care
    pair = text_of(said, "patient") or "", text_of(said, "other") or ""
    for each in pair:
        open_record_of(care, each, worker, "merge")
    try:
        kept = text_of(said, "kept")
        if kept not in pair:
            raise UsageError("choose which record number stays")
        asked = MergeRequest(
            kept=kept,
            other=pair[pair[0] == kept],
            chosen={name: value for name in TOLD if (value := text_of(said, name)) is not None},
            why=text_of(said, "why") or "",
        )
        merge_records(care.chart, request.app.state.addresses, asked, worker.username)
    except ReliefPathError as error:
        return _shown(request, worker, *pair, said, str(error))
    episode = care.chart.care_log_of(kept).episodes["episode"].min()
    return RedirectResponse(f"/patient/{segment(str(episode))}" if episode else "/worklist", 303)


@router.post("/undo")
def take_back(request: Request, worker: Treater, said: Form) -> Response:
    """Take a merge back, or show what is wrong."""
    care: Care = request.app.state.care
    away = text_of(said, "away") or ""
    kept = open_record_of(care, away, worker, "merge").patients["patient"][0]
    try:
        unmerge_record(care.chart, away, worker.username, text_of(said, "why") or "")
    except ReliefPathError as error:
        return _shown(request, worker, kept, "", said, str(error))
    return RedirectResponse(f"/merge?{urlencode({'patient': kept, 'other': away})}", 303)


def _shown(
    request: Request, worker: Account, patient: str, other: str, said: Said, wrong: str = ""
) -> Response:
    care: Care = request.app.state.care
    mine = open_record_of(care, patient, worker, "merge")
    patient = mine.patients["patient"][0]
    if not other:
        alike = _alike(care, mine, patient)
        care.note_shown(worker, "merge", (each.patient for each in alike))
        who = mine.patients.row(0, named=True)
        away = merged_into(care.chart, patient)
        told: dict[str, Any] = {
            "patient": patient,
            "who": who,
            "alike": alike,
            "away": away,
            "pair": None,
        }
        return page(request, "merge", said=said, wrong=wrong, **told)
    theirs = open_record_of(care, other, worker, "merge")
    other = theirs.patients["patient"][0]
    if patient == other:
        raise UsageError(f"`{patient}` and the number you gave are one record already")
    addresses: Addresses = request.app.state.addresses
    return page(
        request,
        "merge",
        patient=patient,
        other=other,
        who=mine.patients.row(0, named=True),
        pair=[_side(care_log, addresses) for care_log in (mine, theirs)],
        told=TOLD,
        differing={each.column: each for each in differences(care.chart, patient, other)},
        said=said,
        wrong=wrong,
    )


def _alike(care: Care, care_log: CareLog, patient: str) -> list[Likeness]:
    name, born = care_log.patients.select("name", "birth_date").row(0)
    if name is None:
        return []
    return [each for each in people_like(care.chart, name, born) if each.patient != patient]


def _side(care_log: CareLog, addresses: Addresses) -> dict[str, Any]:
    """What one record tells of the person."""
    who = care_log.patients.row(0, named=True)
    kinds = finding_kinds(care_log.knowledge)
    found = care_log.findings.filter(pl.col("code") != SCREENED)
    return {
        **who,
        "email": addresses.of(who["patient"]),
        "episodes": care_log.episodes.sort("started_on").to_dicts(),
        "findings": sorted(
            {
                f"{kind.replace('-', ' ')}: {kinds[kind].codes[code].name}"
                for kind, code in found.select("kind", "code").iter_rows()
                if kinds[kind].screening
            }
        ),
    }
