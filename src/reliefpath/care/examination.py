"""What an examination or a question found goes into the chart."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from reliefpath.care.request import Request
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import EXAMS, FINDINGS
from reliefpath.clock import instant_of
from reliefpath.errors import UsageError
from reliefpath.reference.therapies import NOT_UNDERSTOOD, finding_kinds
from reliefpath.store.chart import Chart
from reliefpath.store.writing import AuditEvent

PLACE = ("episode", "at", "muscle", "side")


class ExaminedMuscle(Request):
    """One muscle on one side: what was looked for and found; not looked for is None."""

    muscle: str
    side: str | None = None
    taut_band: bool | None = None
    tender_spot: bool | None = None
    referred_pain: bool | None = None
    recognised: bool | None = None
    twitch_response: bool | None = None
    pressure_kpa: float | None = None


class ExaminationRequest(Request):
    """An examination of one complaint."""

    episode: str
    at: date | datetime
    muscles: tuple[ExaminedMuscle, ...]


class FindingRequest(Request):
    """Something found or answered; of the person, or of one complaint if it is named."""

    at: date | datetime
    kind: str
    code: str
    episode: str | None = None
    muscle: str | None = None
    side: str | None = None
    value: float | None = None
    unit: str | None = None
    words: str | None = None


def record_examination(
    chart: Chart, care_log: CareLog, request: ExaminationRequest, by: str, *, page: str
) -> int:
    """Record an examination; return the entry of the audit log.

    Args:
        chart: where the patient is on record.
        care_log: the patient's record.
        request: what was found.
        by: who records it.
        page: from where, as the audit log tells it.

    Raises:
        UsageError: nothing was found, or a place was examined then already, or is named twice.
        CareLogError: a value breaks the schema.
    """
    if not request.muscles:
        raise UsageError("nothing is recorded: choose at least one muscle")
    rows = exam_rows(care_log, request)
    act = AuditEvent(by, "enter", None, care_log.patients["patient"][0])
    return chart.insert({"exams": rows}, act, page=page)


def exam_rows(care_log: CareLog, request: ExaminationRequest) -> pl.DataFrame:
    """Return the rows of `exams` that say what was found.

    Raises:
        UsageError: nothing was found in a muscle, or a place was examined then already, or is named
            twice.
    """
    found = []
    for row in request.muscles:
        told = row.model_dump()
        if all(value is None for name, value in told.items() if name not in ("muscle", "side")):
            raise UsageError(f"{row.muscle}: say what you found, or leave the whole row empty")
        found.append({"episode": request.episode, "at": instant_of(request.at), **told})
    rows = pl.DataFrame(found, EXAMS.schema)
    _refuse_twice(rows, care_log)
    return rows


def _refuse_twice(rows: pl.DataFrame, care_log: CareLog) -> None:
    """What is sent again would count a trigger point twice."""
    twice = rows.filter(rows.select(PLACE).is_duplicated())
    known = rows.join(care_log.exams, on=PLACE, how="semi", nulls_equal=True)
    for row in pl.concat([twice, known]).iter_rows(named=True):
        where = f"{row['muscle']} {row['side'] or ''}".strip()
        raise UsageError(
            f"{where} was examined on {row['at'].date()} already, or stands here twice"
        )


def record_finding(chart: Chart, patient: str, request: FindingRequest, by: str, page: str) -> int:
    """Record a finding; return the entry of the audit log.

    Args:
        chart: where the patient is on record.
        patient: whose it is.
        request: what was found.
        by: who records it.
        page: from where, as the audit log tells it.

    Raises:
        UsageError: it has an amount that is not told, or words that are not told.
        CareLogError: a value breaks the schema.
    """
    known = finding_kinds(chart.knowledge).get(request.kind)
    found = None if known is None else known.codes.get(request.code)
    if found is not None and found.dimension is not None and request.value is None:
        raise UsageError(f"{found.name}: give the amount and its unit")
    if request.code == NOT_UNDERSTOOD and request.words is None:
        raise UsageError(f"say in its own words which {request.kind} it is")
    row = {"patient": patient, **request.model_dump(), "at": instant_of(request.at)}
    act = AuditEvent(by, "enter", None, patient)
    return chart.insert({"findings": pl.DataFrame([row], FINDINGS.schema)}, act, page=page)
