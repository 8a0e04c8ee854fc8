"""The whole dose of a plan is the one that its checks are made of, and is never told as less."""

from __future__ import annotations

from hypothesis import given as forall
from hypothesis import strategies as st

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies.injection import Person, Site, Verdict, plan_injection
from reliefpath.web.views.injection import headline, percent

from .people import at, given, lidocaine, person, steroid
from .test_laws import people, sites

REASON = "no lasting relief without it"
STOPS = ("anaesthetic-share", "anaesthetic-frail", "weight", "earlier-anaesthetic")


@forall(sites, people)
def test_the_headline_is_too_much_exactly_where_a_check_of_the_dose_blocks(
    where: list[Site], whom: Person
) -> None:
    plan = plan_injection(where, whom, steroid_reason=REASON)
    shown = headline(plan, SHIPPED)
    bad = [c.id for c in plan.checks if c.id in STOPS and c.verdict is not Verdict.FINE]
    if plan.dose is None:
        assert not bad
        assert shown.share is None
    elif plan.dose.share is None:
        assert {"weight", "earlier-anaesthetic"} & set(bad)
        assert "%" not in shown.says
    else:
        assert shown.is_too_much is bool(bad)
        assert percent(plan.dose.share) in shown.says


@forall(st.floats(0, 5))
def test_a_share_is_never_told_as_less_than_it_is(share: float) -> None:
    assert int(percent(share).removesuffix(" %")) >= 100 * share - 1e-4


def test_the_headline_tells_every_agent_and_what_still_acts() -> None:
    plan = plan_injection([at(lidocaine(2), steroid(10))], person(), steroid_reason=REASON)
    shown = headline(plan, SHIPPED)
    assert shown.doses == "20 mg of lidocaine and 10 mg of triamcinolone acetonide"
    assert shown.says == "7 % of the maximum for 70 kg"
    earlier = person(history=(given(0, "lidocaine", 100.0),))
    assert "40 % of the maximum for 70 kg, with what was given before" in (
        headline(plan_injection([at(lidocaine(2))], earlier), SHIPPED).says
    )
    unknown = person(history=(given(0, "lidocaine", None),))
    assert "not known" in headline(plan_injection([at(lidocaine(2))], unknown), SHIPPED).says
    no_weight = headline(plan_injection([at(lidocaine(2))], person(weight_kg=None)), SHIPPED)
    assert (no_weight.share, no_weight.says) == (None, "of a maximum that the weight tells")


def test_in_frailty_less_is_allowed_and_said() -> None:
    frail = person(weight_kg=45.0)
    plan = plan_injection([at(lidocaine(15))], frail)
    shown = headline(plan, SHIPPED)
    assert shown.says == "75 % of the maximum for 45 kg; at most 70 % here"
    assert shown.is_too_much
