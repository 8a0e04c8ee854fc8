"""One row of the worklist: who it is, how they are, and the one thing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from markupsafe import Markup

from reliefpath.pathway.assessment import AS_OF, GATE, NEXT_STEP, STATUS
from reliefpath.pathway.model import Pathway
from reliefpath.web.pages import fragment
from reliefpath.web.segments import segment
from reliefpath.web.views.spark import spark

SAME = ("episode", AS_OF, "known", "alone")
"""Rows that agree in these look the same."""


@dataclass(frozen=True)
class WorklistRow:
    """One episode as the worklist shows it.

    Attributes:
        patient, episode, name, language, complaint, region: Who it is, and of what.
        status: How they are.
        gate: Whether the gate to the injection is open.
        due: Whether a check-in is due.
        alone: Whether no clinician of the care team has an active account.
        changes: What of the advice is otherwise than a week ago.
        spark: The scores as a line.
        better: The improvement and its interval; None where it is not known.
        weeks_since_score: Weeks since the latest score; None without one.
        next_step: What to do, in words.
        clinician: Who is responsible.
        page: The patient's page.
        link: Where on that page what is open stands.
    """

    patient: str
    episode: str
    name: str | None
    language: str | None
    complaint: str | None
    region: str
    status: str
    gate: bool | None
    due: bool
    alone: bool
    changes: list[str]
    spark: str
    better: tuple[str, str] | None
    weeks_since_score: float | None
    next_step: str
    clinician: str | None
    page: str
    link: str

    @classmethod
    def of(cls, row: Mapping[str, Any], pathway: Pathway) -> WorklistRow:
        """Return what is shown of a row of `WorklistCache.rows`."""
        asked = pathway.asked(pathway.statuses[row[STATUS]])
        unmet = next((id_ for id_ in asked if row[id_] is not True), None)
        at = f"/patient/{segment(row['episode'])}"
        return cls(
            patient=row["patient"],
            episode=row["episode"],
            name=row["name"],
            language=row["language"],
            complaint=row["complaint"],
            region=row["region"],
            status=row[STATUS],
            gate=row[GATE],
            due=row["due"],
            alone=row["alone"],
            changes=_changes(row),
            spark=spark(row["measure"], row["points"], pathway.recovery.window, pathway.knowledge),
            better=_better(row),
            weeks_since_score=row["weeks_since_score"],
            next_step=row[NEXT_STEP],
            clinician=row["clinician"],
            page=at,
            link=at + (f"#{unmet}" if unmet else ""),
        )


@dataclass
class DrawnRows:
    """The rows that were shown lately, each drawn once for what its patient's record says."""

    pathway: Pathway
    most: int = 5_000
    """Rows that are kept."""
    _drawn: dict[tuple[Any, ...], Markup] = field(default_factory=dict)

    def of(self, everybody: pl.DataFrame, shown: pl.DataFrame) -> list[Markup]:
        """Return the rows that are shown, each drawn.

        Args:
            everybody: the rows of `WorklistCache.rows`.
            shown: of each the number (`row`), whether nobody answers (`alone`), and the rest of
                what tells it from others that look otherwise.
        """
        if len(self._drawn) > self.most:
            self._drawn = {}
        drawn, keys = self._drawn, shown.select(SAME).rows()
        for number, key in zip(shown["row"], keys, strict=True):
            if key not in drawn:
                row = everybody.row(number, named=True) | {"alone": key[-1]}
                drawn[key] = fragment("worklist-row", row=WorklistRow.of(row, self.pathway))
        return [drawn[key] for key in keys]


def _better(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return `82 %` and `69 to 95`, or nothing where improvement is not known."""
    shares = [row[f"improvement{end}"] for end in ("", "_low", "_high")]
    if None in shares:
        return None
    now, least, most = (f"{100 * share:.0f}".replace("-", "\N{MINUS SIGN}") for share in shares)
    return f"{now} %", f"{least} to {most}"


def _changes(row: Mapping[str, Any]) -> list[str]:
    if row["was_status"] is None:
        return ["new this week"]
    said = []
    if row["was_status"] != row[STATUS]:
        said.append(f"a week ago {row['was_status']}")
    if bool(row["was_gate"]) != bool(row[GATE]):
        said.append(f"gate {'opened' if row[GATE] else 'closed'} this week")
    return said
