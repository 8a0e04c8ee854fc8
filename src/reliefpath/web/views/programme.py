"""An exercise programme as its form: rows to change, what is offered, and what was said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from reliefpath.care.programmes import PrescribedExercise, ProgrammeRequest
from reliefpath.documents.printing import day_text
from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.therapies.exercise import (
    Change,
    CheckIn,
    Goal,
    Irritability,
    Item,
    Need,
    alternatives,
    begun,
    dose_parts,
    exercise_catalogue,
    exercises,
)
from reliefpath.web.forms import Said, number_of
from reliefpath.web.views.exercise_done import share_words

PARTS = {
    "sets": "Sets",
    "repetitions": "Repetitions",
    "seconds": "Hold, seconds",
    "minutes": "Minutes",
    "per_week": "Days a week",
}
LINE = ("exercise", "was", "side", *PARTS)
"""What a form says of each exercise, every name with the number of its row."""


@dataclass(frozen=True)
class Line:
    """An exercise as a form has it: whatever was typed, whether it makes sense or not."""

    exercise: str
    side: str
    typed: Mapping[str, str] = field(default_factory=dict)
    """The dose by its parts."""

    @classmethod
    def of(cls, item: Item) -> Line:
        """Return an exercise with its dose."""
        dose = {part: f"{v}" for part, v in asdict(item.dose).items() if v is not None}
        parts = dose_parts(item.knowledge, item.exercise)
        return cls(item.exercise, item.side, {part: dose[part] for part in parts})

    def request(self) -> PrescribedExercise:
        """Return what is asked for.

        Raises:
            UsageError: a part of the dose is no whole number.
        """
        numbers = {part: _whole(self.typed, part) for part in PARTS}
        return PrescribedExercise(exercise=self.exercise, side=self.side, **numbers)


def _whole(typed: Mapping[str, str], part: str) -> int | None:
    number = number_of(typed, part)
    if number is None:
        return None
    if number != int(number):
        raise UsageError(f"{PARTS[part].lower()}: {typed[part]} is not whole")
    return int(number)


def lines_of(said: Said, knowledge: Knowledge) -> list[Line]:
    """Return the exercises of a form, in their order.

    Raises:
        UsageError: one is not known.
    """
    found, number = [], 0
    while f"exercise-{number}" in said:
        told = {name: str(said.get(f"{name}-{number}") or "").strip() for name in LINE}
        if told["exercise"] not in exercises(knowledge):
            raise UsageError(f"unknown exercise `{told['exercise']}`")
        typed = {part: told[part] for part in dose_parts(knowledge, told["exercise"])}
        found.append(Line(told["exercise"], told["side"] or "both", typed))
        number += 1
    return found


def swapped(said: Said, lines: list[Line], need: Need) -> tuple[list[Line], list[str]]:
    """Return the lines with what was swapped at its own first dose, and the names of that."""
    after, new = [], []
    for number, line in enumerate(lines):
        if str(said.get(f"was-{number}") or line.exercise) == line.exercise:
            after.append(line)
        else:
            after.append(Line.of(begun(need, line.exercise)))
            new.append(exercises(need.knowledge)[line.exercise].name)
    return after, new


def changed(action: str, lines: list[Line], said: Said, need: Need, offered: Offers) -> list[Line]:
    """Return the lines after what a button does: `up-2`, `down-2`, `remove-2`, `accept-2`, `add`.

    Raises:
        UsageError: what is added is no exercise, or stands there already.
    """
    deed, _, place = action.partition("-")
    if deed == "add":
        id_ = exercise_named(str(said.get("add") or ""), need.knowledge)
        if id_ in {line.exercise for line in lines}:
            raise UsageError(f"{exercises(need.knowledge)[id_].name} stands there already")
        return [*lines, Line.of(begun(need, id_))]
    at = int(place) if place.isdecimal() else len(lines)
    if at >= len(lines):
        return lines
    to = {"up": at - 1, "down": at + 1}.get(deed)
    if to is not None and 0 <= to < len(lines):
        lines = [*lines]
        lines[at], lines[to] = lines[to], lines[at]
    elif deed == "remove":
        lines = lines[:at] + lines[at + 1 :]
    elif deed == "accept" and (offer := offered.get(lines[at].exercise)) is not None:
        accepted = [] if offer.to is None else [replace(Line.of(offer.to), side=lines[at].side)]
        lines = [*lines[:at], *accepted, *lines[at + 1 :]]
    return lines


def exercise_named(typed: str, knowledge: Knowledge) -> str:
    """Return the exercise of a name, or of an id.

    Raises:
        UsageError: there is none.
    """
    known = exercises(knowledge)
    by_name = {folded(row.name): id_ for id_, row in known.items()} | {id_: id_ for id_ in known}
    found = by_name.get(folded(typed.strip())) or by_name.get(typed.strip())
    if found is None:
        if not typed.strip():
            raise UsageError("name the exercise to add, or choose it from the list")
        hint = nearest(typed, [row.name for row in known.values()])
        raise UsageError(f"unknown exercise {typed.strip()!r}{hint}")
    return found


Offers = Mapping[str, Change]


def offers_of(changes: tuple[Change, ...]) -> dict[str, Change]:
    """Return what is offered of each exercise; of several changes of one, the last."""
    return {change.exercise: change for change in changes if change.exercise is not None}


def told_of_each(check_ins: list[CheckIn]) -> dict[str, str]:
    """Return of each exercise what was last said of it, and when."""
    return {
        id_: f"{share_words(share)}, {day_text(check_in.on)}"
        for check_in in check_ins
        for id_, share in check_in.each.items()
    }


def rows(
    lines: list[Line], need: Need, offered: Offers, told: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield each exercise as its row of the form shows it."""
    known = exercises(need.knowledge)
    for line in lines:
        row, item = known[line.exercise], begun(need, line.exercise)
        offer = offered.get(line.exercise)
        yield {
            "line": line,
            "name": row.name,
            "sided": row.sided,
            "because": item.because,
            "dose": [(part, PARTS[part], line.typed.get(part, "")) for part in line.typed],
            "others": [(id_, _choice(id_, need)) for id_ in alternatives(need, item)],
            "offer": offer,
            # what is there already is not offered again
            "accepts": offer is not None
            and (offer.to is None or Line.of(offer.to) != replace(line, side=offer.to.side)),
            "told": told.get(line.exercise),
        }


def _choice(id_: str, need: Need) -> str:
    """The name of an exercise, with what it needs."""
    row = exercises(need.knowledge)[id_]
    things = exercise_catalogue(need.knowledge).equipment
    lacking = [things[thing].name for thing in row.equipment if thing not in need.equipment]
    return f"{row.name} (needs {' and '.join(lacking)})" if lacking else row.name


def request_of(said: Said, episode: str, lines: list[Line], need: Need) -> ProgrammeRequest:
    """Return the programme that a form asks for.

    Raises:
        UsageError: a number is none.
    """
    version = str(said.get("version") or "0")
    return ProgrammeRequest(
        episode=episode,
        exercises=tuple(line.request() for line in lines),
        equipment=need.equipment,
        minutes=need.minutes,
        irritability=need.irritability,
        goal=need.goal,
        version=int(version) if version.isdecimal() else 0,
        acknowledged=tuple(map(str, said.getlist("acknowledge"))),
    )


def settings_of(said: Said, knowledge: Knowledge) -> dict[str, Any]:
    """Return what a programme is fitted to, as a form or an address says.

    Raises:
        UsageError: it is none of what there is to choose.
    """
    at_hand = frozenset(map(str, said.getlist("equipment")))
    if unknown := at_hand - exercise_catalogue(knowledge).equipment.keys():
        raise UsageError(f"unknown equipment `{min(unknown)}`")
    irritability, goal = (str(said.get(name) or "") for name in ("irritability", "goal"))
    if irritability not in list(Irritability) or goal not in list(Goal):
        raise UsageError("choose how easily pain is stirred up, and what comes first")
    return {
        "equipment": at_hand,
        "minutes": number_of(said, "minutes_a_day") or 0,
        "irritability": Irritability(irritability),
        "goal": Goal(goal),
    }
