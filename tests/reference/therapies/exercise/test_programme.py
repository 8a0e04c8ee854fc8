"""The programme: complete, feasible, the fewest, and explained."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from reliefpath.errors import UsageError
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.exercise import (
    AEROBIC,
    Active,
    Goal,
    Irritability,
    Need,
    exercises,
    programme,
)

from .needs import HOME, needs


@forall(needs)
def test_every_active_muscle_is_covered_or_told_why_not(need: Need) -> None:
    made = programme(need)
    served = {muscle for item in made.items for muscle in item.serves}
    told = {left.what: left.because for left in made.left_out}
    assert {a.muscle for a in need.active} == served | (set(told) - {AEROBIC})
    assert not served & set(told)
    assert all(told.values())


@forall(needs)
def test_no_exercise_needs_what_is_not_at_hand(need: Need) -> None:
    for item in programme(need).items:
        assert set(item.row.equipment) <= need.equipment


@forall(needs)
def test_a_programme_takes_no_more_than_the_minutes(need: Need) -> None:
    assert programme(need).minutes <= need.minutes


@forall(needs)
def test_high_irritability_gets_no_strength_training(need: Need) -> None:
    made = programme(replace(need, irritability=Irritability.HIGH))
    assert all(item.row.kind != "strength-training" and item.step == 0 for item in made.items)


@forall(needs)
def test_there_is_one_aerobic_exercise_or_a_reason(need: Need) -> None:
    made = programme(need)
    aerobic = [item for item in made.items if item.row.kind == AEROBIC]
    assert len(aerobic) + (AEROBIC in {left.what for left in made.left_out}) == 1


@forall(needs)
def test_every_exercise_says_why_it_is_there_and_where_it_comes_from(need: Need) -> None:
    for item in programme(need).items:
        assert item.because
        assert all("[" in source for source in item.sources)
        assert all(muscle in item.because for muscle in item.serves)


@forall(needs, st.randoms())
def test_the_same_need_gives_the_same_programme_in_whatever_order_it_is_told(
    need: Need, drawn: object
) -> None:
    shuffled = tuple(reversed(need.active))
    assert programme(need) == programme(need)
    one, other = programme(need), programme(replace(need, active=shuffled))
    assert [i.exercise for i in one.items] == [i.exercise for i in other.items]


@settings(deadline=None, max_examples=50)
@forall(st.sets(st.sampled_from(sorted(muscles(SHIPPED))), min_size=1, max_size=5))
def test_no_fewer_exercises_would_do(wanted: set[str]) -> None:
    need = Need(SHIPPED, tuple(Active(m) for m in sorted(wanted)), equipment=HOME, minutes=600)
    chosen = [item for item in programme(need).items if item.serves]
    served = {m for item in chosen for m in item.serves}
    offered = [
        set(row.muscles)
        for row in exercises(SHIPPED).values()
        if set(row.equipment) <= need.equipment
    ]
    useful = [muscles_ for muscles_ in offered if muscles_ & served]
    for few in combinations(useful, max(len(chosen) - 1, 0)):
        assert not served or not served <= set().union(*few)


def test_every_muscle_at_once_is_served_within_a_second() -> None:
    made = programme(
        Need(SHIPPED, tuple(map(Active, muscles(SHIPPED))), equipment=HOME, minutes=600)
    )
    assert {left.what for left in made.left_out} == {
        "serratus-posterior-superior",
        "serratus-posterior-inferior",
    }


def test_a_one_sided_exercise_is_for_the_sore_side_and_takes_twice_as_long_for_both() -> None:
    one = Need(SHIPPED, (Active("piriformis", "left"),), equipment=HOME)
    both = replace(one, active=(Active("piriformis", "left"), Active("piriformis", "right")))
    left, whole = programme(one).items[0], programme(both).items[0]
    assert (left.sides, whole.sides) == ("left", "both")
    assert whole.minutes == pytest.approx(2 * left.minutes)


def test_a_goal_puts_its_kind_first_among_as_few_exercises() -> None:
    need = Need(SHIPPED, (Active("rhomboids"),), equipment=frozenset({"band"}))
    assert programme(need).items[0].row.kind == "motor-control"
    strong = programme(replace(need, goal=Goal.STRENGTH))
    assert strong.items[0].exercise == "band-row"


def test_without_an_active_muscle_there_is_one_exercise_for_the_region() -> None:
    made = programme(Need(SHIPPED, region="low-back"))
    assert len(made.items) == 2
    assert "low-back" in made.items[0].row.regions(SHIPPED)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"active": (Active("rhomboid"),)}, "did you mean `rhomboids`"),
        ({"active": (Active("rhomboids", "middle"),)}, "unknown `middle`"),
        ({"equipment": frozenset({"bond"})}, "did you mean `band`"),
        ({"region": "back"}, "unknown `back`"),
        ({"minutes": 0}, "more than 0 minutes"),
        ({"minutes": float("nan")}, "more than 0 minutes"),
    ],
)
def test_what_nobody_knows_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Need(SHIPPED, **wrong)  # type: ignore[arg-type]
