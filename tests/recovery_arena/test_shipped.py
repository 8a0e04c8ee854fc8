"""The prior as shipped beside the last value, on small sets of which it is known who foretells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.recovery.real import as_histories
from benchmarks.recovery.shipped import Behind, Data, Judged, judged, moving, report
from reliefpath.recovery import DEFAULT_PRIOR


def data(name: str, sd: float, *, falls: float = 0.0) -> Data:
    """Forty patients with six weekly scores around a course that may fall by so much a week."""
    random = np.random.default_rng(3)
    course = 6 - falls * np.arange(6) + sd * random.normal(size=(40, 6))
    scores = np.clip(np.rint(course), 0, 10)
    series = {f"{p}": {7 * w: [x] for w, x in enumerate(row)} for p, row in enumerate(scores)}
    return name, *as_histories("pain_0_10", series)


def found(real: list[Data], prior: object = DEFAULT_PRIOR) -> dict[tuple[str, str], Judged]:
    told = judged(real, prior)  # type: ignore[arg-type]
    return {(each.data, each.course): each for each in told}


@pytest.fixture(scope="module")
def real() -> list[Data]:
    return [data("calm", 0.4), data("restless", 2.0), data("falling", 0.5, falls=1.0)]


def test_history_moves_by_more_than_a_fifth_of_the_range_and_its_future_is_no_matter() -> None:
    series = {"a": {0: [8.0], 7: [6.0], 14: [5.0], 21: [0.0]}, "b": {0: [2.0], 7: [5.0], 14: [2.0]}}
    assert moving(as_histories("pain_0_10", series)[0]).tolist() == [False, True, True]


def test_each_set_is_judged_whole_and_by_course(real: list[Data]) -> None:
    told = found(real)
    for name in ("restless", "falling"):
        parts = told[name, "level"].forecasts, told[name, "moving"].forecasts
        assert min(parts) > 0
        assert sum(parts) == told[name, "all"].forecasts == 40 * (4 + 3 + 2 + 1)
    assert ("calm", "moving") not in told, "nobody moves"


def test_last_value_learns_its_errors_from_the_sets_of_other_files_alone(real: list[Data]) -> None:
    calm, restless, _ = real
    before = found(real)["calm", "all"].behind
    same_file = [("calm: another scale", *restless[1:])]
    other_file = [("others", *calm[1:])]
    assert found(real + same_file)["calm", "all"].behind == before
    of_worlds, of_others = found(real + other_file)["calm", "all"].behind
    assert of_worlds == before[0]
    assert of_others.mean > before[1].mean + 0.01, "it has learned how calm others are"


def test_prior_that_is_too_sure_does_not_hold(real: list[Data]) -> None:
    sure = replace(DEFAULT_PRIOR, noise=(200.0, 0.05))
    shipped, wrong = (found(real, prior)["restless", "all"] for prior in (DEFAULT_PRIOR, sure))
    assert shipped.behind[1].holds
    assert not wrong.behind[1].holds
    assert wrong.covered < 0.7 < shipped.covered
    assert "**" in report(real, sure)


def test_two_standard_errors_are_let_pass() -> None:
    assert Behind(0.19, 0.1).holds
    assert not Behind(0.21, 0.1).holds
