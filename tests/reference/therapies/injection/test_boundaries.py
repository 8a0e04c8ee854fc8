"""Each number that a plan is held against: at it, just under and just over, written out here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from reliefpath.errors import UsageError, is_reason
from reliefpath.knowledge import SHIPPED, Knowledge
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.coverage import Asked
from reliefpath.reference.therapies.injection import (
    Person,
    Plan,
    Portion,
    Result,
    Verdict,
    plan_injection,
)
from reliefpath.reference.therapies.injection.intervals import within
from reliefpath.reference.therapies.needling import Course, plan_needling

from .people import FIT, TODAY, WHERE, at, given, having, lidocaine, person, steroid

REASON = "no lasting relief without it"
FINE, ASKED, BLOCKED = Verdict.FINE, Verdict.DECISION, Verdict.BLOCKED


def verdict(plan: Plan, id_: str) -> Verdict | None:
    return next((check.verdict for check in plan.checks if check.id == id_), None)


def of(id_: str, portion: Portion, whom: Person = FIT) -> Verdict | None:
    return verdict(plan_injection([at(portion)], whom, steroid_reason=REASON), id_)


@pytest.mark.parametrize(
    ("agent", "percent", "found"),
    [
        ("lidocaine", 0.24, ASKED),
        ("lidocaine", 0.2474, ASKED),
        ("lidocaine", 0.2475, FINE),  # within a hundredth
        ("lidocaine", 0.25, FINE),
        ("lidocaine", 0.26, FINE),
        ("lidocaine", 0.99, FINE),
        ("lidocaine", 1.0, FINE),
        ("lidocaine", 1.0095, FINE),
        ("lidocaine", 1.0105, ASKED),
        ("lidocaine", 1.02, ASKED),
        ("lidocaine", 2.0, ASKED),
        ("lidocaine", 2.02, ASKED),
        ("lidocaine", 2.03, BLOCKED),
        ("bupivacaine", 0.24, ASKED),
        ("bupivacaine", 0.25, FINE),
        ("bupivacaine", 0.26, ASKED),
        ("bupivacaine", 0.75, ASKED),
        ("bupivacaine", 0.76, BLOCKED),
        ("ropivacaine", 0.19, ASKED),
        ("ropivacaine", 0.2, FINE),
        ("ropivacaine", 0.21, ASKED),
        ("ropivacaine", 1.0, ASKED),
        ("ropivacaine", 1.02, BLOCKED),
        ("mepivacaine", 0.49, ASKED),
        ("mepivacaine", 0.5, FINE),
        ("mepivacaine", 1.0, FINE),
        ("mepivacaine", 1.02, ASKED),
        ("mepivacaine", 2.0, ASKED),
        ("mepivacaine", 2.03, BLOCKED),
    ],
)
def test_the_strengths_that_are_usual_and_that_are_sold(
    agent: str, percent: float, found: Verdict
) -> None:
    assert of(f"strength-{agent}", Portion(agent, percent, "percent", 0.5)) is found
    assert of(f"strength-{agent}", Portion(agent, percent * 10, "mg/ml", 0.5)) is found


@pytest.mark.parametrize(
    ("stated", "found"),
    [(98.9, BLOCKED), (99.0, FINE), (100.95, FINE), (101.0, FINE), (101.05, BLOCKED)],
)
def test_a_dose_that_was_said_is_within_a_hundredth_of_what_is_drawn_up(
    stated: float, found: Verdict
) -> None:
    drawn_up = Portion("lidocaine", 1.0, "percent", 10.0, stated_mg=stated)  # 100 mg
    assert of("stated-dose-lidocaine", drawn_up) is found


@pytest.mark.parametrize(
    ("agent", "low", "high"),
    [
        ("triamcinolone", 10, 40),
        ("methylprednisolone", 20, 40),
        ("dexamethasone", 2, 4),
        ("betamethasone", 3, 6),
    ],
)
def test_the_usual_dose_of_a_steroid(agent: str, low: float, high: float) -> None:
    for mg, found in ((low - 0.1, ASKED), (low, FINE), (high, FINE), (high + 0.1, ASKED)):
        assert of(f"usual-dose-{agent}", steroid(mg, agent)) is found


def test_the_usual_dose_is_each_steroid_s_own_and_of_all_sites() -> None:
    both = [at(steroid(3, "dexamethasone")), at(steroid(20), side="right")]
    plan = plan_injection(both, FIT, steroid_reason=REASON)
    assert verdict(plan, "usual-dose-dexamethasone") is FINE
    assert verdict(plan, "usual-dose-triamcinolone") is FINE
    halves = [at(steroid(3, "dexamethasone")), at(steroid(1.5, "dexamethasone"), side="right")]
    plan = plan_injection(halves, FIT, steroid_reason=REASON)
    assert verdict(plan, "usual-dose-dexamethasone") is ASKED


@pytest.mark.parametrize(
    ("agent", "percent", "maximum"),
    [
        ("lidocaine", 1.0, 270.0),  # 4.5 mg/kg of 60 kg
        ("bupivacaine", 0.25, 120.0),  # 2 mg/kg
        ("ropivacaine", 0.2, 180.0),  # 3 mg/kg
        ("mepivacaine", 1.0, 264.0),  # 4.4 mg/kg
    ],
)
@pytest.mark.parametrize(
    ("share", "found"),
    [
        (0.499, {}),
        (0.501, {"height-asked": ASKED}),
        (0.799, {"height-asked": ASKED}),
        (0.801, {"height-asked": ASKED, "anaesthetic-high": ASKED}),
        (0.999, {"height-asked": ASKED, "anaesthetic-high": ASKED}),
        (
            1.001,
            {"height-asked": ASKED, "anaesthetic-high": ASKED, "anaesthetic-share": BLOCKED},
        ),
    ],
)
def test_each_maximum_by_weight_is_asked_about_at_half_and_at_four_fifths_and_blocks(
    agent: str, percent: float, maximum: float, share: float, found: dict[str, Verdict]
) -> None:
    portion = Portion(agent, percent, "percent", share * maximum / (percent * 10))
    plan = plan_injection([at(portion)], person(weight_kg=60.0, weight_before_kg=60.0))
    ids = ("height-asked", "anaesthetic-high", "anaesthetic-share")
    assert {id_: verdict(plan, id_) for id_ in ids} == {**dict.fromkeys(ids, FINE), **found}


@pytest.mark.parametrize(
    ("agent", "percent", "cap"),
    [
        ("lidocaine", 1.0, 300.0),
        ("bupivacaine", 0.25, 175.0),
        ("ropivacaine", 0.2, 200.0),
        ("mepivacaine", 1.0, 400.0),
    ],
)
def test_each_maximum_whatever_the_weight(agent: str, percent: float, cap: float) -> None:
    heavy = person(weight_kg=140.0, weight_before_kg=140.0, height_cm=220.0)
    for mg, found in ((cap - 0.1, FINE), (cap, FINE), (cap + 0.1, BLOCKED)):
        assert (
            of("anaesthetic-share", Portion(agent, percent, "percent", mg / percent / 10), heavy)
            is found
        )


@pytest.mark.parametrize(
    ("agent", "percent", "most"), [("bupivacaine", 0.25, 400.0), ("mepivacaine", 1.0, 1000.0)]
)
@pytest.mark.parametrize(("beyond", "found"), [(-0.1, FINE), (0.0, FINE), (0.1, BLOCKED)])
def test_each_maximum_of_24_hours_whatever_still_acts(
    agent: str, percent: float, most: float, beyond: float, found: Verdict
) -> None:
    now = datetime(2026, 3, 31, 23, tzinfo=UTC)
    portion = Portion(agent, percent, "percent", 10.0)
    for hours, told in ((23.9, found), (24.0, None)):
        first = now - timedelta(hours=hours)
        before = replace(given(0, agent, most - portion.mg + beyond), on=first.date(), at=first)
        whom = person(at=now, history=(before,))
        assert of(f"anaesthetic-24-hours-{agent}", portion, whom) is told


@pytest.mark.parametrize(
    ("whom", "holds"),
    [
        (person(birth_date=date(1956, 4, 1)), False),  # 70 tomorrow
        (person(birth_date=date(1956, 3, 31)), True),
        (person(weight_kg=50.0, weight_before_kg=50.0), False),
        (person(weight_kg=49.9, weight_before_kg=49.9), True),
        (having(("condition", "frailty")), True),
        (having(("condition", "fibromyalgia")), False),
    ],
)
def test_the_old_the_light_and_the_frail_get_seven_tenths(whom: Person, holds: bool) -> None:
    maximum = min(4.5 * (whom.weight_kg or 0), 300)
    for share, blocks in ((0.699, False), (0.701, holds)):
        found = of("anaesthetic-frail", lidocaine(share * maximum / 10), whom)
        assert (found is BLOCKED) is blocks
        assert (found is None) is not holds


@pytest.mark.parametrize(
    ("weight", "found"),
    [(29.9, ASKED), (30.0, FINE), (30.1, FINE), (149.9, FINE), (150.0, FINE), (150.1, ASKED)],
)
def test_a_weight_below_30_or_above_150_kg_is_asked_about(weight: float, found: Verdict) -> None:
    assert of("plausible-weight", lidocaine(1), person(weight_kg=weight)) is found


@pytest.mark.parametrize(
    ("now", "found"), [(105.0, FINE), (105.1, ASKED), (46.67, FINE), (46.6, ASKED)]
)
def test_a_weight_that_changed_by_half_is_asked_about(now: float, found: Verdict) -> None:
    whom = person(weight_kg=now, weight_before_kg=70.0)
    assert of("weight-change", lidocaine(1), whom) is found


@pytest.mark.parametrize(
    ("weight", "height", "told", "found"),
    [
        (86.7, 170.0, "30", FINE),  # 86.7 / 1.7² = 30.0
        (86.9, 170.0, "30.1", ASKED),
        (80.0, 160.0, "31.2", ASKED),  # 80 / 2.56
        (80.0, 200.0, "20", FINE),
        (60.0, 150.0, "26.7", FINE),
    ],
)
def test_body_mass_above_30_is_weighed(
    weight: float, height: float, told: str, found: Verdict
) -> None:
    whom = person(weight_kg=weight, weight_before_kg=weight, height_cm=height)
    plan = plan_injection([at(lidocaine(1))], whom)
    check = next(check for check in plan.checks if check.id == "body-mass-index")
    assert (check.verdict, verdict(plan, "height-asked")) == (found, None)
    assert check.says.startswith(f"Body mass index: {told} kg/m²")


@pytest.mark.parametrize(("ml", "found"), [(9.9, FINE), (10.0, FINE), (10.1, ASKED)])
def test_more_than_ten_millilitres_are_weighed(ml: float, found: Verdict) -> None:
    assert of("volume", lidocaine(ml, 0.25)) is found


@pytest.mark.parametrize(("count", "found"), [(5, FINE), (6, FINE), (7, ASKED)])
def test_more_than_six_needled_muscles_are_weighed(count: int, found: Verdict) -> None:
    far = [(m, "left") for m, row in muscles(SHIPPED).items() if not row.pneumothorax][:count]
    plan = plan_needling(far, FIT, Course(0, None))
    assert next(c.verdict for c in plan.checks if c.id == "needled-muscles") is found


@pytest.mark.parametrize(
    ("born", "blocked", "asked"),
    [
        (date(2008, 3, 31), set(), set()),  # 18 today
        (date(2008, 4, 1), {"age"}, {"consent-guardian", "consent-assent"}),
        (date(2007, 4, 1), set(), set()),
    ],
)
def test_under_18_a_guardian_and_the_patient_agree_and_adults_limits_do_not_hold(
    born: date, blocked: set[str], asked: set[str]
) -> None:
    plan = plan_injection([at(lidocaine(1))], person(birth_date=born))
    assert {c.id for c in plan.blocking if c.verdict is BLOCKED} == blocked
    assert {c.id for c in plan.blocking if c.verdict is Verdict.UNKNOWN} == asked


@pytest.mark.parametrize("who", ["guardian", "assent"])
def test_the_no_of_a_guardian_or_of_the_young_person_counts(who: str) -> None:
    young = replace(having(("consent", who)), birth_date=date(2010, 1, 1))
    assert verdict(plan_injection([at(lidocaine(1))], young), f"consent-{who}") is FINE
    for born in (date(2010, 1, 1), date(1980, 1, 1)):
        refused = replace(having(("consent", f"{who}-refused")), birth_date=born)
        assert verdict(plan_injection([at(lidocaine(1))], refused), f"consent-{who}") is BLOCKED


@pytest.mark.parametrize(
    "make",
    [
        lambda: plan_injection([at(Portion("lidocaine", 1, "%", 1))], FIT),  # type: ignore[arg-type]
        lambda: plan_injection([at(Portion("lidocaine", 1, "mg", 1))], FIT),  # type: ignore[arg-type]
        lambda: plan_injection([at(Portion("lidocaine", float("inf"), "percent", 1))], FIT),
        lambda: plan_injection(
            [at(Portion("lidocaine", 1, "percent", 1, stated_mg=float("nan")))], FIT
        ),
        lambda: plan_injection([at(Portion("lidocaine", 1, "percent", 1, stated_mg=0))], FIT),
        lambda: plan_injection(
            [at(Portion("lidocaine", 1, "percent", 1, stated_mg=float("inf")))], FIT
        ),
        lambda: person(weight_kg=float("inf")),
        lambda: person(weight_kg=float("nan")),
        lambda: person(height_cm=float("inf")),
        lambda: person(height_cm=0.0),
    ],
)
def test_what_is_no_number_or_unit_is_refused(make: Any) -> None:
    with pytest.raises(UsageError):
        make()


@pytest.mark.parametrize(("met", "found"), [(True, FINE), (False, ASKED)])
def test_what_a_payer_asks_and_is_met_is_no_decision(met: bool, found: Verdict) -> None:
    asked = Asked("aetna", "pain", met, "pain above 3")
    plan = plan_injection([at(lidocaine(1))], FIT, coverage=[asked])
    assert verdict(plan, "coverage-aetna-pain") is found
    assert (plan.result is Result.READY) is met


@pytest.mark.parametrize("code", ["pregnant", "not-pregnant"])
@pytest.mark.parametrize(
    ("muscle", "barred"),
    [
        (WHERE, False),
        ("masseter", False),
        ("iliocostalis-lumborum", True),
        ("quadratus-lumborum", True),
        ("rectus-abdominis-obliques", True),
    ],
)
def test_in_pregnancy_no_needle_goes_into_low_back_or_abdomen(
    code: str, muscle: str, barred: bool
) -> None:
    barred = barred and code == "pregnant"
    whom = having(("pregnancy", code))
    injected = plan_injection([at(lidocaine(1), muscle=muscle)], whom)
    needled = plan_needling([(muscle, "left")], whom, Course(0, None))
    for plan in (injected, needled):
        assert (f"pregnancy-{muscle}" in {c.id for c in plan.blocking}) is barred


@pytest.mark.parametrize(
    "reason", [None, "", " ", "x", "-", "--", " . ", "x.", "12", "ok", "aaaa", "pain", "MRI"]
)
def test_what_has_no_word_is_no_reason_for_a_steroid(reason: str | None) -> None:
    says_why = reason in ("pain", "MRI")
    assert is_reason(reason) is says_why
    plan = plan_injection([at(steroid(10))], FIT, steroid_reason=reason)
    assert (verdict(plan, "steroid-reason") is BLOCKED) is not says_why
    weighed = replace(plan, acknowledged=plan.open_decisions)
    assert (weighed.result is Result.BLOCKED) is not says_why


@pytest.mark.parametrize("days", [1, 2, 7, 365])
def test_a_rolling_window_holds_as_many_days_and_ends_today(days: int) -> None:
    history = [given(ago) for ago in range(-2, 370)]
    kept = [one for one in history if one.on <= TODAY and one.on > TODAY - timedelta(days)]
    assert len(kept) == days
    assert within(history, TODAY, days) == kept


def test_a_steroid_of_today_is_one_of_the_year() -> None:
    plan = plan_injection([at(steroid(10))], person(history=(given(0),)), steroid_reason=REASON)
    year = next(check for check in plan.checks if check.id == "steroid-year")
    assert "10 + 10 = 20 mg of triamcinolone" in year.says


def test_where_a_clinic_takes_the_window_away_every_steroid_session_counts() -> None:
    ours = Knowledge.of_text(
        "clinic: Riverside\noverrides:\n"
        "  - {in: limits, row: limits.steroid-sessions, set: {days: null},"
        " because: Three in a life are enough., by: Dr. Ana Ruiz, on: 2026-01-04}\n"
    )
    history = tuple(map(given, (400, 800, 1200)))
    for knowledge, found in ((SHIPPED, FINE), (ours, ASKED)):
        whom = person(knowledge=knowledge, history=history)
        plan = plan_injection([at(steroid(10))], whom, steroid_reason=REASON)
        assert verdict(plan, "steroid-sessions") is found


@pytest.mark.parametrize("muscle", [m for m in muscles(SHIPPED) if m != "intercostals-diaphragm"])
def test_the_other_side_of_the_chest_is_that_of_every_muscle_beside_the_lung(muscle: str) -> None:
    before = replace(given(0, "saline"), muscle=muscle, side="right")
    plan = plan_injection([at(lidocaine(1), muscle="rhomboids")], person(history=(before,)))
    beside = bool(muscles(SHIPPED)[muscle].pneumothorax)
    assert verdict(plan, "other-side-of-chest") is (BLOCKED if beside else None)


def test_one_side_of_the_chest_a_day_even_on_the_day_of_25_hours() -> None:
    """On 25 October 2026 clocks in Madrid go back: 24 and a quarter hours lie between the two."""
    first = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    day = date(2026, 10, 25)
    before = replace(given(0, "saline"), muscle="rhomboids", side="right", on=day, at=first)
    late = person(
        on=day,
        at=datetime(2026, 10, 25, 22, 45, tzinfo=UTC),
        zone="Europe/Madrid",
        history=(before,),
    )
    plan = plan_injection([at(lidocaine(1), muscle="rhomboids")], late)
    assert verdict(plan, "other-side-of-chest") is BLOCKED
    yesterday = replace(late, history=(replace(before, on=date(2026, 10, 24)),))
    plan = plan_injection([at(lidocaine(1), muscle="rhomboids")], yesterday)
    assert verdict(plan, "other-side-of-chest") is ASKED


def test_what_is_little_is_no_nonsense() -> None:
    small = person(weight_kg=0.9, weight_before_kg=None, height_cm=0.9)
    assert (small.weight_kg, small.height_cm) == (0.9, 0.9)
    portion = Portion("lidocaine", 0.5, "percent", 0.5, stated_mg=0.5)
    assert of("stated-dose-lidocaine", portion) is BLOCKED
