"""Each planned site is held against the examination, the complaint, and the lung."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from reliefpath.reference.therapies.injection import Site, Verdict

from .asking import plan_of
from .plain_person import (
    FAR,
    LEFT,
    ONE_ML,
    TODAY,
    Row,
    bars,
    day,
    exam,
    finding,
    injection,
    needled,
    planned,
    record,
    verdicts,
    weighed,
)


@pytest.mark.parametrize(
    ("muscle", "side", "exams", "told"),
    [
        (FAR, "right", [], f"site-not-examined-{FAR}-right"),
        (FAR, "left", [exam(2, tender_spot=False)], f"site-not-active-{FAR}-left"),
        (FAR, "left", [exam(2, recognised=None)], f"site-unclear-{FAR}-left"),
        (FAR, "left", [exam(2, side="both", recognised=False)], f"site-not-active-{FAR}-left"),
        # twice at one time, and not alike
        (FAR, "left", [exam(2), exam(2, tender_spot=False)], f"site-not-active-{FAR}-left"),
        (FAR, "left", [exam(2), exam(2, recognised=None)], f"site-unclear-{FAR}-left"),
        (FAR, "left", [exam(4, recognised=None), exam(2)], None),
        (FAR, "right", [exam(28, side="both")], None),
        (FAR, "right", [exam(29, side="both")], f"site-not-examined-{FAR}-right"),
        (FAR, "right", [exam(3, side="right", episode="neck")], None),
        ("masseter", "left", [exam(3, "masseter")], "site-cannot-explain-masseter-left"),
        ("hamstrings", "left", [exam(3, "hamstrings")], None),
    ],
)
def test_each_site_is_held_against_its_latest_examination_and_the_complaint(
    muscle: str, side: str, exams: list[Row], told: str | None
) -> None:
    care_log = record(exams=exams)
    expected = set() if told is None else {told}
    assert weighed(planned(care_log, (Site(muscle, side, ONE_ML),))) == expected
    assert weighed(needled(care_log, (muscle, side))) == expected


@pytest.mark.parametrize(
    ("side", "told"),
    [("left", set()), ("both", set()), (None, set()), ("right", {f"site-other-side-{FAR}-left"})],
)
def test_the_side_of_the_complaint_is_the_side_of_the_needle(
    side: str | None, told: set[str]
) -> None:
    hip = {"episode": "side", "patient": "p", "region": "hip", "started_on": day(200)}
    consent = finding("consent", "injection", 3, episode="side")
    mine = record(episodes=[{**hip, "side": side}], findings=[consent])
    plan = plan_of(mine, "side", LEFT, TODAY)
    assert weighed(verdicts(plan)) == told


def test_pain_that_crosses_and_further_regions_explain_a_site() -> None:
    belly = "rectus-abdominis-obliques"
    back = {"episode": "back", "patient": "p", "region": "low-back", "started_on": day(200)}
    jaw = {**back, "episode": "jaw", "region": "leg", "other_regions": "head jaw"}
    care_log = record(
        episodes=[{**back, "side": "right"}, jaw], exams=[exam(3, belly), exam(3, "masseter")]
    )
    for episode, muscle in (("back", belly), ("jaw", "masseter")):
        plan = plan_of(care_log, episode, (Site(muscle, "left", ONE_ML),), TODAY)
        assert not {id_ for id_ in weighed(verdicts(plan)) if id_.startswith("site-")}


TRAPEZIUS = (Site("upper-trapezius", "right", ONE_ML),)


NEEDLED = {"therapy": "dry-needling", "agent": None, "muscle": "upper-trapezius"}


@pytest.mark.parametrize("therapy", ["dry-needling", "electro-dry-needling", "injection"])
@pytest.mark.parametrize(
    ("at", "plan_at", "verdict"),
    [
        ("2026-03-31T08:00:00Z", datetime(2026, 3, 31, 17, tzinfo=UTC), Verdict.BLOCKED),
        ("2026-03-30T23:30:00Z", datetime(2026, 3, 31, 0, 30, tzinfo=UTC), Verdict.BLOCKED),
        ("2026-03-30T12:00:00Z", datetime(2026, 3, 31, 11, 59, tzinfo=UTC), Verdict.BLOCKED),
        ("2026-03-30T12:00:00Z", datetime(2026, 3, 31, 12, 1, tzinfo=UTC), Verdict.DECISION),
        ("2026-03-28T12:00:00Z", datetime(2026, 3, 31, 11, 59, tzinfo=UTC), Verdict.DECISION),
        ("2026-03-28T12:00:00Z", datetime(2026, 3, 31, 12, 1, tzinfo=UTC), None),
        ("2026-03-31", TODAY, Verdict.BLOCKED),
        ("2026-03-30", TODAY, Verdict.BLOCKED),  # it may have been just before midnight
        ("2026-03-29", TODAY, Verdict.DECISION),
        ("2026-03-28", TODAY, Verdict.DECISION),
        ("2026-03-27", TODAY, None),
    ],
)
def test_one_side_of_the_chest_a_day_and_signs_are_asked_about_for_three(
    therapy: str, at: str, plan_at: Any, verdict: Verdict | None
) -> None:
    left = injection(at, **{**NEEDLED, "therapy": therapy})
    care_log = record(treatments=[left])
    assert planned(care_log, TRAPEZIUS, plan_at).get("other-side-of-chest") is verdict
    found = needled(care_log, ("infraspinatus", "right"), at=plan_at)
    assert found.get("other-side-of-chest") is verdict
    assert "other-side-of-chest" not in needled(care_log, ("infraspinatus", "left"), at=plan_at)
    assert "other-side-of-chest" not in needled(care_log, (FAR, "right"), at=plan_at)


@pytest.mark.parametrize("place", [{"side": None}, {"side": "both"}, {"muscle": None}])
def test_a_needle_whose_place_is_unknown_may_have_been_at_the_other_lung(place: Row) -> None:
    today = injection(day(0), **{**NEEDLED, **place})
    found = planned(record(treatments=[today]), TRAPEZIUS)
    assert found["other-side-of-chest"] is Verdict.BLOCKED


@pytest.mark.parametrize("status", ["cancelled", "planned", "not-attended"])
def test_what_was_not_given_does_not_count(status: str) -> None:
    dose = {"agent": "lidocaine", "amount": 290, "unit": "mg", "status": status}
    care_log = record(treatments=[injection(day(0), muscle="upper-trapezius", **dose)])
    assert "other-side-of-chest" not in planned(care_log, TRAPEZIUS)
    assert not bars(planned(care_log))


def test_a_complaint_without_a_side_is_told_and_asks_for_no_decision() -> None:
    assert planned(record())["complaint-side"] is Verdict.FINE
    known = record()
    sided = replace(known, episodes=known.episodes.with_columns(side=pl.lit("left")))
    assert "complaint-side" not in planned(sided)
