"""The papers of an injection: procedure note, consent, after-care, medical necessity."""

from __future__ import annotations

from reliefpath.documents.papers.case import Answer, Case, Told, case_of
from reliefpath.documents.papers.for_patients import after_care, consent
from reliefpath.documents.papers.necessity import medical_necessity, why_no_letter
from reliefpath.documents.papers.page import paper_html
from reliefpath.documents.papers.parts import Paper
from reliefpath.documents.papers.procedure_note import procedure_note
from reliefpath.documents.papers.room_card import room_card
from reliefpath.reference.therapies.injection import Plan, Result

__all__ = [
    "LETTER",
    "NAMES",
    "NOTE",
    "Answer",
    "Case",
    "Paper",
    "Told",
    "case_of",
    "paper_html",
    "papers",
    "why_not",
]

NOTE, LETTER, CARD = "procedure-note", "medical-necessity", "room-card"
NAMES = (NOTE, "consent", "after-care", LETTER, CARD)


def papers(case: Case) -> dict[str, Paper]:
    """Return the papers by name, without those that `why_not` tells of.

    Raises:
        UsageError: an answer is of nothing that the payer leaves uncertain.
    """
    made = {
        NOTE: procedure_note,
        "consent": consent,
        "after-care": after_care,
        LETTER: medical_necessity,
        CARD: room_card,
    }
    missing = why_not(case.plan, case.told)
    return {name: make(case) for name, make in made.items() if name not in missing}


def why_not(plan: Plan, told: Told) -> dict[str, list[str]]:
    """Return the papers that are not written, each with why not.

    Raises:
        UsageError: an answer is of nothing that the payer leaves uncertain.
    """
    found = {LETTER: why_no_letter(plan, told.answers)}
    if plan.result is Result.BLOCKED:
        found[NOTE] = [f"the plan is blocked by {c.id}: {c.says}" for c in plan.blocking]
    return {name: why for name, why in found.items() if why}
