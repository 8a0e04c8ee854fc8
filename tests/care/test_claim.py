"""What a payer would be told of a patient, from the rows of the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import EXAMS, TREATMENTS
from reliefpath.reference.therapies.injection import Portion, Site
from reliefpath.simulation import demo_clinic

from .asking import plan_of

AS_OF = date(2026, 3, 31)
EPISODE, OTHER = "demo-0015", "another"
MINE = demo_clinic(60, 1, AS_OF).only(EPISODE)
MUSCLE = "gluteus-medius"
"""A muscle of the hip."""


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


def log(*treatments: dict[str, Any], exams: tuple[dict[str, Any], ...] = ()) -> CareLog:
    """The record with a second complaint, of the leg, and further rows."""
    second = MINE.episodes.with_columns(episode=pl.lit(OTHER), region=pl.lit("leg"))
    done = [{"episode": EPISODE, "therapy": "injection", **row} for row in treatments]
    seen = [{"episode": EPISODE, "muscle": MUSCLE, "side": "left", **row} for row in exams]
    return replace(
        MINE,
        episodes=pl.concat([MINE.episodes, second]),
        treatments=pl.concat([MINE.treatments, pl.DataFrame(done, TREATMENTS.schema)]),
        exams=pl.concat([MINE.exams, pl.DataFrame(seen, EXAMS.schema)]),
    )


def asked(care_log: CareLog, payer: str = "medicare-noridian-je", **site: str) -> dict[str, Any]:
    where = Site(
        site.get("muscle", MUSCLE),
        site.get("side", "left"),
        (Portion("lidocaine", 1, "percent", 1.0),),
    )
    plan = plan_of(care_log, EPISODE, [where], AS_OF, payer=payer)
    return {each.id: each for each in plan.coverage}


def test_care_that_brought_most_of_the_way_has_not_plainly_failed() -> None:
    found = asked(log())["conservative"]
    assert found.met is None
    assert "which brought an improvement of 8" in found.says


def test_relief_by_an_earlier_injection_says_nothing_of_a_later_one_elsewhere() -> None:
    mine = {"at": at(1, 5), "muscle": MUSCLE, "side": "left", "response": 0.9}
    other = {"episode": OTHER, "at": at(2, 20), "muscle": "soleus", "side": "left"}
    assert asked(log(mine))["relief"].met is not None
    assert asked(log(mine))["relief-at-once"].met is True
    assert asked(log(mine, other))["relief"].met is None
    assert asked(log(mine, other))["relief-weeks"].met is None
    assert asked(log(mine, other))["relief-at-once"].met is None


def test_relief_on_the_day_is_that_of_the_place_that_it_helped_least() -> None:
    left = {"at": at(1, 5), "muscle": MUSCLE, "side": "left", "response": 0.9}
    right = {"at": at(1, 5), "muscle": MUSCLE, "side": "right", "response": 0.2}
    assert asked(log(left, right))["relief-at-once"].says.endswith("here 20%")


def test_a_region_s_sessions_go_by_the_muscle_and_not_by_the_complaint() -> None:
    hip = [{"episode": OTHER, "at": at(m, 1), "muscle": MUSCLE, "side": "right"} for m in (1, 2)]
    leg = [{"at": at(m, 20), "muscle": "soleus", "side": "left"} for m in (1, 2)]
    nowhere = {"episode": OTHER, "at": at(3, 1)}
    found = asked(log(*hip, *leg, nowhere), "evicore")["sessions"]
    assert found.says.endswith("with this one 3")


@pytest.mark.parametrize(
    ("side", "said"), [("left", "fewest, 3"), ("right", "fewest, 0 to 4, for not all was examined")]
)
def test_the_signs_are_those_of_the_side_that_is_planned(side: str, said: str) -> None:
    signs = {"taut_band": True, "tender_spot": True, "referred_pain": True}
    seen = {"at": at(3, 20), **signs, "twitch_response": False}
    assert asked(log(exams=(seen,)), side=side)["signs"].says.endswith(said)


def test_the_signs_are_those_of_the_latest_exam() -> None:
    found = {"taut_band": True, "tender_spot": True, "referred_pain": True, "twitch_response": True}
    clear = {"at": at(3, 25), **dict.fromkeys(found, False)}
    both = {"at": at(3, 26), "side": "both", **found}
    assert asked(log(exams=({"at": at(3, 20), **found}, clear)))["signs"].met is False
    assert asked(log(exams=(clear, both)))["signs"].met is True
    assert asked(log(exams=(clear, {**both, "at": at(4, 1)})))["signs"].met is False


def test_a_programme_goes_by_the_last_report_and_not_by_a_later_prescription() -> None:
    none = MINE.treatments.filter(pl.col("adherence").is_null())
    bare = replace(log(), treatments=none)

    def with_exercise(*rows: dict[str, Any]) -> CareLog:
        done = [{"episode": EPISODE, "therapy": "exercise", **row} for row in rows]
        return replace(bare, treatments=pl.concat([none, pl.DataFrame(done, TREATMENTS.schema)]))

    report, prescribed = {"at": at(3, 20), "adherence": 0.7}, {"at": at(3, 30)}
    assert asked(with_exercise(report, prescribed))["programme"].met is True
    assert asked(with_exercise({**report, "adherence": 0.0}, prescribed))["programme"].met is False
    assert asked(with_exercise({**report, "at": at(1, 5)}))["programme"].met is None
    assert asked(with_exercise({**report, "episode": OTHER}))["programme"].met is None
