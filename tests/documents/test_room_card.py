"""The card for the room: every rescue dose, worked out."""

from __future__ import annotations

from reliefpath.documents.papers import papers
from reliefpath.reference.therapies.injection import Portion, Site

from .cases import (
    case,
    text,
    without,
)


def test_the_room_s_card_has_every_rescue_dose_worked_out_for_the_patient() -> None:
    heavy = text(papers(case(weight_kg=79.0))["room-card"])
    for says in (
        "Lipid emulsion 20 percent, first bolus 100 mL over 2 to 3 minutes",
        "Infusion after the bolus: 200 to 250 mL over 15 to 20 minutes",
        "Emulsion in all: at most 948 mL",
        "Epinephrine, if needed: at most 79 mcg a dose",
        "Worked out for 79 kg",
        "repeat the bolus and double the rate",
        "Stop injecting, call for help",
    ):
        assert says in heavy
    light = text(papers(case(weight_kg=60.0))["room-card"])
    for says in (
        "first bolus 90 mL over 2 to 3 minutes",
        "Infusion after the bolus: 225 to 300 mL over 15 to 20 minutes",
        "Emulsion in all: at most 720 mL",
        "at most 60 mcg a dose",
    ):
        assert says in light


def test_a_card_without_a_weight_gives_the_doses_by_the_kilogram() -> None:
    card = text(papers(case(care_log=without("weight"), weighed=False))["room-card"])
    for says in (
        "1.5 mL/kg up to 70 kg, 100 mL above",
        "0.25 mL/kg a minute up to 70 kg, 200 to 250 mL above",
        "Emulsion in all: at most 12 mL/kg",
        "at most 1 mcg/kg a dose",
        "The weight is not on record",
    ):
        assert says in card


def test_a_card_of_saline_alone_calls_for_no_emulsion() -> None:
    planned = (Site("piriformis", "left", (Portion("saline", 0, "percent", 1),)),)
    assert "no lipid emulsion is called for" in text(papers(case(planned))["room-card"])
