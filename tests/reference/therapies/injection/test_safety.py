"""Who may not be injected, where not, and what was not asked: a case for every bar."""

from __future__ import annotations

from datetime import date

import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import SCREENED, Restriction, finding_kinds
from reliefpath.reference.therapies.injection import (
    Check,
    Plan,
    Portion,
    Result,
    Standing,
    Verdict,
    plan_injection,
)

from .people import CONSENTED, FIT, at, having, lidocaine, person, steroid

FINDINGS = [
    (kind, code, row)
    for kind, group in finding_kinds(SHIPPED).items()
    for code, row in group.codes.items()
    if code != SCREENED
]
REASON = "no lasting relief without it"


def check(plan: Plan, id_: str) -> Check:
    return next(check for check in plan.checks if check.id == id_)


def barred(*bars: Restriction) -> list[tuple[str, str]]:
    return [(kind, code) for kind, code, row in FINDINGS if set(bars) & set(row.bars)]


STEROID_BLOCKING = {code for _, code in barred(Restriction.STEROID_CONTRAINDICATION)}
BLOCKING = set(barred(Restriction.RED_FLAG, Restriction.CONTRAINDICATION))


@pytest.mark.parametrize(("kind", "code"), sorted(BLOCKING))
def test_every_red_flag_and_contraindication_blocks(kind: str, code: str) -> None:
    plan = plan_injection([at(lidocaine(1))], having((kind, code)))
    assert check(plan, f"{kind}-{code}").verdict is Verdict.BLOCKED
    assert plan.result is Result.BLOCKED


@pytest.mark.parametrize(("kind", "code"), barred(Restriction.STEROID_CONTRAINDICATION))
def test_every_contraindication_of_a_steroid_blocks_the_steroid(kind: str, code: str) -> None:
    plan = plan_injection([at(steroid(10))], having((kind, code)), steroid_reason=REASON)
    assert check(plan, f"{kind}-{code}").verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("kind", "code"),
    sorted(
        set(barred(Restriction.CAUTION, Restriction.ANTICOAGULANT))
        - set(barred(Restriction.RED_FLAG, Restriction.CONTRAINDICATION))
    ),
)
def test_every_caution_is_acknowledged_by_name(kind: str, code: str) -> None:
    whom, id_ = having((kind, code)), f"{kind}-{code}"
    what, said = [at(lidocaine(1), steroid(10))], {"steroid_reason": REASON}
    if code in STEROID_BLOCKING:
        what, said = [at(lidocaine(1))], {}
    plan = plan_injection(what, whom, **said)  # type: ignore[arg-type]
    assert plan.result is Result.NEEDS_A_DECISION
    assert id_ in plan.open_decisions
    weighed = plan_injection(what, whom, acknowledged=plan.open_decisions, **said)  # type: ignore[arg-type]
    assert weighed.result is Result.READY


@pytest.mark.parametrize(
    ("code", "agent"),
    [
        ("diabetes", "triamcinolone"),
        ("cardiac-conduction-disease", "lidocaine"),
        ("hepatic-disease", "lidocaine"),
        ("methaemoglobinaemia", "lidocaine"),
        ("g6pd-deficiency", "lidocaine"),
    ],
)
def test_a_caution_of_one_kind_of_agent_is_weighed_only_where_one_is_planned(
    code: str, agent: str
) -> None:
    whom, said = having(("condition", code)), {"steroid_reason": REASON}
    portions = {"lidocaine": lidocaine(1), "triamcinolone": steroid(10)}
    for name, portion in portions.items():
        plan = plan_injection([at(portion)], whom, **said)  # type: ignore[arg-type]
        assert (f"condition-{code}" in plan.open_decisions) is (name == agent)
        assert any(each.id == f"condition-{code}" for each in plan.checks) is (name == agent)


@pytest.mark.parametrize("kind", ["red-flag", "allergy", "condition", "medicine"])
def test_what_was_not_asked_is_not_safe(kind: str) -> None:
    plan = plan_injection([at(lidocaine(1))], person(screened=FIT.screened - {kind}))
    assert check(plan, f"{kind}-not-asked").verdict is Verdict.UNKNOWN
    assert plan.result is Result.BLOCKED


def test_an_unknown_age_is_not_safe() -> None:
    assert plan_injection([at(lidocaine(1))], person(birth_date=None)).result is Result.BLOCKED


@pytest.mark.parametrize(
    ("born", "found"),
    [(date(2008, 3, 31), Verdict.FINE), (date(2008, 4, 1), Verdict.BLOCKED)],
)
def test_nobody_under_18_is_injected_by_the_limits_of_adults(born: date, found: Verdict) -> None:
    plan = plan_injection([at(lidocaine(1))], person(birth_date=born))
    assert check(plan, "age").verdict is found


def test_no_consent_blocks_and_a_refusal_is_told() -> None:
    silent = plan_injection([at(lidocaine(1))], person(findings=()))
    assert check(silent, "consent").verdict is Verdict.UNKNOWN
    refused = plan_injection([at(lidocaine(1))], having(("consent", "injection-refused")))
    assert check(refused, "consent").verdict is Verdict.BLOCKED


def test_pregnancy_is_asked_about_unless_it_cannot_be() -> None:
    woman = plan_injection([at(lidocaine(1))], person(sex="female"))
    assert "pregnancy-not-asked" in woman.open_decisions
    asked = person(sex="female", findings=(CONSENTED, Standing("pregnancy", "not-pregnant")))
    assert plan_injection([at(lidocaine(1))], asked).result is Result.READY


def test_pregnancy_blocks_a_steroid_and_is_weighed_without_one() -> None:
    pregnant = having(("pregnancy", "pregnant"))
    plain = plan_injection([at(lidocaine(1))], pregnant)
    assert check(plain, "pregnancy-pregnant").verdict is Verdict.DECISION
    with_steroid = plan_injection([at(steroid(10))], pregnant, steroid_reason=REASON)
    assert check(with_steroid, "pregnancy-pregnant").verdict is Verdict.BLOCKED


@pytest.mark.parametrize("gate", [False, None])
def test_a_gate_that_is_not_open_is_overridden_only_by_name(gate: bool | None) -> None:
    plan = plan_injection([at(lidocaine(1))], person(gate=gate))
    assert plan.open_decisions == ("gate",)


@pytest.mark.parametrize("muscle", [m for m, row in muscles(SHIPPED).items() if row.pneumothorax])
def test_the_lung_is_warned_of_at_every_muscle_beside_it(muscle: str) -> None:
    plan = plan_injection([at(lidocaine(1), muscle=muscle)], FIT)
    assert check(plan, f"hazard-{muscle}").verdict is Verdict.DECISION


def test_over_the_chest_wall_one_side_a_session() -> None:
    sites = [at(lidocaine(1), muscle="upper-trapezius", side=side) for side in ("left", "right")]
    plan = plan_injection(sites, FIT)
    assert check(plan, "one-side").verdict is Verdict.BLOCKED
    far = [at(lidocaine(1), side=side) for side in ("left", "right")]
    assert plan_injection(far, FIT).result is Result.READY


def test_what_is_never_needled_is_blocked() -> None:
    plan = plan_injection([at(lidocaine(1), muscle="intercostals-diaphragm")], FIT)
    assert check(plan, "muscle-intercostals-diaphragm").verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("agent", "found"),
    [
        ("epinephrine", Verdict.BLOCKED),
        ("botulinum-toxin-a", Verdict.BLOCKED),
        ("dextrose", Verdict.DECISION),
        ("platelet-rich-plasma", Verdict.DECISION),
    ],
)
def test_agents_beside_the_pathway_are_not_planned_in_silence(agent: str, found: Verdict) -> None:
    plan = plan_injection([at(Portion(agent, 0, "percent", 1.0))], FIT)
    assert check(plan, f"agent-{agent}").verdict is found


def test_saline_alone_needs_no_weight() -> None:
    saline = at(Portion("saline", 0, "percent", 1.0))
    assert plan_injection([saline], person(weight_kg=None)).result is Result.READY


@pytest.mark.parametrize(("count", "found"), [(4, Verdict.FINE), (5, Verdict.DECISION)])
def test_more_than_four_muscles_are_weighed(count: int, found: Verdict) -> None:
    far = [m for m, row in muscles(SHIPPED).items() if not row.pneumothorax][:count]
    plan = plan_injection([at(lidocaine(0.5), muscle=muscle) for muscle in far], FIT)
    assert check(plan, "muscles").verdict is found


@pytest.mark.parametrize(("count", "found"), [(8, Verdict.FINE), (9, Verdict.DECISION)])
def test_more_than_eight_points_are_weighed(count: int, found: Verdict) -> None:
    plan = plan_injection([at(lidocaine(0.5))] * count, FIT)
    assert check(plan, "points").verdict is found


@pytest.mark.parametrize(("volume", "found"), [(10.0, Verdict.FINE), (10.1, Verdict.DECISION)])
def test_more_than_ten_millilitres_are_weighed(volume: float, found: Verdict) -> None:
    plan = plan_injection([at(lidocaine(volume))], FIT)
    assert check(plan, "volume").verdict is found


@pytest.mark.parametrize("kind", ["allergy", "medicine"])
def test_words_that_nobody_understands_are_unknown_by_name(kind: str) -> None:
    words = Standing(kind, "not-understood", words="zorblax")
    plan = plan_injection([at(lidocaine(1.0))], person(findings=(CONSENTED, words)))
    check = next(c for c in plan.checks if c.id == f"{kind}-not-understood")
    assert check.verdict is Verdict.UNKNOWN
    assert "zorblax" in check.says
    assert plan.result is Result.BLOCKED


def test_a_strong_cyp3a4_inhibitor_bars_the_steroid_alone() -> None:
    whom = having(("medicine", "strong-cyp3a4-inhibitor"))
    assert plan_injection([at(lidocaine(1.0))], whom).result is Result.READY
    plan = plan_injection([at(steroid(10.0))], whom, steroid_reason="stubborn")
    assert plan.result is Result.BLOCKED


def test_a_medicine_against_diabetes_is_weighed_before_a_steroid_alone() -> None:
    whom = having(("medicine", "glucose-lowering"))
    assert plan_injection([at(lidocaine(1.0))], whom).result is Result.READY
    plan = plan_injection([at(steroid(10.0))], whom, steroid_reason="stubborn")
    assert "medicine-glucose-lowering" in plan.open_decisions


def test_one_finding_under_two_names_is_one_decision_that_tells_both() -> None:
    names = [Standing("medicine", "aspirin", words=words) for words in ("ASA", "Adiro")]
    plan = plan_injection([at(lidocaine(1.0))], person(findings=(CONSENTED, *names)))
    assert plan.open_decisions == ("medicine-aspirin",)
    assert "(ASA, Adiro)" in next(c.says for c in plan.checks if c.id == "medicine-aspirin")
