"""The catalogue of exercises: whom each serves, what it needs, and that its words are clear."""

from __future__ import annotations

import pytest

from reliefpath.documents.exercise.handout import words
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import finding_kinds, therapies
from reliefpath.reference.therapies.exercise import (
    AEROBIC,
    exercise_catalogue,
    exercise_rules,
    exercises,
)


def test_every_muscle_is_served_or_says_why_not() -> None:
    served = {muscle for row in exercises(SHIPPED).values() for muscle in row.muscles}
    told = set(exercise_catalogue(SHIPPED).not_exercised)
    assert served | told == set(muscles(SHIPPED))
    assert not served & told


def test_every_exercise_but_the_aerobic_serves_a_muscle_and_so_a_region() -> None:
    aerobic = {id_ for id_, row in exercises(SHIPPED).items() if row.kind == AEROBIC}
    assert {id_ for id_, row in exercises(SHIPPED).items() if not row.regions(SHIPPED)} == aerobic


def test_every_region_has_an_exercise_that_needs_nothing() -> None:
    free = (row for row in exercises(SHIPPED).values() if not row.equipment)
    regions = {region for row in free for region in row.regions(SHIPPED)}
    assert regions == {row.region for row in muscles(SHIPPED).values()}


def test_every_kind_is_a_therapy_whose_course_says_how_often() -> None:
    for row in exercises(SHIPPED).values():
        assert therapies(SHIPPED)[row.kind].course.sessions_per_week


def test_doses_that_the_therapies_give_are_the_same_here() -> None:
    doses = exercise_catalogue(SHIPPED).doses
    sets, seconds = doses["stretching"].sets, doses["stretching"].seconds
    repetitions = doses["strength-training"].repetitions
    assert seconds
    assert repetitions
    stretching, strength = (
        therapies(SHIPPED)[kind].course.dose for kind in ("stretching", "strength-training")
    )
    assert f"{sets[0]} to {sets[1]} times for {seconds[0]} to {seconds[1]} seconds" in stretching
    assert f"{repetitions[0]} to {repetitions[1]} times" in strength


def test_variants_make_chains_that_end_and_never_go_back() -> None:
    order = list(exercises(SHIPPED))
    for id_, row in exercises(SHIPPED).items():
        if row.harder:
            assert order.index(row.harder) > order.index(id_)
            assert exercise_catalogue(SHIPPED).easier(row.harder) == id_


@pytest.mark.parametrize("id_", exercises(SHIPPED))
def test_an_exercise_is_told_in_short_numbered_steps(id_: str) -> None:
    row = exercises(SHIPPED)[id_]
    assert 2 <= len(row.steps) <= 3
    assert all(len(step) <= 90 and step.endswith(".") for step in row.steps)


def test_every_source_is_used() -> None:
    for catalogue, rows in (
        (
            exercise_catalogue(SHIPPED),
            [
                *exercises(SHIPPED).values(),
                *exercise_catalogue(SHIPPED).doses.values(),
                *exercise_catalogue(SHIPPED).equipment.values(),
                *exercise_catalogue(SHIPPED).not_exercised.values(),
            ],
        ),
        (
            exercise_rules(SHIPPED),
            [
                *exercise_rules(SHIPPED).irritability.values(),
                *exercise_rules(SHIPPED).goals.values(),
                *exercise_rules(SHIPPED).rules.values(),
                exercise_rules(SHIPPED).after_needle,
                *exercise_rules(SHIPPED).reminders.values(),
            ],
        ),
    ):
        named = {name for row in rows for names in row.citations().values() for name in names}
        assert named == set(catalogue.sources)


def test_every_warning_asks_for_red_flags_of_the_catalogue() -> None:
    red_flags = finding_kinds(SHIPPED)["red-flag"].codes
    for warning in words().warnings.values():
        assert warning.findings
        assert set(warning.findings) <= set(red_flags)
