"""What must be in view of a person before anything is done to them, and what nobody asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.knowledge import Knowledge, derived
from reliefpath.reference.therapies import SCREENED, Restriction, finding_kinds

ALLERGY, WEIGHT = "allergy", "weight"


@dataclass(frozen=True)
class Alerts:
    """What is known of a person, and what is not: silence is no answer.

    Attributes:
        red_flags: Warning signs that stand.
        dangers: Allergies, and what bars a needle or a steroid or lets blood clot less well.
        not_asked: What nobody asked about since the complaint began.
    """

    red_flags: str | None
    dangers: tuple[str, ...]
    not_asked: tuple[str, ...]


def alerts_of(row: Mapping[str, Any]) -> Alerts:
    """Return the alerts of a row of the worklist."""
    answers = {
        "red flags": row["red_flag"],
        "allergies": row["allergies_asked"] or None,
        "medicines": row["anticoagulated"],
        "pregnancy": False if row["sex"] == "male" else row["pregnant"],
    }
    flags = (row["red_flags"] or "on record").replace("-", " ") if row["red_flag"] else None
    return Alerts(
        flags,
        tuple(row["dangers"] or ()),
        tuple(name for name, said in answers.items() if said is None),
    )


def standing_alerts(care_log: CareLog, today: date) -> pl.DataFrame:
    """Return what is told wherever a person is, whichever complaint it was filed under.

    Columns: patient, name (in words), is_red_flag. Each is told once, a red flag first.
    """
    return _alerts(_holding(care_log, today), care_log.knowledge)


def _alerts(findings: pl.DataFrame, knowledge: Knowledge) -> pl.DataFrame:
    rows = findings.join(_told(knowledge), on=["kind", "code"])
    in_words = pl.concat_str("name", "words", separator=": ")
    rows = rows.select("patient", pl.coalesce(in_words, "name"), "is_red_flag")
    return rows.unique().sort("patient", ~pl.col("is_red_flag"), "name")


def alert_columns(care_log: CareLog, today: date) -> pl.DataFrame:
    """Return what alerts need of each episode beside the advice.

    That is `dangers`, by their names; `allergies_asked`, whether they were asked about since the
    episode began; and `weighed_on`, when the patient was last weighed.
    """
    findings = _holding(care_log, today)
    dangers = _alerts(findings, care_log.knowledge).filter(~pl.col("is_red_flag"))
    asked = findings.filter(kind=ALLERGY, code=SCREENED)
    weighed = findings.filter(kind=WEIGHT)
    people = care_log.episodes.select("episode", "patient", "started_on")
    for more in (
        dangers.group_by("patient", maintain_order=True).agg(dangers="name"),
        asked.group_by("patient").agg(asked_on=pl.col("day").max()),
        weighed.group_by("patient").agg(weighed_on=pl.col("day").max()),
    ):
        people = people.join(more, on="patient", how="left")
    fresh = (pl.col("asked_on") >= pl.col("started_on")).fill_null(False)
    return people.select("episode", "dangers", "weighed_on", allergies_asked=fresh)


def _holding(care_log: CareLog, today: date) -> pl.DataFrame:
    day, until = care_log.day_of(), pl.col("until")
    holds = care_log.findings.filter(day <= today, until.is_null() | (until >= today))
    return holds.select("patient", "kind", "code", "words", day=day)


@derived
def _told(knowledge: Knowledge) -> pl.DataFrame:
    """The findings that are alerts."""
    told = [
        (kind, code, finding.name, Restriction.RED_FLAG in finding.bars)
        for kind, row in finding_kinds(knowledge).items()
        for code, finding in row.codes.items()
        if row.alerts(code)
    ]
    return pl.DataFrame(told, ["kind", "code", "name", "is_red_flag"], orient="row")
