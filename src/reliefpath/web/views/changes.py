"""The form in which the numbers and rules of a pathway are changed, as it is sent and shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reliefpath.errors import Problem
from reliefpath.pathway.editing import Written, written
from reliefpath.pathway.model import Pathway

NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,6})?")
LONGEST = 1000
"""Characters of a rule."""


@dataclass(frozen=True)
class Line:
    """A rule in the form.

    Attributes:
        old: As the pathway in force has it.
        shown: As the form showed it when it was filled in.
        numbers: Its numbers, as they were filled in.
        text: The whole of it, as it was filled in.
        problem: What is wrong with it.
    """

    old: Written
    shown: Written
    numbers: tuple[str, ...]
    text: str
    problem: str | None = None

    @classmethod
    def sent(cls, old: Written, form: Mapping[str, str]) -> Line:
        """Read a rule from what was sent; what was not sent was not changed."""
        shown = Written(old.place, form.get(f"shown:{old.place}", old.text)[:LONGEST])
        numbers = tuple(
            form.get(f"{old.place}#{i}", n.text).strip() for i, n in enumerate(shown.numbers)
        )
        text = " ".join(form.get(old.place, shown.text).split())
        line = cls(old, shown, numbers, text)
        return replace(line, problem=line._wrong())

    def _wrong(self) -> str | None:
        if any(not NUMBER.fullmatch(number) for number in self.numbers):
            return "expected a number, such as 4 or 0.75"
        if self._moved and self.text != self.shown.text:
            return "change either its numbers or its text, not both at once"
        if len(self.text) > LONGEST:
            return f"longer than {LONGEST} characters"
        return None

    @property
    def _moved(self) -> bool:
        return self.numbers != tuple(n.text for n in self.shown.numbers)

    @property
    def new(self) -> str:
        """What is asked for."""
        return self.shown.with_numbers(list(self.numbers)) if self._moved else self.text

    @property
    def changed(self) -> bool:
        """Whether it is not as in force."""
        return self.new != self.old.text

    @property
    def afresh(self) -> Line:
        """The line with what was asked for, to be changed further."""
        new = Written(self.old.place, self.new)
        return Line(self.old, new, tuple(n.text for n in new.numbers), new.text)


@dataclass(frozen=True)
class Form:
    """Every rule of a pathway, as it was filled in."""

    lines: Mapping[str, Line]
    elsewhere: tuple[str, ...] = field(default=())
    """What is wrong with no rule of its own."""

    @classmethod
    def sent(cls, pathway: Pathway, form: Mapping[str, str]) -> Form:
        """Read the form."""
        return cls({place: Line.sent(old, form) for place, old in written(pathway).items()})

    @property
    def changes(self) -> dict[str, str]:
        """The new texts by place."""
        return {place: line.new for place, line in self.lines.items() if line.changed}

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong, by place."""
        return {place: line.problem for place, line in self.lines.items() if line.problem}

    def refused(self, problems: Iterable[Problem]) -> Form:
        """Return the form with the problems of the changed file, each at its rule."""
        lines, elsewhere = dict(self.lines), list(self.elsewhere)
        for problem in problems:
            place = problem.column or ""
            if place in lines:
                lines[place] = replace(
                    lines[place], problem=f"line {problem.line}: {problem.expected}"
                )
            else:
                elsewhere.append(str(problem))
        return Form(lines, tuple(elsewhere))

    @property
    def afresh(self) -> Form:
        """The form with what was asked for, to be changed further."""
        return Form({place: line.afresh for place, line in self.lines.items()})

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """The lines under the parts of the file that they stand in."""
        grouped: dict[str, list[Line]] = {}
        for place, line in self.lines.items():
            kind, *rest = place.split(".")
            grouped.setdefault(rest[0] if kind == "steps" else kind, []).append(line)
        return [(name.replace("_", "-"), lines) for name, lines in grouped.items()]
