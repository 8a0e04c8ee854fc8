"""What is new and what is due, as the first page tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from reliefpath.care.news import CHECKED_IN, FLARE, GATE_OPENED, RED_FLAG, News
from reliefpath.clock import zone_of
from reliefpath.web.segments import segment

NAMES = 4
"""How many patients stand by name in a line of what is due."""
SHOWN = {
    RED_FLAG: ("warning sign", "bad", "‼"),
    FLARE: ("flare", "warn", "▲"),
    GATE_OPENED: ("gate opened", "good", "◨"),
    CHECKED_IN: ("check-in", "", "●"),
}
"""What a kind of news is called, its colour and its mark."""


@dataclass(frozen=True)
class NewsLine:
    """A line of what is new: what, of whom, when, and the one thing to do."""

    kind: str
    title: str
    tone: str
    mark: str
    name: str
    text: str
    at: datetime | None
    action: str
    link: str


def news_lines(news: Iterable[News], zone: str, *, may_treat: bool) -> list[NewsLine]:
    """Return what is new, each with where its action leads."""
    found = []
    for item in news:
        place = f"/patient/{segment(item.episode)}"
        action, link = "See curve", f"{place}#curve"
        if item.kind == RED_FLAG:
            action, link = "Open", place
            if may_treat and item.code is not None:
                action = "Examine"
                link = f"{place}/red-flag/{'/'.join(map(segment, item.code))}"
        elif item.kind == GATE_OPENED:
            action, link = ("Plan", f"{place}/injection") if may_treat else ("Open", place)
        at = None if item.at is None else item.at.astimezone(zone_of(zone))
        title, tone, mark = SHOWN[item.kind]
        told = (title, tone, mark, item.name, item.text, at, action, link)
        found.append(NewsLine(item.kind, *told))
    return found


def by_names(rows: pl.DataFrame) -> list[tuple[str, str]]:
    """Return the name and the episode of each row."""
    names = rows.select(pl.coalesce("name", "patient"), "episode")
    return list(names.iter_rows())
