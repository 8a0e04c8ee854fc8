"""Scores that look as if they were on another scale than the one before them."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.care_log.doubts import Doubt, doubtful_scores
from reliefpath.care_log.schema import SCORES
from reliefpath.knowledge import SHIPPED


def course(measure: str, values: list[float], episode: str = "E1") -> pl.DataFrame:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    rows = [
        {"episode": episode, "at": start + timedelta(weeks=i), "measure": measure, "value": value}
        for i, value in enumerate(values)
    ]
    return pl.DataFrame(rows, SCORES.schema)


def doubted(measure: str, values: list[float]) -> list[tuple[int, str]]:
    return doubtful_scores(course(measure, values), SHIPPED).select("row", "doubt").rows()


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("vas", [72, 68, 6.6, 6.4, 6.1], [(2, "tenth")]),  # millimetres, then centimetres
        ("vas", [7.2, 6.8, 66, 64], [(2, "tenfold")]),
        ("vas", [72, 68, 7, 6], [(2, "tenth")]),
        ("vas", [72, 6.6, 64], [(1, "tenth"), (2, "tenfold")]),
        ("vas", [72, 68, 3.2], [(2, "tenth")]),  # halved meanwhile, and decimals appear
        ("vas", [70.5, 68.2, 3.2], []),  # decimals all along, far from tenfold
        ("vas", [70, 10], [(1, "tenth")]),  # sevenfold
        ("vas", [69, 10], []),  # just under it
        ("vas", [70, 5], [(1, "tenth")]),  # fourteenfold
        ("vas", [71, 5], []),  # just over it
        ("vas", [50, 9.9], [(1, "tenth")]),  # fivefold, with decimals
        ("vas", [49, 9.9], []),
        ("vas", [80, 11], []),  # above a tenth of the scale: no centimetres
        ("vas", [72, 40, 20, 8, 3], []),  # a recovery that was seen on its way
        ("vas", [60, 0], []),
        ("sane", [8.5, 85], [(1, "tenfold")]),
        ("odi", [62, 8], []),  # a questionnaire has one unit
        ("spadi", [57.7, 7.2], []),
        ("nrs", [10, 1], []),  # the scale itself ends at ten
        ("groc", [5, 6, -6], [(2, "flipped")]),
        ("groc", [-5, 5], [(1, "flipped")]),
        ("groc", [3, -3], [(1, "flipped")]),
        ("groc", [2, -2], []),  # near the middle
        ("groc", [5, -3], [(1, "flipped")]),
        ("groc", [6, -3], []),  # no mirror image
        ("groc", [5, 6, 2, -1], []),
    ],
)
def test_a_tenfold_jump_or_a_flipped_sign_is_doubted_and_a_recovery_is_not(
    measure: str, values: list[float], expected: list[tuple[int, str]]
) -> None:
    assert doubted(measure, values) == expected


def test_each_episode_and_measure_is_held_against_itself_in_the_order_of_time() -> None:
    scores = pl.concat([course("vas", [72, 66], "E1"), course("vas", [7.2, 6.6], "E2")])
    assert doubtful_scores(scores, SHIPPED).is_empty()
    late_first = course("vas", [72, 68, 6.6]).reverse()
    assert doubtful_scores(late_first, SHIPPED).rows() == [(0, "E1", "vas", 6.6, 68.0, "tenth")]


@given(
    st.lists(st.integers(11, 100), min_size=1, max_size=8),
    st.lists(st.floats(1.1, 10).map(lambda x: round(x, 1)), min_size=1, max_size=8),
)
def test_wherever_the_unit_changes_about_tenfold_one_row_is_named(
    millimetres: list[int], centimetres: list[float]
) -> None:
    ratio = millimetres[-1] / centimetres[0]
    found = doubted("vas", [*map(float, millimetres), *centimetres])
    named = (len(millimetres), Doubt.TENTH.value) in found
    assert named == (7 <= ratio <= 14 or (centimetres[0] % 1 != 0 and ratio >= 5))


def test_scores_that_lack_something_are_never_doubted() -> None:
    scores = course("vas", [72, 68, 6.6]).with_columns(
        value=pl.when(pl.col("value") < 10).then(None).otherwise("value")
    )
    assert doubtful_scores(scores, SHIPPED).is_empty()
    assert doubtful_scores(pl.DataFrame(schema=SCORES.schema), SHIPPED).is_empty()
