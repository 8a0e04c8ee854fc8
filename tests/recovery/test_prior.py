"""The default prior, its file, and what a prior may not be."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reliefpath.errors import KnowledgeError, UsageError
from reliefpath.recovery import DEFAULT_PRIOR, Prior
from reliefpath.recovery import prior as prior_module
from reliefpath.recovery.prior import Asymptote, Deviation, read_prior_file
from reliefpath.recovery.shapes import Shape, Turn

FILE = Path(prior_module.__file__).with_name("prior.yaml")


def test_weights_of_each_part_of_the_default_prior_add_up_to_1() -> None:
    parts = (DEFAULT_PRIOR.shapes, DEFAULT_PRIOR.asymptotes, DEFAULT_PRIOR.deviations)
    for part in parts:
        assert sum(part.values()) == pytest.approx(1)
        assert min(part.values()) > 0
    assert tuple(map(len, parts)) == (64, 4, 3)  # type: ignore[arg-type]


def test_default_prior_expects_half_of_any_start_to_be_recovered() -> None:
    """Persistent back pain recovers 55 % in a year (Costa et al. 2012)."""
    share = sum(weight * asymptote.share for asymptote, weight in DEFAULT_PRIOR.asymptotes.items())
    assert share == pytest.approx(0.5, abs=0.06)


def test_exponentials_of_the_default_prior_are_as_fast_as_the_literature_says() -> None:
    weights = {
        shape.length: weight
        for shape, weight in DEFAULT_PRIOR.shapes.items()
        if shape.family == "exponential" and shape.start == 0 and shape.turn is None
    }
    lengths, chances = np.array(list(weights)), np.array(list(weights.values()))
    median = np.exp(chances @ np.log(lengths) / chances.sum())
    assert median == pytest.approx(5.25, rel=0.2)


@pytest.mark.parametrize("family", ["exponential", "straight", "curved"])
def test_shape_climbs_from_nothing_to_all(family: Any) -> None:
    shape = Shape(family, 3, 5)
    reached = shape.reached(np.array([-1, 0, 3, 4, 5, 6, 8, 100, np.inf]))
    assert (reached[:3] == 0).all()
    assert (np.diff(reached) >= 0).all()
    assert reached[-1] == 1
    assert shape.reached(5.5) == pytest.approx(0.5, abs=0.15)


def test_sudden_step_is_done_within_a_day() -> None:
    assert Shape("straight", 3, 0.1).reached(np.array([3, 3 + 1 / 7])).tolist() == [0, 1]


def test_turn_is_placed_by_the_latest_score() -> None:
    lost = Shape("straight", 0, 4, Turn(ago=3, length=2, change=-0.5))
    for now in (10.0, 30.0):
        weeks = np.array([-1, 0, 2, 4, now - 3, now - 2, now - 1, now, np.inf])
        assert lost.reached(weeks, now).tolist() == [0, 0, 0.5, 1, 1, 0.75, 0.5, 0.5, 0.5]


def test_second_recovery_and_the_first_are_the_whole() -> None:
    second = Shape("straight", 0, 4, Turn(ago=3, length=2, change=1.0))
    assert second.reached([4, 7, 8, 9, 20], 10.0).tolist() == [0.5, 0.5, 0.75, 1, 1]


def test_course_that_had_no_time_to_turn_has_not() -> None:
    lost = Shape("straight", 0, 4, Turn(ago=3, length=2, change=-0.5))
    assert lost.reached(3.9, 3.9) == pytest.approx(3.9 / 4)
    assert lost.reached(4.0, 4.0) == pytest.approx(0.5)


GOOD = Prior(
    start=(5.0, 2.0),
    noise=(8.0, 1.0),
    shapes={Shape("exponential", 0, 5): 0.5, Shape("straight", 2, 9): 0.5},
    asymptotes={Asymptote(0.5, 0.3): 1.0},
    deviations={Deviation(0, 1, False): 1.0},
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": (0.0, 2.0)}, "the start's mean and spread must be above 0"),
        ({"start": (5.0, -2.0)}, "the start's mean and spread must be above 0"),
        ({"start": (5.0, float("inf"))}, "every number must be finite"),
        ({"noise": (5.0, 1.0)}, "the noise must have at least 6 degrees of freedom"),
        ({"noise": (8.0, 0.0)}, "every length and spread must be above 0"),
        ({"noise": (float("inf"), 1.0)}, "every number must be finite"),
        ({"shapes": {}}, "the weights of each part must add up to 1"),
        ({"shapes": {Shape("straight", 0, 0): 1.0}}, "every length and spread must be above 0"),
        ({"asymptotes": {Asymptote(0.5, 0.3): 0.9}}, "the weights of each part must add up to 1"),
        (
            {"asymptotes": {Asymptote(0.5, 0.3): 1.2, Asymptote(0, 0.3): -0.2}},
            "every weight must be above",
        ),
        ({"asymptotes": {Asymptote(0.5, 0.0): 1.0}}, "every length and spread must be above 0"),
        ({"asymptotes": {Asymptote(float("nan"), 0.3): 1.0}}, "every number must be finite"),
        ({"deviations": {Deviation(-1, 1, False): 1.0}}, "no ratio may be below 0"),
        ({"deviations": {Deviation(1, 0, False): 1.0}}, "every length and spread must be above 0"),
    ],
)
def test_prior_refuses_what_is_not_a_distribution(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(GOOD, **change)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[costa-2012-fit, assumption]", "[costa-2021-fit, assumption]", "costa-2021-fit"),
        ("start_mean:", "start_maen:", "start_mean"),
        ("family: curved", "family: curly", "family"),
        ("weight: 0.26", "weight: -0.26", "weight"),
        ("weeks: 16", "weeks: 0", "weeks"),
        ("real: true", "real: perhaps", "real"),
    ],
)
def test_prior_file_with_a_mistake_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    file = tmp_path / "prior.yaml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(KnowledgeError, match=message):
        read_prior_file(file)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weight: 0.26", "weight: 0.46", "must add up to 1"),
        ("noise_degrees: {value: 8", "noise_degrees: {value: 3", "at least 6 degrees"),
    ],
)
def test_prior_file_that_is_no_distribution_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    file = tmp_path / "prior.yaml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError, match=message):
        read_prior_file(file).prior()
