"""What is on record of an episode, as its page tells it."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from reliefpath.care.check_in.answers import MESSAGE
from reliefpath.care.tried import tried
from reliefpath.care_log.log import CareLog
from reliefpath.clock import day_of
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.anatomy.body_map import PAIN_AREA
from reliefpath.reference.anatomy.diagnosis import trigger_point
from reliefpath.reference.therapies import (
    NOT_UNDERSTOOD,
    SCREENED,
    FindingKind,
    Restriction,
    finding_kinds,
    therapies,
)

Row = dict[str, Any]
SIGNS = {
    "taut_band": "taut band",
    "tender_spot": "tender spot",
    "referred_pain": "referred pain",
    "recognised": "recognised as theirs",
    "twitch_response": "local twitch",
}
ACTIVE, LATENT, UNKNOWN = "active trigger point", "latent trigger point", "not known"
MAYBE_ACTIVE = "trigger point, whether active not known"
TENDER, NOTHING = "tender spot only", "no trigger point"
VERDICTS = (ACTIVE, MAYBE_ACTIVE, LATENT, TENDER, NOTHING, UNKNOWN)
"""What an exam says of a muscle, by how much it counts."""


def tried_named(care_log: CareLog, episode: str, as_of: date) -> list[Row]:
    """Return what was tried, with the names of therapies and muscles."""
    known, anatomy = therapies(care_log.knowledge), muscles(care_log.knowledge)
    return [
        row
        | {
            "name": known[row["therapy"]].name,
            "muscles": ", ".join(anatomy[muscle].name for muscle in row["muscles"]),
        }
        for row in tried(care_log, episode, as_of).iter_rows(named=True)
    ]


def latest_exam(care_log: CareLog, episode: str, as_of: date) -> tuple[date, list[Row]] | None:
    """Return the day of the latest exam and what it found, active trigger points first."""
    rows = care_log.moment(as_of).before(care_log.exams.filter(episode=episode))
    if rows.is_empty():
        return None
    day: date = rows.select(pl.col("at").dt.date().max()).item()
    rules, known = trigger_point(), muscles(care_log.knowledge)
    latest = rows.filter(pl.col("at").dt.date() == day).with_columns(
        present=pl.sql_expr(rules.present.rule), active=pl.sql_expr(rules.active.rule)
    )
    found = [
        row | {"name": known[row["muscle"]].name, "verdict": _verdict(row)}
        for row in latest.sort("muscle", "side").iter_rows(named=True)
    ]
    return day, sorted(found, key=lambda row: VERDICTS.index(row["verdict"]))


def _verdict(row: Row) -> str:
    if row["active"]:
        return ACTIVE
    if row["present"]:
        return LATENT if row["active"] is False else MAYBE_ACTIVE
    if row["present"] is None:
        return UNKNOWN
    return TENDER if row["tender_spot"] else NOTHING


def findings(care_log: CareLog, episode: dict[str, Any], as_of: date) -> list[Row]:
    """Return what else is known of the person, by kind: what holds, and what was asked about."""
    moment, kinds = care_log.moment(as_of), finding_kinds(care_log.knowledge)
    holds = pl.col("until").is_null() | (pl.col("until") >= as_of)
    elsewhere = pl.col("kind").is_in([PAIN_AREA, MESSAGE])  # on the body map, and above it
    mine = care_log.findings_about(episode["episode"], episode["patient"])
    rows = moment.before(mine.filter(holds, ~elsewhere)).sort("at", "code")
    found = []
    for kind in dict.fromkeys([k for k, row in kinds.items() if row.screening] + [*rows["kind"]]):
        of_kind = list(rows.filter(kind=kind).iter_rows(named=True))
        known = [_finding(row, kinds[kind]) for row in of_kind if row["code"] != SCREENED]
        asked = [row["at"].date() for row in of_kind if row["code"] == SCREENED]
        screening = kinds[kind].screening
        about = {"kind": kind, "name": kind.replace("-", " ")}
        found.append({**about, "known": known, "asked": asked[-1:], "screening": screening})
    return found


def messages(care_log: CareLog, as_of: date) -> list[Row]:
    """Return what the patient wrote with check-ins, of whichever complaint, the latest first."""
    written = care_log.findings.filter(kind=MESSAGE).sort("at", descending=True)
    return [
        {**row, "day": day_of(row["at"], care_log.zone)}
        for row in care_log.moment(as_of).before(written).iter_rows(named=True)
    ]


def _finding(row: Row, kind: FindingKind) -> Row:
    known = kind.codes[row["code"]]
    amount = "" if row["value"] is None else f" {row['value']:g} {row['unit'] or ''}"
    name = f"{known.name}{amount}"
    if row["words"] and folded(row["words"]) not in folded(name):
        name += f": {row['words']}"
    asks = row["kind"] if row["code"] == NOT_UNDERSTOOD else None
    return {
        "name": name,
        "at": row["at"].date(),
        "because": known.means(),
        "asks": asks,
        "words": row["words"],
        "code": row["code"] if row["words"] is None else None,  # else read as what words are
        "is_red_flag": Restriction.RED_FLAG in known.bars,
    }


def term_choices(knowledge: Knowledge, kind: str) -> list[tuple[str, str]]:
    """Return what words of a kind may be, each code with its name."""
    codes = finding_kinds(knowledge)[kind].codes
    return [(code, row.name) for code, row in codes.items() if code != SCREENED]
