"""What must be in view of a person before anything is done to them, and what nobody asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.knowledge import Knowledge, derived
from reliefpath.reference.therapies import NOT_UNDERSTOOD, SCREENED, finding_kinds

ALLERGY, WEIGHT = "allergy", "weight"


@dataclass(frozen=True)
class Alerts:
    """What is known of a person, and what is not: silence is no answer.

    Attributes:
        red_flags: Warning signs that stand.
        dangers: Allergies, medicines against clotting, pregnancy.
        not_asked: What nobody asked about since the complaint began.
    """

    red_flags: str | None
    dangers: tuple[str, ...]
    not_asked: tuple[str, ...]


def alerts_of(row: Mapping[str, Any]) -> Alerts:
    """Return the alerts of a row of the worklist."""
    dangers = list(row["allergies"] or ())
    if row["anticoagulated"]:
        dangers.append("Takes a medicine against clotting")
    if row["pregnant"]:
        dangers.append("Pregnant")
    answers = {
        "red flags": row["red_flag"],
        "allergies": row["allergies_asked"] or None,
        "medicines": row["anticoagulated"],
        "pregnancy": False if row["sex"] == "male" else row["pregnant"],
    }
    flags = (row["red_flags"] or "on record").replace("-", " ") if row["red_flag"] else None
    return Alerts(flags, tuple(dangers), tuple(n for n, said in answers.items() if said is None))


def alert_columns(care_log: CareLog, today: date) -> pl.DataFrame:
    """Return what alerts need of each episode beside the advice.

    That is `allergies`, by their names; `allergies_asked`, whether they were asked about since the
    episode began; and `weighed_on`, when the patient was last weighed.
    """
    day, until = care_log.day_of(), pl.col("until")
    holding = care_log.findings.filter(day <= today, until.is_null() | (until >= today))
    findings = holding.select("patient", "kind", "code", "words", day=day)
    allergies = findings.filter(pl.col("kind") == ALLERGY)
    names = _allergens(care_log.knowledge)
    in_words = pl.when(pl.col("code") == NOT_UNDERSTOOD).then("Allergy: " + pl.col("words"))
    known = allergies.filter(pl.col("code") != SCREENED).select(
        "patient", name=pl.coalesce(in_words, pl.col("code").replace(names))
    )
    asked = allergies.filter(pl.col("code") == SCREENED)
    weighed = findings.filter(pl.col("kind") == WEIGHT)
    people = care_log.episodes.select("episode", "patient", "started_on")
    for more in (
        known.group_by("patient").agg(allergies=pl.col("name").unique().sort()),
        asked.group_by("patient").agg(asked_on=pl.col("day").max()),
        weighed.group_by("patient").agg(weighed_on=pl.col("day").max()),
    ):
        people = people.join(more, on="patient", how="left")
    fresh = (pl.col("asked_on") >= pl.col("started_on")).fill_null(False)
    return people.select("episode", "allergies", "weighed_on", allergies_asked=fresh)


@derived
def _allergens(knowledge: Knowledge) -> dict[str, str]:
    return {code: row.name for code, row in finding_kinds(knowledge)[ALLERGY].codes.items()}
