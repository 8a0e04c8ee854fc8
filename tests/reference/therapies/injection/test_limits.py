"""What the limits say by themselves, before a plan is held against them."""

import pytest
from pydantic import ValidationError

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import finding_kinds
from reliefpath.reference.therapies.injection.limits import Limit, Rescue, injection_limits


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


@pytest.mark.parametrize("span", [(3, 2), (0, 3)])
def test_a_span_of_the_rescue_that_does_not_rise_is_refused(span: tuple[float, float]) -> None:
    row = injection_limits(SHIPPED).rescue.model_dump() | {"bolus_minutes": span}
    with pytest.raises(ValidationError, match="its least, above 0, before its most"):
        Rescue(**row)


def test_every_condition_that_a_limit_names_can_be_recorded() -> None:
    known = finding_kinds(SHIPPED)["condition"].codes
    named = {code for row in injection_limits(SHIPPED).limits.values() for code in row.conditions}
    assert named <= set(known)
