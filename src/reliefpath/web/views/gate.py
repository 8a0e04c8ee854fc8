"""The gate as a checklist: every criterion by its step, answered, with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from reliefpath.pathway.advice import Advice, Answer
from reliefpath.pathway.assessment import not_applying
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.wording import GATES

MARKS = {True: ("✔", "yes", "good"), False: ("✘", "no", "bad"), None: ("?", "unknown", "warn")}
DOES_NOT_APPLY = ("–", "does not apply", "soft")
"""How an answer is shown: a sign, a word, and a colour that is only a help to the eye."""
GATE_TAGS = {answer: (word, MARKS[answer][2]) for answer, word in GATES.items()}
"""A gate in words, and its colour."""


@dataclass(frozen=True)
class Line:
    """One criterion on the list."""

    id: str
    label: str
    mark: str
    word: str
    tone: str
    because: str
    asked: str
    """The condition on the facts, in SQL."""
    to_do: str | None
    source: list[str]
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Rung:
    """One step with its criteria."""

    name: str
    lines: list[Line]

    @property
    def applying(self) -> int:
        """How many of its criteria apply."""
        return sum(line.mark != DOES_NOT_APPLY[0] for line in self.lines)

    @property
    def open(self) -> list[Line]:
        """Those that are not answered with yes."""
        return [line for line in self.lines if line.word not in ("yes", DOES_NOT_APPLY[1])]

    @property
    def met(self) -> int:
        """How many of those are answered with yes."""
        return sum(line.word == "yes" for line in self.lines)


def checklist(advice: Advice, pathway: Pathway) -> list[Rung]:
    """Return the criteria of an advice by step, what is not met first."""
    idle = not_applying(pathway, advice.facts)
    criteria = sorted(advice.criteria, key=lambda c: (c.id in idle, _worst_first(c)))
    lines = [(c.step, _line(c, pathway, applies=c.id not in idle)) for c in criteria]
    return [
        Rung(name, [line for of, line in lines if of == step])
        for step, name in pathway.step_names.items()
    ]


def _worst_first(criterion: Answer) -> int:
    return (False, None, True).index(criterion.answer)


def _line(criterion: Answer, pathway: Pathway, *, applies: bool) -> Line:
    return Line(
        criterion.id,
        pathway.label(criterion.id),
        *(MARKS[criterion.answer] if applies else DOES_NOT_APPLY),
        criterion.because,
        " ".join(pathway.criteria[criterion.id][1].require.split()),
        criterion.to_do,
        criterion.source,
        criterion.facts_in_words() if applies else [],
    )
