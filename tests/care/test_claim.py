"""What a payer would be told of a patient, from the rows of the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
TODAY_AT_NINE = datetime(2026, 3, 31, 9, tzinfo=UTC)
ANYWHERE = "evicore"
"""A payer who asks for eight weeks since any injection, wherever it was."""


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
    assert "which brought an improvement of 79%" in found.says


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


@pytest.mark.parametrize(
    ("payer", "id_", "days", "met"),
    [
        *(("medicare", "same-site", days, met) for days, met in ((41, False), (42, True))),
        *(("medicare", "same-site", days, met) for days, met in ((48, True), (56, True))),
        *((ANYWHERE, "any-site", days, met) for days, met in ((55, False), (56, True))),
    ],
)
def test_weeks_between_injections_are_counted_to_the_day(
    payer: str, id_: str, days: int, met: bool
) -> None:
    before = {"at": TODAY_AT_NINE - timedelta(days=days), "muscle": MUSCLE, "side": "left"}
    longer_ago = {**before, "at": TODAY_AT_NINE - timedelta(days=300)}
    found = asked(log(longer_ago, before), payer)[id_]
    assert found.met is met
    assert found.says.endswith(f"the last {days / 7:.3g} weeks ago")
    assert asked(log(), payer)[id_].says.endswith("none before")


def test_what_is_injected_earlier_on_the_day_of_the_plan_is_of_this_session() -> None:
    before = {"at": at(1, 5), "muscle": MUSCLE, "side": "left", "response": 0.9}
    today = {"at": TODAY_AT_NINE, "muscle": MUSCLE, "side": "left", "response": 0.1}
    about = ("sessions", "same-site", "relief-at-once")
    for earlier in ((), (before,)):
        without, with_it = asked(log(*earlier)), asked(log(*earlier, today))
        assert {id_: without.get(id_) for id_ in about} == {id_: with_it.get(id_) for id_ in about}


def test_relief_is_that_of_the_latest_of_several_injections() -> None:
    first = {"at": at(1, 5), "muscle": MUSCLE, "side": "left", "response": 0.9}
    latest = {**first, "at": at(2, 5), "response": 0.2}
    assert asked(log(first, latest))["relief-at-once"].says.endswith("here 20%")


def test_a_programme_is_as_much_as_the_fullest_report_of_its_last_day() -> None:
    none = MINE.treatments.filter(pl.col("adherence").is_null())
    done = [
        {"episode": EPISODE, "therapy": "exercise", "at": moment, "adherence": share}
        for moment, share in ((at(3, 2), 0.2), (at(3, 20), 0.0), (at(3, 20), 0.7))
    ]
    rows = pl.concat([none, pl.DataFrame(done, TREATMENTS.schema)])
    found = asked(replace(log(), treatments=rows))["programme"]
    assert found.met is True
    assert "1.57 weeks ago" in found.says
    assert "70%" in found.says


@pytest.mark.parametrize(("days", "met"), [(28, True), (29, None)])
def test_a_programme_counts_for_four_weeks_after_its_last_report(
    days: int, met: bool | None
) -> None:
    none = MINE.treatments.filter(pl.col("adherence").is_null())
    row = {"episode": EPISODE, "therapy": "exercise", "adherence": 0.7}
    done = pl.DataFrame([row | {"at": TODAY_AT_NINE - timedelta(days)}], TREATMENTS.schema)
    assert asked(replace(log(), treatments=pl.concat([none, done])))["programme"].met is met


def test_the_pain_is_told_where_it_is_what_the_curve_follows() -> None:
    latest = MINE.scores.filter(measure="nrs").sort("at")["value"][-1]
    assert asked(log(), "iehp")["pain"].says.endswith(f"here {latest:g}")
    of_function = pl.lit("ndi").alias("primary_measure")
    mine = log()
    function = replace(mine, episodes=mine.episodes.with_columns(of_function))
    found = asked(function, "iehp")["pain"]
    assert (found.met, found.says.endswith("here unknown")) == (None, True)


def test_each_complaint_has_the_payer_that_it_was_recorded_with() -> None:
    payers = pl.when(episode=EPISODE).then(pl.lit("aetna")).otherwise(pl.lit("iehp"))
    mine = log()
    both = replace(mine, episodes=mine.episodes.with_columns(payer=payers))
    site = Site(MUSCLE, "left", (Portion("lidocaine", 1, "percent", 1.0),))
    plan = plan_of(both, EPISODE, [site], AS_OF)
    assert {each.payer for each in plan.coverage} == {"aetna"}
