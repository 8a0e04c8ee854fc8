"""The body map: where the patient marked pain, and which of the muscles examined may explain it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from reliefpath.care_log.log import CareLog
from reliefpath.reference.anatomy import Muscle, muscles
from reliefpath.reference.anatomy.body_map import (
    PAIN_AREA,
    Area,
    Shape,
    View,
    areas,
    referral,
    shapes,
    spots,
)
from reliefpath.web.views.ledger import ACTIVE, LATENT, MAYBE_ACTIVE, NOTHING, TENDER, UNKNOWN, Row

APART = 106
"""How far the two views lie apart in the picture, in the units of the drawing."""
LATEST = 6
"""Drawings that are shown at once; those before can be opened."""
MARKS = {
    ACTIVE: ("active", "M-3.5 0A3.5 3.5 0 1 1 3.5 0A3.5 3.5 0 1 1-3.5 0Z"),
    MAYBE_ACTIVE: ("maybe", "M-3.5 0A3.5 3.5 0 1 1 3.5 0A3.5 3.5 0 1 1-3.5 0Z"),
    LATENT: ("latent", "M0-4.9 4.9 0 0 4.9-4.9 0Z"),
    TENDER: ("tender", "M0-5.1 4.9 3.2-4.9 3.2Z"),
    NOTHING: ("nothing", "M-3.2-3.2H3.2V3.2H-3.2Z"),
    UNKNOWN: ("unknown", "M-3.2-3.2H3.2V3.2H-3.2Z"),
}
"""How a muscle is marked by what was found: a class, and a shape, so that colour is not all."""

EXPLAINS = (ACTIVE, MAYBE_ACTIVE)
"""What may explain a complaint."""


@dataclass(frozen=True)
class Drawing:
    """What a patient marked on a day, and what that changed since the drawing before."""

    day: date
    areas: tuple[Area, ...]
    new: tuple[Area, ...]
    gone: tuple[Area, ...]


@dataclass(frozen=True)
class Examined:
    """A muscle of the latest exam.

    Attributes:
        number: Its number in picture and table.
        id: The muscle with its side, to choose it by.
        name: The same for readers.
        row: The exam's row with its verdict.
        at: Where it lies in the picture: x and y. Empty where the drawing has no place for it.
        referral: Where its pain is felt, in words.
        felt: The same as areas of the drawing.
        explains: Those of them that the patient marked, where it holds a trigger point that may
            be active; another explains no complaint.
    """

    number: int
    id: str
    name: str
    row: Row
    at: tuple[tuple[float, float], ...]
    referral: str
    felt: tuple[Area, ...]
    explains: tuple[Area, ...]

    @property
    def verdict(self) -> str:
        """What was found."""
        return str(self.row["verdict"])

    @property
    def mark(self) -> tuple[str, str]:
        """Its class and shape."""
        return MARKS[self.verdict]

    @property
    def may_explain(self) -> bool:
        """Whether it holds a trigger point that is, or may be, active."""
        return self.verdict in EXPLAINS


@dataclass(frozen=True)
class BodyMap:
    """The body of one patient.

    Attributes:
        views: What is drawn of the body from the front and from behind.
        drawings: The patient's own drawings, the oldest first.
        silent: Days after the latest on which the patient scored and marked nothing.
        muscles: The muscles of the latest exam, active trigger points first.
        chosen: The muscle whose referral is shown.
    """

    views: tuple[tuple[View, tuple[Shape, ...]], ...]
    drawings: tuple[Drawing, ...]
    silent: int
    muscles: tuple[Examined, ...]
    chosen: Examined | None = None

    def choosing(self, id_: str | None) -> BodyMap:
        """Return the same with a muscle chosen; one that was not examined is nobody's choice."""
        return replace(self, chosen=next((m for m in self.muscles if m.id == id_), None))

    @property
    def marked(self) -> tuple[Area, ...]:
        """Where the patient marked pain last."""
        return self.drawings[-1].areas if self.drawings else ()

    @property
    def unexplained(self) -> tuple[Area, ...]:
        """What is marked, and no active trigger point that was found lies in or refers to."""
        active = (area for m in self.muscles if m.verdict == ACTIVE for area in m.explains)
        return _without(self.marked, tuple(active))

    @property
    def painted(self) -> tuple[Examined, ...]:
        """The muscles that have a place: what counts most lies above, what was chosen on top."""
        placed = (muscle for muscle in self.muscles[::-1] if muscle.at)
        return tuple(sorted(placed, key=lambda muscle: muscle == self.chosen))

    apart, latest = APART, LATEST


def body_map(
    care_log: CareLog,
    episode: Row,
    exam: tuple[date, list[Row]] | None,
    as_of: date,
) -> BodyMap:
    """Return the body of an episode's patient.

    Args:
        care_log: What is on record.
        episode: The episode's row.
        exam: Its latest exam, as `ledger.latest_exam` tells it.
        as_of: Today.
    """
    moment = care_log.moment(as_of)
    mine = care_log.findings_about(episode["episode"], episode["patient"])
    drawings = _drawings(moment.before(mine))
    marked = drawings[-1].areas if drawings else ()
    rows = enumerate(exam[1] if exam else (), start=1)
    known = muscles(care_log.knowledge)
    found = tuple(_examined(number, row, known[row["muscle"]], marked) for number, row in rows)
    silent = 0
    if drawings:
        scores = moment.before(care_log.scores.filter(episode=episode["episode"]))
        silent = sum(day > drawings[-1].day for day in scores["at"].dt.date().unique())
    return BodyMap(
        (("front", shapes("front")), ("back", shapes("back"))),
        drawings,
        silent,
        found,
    )


def _drawings(findings: pl.DataFrame) -> tuple[Drawing, ...]:
    rows = findings.filter(kind=PAIN_AREA)
    marked: dict[date, set[str]] = {}
    for day, code in rows.select(pl.col("at").dt.date(), "code").sort("at").iter_rows():
        marked.setdefault(day, set()).add(code)
    drawings: list[Drawing] = []
    for day, codes in marked.items():
        now = tuple(area for area in areas() if area.code in codes)
        before = drawings[-1].areas if drawings else now
        drawings.append(Drawing(day, now, _without(now, before), _without(before, now)))
    return tuple(drawings)


def _examined(number: int, row: Row, muscle: Muscle, marked: tuple[Area, ...]) -> Examined:
    side = row["side"]
    felt = referral(muscle, side)
    explains = felt if row["verdict"] in EXPLAINS else ()
    return Examined(
        number=number,
        id=f"{row['muscle']}-{side}",
        name=f"{muscle.name}, {'both sides' if side == 'both' else side}",
        row=row,
        at=tuple((s.x + APART * (s.view == "back"), s.y) for s in spots(row["muscle"], side)),
        referral=muscle.referral,
        felt=felt,
        explains=tuple(area for area in explains if area in marked),
    )


def _without(these: tuple[Area, ...], those: tuple[Area, ...]) -> tuple[Area, ...]:
    return tuple(area for area in these if area not in those)
