"""What check-ins change in a programme: every rule that holds, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from math import ceil
from typing import Any

from reliefpath.knowledge import Knowledge
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
HARDER = "harder"


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
    each: Mapping[str, float] = field(default_factory=dict)
    """Share of each exercise that was done; what was not said is not in it."""


def next_programme(programme: Programme, check_ins: Sequence[CheckIn]) -> Programme:
    """Change a programme by the check-ins since it was given.

    Every rule that lessens is applied; a rule that adds is applied only where no other holds, so
    that more pain never gives more load, and to those exercises alone of which it holds. What is
    not known fires no rule.
    """
    rules = exercise_rules(programme.need.knowledge)
    lessening = holding_back(programme.need.knowledge, check_ins)
    adding = [(id_, row) for id_, row in rules.rules.items() if row.change == HARDER]
    items, left = list(programme.items), list(programme.left_out)
    changes: list[Change] = []
    eased = False
    for id_, row in lessening or adding:
        if row.change == "easier":
            told, items = _easier(items, programme, already=eased)
            eased = True
        elif row.change == "fewer":
            told, items, dropped = _fewer(items, row)
            left += dropped
        elif row.change == HARDER:
            ready = {i.exercise for i in items if _holds(row, _of_exercise(check_ins, i.exercise))}
            told, items = _harder(items, programme, ready)
        else:
            told = [(None, "nothing is made harder", None)]
        source = tuple(str(rules.sources[name]) for name in row.source)
        changes += [Change(id_, which, did, row.because, source, to) for which, did, to in told]
    return replace(programme, items=tuple(items), left_out=tuple(left), changes=tuple(changes))


def holding_back(knowledge: Knowledge, check_ins: Sequence[CheckIn]) -> list[tuple[str, Rule]]:
    """Return the rules that hold and let nothing be made harder."""
    rules = exercise_rules(knowledge).rules.items()
    return [(id_, row) for id_, row in rules if row.change != HARDER and _holds(row, check_ins)]


def _of_exercise(check_ins: Sequence[CheckIn], exercise: str) -> list[CheckIn]:
    """What was reported, of one exercise where it was asked about alone, else of all of them."""
    return [replace(c, adherence=c.each.get(exercise)) if c.each else c for c in check_ins]


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
    waits: list[tuple[str | None, date | None]]
    waits = [(item.exercise, rest.heavy_from(item)) for item in programme.items]
    told = [(which, f"not before {day}") for which, day in waits if day is not None]
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
    others = {each.exercise for each in programme.items}
    while variant and (variant in others or not is_offered(programme.need, known[variant])):
        variant = following(variant)
    return variant


Told = list[tuple[str | None, str, Item | None]]
"""Of exercises, or of all: what was done, and what each became."""


def _easier(items: list[Item], programme: Programme, *, already: bool) -> tuple[Told, list[Item]]:
    if already:
        return [(None, "made easier once, by the rule before", None)], items
    told: Told = []
    after: list[Item] = []
    for item in items:
        variant = _variant(item, programme, exercise_catalogue(programme.need.knowledge).easier)
        less = _less_of(item)
        if less is not None:
            after.append(less)
            did = "less of it"
        elif variant:
            after.append(at_step(item, 0, variant))
            did = f"the easier {variant} instead"
        else:
            after.append(item)
            did = "already at its least: look at it again with the patient"
        told.append((item.exercise, did, after[-1]))
    return told, after


def _fewer(items: list[Item], rule: Rule) -> tuple[Told, list[Item], list[LeftOut]]:
    assert rule.at_most is not None
    specific = [item for item in items if item.row.kind != AEROBIC]
    dropped = specific[rule.at_most :]
    told: Told = [(item.exercise, "left out for now", None) for item in dropped]
    because = f"Left out for now, to have {rule.at_most} that are done."
    kept = [item for item in items if item not in dropped]
    still = {muscle for item in kept for muscle in item.serves}
    gone = dict.fromkeys(m for item in dropped for m in item.serves if m not in still)
    return (
        told or [(None, "few already: ask what gets in the way", None)],
        kept,
        [LeftOut(muscle, because) for muscle in gone],
    )


def _harder(
    items: list[Item], programme: Programme, ready: Collection[str]
) -> tuple[Told, list[Item]]:
    told: Told = []
    after, known = list(items), exercises(programme.need.knowledge)
    for i, item in enumerate(items):
        if item.exercise not in ready:
            if ready:
                told.append((item.exercise, "stays: not done as planned, or not told", item))
            continue
        variant = _variant(item, programme, lambda id_: known[id_].harder)
        more, did = _more_of(item), "more of it"
        if more is None and variant:
            more, did = at_step(item, 0, variant), f"the harder {variant} instead"
        if more is None:
            told.append((item.exercise, "already at its most", item))
            continue
        others = sum(each.minutes for j, each in enumerate(after) if j != i)
        if others + more.minutes > programme.need.minutes:
            stays = f"stays: {programme.need.minutes:g} minutes a day"
            told.append((item.exercise, stays, item))
            continue
        after[i] = more
        told.append((item.exercise, did, more))
    return told, after


def _more_of(item: Item) -> Item | None:
    """The next step of the dose; None at its most."""
    if item.own is None:
        return at_step(item, item.step + 1) if item.step < STEPS else None
    return _at_next_dose(item, range(STEPS + 1), max)


def _less_of(item: Item) -> Item | None:
    """The step of the dose before; None at its least."""
    if item.own is None:
        return at_step(item, item.step - 1) if item.step > 0 else None
    return _at_next_dose(item, range(STEPS, -1, -1), min)


def _at_next_dose(item: Item, steps: Iterable[int], choose: Callable[..., int]) -> Item | None:
    """The dose that a clinician set, moved to the first usual one that lies beyond it."""
    own = asdict(item.dose)
    for step in steps:
        usual = asdict(item.usual(step))
        dose: dict[str, Any] = {
            part: held and choose(held, usual[part] or held) for part, held in own.items()
        }
        if dose != own:
            return replace(item, own=replace(item.dose, **dose))
    return None
