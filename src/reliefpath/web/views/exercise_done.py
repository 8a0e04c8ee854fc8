"""What was done of the exercises, as the form of a visit asks for it and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from reliefpath.care.exercise_done import ExerciseReport
from reliefpath.errors import UsageError
from reliefpath.knowledge import Knowledge
from reliefpath.reference.therapies.exercise import exercises
from reliefpath.web.forms import Said, share_of, text_of

CONFIRMED, DID = "exercises_confirmed", "did"
DONE = {"1": "As planned", "0.5": "Some", "0": "Not", "": "?"}
"""Shares to how they are called; the last says nothing."""


@dataclass(frozen=True)
class ExercisesDone:
    """The exercises that are asked about one by one, and what was last said of them."""

    names: dict[str, str]
    """By id, in the order of the programme; empty where they are told of together."""
    report: ExerciseReport | None
    today: date

    @classmethod
    def of(
        cls, prescribed: tuple[str, ...], report: ExerciseReport | None, known: Knowledge, on: date
    ) -> ExercisesDone:
        """Return what is asked of some exercises."""
        rows = exercises(known)
        return cls({id_: rows[id_].name for id_ in prescribed if id_ in rows}, report, on)

    @property
    def offered(self) -> ExerciseReport | None:
        """What the patient said by a check-in and nobody has confirmed; not what is of today."""
        report = self.report
        return report if report and report.by_check_in and report.day < self.today else None

    @property
    def is_told_today(self) -> bool:
        """Whether it is on record of today already."""
        return self.report is not None and self.report.day == self.today

    def last(self, exercise: str) -> str | None:
        """Return what was last said of an exercise, in words."""
        share = None if self.report is None else self.report.each.get(exercise)
        return None if share is None else share_words(share)

    def request(self, said: Said) -> dict[str, Any]:
        """Return what a form says, as the visit takes it.

        Raises:
            UsageError: it is said twice, or the patient has said otherwise meanwhile.
        """
        adherence = share_of(said, "adherence")
        tapped = {id_: said.get(f"{DID}-{id_}") for id_ in self.names}
        each = {id_: float(share) for id_, share in tapped.items() if share and share in DONE}
        row = text_of(said, CONFIRMED)
        if row is not None:
            if self.report is None:
                raise UsageError("what the patient said of the exercises was withdrawn meanwhile")
            report = self.report.confirmed(row)
            each = {**report.each, **each}
            if not each:
                if adherence is not None:
                    raise UsageError("exercise done: confirm it, or type it, not both")
                adherence = report.adherence
        return {"adherence": adherence, "exercises": each}


def share_words(share: float) -> str:
    """Return how much of an exercise was done, in words."""
    return DONE.get(f"{share:g}", f"{share:.0%}").lower()
