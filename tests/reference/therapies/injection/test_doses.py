"""Doses, worked by hand beside the planner, at, just under and just over each limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from reliefpath.errors import UsageError
from reliefpath.reference.therapies.injection import Plan, Portion, Result, Verdict, plan_injection

from .people import FIT, TODAY, WHERE, at, given, having, lidocaine, person, steroid

REASON = "no lasting relief without it"


def verdict(plan: Plan, id_: str) -> Verdict | None:
    return next((check.verdict for check in plan.checks if check.id == id_), None)


def arithmetic(plan: Plan, id_: str) -> str:
    return next(check.arithmetic or "" for check in plan.checks if check.id == id_)


def says(plan: Plan, id_: str) -> str:
    return next(check.says for check in plan.checks if check.id == id_)


def test_a_usual_injection_in_a_fit_person_is_ready() -> None:
    assert plan_injection([at(lidocaine(1))], FIT).result is Result.READY


@pytest.mark.parametrize(
    ("agent", "percent", "volume", "weight", "share"),
    [
        # lidocaine: 4.5 mg/kg x 50 kg = 225 mg, below the cap of 300 mg; 1 % x 10 mL = 100 mg
        ("lidocaine", 1.0, 10.0, 50.0, 100 / 225),
        # 4.5 x 100 = 450 mg, so the cap of 300 mg holds
        ("lidocaine", 1.0, 10.0, 100.0, 100 / 300),
        # bupivacaine: 2 x 60 = 120 mg, below 175; 0.25 % x 10 mL = 25 mg
        ("bupivacaine", 0.25, 10.0, 60.0, 25 / 120),
        # ropivacaine: 3 x 80 = 240 mg, so 200 mg holds; 0.2 % x 10 mL = 20 mg
        ("ropivacaine", 0.2, 10.0, 80.0, 20 / 200),
        # mepivacaine: 4.4 x 70 = 308 mg, below 400; 1 % x 10 mL = 100 mg
        ("mepivacaine", 1.0, 10.0, 70.0, 100 / 308),
    ],
)
def test_the_share_of_the_maximum_is_by_weight_or_by_cap(
    agent: str, percent: float, volume: float, weight: float, share: float
) -> None:
    portion = Portion(agent, percent, "percent", volume)
    plan = plan_injection([at(portion)], person(weight_kg=weight, weight_before_kg=None))
    assert f"= {share:.3g}" in arithmetic(plan, "anaesthetic-share")


def test_anaesthetics_add_up() -> None:
    # 100 of 300 mg and 60 of 140 mg: 0.333 + 0.429 = 0.762
    both = at(lidocaine(10), Portion("bupivacaine", 0.5, "percent", 12))
    plan = plan_injection([both], FIT)
    assert arithmetic(plan, "anaesthetic-share").endswith("together 0.762")
    assert verdict(plan, "anaesthetic-share") is Verdict.FINE


@pytest.mark.parametrize(
    ("volume", "share", "high"),
    [
        (12.0, Verdict.FINE, Verdict.FINE),  # 240 mg of 300 mg is 0.8
        (12.1, Verdict.FINE, Verdict.DECISION),
        (15.0, Verdict.FINE, Verdict.DECISION),  # 300 mg is all of it
        (15.1, Verdict.BLOCKED, Verdict.DECISION),
    ],
)
def test_more_than_the_maximum_is_blocked_and_close_to_it_is_weighed(
    volume: float, share: Verdict, high: Verdict
) -> None:
    plan = plan_injection([at(lidocaine(volume, 2.0))], FIT)
    assert (verdict(plan, "anaesthetic-share"), verdict(plan, "anaesthetic-high")) == (share, high)


@pytest.mark.parametrize(("volume", "found"), [(10.5, Verdict.FINE), (10.6, Verdict.BLOCKED)])
@pytest.mark.parametrize("code", ["frailty", "hepatic-disease", "cardiac-conduction-disease"])
def test_the_frail_get_seven_tenths(code: str, volume: float, found: Verdict) -> None:
    # 2 % x 10.5 mL = 210 mg, 0.7 of 300 mg
    plan = plan_injection([at(lidocaine(volume, 2.0))], having(("condition", code)))
    assert verdict(plan, "anaesthetic-frail") is found


def test_what_was_given_today_counts() -> None:
    today = given(0, "lidocaine", 250.0)
    plan = plan_injection([at(lidocaine(6))], person(history=(today,)))
    assert verdict(plan, "anaesthetic-share") is Verdict.BLOCKED
    unknown = plan_injection([at(lidocaine(1))], person(history=(given(0, "lidocaine", None),)))
    assert unknown.result is Result.BLOCKED


def test_an_unknown_weight_is_never_safe() -> None:
    plan = plan_injection([at(lidocaine(0.1))], person(weight_kg=None))
    assert verdict(plan, "weight") is Verdict.UNKNOWN
    assert plan.result is Result.BLOCKED


@pytest.mark.parametrize(
    ("concentration", "unit", "meant"),
    [
        (10.0, "percent", "Did you mean 10 mg/mL?"),
        (20.0, "percent", "Did you mean 20 mg/mL?"),
        (1.0, "mg/ml", "Did you mean 1 percent?"),
        (0.1, "percent", "Did you mean 1 percent?"),
        (100.0, "mg/ml", "Did you mean 1 percent?"),
    ],
)
def test_a_slip_of_unit_or_point_is_asked_about(
    concentration: float, unit: str, meant: str
) -> None:
    portion = Portion("lidocaine", concentration, unit, 1.0)  # type: ignore[arg-type]
    plan = plan_injection([at(portion)], FIT)
    assert meant in says(plan, "strength-lidocaine")
    assert plan.result is not Result.READY


def test_a_dose_that_was_said_must_be_the_dose() -> None:
    said = Portion("lidocaine", 1.0, "percent", 2.0, stated_mg=20.0)
    assert plan_injection([at(said)], FIT).result is Result.READY
    wrong = Portion("lidocaine", 1.0, "percent", 2.0, stated_mg=2.0)
    plan = plan_injection([at(wrong)], FIT)
    assert verdict(plan, "stated-dose-lidocaine") is Verdict.BLOCKED
    assert "2 mg was said, but it is 20 mg" in says(plan, "stated-dose-lidocaine")


def test_pounds_for_kilograms_are_asked_about() -> None:
    pounds = plan_injection([at(lidocaine(1))], person(weight_kg=154.0))
    assert verdict(pounds, "plausible-weight") is Verdict.DECISION
    assert verdict(pounds, "weight-change") is Verdict.DECISION
    light = plan_injection([at(lidocaine(1))], person(weight_kg=70 / 2.2046))
    assert verdict(light, "weight-change") is Verdict.DECISION


@pytest.mark.parametrize(
    ("agent", "mg", "equivalent"),
    [
        ("triamcinolone", 10.0, 10.0),
        ("methylprednisolone", 20.0, 20.0),
        ("dexamethasone", 3.0, 16.0),  # 0.75 mg is as strong as 4
        ("betamethasone", 3.0, 20.0),  # 0.6 mg is
    ],
)
def test_steroids_are_counted_as_triamcinolone(agent: str, mg: float, equivalent: float) -> None:
    plan = plan_injection([at(steroid(mg, agent))], FIT, steroid_reason=REASON)
    assert f"= {equivalent:.3g} mg of triamcinolone" in arithmetic(plan, "steroid-session")


@pytest.mark.parametrize(("mg", "found"), [(40.0, Verdict.FINE), (40.1, Verdict.DECISION)])
def test_more_than_forty_milligrams_of_steroid_are_weighed(mg: float, found: Verdict) -> None:
    plan = plan_injection([at(steroid(mg))], FIT, steroid_reason=REASON)
    assert verdict(plan, "steroid-session") is found


@pytest.mark.parametrize(
    ("days_ago", "interval"),
    [(83, Verdict.DECISION), (84, Verdict.FINE), (85, Verdict.FINE)],
)
def test_twelve_weeks_lie_between_steroids(days_ago: int, interval: Verdict) -> None:
    plan = plan_injection(
        [at(steroid(10))], person(history=(given(days_ago),)), steroid_reason=REASON
    )
    assert verdict(plan, "steroid-interval") is interval


@pytest.mark.parametrize(
    ("oldest", "found"), [(364, Verdict.DECISION), (365, Verdict.FINE), (366, Verdict.FINE)]
)
def test_three_steroid_sessions_fit_into_a_rolling_year(oldest: int, found: Verdict) -> None:
    history = (given(100), given(200), given(oldest))
    plan = plan_injection([at(steroid(10))], person(history=history), steroid_reason=REASON)
    assert verdict(plan, "steroid-sessions") is found


def test_the_last_session_and_the_last_at_the_same_site_are_told() -> None:
    oldest, here, elsewhere = given(200, "lidocaine"), given(70, "lidocaine"), given(14, "saline")
    elsewhere = replace(elsewhere, muscle="piriformis")
    today = replace(given(0, "saline"), muscle="piriformis")
    joint = replace(given(2, "saline"), therapy="joint-injection", muscle=None)
    history = (oldest, here, elsewhere, joint, today)
    plan = plan_injection([at(lidocaine(1))], person(history=history))
    assert "2 weeks ago" in says(plan, "last-session")
    assert "10 weeks ago" in arithmetic(plan, f"same-site-interval-{WHERE}-left")
    assert "none on record" in says(plan_injection([at(lidocaine(1))], FIT), "last-session")


@pytest.mark.parametrize(
    ("days_ago", "found"),
    [(0, Verdict.DECISION), (41, Verdict.DECISION), (42, Verdict.FINE), (43, Verdict.FINE)],
)
def test_six_weeks_lie_between_injections_of_one_site(days_ago: int, found: Verdict) -> None:
    before = replace(given(days_ago, "saline"), mg=None)
    plan = plan_injection([at(lidocaine(1))], person(history=(before,)))
    assert verdict(plan, f"same-site-interval-{WHERE}-left") is found
    changes: list[dict[str, Any]] = [{"side": "both"}, {"side": None}, {"muscle": None}]
    for changed in changes:
        plan = plan_injection([at(lidocaine(1))], person(history=(replace(before, **changed),)))
        assert verdict(plan, f"same-site-interval-{WHERE}-left") is found
    others: list[dict[str, Any]] = [{"side": "right"}, {"muscle": "piriformis"}]
    for other in [*others, {"therapy": "dry-needling"}]:
        plan = plan_injection([at(lidocaine(1))], person(history=(replace(before, **other),)))
        assert verdict(plan, f"same-site-interval-{WHERE}-left") is None


def test_every_steroid_counts_wherever_it_was_given() -> None:
    joint = given(30)
    elsewhere = type(joint)(joint.on, "joint-injection", None, None, "dexamethasone", 3.0)
    plan = plan_injection([at(steroid(10))], person(history=(elsewhere,)), steroid_reason=REASON)
    assert "16 + 10 = 26 mg of triamcinolone" in says(plan, "steroid-year")
    unknown = type(joint)(joint.on, "epidural-injection", None, None, None, None)
    plan = plan_injection([at(steroid(10))], person(history=(unknown,)), steroid_reason=REASON)
    assert verdict(plan, "steroid-year") is Verdict.UNKNOWN
    assert plan.result is Result.BLOCKED


def test_a_steroid_needs_a_reason_and_shows_what_trials_found() -> None:
    plan = plan_injection([at(steroid(10))], FIT)
    assert verdict(plan, "steroid-reason") is Verdict.BLOCKED
    assert "Three of four trials saw no gain" in says(plan, "steroid-reason")
    with_reason = plan_injection([at(steroid(10))], FIT, steroid_reason=REASON)
    assert with_reason.result is Result.READY


@pytest.mark.parametrize(
    ("weight", "bolus"), [(60.0, "90 mL"), (70.0, "105 mL"), (70.5, "100 mL"), (100.0, "100 mL")]
)
def test_the_rescue_that_must_be_at_hand_is_worked_out(weight: float, bolus: str) -> None:
    plan = plan_injection([at(lidocaine(1))], person(weight_kg=weight))
    assert bolus in plan.at_hand[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: plan_injection([at(lidocaine(0))], FIT),
        lambda: plan_injection([at(lidocaine(-1))], FIT),
        lambda: plan_injection([at(lidocaine(float("nan")))], FIT),
        lambda: plan_injection([at(lidocaine(1, 0))], FIT),
        lambda: plan_injection([at(Portion("lidocain", 1, "percent", 1))], FIT),
        lambda: plan_injection([at(lidocaine(1), muscle="gluteus")], FIT),
        lambda: plan_injection([at(lidocaine(1), side="both")], FIT),
        lambda: plan_injection([at()], FIT),
        lambda: person(weight_kg=0.0),
        lambda: person(birth_date=TODAY.replace(year=2027)),
        lambda: plan_injection([], FIT),
        lambda: plan_injection([at(lidocaine(1))], FIT, acknowledged=["gate"]),
    ],
)
def test_what_cannot_be_is_refused(make: object) -> None:
    with pytest.raises(UsageError):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("agent", "hours", "counts"),
    [
        *(("lidocaine", 9.9, True), ("lidocaine", 10, False)),
        *(("mepivacaine", 15.9, True), ("mepivacaine", 16, False)),
        *(("bupivacaine", 23.9, True), ("bupivacaine", 24, False)),
        *(("ropivacaine", 25.9, True), ("ropivacaine", 26, False)),
        *((None, 25.9, True), (None, 26, False)),  # it may have been the one that acts longest
        *(("saline", 1, False), ("triamcinolone", 1, False)),
    ],
)
def test_an_earlier_dose_counts_for_as_long_as_it_acts(
    agent: str | None, hours: float, counts: bool
) -> None:
    now = datetime.combine(TODAY, time(23), UTC)
    before = now - timedelta(hours=hours)
    dose = replace(given(0, agent, None), on=before.date(), at=before)
    plan = plan_injection([at(lidocaine(0.5))], person(history=(dose,), at=now))
    assert (verdict(plan, "anaesthetic-share") is not Verdict.FINE) is counts
