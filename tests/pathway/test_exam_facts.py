"""Facts of the latest exam."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog

from .one_patient import after, log, of, on, treated
from .strategies import Rows


def exam(day: int, muscle: str, *signs: bool | None) -> dict[str, Any]:
    names = ("tender_spot", "taut_band", "referred_pain", "recognised")
    given = dict(zip(names, signs, strict=True))
    return {"at": on(day), "muscle": muscle, "side": "right", **given}


@pytest.mark.parametrize(
    ("exams", "active", "explains"),
    [
        ([exam(7, "upper-trapezius", True, True, True, True)], 1, True),
        ([exam(7, "upper-trapezius", True, None, True, True)], 1, True),
        ([exam(7, "upper-trapezius", True, False, False, True)], 0, False),
        ([exam(7, "upper-trapezius", False, None, None, None)], 0, False),
        ([exam(7, "upper-trapezius", True, None, False, True)], None, None),
        ([exam(7, "upper-trapezius", True, True, True, None)], None, None),
        ([exam(7, "tibialis-anterior", True, True, True, True)], 1, None),
        (
            [
                exam(7, "upper-trapezius", True, True, True, True),
                exam(7, "levator-scapulae", True, True, True, None),
            ],
            1,
            True,
        ),
        (
            [
                exam(7, "tibialis-anterior", True, True, True, True),
                exam(7, "upper-trapezius", None, None, None, None),
            ],
            1,
            None,
        ),
        (
            [
                exam(3, "upper-trapezius", True, True, True, True),
                exam(7, "upper-trapezius", False, False, False, False),
            ],
            0,
            False,
        ),
    ],
)
def test_trigger_points_are_those_of_the_latest_exam(
    exams: Rows, active: int | None, explains: bool | None
) -> None:
    row = of(log(exams=exams), after(14))
    assert (row["active_trigger_points"], row["trigger_point_explains_pain"]) == (active, explains)
    assert row["weeks_since_exam"] == 1.0


CROSSES, STAYS = "sternocleidomastoid-clavicular", "upper-trapezius"


@pytest.mark.parametrize(
    ("complaint", "muscle", "side", "explains"),
    [
        ("right", STAYS, "right", True),
        ("right", STAYS, "both", True),
        ("right", STAYS, "left", None),
        ("left", STAYS, "right", None),
        ("both", STAYS, "left", True),
        (None, STAYS, "left", True),
        ("right", CROSSES, "left", True),
        ("right", "sternocleidomastoid-sternal", "left", True),
        ("right", "sternocleidomastoid-sternal", "right", True),
    ],
)
def test_a_trigger_point_explains_its_own_side_unless_it_refers_across(
    complaint: str | None, muscle: str, side: str, explains: bool | None
) -> None:
    found = exam(7, muscle, True, True, True, True) | {"side": side}
    row = of(with_side(log(exams=[found]), complaint), after(14))
    assert (row["active_trigger_points"], row["trigger_point_explains_pain"]) == (1, explains)


@pytest.mark.parametrize("complaint", ["left", "right", "both", None])
@pytest.mark.parametrize("side", ["left", "right", "both", None])
def test_dry_needling_is_a_trial_on_the_side_of_the_complaint(
    complaint: str | None, side: str | None
) -> None:
    needled = treated("dry-needling", 3, 6, 9, muscle=STAYS, side=side)
    row = of(with_side(log(treatments=needled), complaint), after(14))
    other = {complaint, side} == {"left", "right"}
    assert row["dry_needling_sessions"] == (0 if other else 3)


def with_side(care: CareLog, side: str | None) -> CareLog:
    region = pl.lit("head")  # to which both muscles refer
    return replace(
        care, episodes=care.episodes.with_columns(region=region, side=pl.lit(side, pl.String))
    )
