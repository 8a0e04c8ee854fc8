"""Input that is refused, and how the refusal is worded."""

import math
from typing import Any

import numpy as np
import pytest

from reliefpath.errors import UsageError
from reliefpath.recovery import Targets, curve, forecast, learn, recover

GOOD: dict[str, Any] = {
    "offsets": [0, 2, 4],
    "weeks": [0.0, 5.0, 0.0, 6.0],
    "burden": [6.0, 3.0, 7.0, 2.0],
    "scale_range": [10.0, 10.0],
    "mcid": [2.0, 2.0],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offsets": [0, 2]}, "`offsets` must have one number more"),
        ({"offsets": np.array([], int)}, "`offsets` must have one number more"),
        ({"offsets": [0, 2, 3]}, "end with the number of scores"),
        ({"offsets": [1, 2, 4]}, "begin with 0"),
        ({"offsets": [0.0, 2.0, 4.0]}, "`offsets` must be whole numbers"),
        ({"offsets": [[0, 2, 4]]}, "`offsets` must be one column"),
        ({"offsets": [0, 5, 4]}, r"Episode 1, .*`offsets` go backwards"),
        ({"weeks": [0.0, 5.0, 6.0]}, "`weeks`, `burden` and `effect` must be of the same length"),
        ({"weeks": [0.0, 5.0, 6.0, 0.0]}, r"Episode 1, .*`weeks` must ascend"),
        ({"weeks": [0.0, math.nan, 0.0, 6.0]}, r"Episode 0, .*`weeks` must be finite"),
        ({"weeks": [0.0, 5.0, 0.0, math.inf]}, r"Episode 1, .*`weeks` must be finite"),
        ({"weeks": ["a", "b", "c", "d"]}, "`weeks` must be numbers"),
        ({"burden": [6.0, 3.0, math.nan, 2.0]}, r"Episode 1, .*`burden` must be finite"),
        ({"burden": [6.0, 11.0, 7.0, 2.0]}, r"Episode 0, .*further from well"),
        ({"burden": [6.0, 3.0, 7.0, -11.0]}, r"Episode 1, .*further from well"),
        ({"burden": [[6.0, 3.0], [7.0, 2.0]]}, "`burden` must be one column"),
        ({"scale_range": [10.0, 0.0]}, r"Episode 1, .*`scale_range` must be a number above 0"),
        ({"scale_range": [math.nan, 10.0]}, r"Episode 0, .*`scale_range` must be a number above 0"),
        ({"mcid": [2.0, 0.0]}, r"Episode 1, .*`mcid` must be a number above 0"),
        ({"mcid": [2.0, math.inf]}, r"Episode 1, .*`mcid` must be a number above 0"),
        ({"mcid": [2.0]}, "`offsets` must have one number more"),
        ({"step": [1.0]}, "`offsets` must have one number more"),
        (
            {"step": [1.0, -1.0]},
            r"Episode 1, .*`step` must be a number from 0 to its `scale_range`",
        ),
        (
            {"step": [11.0, 1.0]},
            r"Episode 0, .*`step` must be a number from 0 to its `scale_range`",
        ),
        (
            {"step": [1.0, math.nan]},
            r"Episode 1, .*`step` must be a number from 0 to its `scale_range`",
        ),
    ],
)
def test_recover_refuses_bad_input(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        recover(**GOOD | change)


def test_recover_takes_the_input_that_the_refusals_start_from() -> None:
    assert recover(**GOOD).improvement.shape == (2,)


def test_weeks_may_fall_from_one_episode_to_the_next_over_one_without_scores() -> None:
    assert recover(**GOOD | {"offsets": [0, 2, 2, 4], "scale_range": [10] * 3, "mcid": [2] * 3})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale_range": 0.0}, "`scale_range` must be a number above 0"),
        ({"weeks": [5.0, 0.0]}, "`weeks` must ascend"),
        ({"at": [math.nan]}, "`at` must be finite"),
        ({"at": 3.0}, "`at` must be one column"),
    ],
)
def test_curve_refuses_bad_input(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {
        "weeks": [0.0, 5.0],
        "burden": [6.0, 3.0],
        "scale_range": 10.0,
        "at": [0.0],
    }
    with pytest.raises(UsageError, match=message):
        curve(**good | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale_range": [10.0, 0.0]}, r"Episode 1, .*`scale_range` must be a number above 0"),
        ({"at": [6.0, 7.0]}, "`at` must have a row of weeks for each episode"),
        ({"at": [[6.0]]}, "`at` must have a row of weeks for each episode"),
        ({"at": [["soon"], ["late"]]}, "`at` must be numbers"),
        ({"levels": [0.0, 0.5]}, "`levels` must lie between 0 and 1"),
        ({"levels": [0.5, 1.0]}, "`levels` must lie between 0 and 1"),
        ({"levels": [math.nan]}, "`levels` must lie between 0 and 1"),
        ({"levels": 0.5}, "`levels` must be one column"),
    ],
)
def test_forecast_refuses_bad_input(change: dict[str, Any], message: str) -> None:
    good = {name: GOOD[name] for name in ("offsets", "weeks", "burden", "scale_range")}
    with pytest.raises(UsageError, match=message):
        forecast(**good | {"at": [[6.0], [7.0]]} | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"burden": [6.0, 3.0, math.nan, 2.0]}, r"Episode 1, .*`burden` must be finite"),
        ({"strength": -1.0}, "`strength` must be a number of episodes, 0 or more"),
        ({"strength": math.inf}, "`strength` must be a number of episodes, 0 or more"),
        ({"strength": math.nan}, "`strength` must be a number of episodes, 0 or more"),
    ],
)
def test_learn_refuses_bad_input(change: dict[str, Any], message: str) -> None:
    good = {name: GOOD[name] for name in ("offsets", "weeks", "burden", "scale_range")}
    with pytest.raises(UsageError, match=message):
        learn(**good | change)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"window": (0.9, 0.75)}, "The window must run"),
        ({"window": (0.0, 0.75)}, "The window must run"),
        ({"window": (0.75, math.nan)}, "The window must run"),
        ({"recovered": 0.0}, "counts as recovered"),
        ({"horizon_weeks": math.inf}, "The horizon"),
        ({"level_weeks": 0.0}, "The weeks of a level course"),
        ({"level_weeks": math.nan}, "The weeks of a level course"),
    ],
)
def test_questions_refuse_what_can_not_be_asked(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Targets(**asked)
