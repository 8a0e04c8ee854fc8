"""Needs, programmes and check-ins of every sort."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import REGIONS, muscles
from reliefpath.reference.therapies.exercise import (
    Active,
    CheckIn,
    Goal,
    Irritability,
    Item,
    Need,
    exercise_catalogue,
)

TODAY = date(2026, 3, 31)
HOME = frozenset({"chair", "wall", "towel"})

needs = st.builds(
    Need,
    knowledge=st.just(SHIPPED),
    active=st.lists(
        st.builds(
            Active,
            st.sampled_from(sorted(muscles(SHIPPED))),
            st.sampled_from(("left", "right", "both")),
        ),
        max_size=8,
    ).map(tuple),
    region=st.sampled_from((None, *REGIONS)),
    irritability=st.sampled_from(Irritability),
    goal=st.sampled_from(Goal),
    equipment=st.frozensets(st.sampled_from(sorted(exercise_catalogue(SHIPPED).equipment))),
    minutes=st.floats(0.5, 60),
)
shares = st.none() | st.floats(0, 1)
points = st.none() | st.integers(0, 10).map(float)
check_ins = st.lists(
    st.builds(
        CheckIn,
        on=st.integers(0, 60).map(lambda days: TODAY - timedelta(days=days)),
        adherence=shares,
        pain=points,
        pain_during=points,
        flare_points=points,
        flare_hours=st.none() | st.floats(0, 96),
        adverse_effect=st.none() | st.booleans(),
    ),
    max_size=4,
    unique_by=lambda c: c.on,
)


def load(item: Item) -> tuple[int, int]:
    """How hard an item is: its place in the chain of variants, then its dose."""
    place, before = 0, exercise_catalogue(SHIPPED).easier(item.exercise)
    while before is not None:
        place, before = place + 1, exercise_catalogue(SHIPPED).easier(before)
    return place, item.step


def chain(item: Item) -> str:
    """The easiest variant of an item's exercise, which names its chain."""
    name = item.exercise
    while (before := exercise_catalogue(SHIPPED).easier(name)) is not None:
        name = before
    return name
