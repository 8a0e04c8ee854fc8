"""Forms of several rows: what was said in them, and back into the form as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import zip_longest
from math import isfinite, nan
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import ImmutableMultiDict

from reliefpath.clock import at_clinic
from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import REGIONS, muscles

Said = ImmutableMultiDict[str, Any]
NOTHING: Said = ImmutableMultiDict()
FLAGS = {"yes": True, "no": False}
CHECK, RECORD = "check", "record"


async def _said(request: Request) -> Said:
    return await request.form()


Form = Annotated[Said, Depends(_said)]


def rows_of(said: Said, names: tuple[str, ...], least: int = 3) -> list[dict[str, str]]:
    """Return what stands in the rows of a form, and two empty rows after those that are filled.

    The first name is what a row is about: where it is empty, so must the rest be.
    """
    columns = [[str(value).strip() for value in said.getlist(name)] for name in names]
    filled = [row for row in zip_longest(*columns, fillvalue="") if any(row)]
    empty = [("",) * len(names)] * max(2, least - len(filled))
    return [dict(zip(names, row, strict=True)) for row in [*filled, *empty]]


def filled(rows: list[dict[str, str]], about: str = "muscle") -> list[dict[str, str]]:
    """Return the rows in which something is said.

    Raises:
        UsageError: one says something of nothing.
    """
    found = [row for row in rows if any(row.values())]
    for number, row in enumerate(found, start=1):
        if not row[about]:
            raise UsageError(f"row {number}: choose the {about}, or leave the whole row empty")
    return found


def text_of(said: Mapping[str, Any], name: str) -> str | None:
    """Return what was written, or None where nothing was."""
    return str(said.get(name) or "").strip() or None


def number_of(said: Mapping[str, Any], name: str) -> float | None:
    """Return the number in a field, or None where it is empty.

    Raises:
        UsageError: it is no number.
    """
    text = text_of(said, name)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        what = name.replace("_", " ")
        raise UsageError(f"{what}: {text!r} is no number; use a point for decimals")
    return number


def share_of(said: Mapping[str, Any], name: str) -> float | None:
    """Return a percentage as a share."""
    percent = number_of(said, name)
    return None if percent is None else percent / 100


def date_of(said: Mapping[str, Any], name: str) -> date | None:
    """Return the date in a field, or None where it is empty.

    Raises:
        UsageError: it is no date.
    """
    text = text_of(said, name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        what = "day" if name == "on" else name.replace("_", " ")
        raise UsageError(f"{what}: {text!r} is no date, as in 2026-03-31") from None


def day_of(said: Mapping[str, Any], today: date) -> date:
    """Return the day in the field `on`; today where it is empty.

    Raises:
        UsageError: it is no day, or has not come yet.
    """
    day = date_of(said, "on") or today
    if day > today:
        raise UsageError(f"{day} has not come yet; record it once it has happened")
    return day


def time_of(said: Mapping[str, Any], name: str, zone: str) -> datetime | None:
    """Return the moment in a field for a day and a time at the clinic, or None where it is empty.

    Raises:
        UsageError: it is none.
    """
    text = text_of(said, name)
    if text is None:
        return None
    try:
        local = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        local = None
    if local is None or "T" not in text:
        what = name.replace("_", " ")
        raise UsageError(f"{what}: {text!r} is no day with a time, as in 2026-03-31T09:20")
    return at_clinic(local, zone)


def muscle_choices(knowledge: Knowledge, region: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the muscles by region, those of the complaint's own region first."""
    groups: dict[str, list[tuple[str, str]]] = {region: []}
    groups |= {other: [] for other in REGIONS if other != region}
    for id_, row in muscles(knowledge).items():
        groups[row.region.value].append((id_, row.name))
    return [(name.replace("-", " "), found) for name, found in groups.items() if found]
