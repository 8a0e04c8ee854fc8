"""The trigger point injection: planned, checked, and blocked where it is not safe."""

from reliefpath.therapies.injection.plan import (
    Check,
    Checked,
    Given,
    Person,
    Plan,
    Portion,
    Result,
    Site,
    Standing,
    Verdict,
)
from reliefpath.therapies.injection.planner import plan_injection

__all__ = [
    "Check",
    "Checked",
    "Given",
    "Person",
    "Plan",
    "Portion",
    "Result",
    "Site",
    "Standing",
    "Verdict",
    "plan_injection",
]
