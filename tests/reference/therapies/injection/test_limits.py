"""What the limits say by themselves, before a plan is held against them."""

import pytest
from pydantic import ValidationError

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import finding_kinds
from reliefpath.reference.therapies.injection.limits import (
    Limit,
    OneSide,
    Rescue,
    injection_limits,
)
from reliefpath.reference.therapies.injection.rescue import rescue_doses


def test_a_limit_may_hold_from_an_age_and_the_frail_one_does_from_70() -> None:
    limits = injection_limits(SHIPPED).limits
    assert {id_: row.from_age for id_, row in limits.items() if row.from_age is not None} == {
        "anaesthetic-frail": 70
    }
    assert limits["anaesthetic-frail"].most == 0.7


def test_what_no_source_gives_of_the_frail_limit_is_the_director_s_to_sign() -> None:
    catalogue = injection_limits(SHIPPED)
    sources = [catalogue.sources[id_] for id_ in catalogue.limits["anaesthetic-frail"].source]
    assert any(source.certainty.needs_signature for source in sources)


@pytest.mark.parametrize("key", ["from_age", "below_kg", "days"])
def test_a_limit_of_nothing_is_refused_and_of_one_is_not(key: str) -> None:
    row = {"name": "-", "most": 1, "unit": "mg", "over": "blocked", "because": "-", "source": ["s"]}
    assert Limit.model_validate(row | {key: 1})
    with pytest.raises(ValidationError, match="greater than 0"):
        Limit.model_validate(row | {key: 0})


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        *(("one_side", key) for key in ("blocked_hours", "asked_hours")),
        *(("rescue", key) for key in ("concentration_percent", "ml_per_kg", "fixed_ml")),
        *(("rescue", key) for key in ("fixed_above_kg", "infusion_ml_per_kg_per_minute")),
        *(("rescue", key) for key in ("most_ml_per_kg", "epinephrine_mcg_per_kg")),
        ("young", "below_age"),
    ],
)
def test_a_rule_of_nothing_is_refused_and_of_little_is_not(rule: str, key: str) -> None:
    row = getattr(injection_limits(SHIPPED), rule)
    little = 1 if key == "below_age" else 0.5
    wider = {"asked_hours": 0.6} if key == "blocked_hours" else {"blocked_hours": 0.4}
    more = wider if rule == "one_side" else {}
    changed = type(row).model_validate(row.model_dump() | more | {key: little})
    assert getattr(changed, key) == little
    with pytest.raises(ValidationError, match="greater than 0"):
        type(row).model_validate(row.model_dump() | more | {key: 0})


def test_the_signs_are_asked_about_for_longer_than_the_other_side_waits() -> None:
    row = injection_limits(SHIPPED).one_side
    for hours, fits in ((24.5, True), (24, False), (23, False)):
        changed = row.model_dump() | {"blocked_hours": 24, "asked_hours": hours}
        if fits:
            assert OneSide.model_validate(changed).asked_hours == hours
        else:
            with pytest.raises(ValidationError, match="must be more than"):
                OneSide.model_validate(changed)


def test_a_limit_has_a_least_a_most_or_both() -> None:
    row = {"name": "-", "unit": "mg", "over": "blocked", "because": "-", "source": ["s"]}
    least, most = (Limit.model_validate(row | {bound: 2}) for bound in ("least", "most"))
    both = Limit.model_validate(row | {"least": 2, "most": 3})
    with pytest.raises(ValidationError, match="needs `least` or `most`"):
        Limit.model_validate(row)
    values = (1.9, 2.0, 2.1, 3.0, 3.1)
    assert [least.broken(value) for value in values] == [True, False, False, False, False]
    assert [most.broken(value) for value in values] == [False, False, True, True, True]
    assert [both.broken(value) for value in values] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("weight", "bolus", "infusion", "most"),
    [
        (50.0, 75.0, (187.5, 250.0), 600.0),
        (69.9, 104.85, (262.125, 349.5), 838.8),
        (70.0, 105.0, (262.5, 350.0), 840.0),
        (70.1, 100.0, (200.0, 250.0), 841.2),
        (100.0, 100.0, (200.0, 250.0), 1200.0),
    ],
)
def test_lipid_emulsion_goes_by_weight_up_to_70_kg_and_is_fixed_above(
    weight: float, bolus: float, infusion: tuple[float, float], most: float
) -> None:
    rescue = injection_limits(SHIPPED).rescue
    assert rescue.bolus_ml(weight) == pytest.approx(bolus)
    assert rescue.infusion_total_ml(weight) == pytest.approx(infusion)
    assert rescue.most_ml(weight) == pytest.approx(most)


def test_the_rescue_is_of_20_percent_within_minutes_and_with_little_epinephrine() -> None:
    rescue = injection_limits(SHIPPED).rescue
    assert rescue.concentration_percent == 20
    assert (rescue.bolus_minutes, rescue.infusion_minutes) == ((2, 3), (15, 20))
    assert rescue.epinephrine_mcg(80) == pytest.approx(80)


def test_a_span_of_the_rescue_may_be_short_or_no_span_at_all() -> None:
    row = injection_limits(SHIPPED).rescue.model_dump()
    half = Rescue(**row | {"bolus_minutes": (0.5, 0.5)})
    told = [*rescue_doses(half, 50.0), *rescue_doses(half, None)]
    assert "first bolus 75 mL over 0.5 minutes" in told[0]
    assert told[5:] == [
        "Lipid emulsion 20 percent, first bolus over 0.5 minutes: 1.5 mL/kg up to 70 kg, 100 mL"
        " above",
        "Infusion after the bolus, over 15 to 20 minutes: 0.25 mL/kg a minute up to 70 kg, 200 to"
        " 250 mL above",
        "Emulsion in all: at most 12 mL/kg",
        "Epinephrine, if needed: at most 1 mcg/kg a dose",
    ]


@pytest.mark.parametrize("span", [(3, 2), (0, 3)])
def test_a_span_of_the_rescue_that_does_not_rise_is_refused(span: tuple[float, float]) -> None:
    row = injection_limits(SHIPPED).rescue.model_dump() | {"bolus_minutes": span}
    with pytest.raises(ValidationError, match="its least, above 0, before its most"):
        Rescue(**row)


def test_every_condition_that_a_limit_names_can_be_recorded() -> None:
    known = finding_kinds(SHIPPED)["condition"].codes
    named = {code for row in injection_limits(SHIPPED).limits.values() for code in row.conditions}
    assert named <= set(known)
