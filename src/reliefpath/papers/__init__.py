"""The papers of an injection: procedure note, consent, after-care, medical necessity."""

from __future__ import annotations

from reliefpath.papers.case import Case, Told, case_of
from reliefpath.papers.for_patients import after_care, consent
from reliefpath.papers.necessity import medical_necessity
from reliefpath.papers.page import paper_html
from reliefpath.papers.parts import Paper
from reliefpath.papers.procedure_note import procedure_note
from reliefpath.therapies.injection import Result

__all__ = ["NAMES", "NOTE", "Case", "Paper", "Told", "case_of", "paper_html", "papers"]

NOTE = "procedure-note"
NAMES = (NOTE, "consent", "after-care", "medical-necessity")


def papers(case: Case) -> dict[str, Paper]:
    """Return the papers by name; a plan that is blocked has no procedure note."""
    written = {
        "consent": consent(case),
        "after-care": after_care(case),
        "medical-necessity": medical_necessity(case),
    }
    if case.plan.result is Result.BLOCKED:
        return written
    return {NOTE: procedure_note(case), **written}
