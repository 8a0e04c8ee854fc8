"""Who comes to the clinic today, and who came two weeks ago."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from reliefpath.care_log.schema import ATTENDED, CANCELLED, PLANNED, VISITS
from reliefpath.simulation.world import Words

EVERY, MOST = 3, 24
"""One in so many patients comes on a day, and no more than that."""
FIRST, LONG = time(8), timedelta(minutes=20)
BEFORE = timedelta(days=14)
"""How long ago each came before."""
CALLED_OFF = 4
"""The place in the day of the visit that is cancelled."""


def visit_table(episodes: pl.DataFrame, words: Words, as_of: date, zone: str) -> pl.DataFrame:
    """Return the visits of a day, of patients in care, with the visits that they had before."""
    in_care = episodes.filter(pl.col("ended_on").is_null() | (pl.col("ended_on") > as_of))
    rows = []
    coming = in_care.gather_every(EVERY).head(MOST)
    for n, (episode, begun, clinician) in enumerate(
        coming.select("episode", "started_on", "clinician").iter_rows()
    ):
        begins = datetime.combine(as_of, FIRST, ZoneInfo(zone)) + n * LONG
        shared = {"episode": episode, "clinician": clinician}
        if begun <= as_of - BEFORE:
            note = words.notes[n % len(words.notes)]
            row = {"visit": f"{episode}-1", "at": begins - BEFORE, "status": ATTENDED, "note": note}
            rows.append({**shared, **row})
        status = CANCELLED if n == CALLED_OFF else PLANNED
        rows.append({**shared, "visit": f"{episode}-2", "at": begins, "status": status})
    return pl.DataFrame(
        [{**row, "at": row["at"].astimezone(ZoneInfo("UTC"))} for row in rows], VISITS.schema
    )
