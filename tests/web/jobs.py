"""A clinic's jobs in entries, as the tests count them, and in a typist's seconds."""

from __future__ import annotations

from dataclasses import dataclass

from reliefpath.documents.reference.markdown import table

KEY, POINT, HOME, MENTAL = 0.28, 1.1, 0.4, 1.35
"""Seconds of Card, Moran & Newell 1980: a key of an average non-secretary typist, pointing with a
mouse, a hand that goes from mouse to keyboard or back, and getting ready for what comes next."""
BUTTON = 0.1
"""Seconds in which a button of the mouse is pressed or released, of Kieras 2001."""


@dataclass(frozen=True)
class Job:
    """What a job takes: one entry is one click, one tap, one value chosen or one text typed."""

    clicks: int
    chosen: int = 0
    typed: int = 0
    characters: int = 0

    @property
    def entries(self) -> int:
        return self.clicks + self.chosen + self.typed

    @property
    def seconds_of_doing(self) -> float:
        """Seconds of the keystroke-level model, without the thinking.

        A click points at its place and presses; what is chosen opens its list and is clicked there;
        a text is a click, a hand to the keyboard, its characters, and the hand back.
        """
        click = POINT + 2 * BUTTON
        return (
            click * (self.clicks + 2 * self.chosen + self.typed)
            + 2 * HOME * self.typed
            + KEY * self.characters
        )

    @property
    def seconds(self) -> float:
        """Seconds of the keystroke-level model, with getting ready for each entry."""
        return self.seconds_of_doing + MENTAL * self.entries


INTAKE = "a new patient, with full screening"
VISIT_FIRST_NEEDLED = "a follow-up visit, two muscles needled for the first time"
VISIT = "a follow-up visit, two muscles needled again"
INJECTION = "an injection, planned to ready and recorded, with its five papers"
INJECTION_AGREED = "such an injection, agreed to there and then, with its four papers"
CLEARING = "a red flag that a patient reported, cleared"
DISCHARGE = "a discharge after a recovery"
JOBS = {
    INTAKE: (40, Job(clicks=8, chosen=6, typed=11, characters=84)),
    VISIT_FIRST_NEEDLED: (20, Job(clicks=12, typed=7, characters=43)),
    VISIT: (20, Job(clicks=13, typed=7, characters=43)),
    INJECTION: (20, Job(clicks=12, typed=2, characters=11)),
    INJECTION_AGREED: (20, Job(clicks=12, typed=2, characters=11)),
    CLEARING: (4, Job(clicks=2, typed=1, characters=35)),
    DISCHARGE: (4, Job(clicks=4)),
}
"""The most entries that were meant for a job, and what it takes."""


def entries_markdown() -> str:
    """Return what the jobs take as a page."""
    rows = (
        (
            name,
            f"{job.entries}",
            f"{most}",
            f"{job.clicks}, {job.chosen}, {job.typed} ({job.characters} characters)",
            f"{job.seconds_of_doing:.0f} s",
            f"{job.seconds:.0f} s",
        )
        for name, (most, job) in JOBS.items()
    )
    header = (
        *("job", "entries", "at most", "clicked, chosen, typed"),
        *("doing", "doing and thinking"),
    )
    return f"""# What a clinic's jobs take

An entry is one click, one tap, one value chosen or one text typed. The tests do each job in a
browser, and fail where it takes another number.

{table(header, rows)}
The seconds are those of a keystroke-level model, not of people who were measured. It has a
person at a mouse and a keyboard who makes no mistake and waits for nothing: a key takes {KEY} s
(an average non-secretary typist), pointing {POINT} s, a hand between mouse and keyboard {HOME} s
and getting ready for an entry {MENTAL} s ([Card, Moran & Newell
1980](https://doi.org/10.1145/358886.358895)); pressing or releasing a button {BUTTON} s (Kieras
2001, *Using the keystroke-level model to estimate execution times*). A click is pointing,
pressing and releasing; a value chosen is two clicks; a text is a click, a hand to the keyboard,
its characters, and the hand back. *Doing* is without getting ready. Looking, reading and talking
with the patient are in neither. The way back from a paper to the list of papers is not counted.
"""
