"""What the latest examination found in each muscle that is planned, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from reliefpath.documents.papers.case import Case, where
from reliefpath.documents.papers.catalogue import cited
from reliefpath.documents.papers.parts import Block, Items, Said, Table, on_record
from reliefpath.documents.printing import day_text
from reliefpath.reference.anatomy import trigger_point, trigger_point_catalogue

FLAGS = {True: "yes", False: "no", None: "not told"}
FOUND = {True: "active", False: "not active", None: "unknown"}
COLUMNS = {
    "taut_band": "Taut band",
    "tender_spot": "Tender spot",
    "referred_pain": "Referred pain",
    "recognised": "Recognised",
    "twitch_response": "Twitch",
}
CAPTION = "The muscles that are planned, each as last examined"


def examined(case: Case) -> tuple[Block, ...]:
    """Return a row for each planned muscle and side, and what is called a trigger point."""
    rows = tuple(_row(where(case.knowledge, *place), case.exam(*place)) for place in case.places)
    columns = ("Muscle", "Examined on", *COLUMNS.values(), "Pressure", "Trigger point")
    definition = trigger_point().active
    because = " ".join(definition.because.split())
    cites = cited(trigger_point_catalogue().sources, definition.source)
    return Table(CAPTION, columns, rows, has_origin=False), Items((Said(because, sources=cites),))


def _row(place: str, exam: Mapping[str, Any] | None) -> tuple[Said, ...]:
    if exam is None:
        missing = (Said("not examined", "record"), *(Said("–"),) * (len(COLUMNS) + 2))
        return Said(place), *missing
    pressure = "not told" if exam["pressure_kpa"] is None else f"{exam['pressure_kpa']:g} kPa"
    return (
        Said(place),
        Said(day_text(exam["day"]), on_record(exam["day"])),
        *(Said(FLAGS[exam[sign]]) for sign in COLUMNS),
        Said(pressure),
        Said(FOUND[_is_active(exam)]),
    )


def _is_active(exam: Mapping[str, Any]) -> bool | None:
    signs = pl.DataFrame(
        {sign: [exam[sign]] for sign in COLUMNS}, dict.fromkeys(COLUMNS, pl.Boolean)
    )
    found: bool | None = signs.select(pl.sql_expr(trigger_point().active.rule)).item()
    return found
