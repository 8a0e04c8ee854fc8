"""Therapies, what is injected, and what a clinic must know about a person before it treats."""

from reliefpath.reference.therapies.catalogue import (
    Course,
    Family,
    Therapy,
    counted_as,
    therapies,
    therapy_catalogue,
)
from reliefpath.reference.therapies.findings import (
    NOT_UNDERSTOOD,
    SCREENED,
    Finding,
    FindingKind,
    Restriction,
    ValidDays,
    finding_catalogue,
    finding_kinds,
)
from reliefpath.reference.therapies.injectables import (
    Agent,
    AgentKind,
    Unit,
    agent_catalogue,
    agents,
    unit_catalogue,
    units,
)

__all__ = [
    "NOT_UNDERSTOOD",
    "SCREENED",
    "Agent",
    "AgentKind",
    "Course",
    "Family",
    "Finding",
    "FindingKind",
    "Restriction",
    "Therapy",
    "Unit",
    "ValidDays",
    "agent_catalogue",
    "agents",
    "counted_as",
    "finding_catalogue",
    "finding_kinds",
    "therapies",
    "therapy_catalogue",
    "unit_catalogue",
    "units",
]
