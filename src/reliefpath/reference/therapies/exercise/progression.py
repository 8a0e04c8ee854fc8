"""What check-ins change in a programme: every rule that holds, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil

from reliefpath.reference.therapies.exercise.catalogue import (
    AEROBIC,
    STEPS,
    Rule,
    exercise_catalogue,
    exercise_rules,
    exercises,
)
from reliefpath.reference.therapies.exercise.programme import (
    Change,
    Item,
    LeftOut,
    Programme,
    Rest,
    at_step,
    is_offered,
)

HOURS_A_DAY = 24


@dataclass(frozen=True)
class CheckIn:
    """What a patient reports; not known is null."""

    on: date
    adherence: float | None = None
    """Share of the programme that was done."""
    pain: float | None = None
    """From 0, none, to 10."""
    pain_during: float | None = None
    """While exercising, from 0 to 10."""
    flare_points: float | None = None
    """By how much exercise raised the pain afterwards."""
    flare_hours: float | None = None
    """How long that lasted."""
    adverse_effect: bool | None = None


def next_programme(programme: Programme, check_ins: Sequence[CheckIn]) -> Programme:
    """Change a programme by the check-ins since it was given.

    Every rule that lessens is applied; a rule that adds is applied only where no other holds, so
    that more pain never gives more load. What is not known fires no rule.
    """
    rules = exercise_rules(programme.need.knowledge)
    fired = [(id_, row) for id_, row in rules.rules.items() if _holds(row, check_ins)]
    lessening = [(id_, row) for id_, row in fired if row.change != "harder"]
    items, left = list(programme.items), list(programme.left_out)
    changes: list[Change] = []
    eased = False
    for id_, row in lessening or fired:
        if row.change == "easier":
            told, items = _easier(items, programme, already=eased)
            eased = True
        elif row.change == "fewer":
            told, items, dropped = _fewer(items, row)
            left += dropped
        elif row.change == "harder":
            told, items = _harder(items, programme)
        else:
            told = [(None, "nothing is made harder")]
        source = tuple(str(rules.sources[name]) for name in row.source)
        changes += [Change(id_, which, did, row.because, source) for which, did in told]
    return replace(programme, items=tuple(items), left_out=tuple(left), changes=tuple(changes))


def after_needle(programme: Programme, needled: date, on: date) -> Programme:
    """Say what waits after a needle of a day, where a programme of `on` falls within that time."""
    rules = exercise_rules(programme.need.knowledge)
    row = rules.after_needle
    rest = Rest(
        begins=(
            needled + timedelta(days=row.begins_on_day[0]),
            needled + timedelta(days=row.begins_on_day[1]),
        ),
        light_until=needled + timedelta(days=ceil(row.hours[1] / HOURS_A_DAY)),
    )
    if not needled <= on <= rest.light_until:
        return programme
    source = tuple(str(rules.sources[name]) for name in row.source)
    waits = [(item.exercise, rest.heavy_from(item)) for item in programme.items]
    told: Told = [(which, f"not before {day}") for which, day in waits if day is not None]
    told = told or [(None, f"nothing in it is heavy; no heavy load until {rest.light_until}")]
    changes = [Change("after-needle", which, did, row.because, source) for which, did in told]
    return replace(programme, rest=rest, changes=(*programme.changes, *changes))


def _holds(rule: Rule, check_ins: Sequence[CheckIn]) -> bool:
    """Whether a rule holds of the check-ins together, or of any of them for what went wrong."""
    adherence = [c.adherence for c in check_ins if c.adherence is not None]
    pain = [c.pain for c in sorted(check_ins, key=lambda c: c.on) if c.pain is not None]
    over_all = {
        "adherence": sum(adherence) / len(adherence) if adherence else None,
        "pain_rise": pain[-1] - pain[0] if len(pain) > 1 else None,
        "adverse_effects": sum(c.adverse_effect is True for c in check_ins),
    }
    if not set(rule.when) <= set(over_all):
        facts: Iterable[dict[str, float | None]] = (
            {
                **over_all,
                "pain_during": c.pain_during,
                "flare_points": c.flare_points,
                "flare_hours": c.flare_hours,
            }
            for c in check_ins
        )
    else:
        facts = [over_all]
    return any(all(bounds.hold(each[fact]) for fact, bounds in rule.when.items()) for each in facts)


def _variant(
    item: Item, programme: Programme, following: Callable[[str], str | None]
) -> str | None:
    """The nearest variant in a direction that can be done with what is at hand."""
    known, variant = exercises(programme.need.knowledge), following(item.exercise)
    while variant and not is_offered(programme.need, known[variant]):
        variant = following(variant)
    return variant


Told = list[tuple[str | None, str]]


def _easier(items: list[Item], programme: Programme, *, already: bool) -> tuple[Told, list[Item]]:
    if already:
        return [(None, "made easier once, by the rule before")], items
    told: Told = []
    after = []
    for item in items:
        variant = _variant(item, programme, exercise_catalogue(programme.need.knowledge).easier)
        if item.step > 0:
            after.append(at_step(item, item.step - 1))
            told.append((item.exercise, "less of it"))
        elif variant:
            after.append(at_step(item, 0, variant))
            told.append((item.exercise, f"the easier {variant} instead"))
        else:
            after.append(item)
            told.append((item.exercise, "already at its least: look at it again with the patient"))
    return told, after


def _fewer(items: list[Item], rule: Rule) -> tuple[Told, list[Item], list[LeftOut]]:
    assert rule.at_most is not None
    specific = [item for item in items if item.row.kind != AEROBIC]
    dropped = specific[rule.at_most :]
    told: Told = [(item.exercise, "left out for now") for item in dropped]
    because = f"Left out for now, to have {rule.at_most} that are done."
    kept = [item for item in items if item not in dropped]
    still = {muscle for item in kept for muscle in item.serves}
    gone = dict.fromkeys(m for item in dropped for m in item.serves if m not in still)
    return (
        told or [(None, "few already: ask what gets in the way")],
        kept,
        [LeftOut(muscle, because) for muscle in gone],
    )


def _harder(items: list[Item], programme: Programme) -> tuple[Told, list[Item]]:
    told: Told = []
    after, known = list(items), exercises(programme.need.knowledge)
    for i, item in enumerate(items):
        variant = _variant(item, programme, lambda id_: known[id_].harder)
        if item.step < STEPS:
            more, did = at_step(item, item.step + 1), "more of it"
        elif variant:
            more, did = at_step(item, 0, variant), f"the harder {variant} instead"
        else:
            told.append((item.exercise, "already at its most"))
            continue
        others = sum(each.minutes for j, each in enumerate(after) if j != i)
        if others + more.minutes > programme.need.minutes:
            told.append((item.exercise, f"stays: {programme.need.minutes:g} minutes a day"))
            continue
        after[i] = more
        told.append((item.exercise, did))
    return told, after
