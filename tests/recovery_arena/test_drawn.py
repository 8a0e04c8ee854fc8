"""Learning from a clinic's own episodes does no harm in worlds that nobody chose."""

from __future__ import annotations

import pytest

from benchmarks.recovery.drawn import MANY, QUESTIONS, changes, drawn_world


def test_worlds_are_drawn_once_and_for_all() -> None:
    assert drawn_world(3).measure == drawn_world(3).measure
    assert {drawn_world(number).noise for number in range(20)} == {
        "gaussian",
        "heavy",
        "flares",
        "wandering",
    }


@pytest.mark.parametrize("number", [2, 17])
def test_what_is_learned_answers_no_worse_and_foretells_better(number: int) -> None:
    found = {change.question: change for change in changes(drawn_world(number), 200, 150)}
    assert set(found) == set(QUESTIONS)
    assert all(change.errors <= MANY for change in found.values())
    assert found["forecast"].errors < -MANY
