"""What went wrong, in free text, is asked about before the next needle."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from reliefpath.reference.therapies.injection import AdverseEvent, Result, Verdict, plan_injection
from reliefpath.reference.therapies.injection.adverse_effects import (
    AdverseEffect,
    adverse_effects,
    effects_in,
)
from reliefpath.reference.therapies.needling import Course, plan_needling

from ..test_needling import FAR, WILLING
from .people import at, lidocaine, person

SERIOUS = [
    ("Pneumothorax", "lung"),
    ("collapsed lung", "lung"),
    ("neumotórax", "lung"),
    ("anaphylaxis after 2 min", "allergic"),
    ("reacción alérgica", "allergic"),
    ("Seizure", "toxicity"),
    ("convulsiones", "toxicity"),
    ("SYNCOPE", "faint"),
    ("fainted", "faint"),
    ("desmayo", "faint"),
    ("infection at the site", "infection"),
    ("abscess", "infection"),
    ("absceso", "infection"),
    ("large haematoma", "bleeding"),
    ("hematoma", "bleeding"),
    ("foot drop", "nerve"),
    ("went to hospital", "other-serious"),
    ("severe soreness", "other-serious"),
    ("zorgl", "not-understood"),
]


@pytest.mark.parametrize(("text", "effect"), SERIOUS)
def test_what_went_wrong_is_a_decision_by_name(text: str, effect: str) -> None:
    event = AdverseEvent(date(2025, 3, 31), text)
    whom = person(adverse_events=(event,))
    name = f"adverse-effect-{effect}"
    plan = plan_injection([at(lidocaine(1.0))], whom)
    assert name in plan.open_decisions
    check = next(c for c in plan.checks if c.id == name)
    assert text in check.says
    assert "2025-03-31" in check.says
    weighed = plan_injection([at(lidocaine(1.0))], whom, acknowledged=plan.open_decisions)
    assert weighed.result is Result.READY
    willing = WILLING.__class__(**{**WILLING.__dict__, "adverse_events": (event,)})
    assert name in plan_needling(FAR, willing, Course(0, None)).open_decisions


@pytest.mark.parametrize(
    "text", ["bruise", "Soreness for 2 days", "none", "None.", "no", "pain afterwards", "agujetas"]
)
def test_what_usually_follows_a_needle_is_not_asked_about(text: str) -> None:
    whom = person(adverse_events=(AdverseEvent(date(2025, 3, 31), text),))
    plan = plan_injection([at(lidocaine(1.0))], whom)
    assert plan.result is Result.READY


def test_two_things_that_went_wrong_are_asked_about_apart_and_each_once() -> None:
    events = (
        AdverseEvent(date(2025, 1, 1), "fainted"),
        AdverseEvent(date(2025, 2, 1), "fainted, then a rash"),
    )
    plan = plan_injection([at(lidocaine(1.0))], person(adverse_events=events))
    ids = [c.id for c in plan.checks if c.verdict is Verdict.DECISION]
    assert ids == ["adverse-effect-faint", "adverse-effect-allergic"]


def test_every_word_is_found_where_it_is_all_that_is_said() -> None:
    for id_, row in adverse_effects().effects.items():
        for said in (*row.words, *row.texts):
            assert id_ in effects_in(said)


def test_a_sort_of_harm_needs_one_word_at_least() -> None:
    row = {"name": "Faint", "ask": "What helped?", "source": ("house",)}
    assert AdverseEffect.model_validate(row | {"words": ("faint",)}).words == ("faint",)
    with pytest.raises(ValidationError, match="at least 1"):
        AdverseEffect.model_validate(row | {"words": ()})
