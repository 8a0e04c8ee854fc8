"""What stands against a programme that a clinician put together: whatever the proposal heeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from reliefpath.reference.therapies.exercise.catalogue import (
    AEROBIC,
    STEPS,
    Rule,
    exercise_catalogue,
    exercise_rules,
)
from reliefpath.reference.therapies.exercise.prescription import begun
from reliefpath.reference.therapies.exercise.programme import Dose, Item, Programme
from reliefpath.reference.therapies.exercise.progression import CheckIn, holding_back
from reliefpath.reference.therapies.injection import Check, Checked, Verdict
from reliefpath.reference.therapies.injection.plan import weighed


@dataclass(frozen=True)
class ExercisePlan(Checked):
    """A programme with everything that was looked at, the worst first."""

    on: date
    programme: Programme
    checks: tuple[Check, ...]
    acknowledged: tuple[str, ...] = ()
    renewed: Mapping[str, date] = field(default_factory=dict)


def plan_exercise(
    programme: Programme,
    on: date,
    before: Programme | None,
    check_ins: Sequence[CheckIn],
    of_person: Iterable[Check] = (),
) -> ExercisePlan:
    """Return a programme with what stands against each exercise and against the whole.

    Args:
        programme: what is to be signed.
        on: the day.
        before: what the patient does now, if anything was signed.
        check_ins: what was reported since that was signed, or since the exam.
        of_person: what stands against any exercise.
    """
    rules = holding_back(programme.need.knowledge, check_ins)
    checks = [
        *of_person,
        *(check for item in programme.items for check in _of_item(item, programme)),
        *_while_held_back(programme, before, rules),
        *_of_time(programme),
    ]
    return ExercisePlan(on, programme, weighed(checks, ())[0])


def _of_item(item: Item, programme: Programme) -> Iterator[Check]:
    need, catalogue = programme.need, exercise_catalogue(programme.need.knowledge)
    rules = exercise_rules(need.knowledge)
    start = rules.irritability[need.irritability]
    if item.row.kind not in start.kinds:
        sources = tuple(str(rules.sources[name]) for name in start.source)
        yield Check(
            f"{need.irritability}-irritability-{item.exercise}",
            Verdict.DECISION,
            f"{item.row.name}: {start.because}",
            source=sources,
        )
    if lacking := set(item.row.equipment) - need.equipment:
        things = " and ".join(sorted(catalogue.equipment[thing].name for thing in lacking))
        says = f"{item.row.name} needs {things}, which is not at hand."
        yield Check(f"equipment-{item.exercise}", Verdict.DECISION, says)
    most, dose = asdict(item.usual(STEPS)), asdict(item.dose)
    if any(value > (most[part] or value) for part, value in dose.items() if value is not None):
        row = catalogue.doses[item.row.kind]
        cited = {name for ids in row.citations().values() for name in ids}
        yield Check(
            f"above-usual-{item.exercise}-{_code(item.dose)}",
            Verdict.DECISION,
            f"{item.row.name}: {item.dose} is above the usual most, {item.usual(STEPS)}.",
            source=tuple(str(catalogue.sources[name]) for name in sorted(cited)),
        )


def _code(dose: Dose) -> str:
    """A dose as part of an id: what was weighed was this dose, and no other."""
    return "-".join(str(value) for value in asdict(dose).values() if value is not None)


def _while_held_back(
    programme: Programme, before: Programme | None, rules: list[tuple[str, Rule]]
) -> Iterator[Check]:
    """What asks more of the patient although what they reported says not to."""
    sources = exercise_rules(programme.need.knowledge).sources
    for id_, rule in rules:
        cited = tuple(str(sources[name]) for name in rule.source)
        for item in programme.items:
            if _is_harder(item, programme, before):
                says = f"{item.row.name}, {item.dose}, is harder than before. {rule.because}"
                name = f"{id_}-{item.exercise}-{_code(item.dose)}"
                yield Check(name, Verdict.DECISION, says, source=cited)
        number = sum(item.row.kind != AEROBIC for item in programme.items)
        if rule.at_most is not None and number > rule.at_most:
            says = f"There are {number} exercises here. {rule.because}"
            yield Check(f"{id_}-{number}", Verdict.DECISION, says, source=cited)


def _is_harder(item: Item, programme: Programme, before: Programme | None) -> bool:
    """Whether an exercise asks for more than before, or than one begins with where it is new."""
    done = {} if before is None else {each.exercise: each for each in before.items}
    easier = exercise_catalogue(programme.need.knowledge).easier
    variant = easier(item.exercise)
    while item.exercise not in done and variant is not None:
        if variant in done:
            return True
        variant = easier(variant)
    base = done.get(item.exercise) or begun(programme.need, item.exercise)
    held = asdict(base.dose)
    return any(
        value > (held[part] or 0) for part, value in asdict(item.dose).items() if value is not None
    )


def _of_time(programme: Programme) -> Iterator[Check]:
    if programme.minutes > programme.need.minutes:
        says = f"It takes {programme.minutes:.0f} minutes a day, and there are "
        says += f"{programme.need.minutes:g}."
        yield Check(f"minutes-{programme.minutes:.0f}", Verdict.DECISION, says)
