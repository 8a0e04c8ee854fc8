"""One row of the worklist: who it is, how they are, and the one thing to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reliefpath.pathway.assessment import GATE, NEXT_STEP, STATUS
from reliefpath.pathway.model import Pathway
from reliefpath.web.segments import segment
from reliefpath.web.views.spark import spark

TONES = {
    "referred": "bad",
    "worsening": "bad",
    "recurred": "bad",
    "plateaued": "warn",
    "stalled": "warn",
    "recovered": "good",
    "lasting": "good",
}
"""Only a help to the eye: the status stands in words."""


@dataclass(frozen=True)
class WorklistRow:
    """One episode as the worklist shows it.

    Attributes:
        patient, episode, name, language, complaint, region: Who it is, and of what.
        status, tone: The status, and its colour.
        gate: Whether the gate to the injection is open.
        due: Whether a check-in is due.
        alone: Whether no clinician of the care team has an active account.
        changes: What of the advice is otherwise than a week ago.
        spark: The scores as a line.
        better: The improvement with its interval; empty where it is not known.
        weeks_since_score: Weeks since the latest score; None without one.
        next_step: What to do, in words.
        action, link: What the button says, and where it leads.
    """

    patient: str
    episode: str
    name: str | None
    language: str | None
    complaint: str | None
    region: str
    status: str
    tone: str
    gate: bool | None
    due: bool
    alone: bool
    changes: list[str]
    spark: str
    better: str
    weeks_since_score: float | None
    next_step: str
    action: str
    link: str

    @classmethod
    def of(cls, row: Mapping[str, Any], pathway: Pathway) -> WorklistRow:
        """Return what is shown of a row of `WorklistCache.rows`."""
        asked = pathway.asked(pathway.statuses[row[STATUS]])
        unmet = next((id_ for id_ in asked if row[id_] is not True), None)
        action = "Review" if unmet is None else pathway.step_names[pathway.criteria[unmet][0]]
        return cls(
            patient=row["patient"],
            episode=row["episode"],
            name=row["name"],
            language=row["language"],
            complaint=row["complaint"],
            region=row["region"],
            status=row[STATUS],
            tone=TONES.get(row[STATUS], ""),
            gate=row[GATE],
            due=row["due"],
            alone=row["alone"],
            changes=_changes(row),
            spark=spark(row["measure"], row["points"], pathway.recovery.window, pathway.knowledge),
            better=_better(row),
            weeks_since_score=row["weeks_since_score"],
            next_step=row[NEXT_STEP],
            action=action,
            link=f"/patient/{segment(row['episode'])}" + (f"#{unmet}" if unmet else ""),
        )


def _better(row: Mapping[str, Any]) -> str:
    """Return `82 % (69 to 95)`, or nothing where improvement is not known."""
    shares = [row[f"improvement{end}"] for end in ("", "_low", "_high")]
    if None in shares:
        return ""
    now, least, most = (f"{100 * share:.0f}".replace("-", "\N{MINUS SIGN}") for share in shares)
    return f"{now} % ({least} to {most})"


def _changes(row: Mapping[str, Any]) -> list[str]:
    if row["was_status"] is None:
        return ["new this week"]
    said = []
    if row["was_status"] != row[STATUS]:
        said.append(f"a week ago {row['was_status']}")
    if bool(row["was_gate"]) != bool(row[GATE]):
        said.append(f"gate {'opened' if row[GATE] else 'closed'} this week")
    return said
