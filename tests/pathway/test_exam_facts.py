"""Facts of the latest exam."""

from __future__ import annotations

from typing import Any

import pytest

from .one_patient import after, log, of, on
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
