"""What has turned is said in words, with the day and how sure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reliefpath import explain, load_pathway
from reliefpath.pathway.turning import turns

from .one_patient import after, log, nrs, on

WEEKLY = {
    "lost": ([6, 5, 3, 2, 1, 1, 1, 1, 1, 1, 4, 5, 4, 5], "Worse since about", 10),
    "twice": (
        [9, 8, 7, 6, 5, 5, 5, 5, 5, 5, 5, 3, 1, 1, 1, 1],
        "A second recovery since about",
        10,
    ),
}


@pytest.mark.parametrize("name", WEEKLY)
def test_a_turn_is_told_with_its_week(name: str) -> None:
    scores, said, week = WEEKLY[name]
    today = after(7 * (len(scores) - 1))
    care_log = log(scores=nrs({7 * i: float(score) for i, score in enumerate(scores)}))
    facts = explain(care_log, "neck", load_pathway(), today).facts
    told = [turn for turn in turns(facts, today) if turn.startswith(said)]
    assert len(told) == 1
    days = [on(7 * week).date() + timedelta(days=d) for d in range(-14, 15)]
    assert any(f"about {d.day} {d:%B}" in told[0] for d in days), told
    assert told[0].endswith(" % sure")


def test_what_is_less_likely_than_not_is_not_told() -> None:
    steady = log(scores=nrs({7 * i: score for i, score in enumerate([6, 5, 4, 3, 3, 2, 2, 2])}))
    today = after(49)
    assert not list(turns(explain(steady, "neck", load_pathway(), today).facts, today))


def test_the_year_is_told_where_it_is_another() -> None:
    facts = {
        "p_worse": 0.83,
        "worse_weeks": 2.0,
        "weeks_since_score": 1.0,
        "p_second_recovery": None,
        "second_recovery_weeks": None,
    }
    assert list(turns(facts, date(2026, 1, 10))) == [
        "Worse since about 20 December 2025, 83 % sure"
    ]
