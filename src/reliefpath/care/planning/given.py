"""What was given: as rows of the care log, and found again in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TREATMENTS
from reliefpath.clock import instant_of
from reliefpath.errors import UsageError, nearest
from reliefpath.reference.therapies.exercise import shares_text, total_share
from reliefpath.reference.therapies.injection import Place, Site
from reliefpath.reference.therapies.injection.intervals import INJECTION

NEEDLING, EXERCISE = "dry-needling", "exercise"
THING = ("episode", "day", "therapy", "muscle", "side", "agent")
"""Rows that share these most likely say the same twice."""
DECIMALS = 6
"""Milligrams and millilitres that agree in so many are the same."""


@dataclass(frozen=True)
class Session:
    """When something was given, and what only whoever gave it can tell."""

    episode: str
    at: date | datetime
    technique: str | None = None
    needle: str | None = None
    """Thickness and length."""
    lots: Mapping[str, str] = field(default_factory=dict)
    """The lot of each agent."""
    twitches: Collection[Place] | None = None
    """Where a local twitch was seen or felt; None where nobody looked."""
    response: float | None = None
    """Share of the pain relieved."""
    adverse_effect: str | None = None


def injection_rows(sites: Sequence[Site], session: Session) -> pl.DataFrame:
    """Return the rows of an injection, one a site and agent.

    Raises:
        UsageError: a lot is told of an agent, or a twitch of a place, that was not injected.
    """
    refuse_unplanned_lots(session.lots, sites)
    things = [
        {
            "muscle": site.muscle,
            "side": site.side,
            "agent": portion.agent,
            "amount": portion.mg or None,
            "unit": "mg" if portion.mg else None,
            "volume_ml": portion.volume_ml,
            "lot": session.lots.get(portion.agent),
        }
        for site in sites
        for portion in site.portions
    ]
    return _rows(INJECTION, things, session)


def needling_rows(places: Sequence[Place], session: Session) -> pl.DataFrame:
    """Return the rows of a session of dry needling, one a place.

    Raises:
        UsageError: a twitch is told of a place that was not needled.
    """
    return _rows(NEEDLING, [{"muscle": m, "side": side} for m, side in places], session)


def exercise_rows(
    adherence: float | None, session: Session, each: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """Return the row that says how much of the programme was done since the last report.

    Where exercises are told of one by one, what was done of all is the mean of what was told.
    """
    told: dict[str, Any] = {"adherence": adherence, "exercises": None}
    if each:
        told = {"adherence": total_share(each), "exercises": shares_text(each)}
    return _rows(EXERCISE, [told], session)


def refuse_unplanned_lots(lots: Iterable[str], sites: Sequence[Site]) -> None:
    """Refuse a lot of an agent that is not planned.

    Raises:
        UsageError: there is one.
    """
    planned = {portion.agent for site in sites for portion in site.portions}
    for agent in lots:
        if agent not in planned:
            raise UsageError(f"a lot is given of `{agent}`, not planned{nearest(agent, planned)}")


def _rows(therapy: str, things: list[dict[str, Any]], session: Session) -> pl.DataFrame:
    """What went wrong is told once, of the first thing; the rest holds for each of them."""
    places = {(thing.get("muscle"), thing.get("side")) for thing in things}
    for muscle, side in set(session.twitches or ()) - places:
        raise UsageError(f"a twitch is told of {muscle} {side}, where no needle was")
    shared = {
        "episode": session.episode,
        "at": instant_of(session.at),
        "therapy": therapy,
        "technique": session.technique,
        "needle": session.needle,
        "response": session.response,
    }
    rows = [{**shared, **thing} for thing in things]
    if session.twitches is not None:
        for row in rows:
            row["twitch_response"] = (row["muscle"], row["side"]) in session.twitches
    rows[0]["adverse_effect"] = session.adverse_effect
    return pl.DataFrame(rows, TREATMENTS.schema)


def on_record_already(rows: pl.DataFrame, care_log: CareLog) -> list[dict[str, Any]]:
    """Return what is on record of the same day, place and agent as one of the rows."""
    dated = care_log.day_of().alias("day")
    known, new = (t.with_columns(dated) for t in (care_log.given, rows))
    return known.join(new, on=THING, how="semi", nulls_equal=True).to_dicts()


def without_session(care_log: CareLog, rows: pl.DataFrame) -> tuple[CareLog, pl.DataFrame]:
    """Return a care log without a session, and the rows of it that were on record.

    The session is on record if everything of its episode, day and therapy, or of one time on that
    day, is exactly what `rows` say was given where; otherwise nothing is taken out, and the second
    has no row.
    """
    dated = care_log.day_of().alias("day")
    of_day = care_log.treatments.with_columns(dated)
    all_day = of_day.join(rows.with_columns(dated), on=THING[:3], how="semi")
    visits = all_day.partition_by("at", maintain_order=True)
    mine = next((found for found in (all_day, *visits) if _given(found) == _given(rows)), None)
    if mine is None:
        return care_log, rows.clear()
    rest = of_day.join(mine, on=(*THING[:3], "at"), how="anti").drop("day")
    return replace(care_log, treatments=rest), mine.drop("day")


def _given(rows: pl.DataFrame) -> Counter[tuple[Any, ...]]:
    numbers = pl.col("amount", "volume_ml").round(DECIMALS)
    return Counter(rows.select("muscle", "side", "agent", numbers).rows())
