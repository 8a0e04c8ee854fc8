"""The card that hangs in the room: what to give, worked out for this patient, if it goes wrong."""

from __future__ import annotations

from reliefpath.documents.papers.case import Case, where
from reliefpath.documents.papers.parts import Items, Paper, Said, Section, Text
from reliefpath.documents.printing import day_text
from reliefpath.reference.therapies import AgentKind
from reliefpath.reference.therapies.injection.limits import injection_limits
from reliefpath.reference.therapies.injection.rescue import (
    AVOID,
    FIRST,
    UNSTABLE,
    rescue_doses,
    rescue_source,
)

NO_WEIGHT = (
    "The weight is not on record: weigh the patient, and write the volumes here: ____________"
)
NO_ANAESTHETIC = "No local anaesthetic is planned, so no lipid emulsion is called for."


def room_card(case: Case) -> Paper:
    """Return the card of a plan: first what to do, then every dose in the order of giving."""
    who = case.patient["name"] or case.patient["patient"]
    places = "; ".join(where(case.knowledge, *place) for place in case.places)
    return Paper(
        "Room card: rescue",
        f"{who}, {day_text(case.plan.on)}. {places}. To hang where everybody in the room reads it.",
        tuple(_sections(case)),
    )


def _sections(case: Case) -> list[Section]:
    if AgentKind.LOCAL_ANAESTHETIC not in case.kinds:
        return [Section("Local anaesthetic in the blood", (Text(Said(NO_ANAESTHETIC, "plan")),))]
    limits = injection_limits(case.knowledge)
    source = (rescue_source(limits),)
    told = case.plan.at_hand[:-1] or (
        *rescue_doses(limits.rescue, None),
        NO_WEIGHT,
    )  # the last is the source
    bolus, infusion, *rest = told
    steps = [bolus, infusion, UNSTABLE, *rest, AVOID]
    return [
        Section(
            "Local anaesthetic in the blood",
            (
                Text(Said(FIRST, sources=source), strong=True),
                Items(tuple(Said(step, sources=source) for step in steps)),
            ),
        )
    ]
