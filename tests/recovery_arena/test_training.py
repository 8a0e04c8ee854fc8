"""What learning methods are shown, and of whom."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.recovery.baseline import baseline, from_middle, range_of_last
from benchmarks.recovery.real import as_histories
from benchmarks.recovery.training import folds, simulated_episodes, up_to_each_visit, whole_series
from benchmarks.recovery.worlds import JUDGED, simulate

from .plain import FALLING, FLAT, REACHED, histories, weekly

SERIES = {
    "a": {0: [8.0], 7: [6.0], 21: [3.0], 28: [4.0]},
    "b": {0: [5.0], 14: [5.0]},
    "c": {0: [7.0], 7: [4.0], 14: [2.0]},
}


def test_whole_series_has_every_visit_of_each_patient_with_three() -> None:
    given, truth = as_histories("pain_0_10", SERIES)
    whole = whole_series(given, truth)
    assert [whole.visits(i)[1].tolist() for i in range(len(whole))] == [[8, 6, 3, 4], [7, 4, 2]]
    assert whole.visits(0)[0].tolist() == [0, 1, 3, 4]


def test_simulated_training_episodes_are_whole_and_others_than_the_judged() -> None:
    whole = simulated_episodes(JUDGED[0], 20)
    assert len(whole) == 20
    assert np.isnan(whole.ahead).all()
    judged, _ = simulate(JUDGED[0], 20)
    assert not np.array_equal(whole.burden[:20], judged.burden[:20])


def test_every_history_of_an_episode_is_shown_where_a_method_wants_them() -> None:
    every = up_to_each_visit(histories(weekly(8, 6, 5), weekly(4, 3)))
    assert [every.visits(i)[1].tolist() for i in range(len(every))] == [[8, 6], [8, 6, 5], [4, 3]]


def test_nobody_is_among_those_that_teach_for_him() -> None:
    episode = np.repeat([4, 2, 9, 7, 0, 5], 2)
    answered = []
    for rows, others in folds(episode):
        in_order = np.array([4, 2, 9, 7, 0, 5])
        assert not np.isin(episode[rows], in_order[others]).any()
        assert np.unique(episode[rows]).size + others.size == 6
        answered += rows.tolist()
    assert sorted(answered) == list(range(12))


def test_baseline_rests_on_the_numbers_that_the_rule_looks_at() -> None:
    given = histories(FALLING, FLAT, REACHED, weekly(0, 3, 1), weekly(2, 8, 9))
    assert range_of_last(given) == pytest.approx([1, 0.5, 0.5, 1.5, 3.5])
    distances = [0.825 - 5 / 9, 0.825, 0.075, 1, 1]
    assert from_middle(given) == pytest.approx(distances)


def test_baseline_is_better_than_one_probability_for_all() -> None:
    given, truth = simulate(JUDGED[0], 150)
    told = baseline(given, truth)
    for said, so in ((told.level, truth.level), (told.inside, truth.inside)):
        assert np.mean((said - so) ** 2) < so.mean() * (1 - so.mean())
