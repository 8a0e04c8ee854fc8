"""A programme as a clinician prescribes it: each exercise with its own dose, in their own order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.exercise.catalogue import (
    AEROBIC,
    Goal,
    Irritability,
    exercise_catalogue,
    exercise_rules,
    exercises,
)
from reliefpath.reference.therapies.exercise.programme import (
    BOTH,
    Item,
    LeftOut,
    Need,
    Programme,
    item_of,
)

DAYS, MOST = 7, 999
"""The days of a week, and the largest number that a form takes; what is usual is less."""
SIDES = ("left", "right", BOTH)
NONE_ACTIVE = "none of the active muscles"


def dose_parts(knowledge: Knowledge, exercise: str) -> tuple[str, ...]:
    """Return what the dose of an exercise is told by, such as `sets` and `seconds`."""
    span = exercise_catalogue(knowledge).doses[exercises(knowledge)[exercise].kind]
    if span.minutes is not None:
        return "minutes", "per_week"
    return "sets", "repetitions" if span.seconds is None else "seconds", "per_week"


def prescribed(need: Need, exercise: str, side: str, **dose: int | None) -> Item:
    """Return an exercise with a dose of its own.

    Raises:
        UsageError: there is no such exercise or side, or the dose is not whole.
    """
    known = exercises(need.knowledge)
    if exercise not in known:
        raise UsageError(f"unknown exercise `{exercise}`{nearest(exercise, known)}")
    name, parts = known[exercise].name, dose_parts(need.knowledge, exercise)
    if side not in SIDES:
        raise UsageError(f"{name}: choose the side, {' or '.join(SIDES)}")
    told = {part: value for part, value in dose.items() if value is not None}
    if missing := [part for part in parts if part not in told]:
        raise UsageError(f"{name}: say how many {_words(missing[0])}")
    for part, value in told.items():
        if part not in parts:
            raise UsageError(f"{name}: it has no {_words(part)}")
        most = DAYS if part == "per_week" else MOST
        if not 1 <= value <= most:
            raise UsageError(f"{name}: {_words(part)}: {value} is not 1 to {most}")
    first = begun(need, exercise)
    return replace(first, side=side, own=replace(first.dose, **told))


def begun(need: Need, exercise: str) -> Item:
    """Return an exercise as it is begun with: at the usual first dose."""
    item = item_of(
        exercise, exercise_rules(need.knowledge).irritability[need.irritability].step, need
    )
    if item.row.kind == AEROBIC:
        return replace(item, own=item.dose)
    names = ", ".join(muscles(need.knowledge)[muscle].name.lower() for muscle in item.serves)
    return replace(item, because=f"Serves {names or NONE_ACTIVE}.", own=item.dose)


def _words(part: str) -> str:
    return {"per_week": "days a week"}.get(part, part)


def prescription(need: Need, items: Iterable[Item]) -> Programme:
    """Return exercises as a programme, with the active muscles that none of them serves.

    Raises:
        UsageError: there is none, or one stands there twice.
    """
    chosen = tuple(items)
    if not chosen:
        raise UsageError("the programme has no exercise: add one")
    names = [item.row.name for item in chosen]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{twice} stands there twice: take one out")
    served = {muscle for item in chosen for muscle in item.row.muscles}
    active = dict.fromkeys(a.muscle for a in need.active)
    left = tuple(LeftOut(m, "No exercise here serves it.") for m in active if m not in served)
    return Programme(need, chosen, left)


def alternatives(need: Need, item: Item) -> list[str]:
    """Return the exercises that may take the place of one: for the same muscles, or the breath."""
    meant = set(item.serves or item.row.muscles)

    def is_alike(id_: str) -> bool:
        row = exercises(need.knowledge)[id_]
        same_kind = row.kind == AEROBIC and item.row.kind == AEROBIC
        return id_ != item.exercise and (same_kind or bool(meant & set(row.muscles)))

    def missed(id_: str) -> int:
        return len(meant - set(exercises(need.knowledge)[id_].muscles))

    return sorted(filter(is_alike, exercises(need.knowledge)), key=missed)


def programme_text(programme: Programme, acknowledged: Iterable[str] = ()) -> str:
    """Return a programme as the chart keeps it."""
    need = programme.need
    content = {
        "exercises": [
            {"exercise": item.exercise, "side": item.side, **_known(asdict(item.dose))}
            for item in programme.items
        ],
        "irritability": need.irritability.value,
        "goal": need.goal.value,
        "equipment": sorted(need.equipment),
        "minutes": need.minutes,
        "acknowledged": list(acknowledged),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _known(dose: dict[str, Any]) -> dict[str, int]:
    told = {part: value for part, value in dose.items() if value is not None}
    return {part: value for part, value in told.items() if part != "sets" or "minutes" not in told}


def read_programme(text: str, need: Need) -> Programme:
    """Return a programme that the chart keeps, held against the muscles that are active now.

    Raises:
        UsageError: the catalogue lacks one of its exercises, or has another kind of dose for it.
    """
    content = json.loads(text)
    known = exercise_catalogue(need.knowledge).equipment
    own = replace(
        need,
        irritability=Irritability(content["irritability"]),
        goal=Goal(content["goal"]),
        equipment=frozenset(content["equipment"]) & known.keys(),
        minutes=content["minutes"],
    )
    return prescription(own, [prescribed(own, **row) for row in content["exercises"]])


def differences(before: Programme | None, after: Programme) -> list[str]:
    """Return what changed from one programme to the next, in words."""
    if before is None:
        return ["the first programme"]
    old, new = ({i.exercise: i for i in p.items} for p in (before, after))
    told = [f"{item.row.name} added: {_told(item)}" for id_, item in new.items() if id_ not in old]
    told += [f"{item.row.name} taken out" for id_, item in old.items() if id_ not in new]
    told += [
        f"{item.row.name}: {_told(old[id_])} → {_told(item)}"
        for id_, item in new.items()
        if id_ in old and _told(old[id_]) != _told(item)
    ]
    if [id_ for id_ in old if id_ in new] != [id_ for id_ in new if id_ in old]:
        told.append("in another order")
    return told or ["nothing"]


def _told(item: Item) -> str:
    return f"{item.sides}, {item.dose}" if item.sides else str(item.dose)
