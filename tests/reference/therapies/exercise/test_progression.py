"""What check-ins change: never harder after a flare, never more load for more pain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume
from hypothesis import given as forall
from hypothesis import strategies as st

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.exercise import (
    AEROBIC,
    Active,
    CheckIn,
    Irritability,
    Need,
    Programme,
    exercise_rules,
    next_programme,
    programme,
)

from .needs import HOME, TODAY, chain, check_ins, load, needs

NEED = Need(
    SHIPPED,
    (Active("rhomboids"), Active("piriformis", "left"), Active("deltoid"), Active("masseter")),
    equipment=HOME | {"band"},
    minutes=40,
)
WELL = (
    CheckIn(TODAY - timedelta(days=7), adherence=0.9, pain=5),
    CheckIn(TODAY, adherence=0.9, pain=4, flare_points=0, flare_hours=0),
)


def loads(made: Programme) -> dict[str, tuple[int, int]]:
    return {chain(item): load(item) for item in made.items}


def rules(made: Programme) -> set[str]:
    return {change.rule for change in made.changes}


def no_more_load(before: Programme, after: Programme) -> bool:
    held = loads(before)
    return all(name in held and more <= held[name] for name, more in loads(after).items())


def last(reported: Sequence[CheckIn], **more: float) -> list[CheckIn]:
    """The same check-ins with something else said at the last one."""
    *earlier, latest = sorted(reported, key=lambda c: c.on)
    return [*earlier, replace(latest, **more)]  # type: ignore[arg-type]


@forall(needs, check_ins, st.booleans(), st.integers(2, 10), st.none() | st.floats(0, 200))
def test_a_flare_never_makes_the_programme_harder(
    need: Need, reported: list[CheckIn], well: bool, by: int, hours: float | None
) -> None:
    reported = list(WELL) if well else reported
    assume(reported)
    made = programme(need)
    flared = [*reported[1:], replace(reported[0], flare_points=by, flare_hours=hours)]
    assert no_more_load(made, next_programme(made, flared))


@forall(
    needs,
    check_ins,
    st.builds(
        CheckIn,
        on=st.just(TODAY + timedelta(days=1)),
        adherence=st.none() | st.floats(0, 1) | st.floats(0.75, 1),
        pain=st.integers(0, 10),
        pain_during=st.integers(0, 10),
        flare_points=st.integers(0, 10),
        flare_hours=st.floats(0, 96),
    ),
    st.sampled_from(["pain", "pain_during", "flare_points", "flare_hours"]),
    st.floats(0.5, 50),
)
def test_more_pain_never_gives_more_load(
    need: Need, earlier: list[CheckIn], latest: CheckIn, field: str, by: float
) -> None:
    worse = replace(latest, **{field: getattr(latest, field) + by})
    made = next_programme(programme(need), WELL)
    said, more = (next_programme(made, [*earlier, last]) for last in (latest, worse))
    assert no_more_load(said, more)


@forall(needs, check_ins)
def test_what_is_next_is_feasible_too_and_gives_a_reason_for_each_change(
    need: Need, reported: list[CheckIn]
) -> None:
    made = programme(need)
    for _ in range(4):
        made = next_programme(made, reported)
        assert made.minutes <= need.minutes
        assert all(set(item.row.equipment) <= need.equipment for item in made.items)
        served = {m for item in made.items for m in item.serves}
        assert {a.muscle for a in need.active} <= served | {left.what for left in made.left_out}
        assert all(
            c.because and c.source and c.rule in exercise_rules(SHIPPED).rules for c in made.changes
        )
    assert next_programme(made, reported) == next_programme(made, reported[::-1])


@forall(needs)
def test_silence_changes_nothing(need: Need) -> None:
    made = programme(need)
    quiet = [CheckIn(TODAY - timedelta(days=7)), CheckIn(TODAY)]
    assert next_programme(made, []) == next_programme(made, quiet) == made


def test_a_programme_that_was_done_with_no_more_pain_asks_for_more_step_by_step() -> None:
    made = programme(NEED)
    for _ in range(4):
        after = next_programme(made, WELL)
        assert rules(after) == {"ready-for-more"}
        assert no_more_load(after, made)
        made = after
    assert "band-row" in {item.exercise for item in made.items}


def test_nothing_grows_beyond_the_minutes_and_that_is_told() -> None:
    made = programme(NEED)
    full = programme(replace(NEED, minutes=made.minutes))
    after = next_programme(full, WELL)
    assert after.items == full.items
    assert all(f"stays: {full.minutes:g} minutes" in change.did for change in after.changes)


def test_a_variant_that_is_not_at_hand_is_passed_over() -> None:
    light = Need(SHIPPED, (Active("rhomboids"),), equipment=frozenset({"dumbbell"}), minutes=60)
    made = programme(light)
    for _ in range(3):
        made = next_programme(made, WELL)
    assert made.items[0].exercise == "reverse-fly"
    sore = [CheckIn(TODAY, pain_during=8)]
    assert next_programme(made, sore).items[0].exercise == "blade-squeeze"


def test_pain_that_nobody_asked_about_makes_nothing_harder() -> None:
    made = programme(NEED)
    assert next_programme(made, [CheckIn(TODAY, adherence=1.0)]).items == made.items


def test_a_flare_beyond_a_day_makes_it_easier_down_to_the_easier_variant() -> None:
    harder = programme(NEED)
    for _ in range(3):
        harder = next_programme(harder, WELL)
    flare = [CheckIn(TODAY, adherence=0.9, pain=4, flare_points=3, flare_hours=36)]
    made = harder
    for _ in range(4):
        made = next_programme(made, flare)
        assert "flare-that-lasts" in rules(made)
    assert all(load(item) == (0, 0) for item in made.items if item.row.kind != AEROBIC)
    assert "look at it again" in made.changes[0].did


def test_a_flare_that_settled_within_a_day_keeps_the_dose() -> None:
    made = programme(NEED)
    assert next_programme(made, last(WELL, flare_points=3, flare_hours=24)).items == made.items


def test_low_adherence_leaves_two_exercises_and_the_aerobic_one_and_asks_why() -> None:
    made = next_programme(programme(NEED), [CheckIn(TODAY, adherence=0.3)])
    assert len([item for item in made.items if item.row.kind != AEROBIC]) == 2
    assert rules(made) == {"too-little-done"}
    assert "Ask what gets in the way" in made.changes[0].because


def test_pain_and_low_adherence_make_it_both_easier_and_less() -> None:
    made = programme(replace(NEED, irritability=Irritability.LOW))
    told = [CheckIn(TODAY - timedelta(days=7), pain=3), CheckIn(TODAY, adherence=0.3, pain=6)]
    after = next_programme(made, told)
    assert rules(after) == {"pain-is-worse", "too-little-done"}
    assert len(after.items) == 3


def test_nothing_is_harder_until_somebody_looked_at_what_went_wrong() -> None:
    made = programme(NEED)
    after = next_programme(made, last(WELL, adverse_effect=True))
    assert after.items == made.items
    assert rules(after) == {"something-went-wrong"}


@pytest.mark.parametrize("id_", exercise_rules(SHIPPED).rules)
def test_a_rule_says_how_sure_its_numbers_are(id_: str) -> None:
    rule = exercise_rules(SHIPPED).rules[id_]
    assert rule.because
    assert all(name in exercise_rules(SHIPPED).sources for name in rule.source)
