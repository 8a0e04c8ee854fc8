"""The trigger point injection: planned, checked, and blocked where it is not safe."""

from reliefpath.reference.therapies.injection.person import (
    AdverseEvent,
    Complaint,
    Examined,
    Given,
    Person,
    Standing,
    Unmet,
)
from reliefpath.reference.therapies.injection.places import Place
from reliefpath.reference.therapies.injection.plan import (
    AnaestheticDose,
    Check,
    Checked,
    Plan,
    Portion,
    Result,
    Site,
    Verdict,
)
from reliefpath.reference.therapies.injection.planner import plan_injection

__all__ = [
    "AdverseEvent",
    "AnaestheticDose",
    "Check",
    "Checked",
    "Complaint",
    "Examined",
    "Given",
    "Person",
    "Place",
    "Plan",
    "Portion",
    "Result",
    "Site",
    "Standing",
    "Unmet",
    "Verdict",
    "plan_injection",
]
