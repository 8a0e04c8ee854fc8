"""Muscles, where their pain is felt, what a needle must not meet, and what a trigger point is."""

from reliefpath.reference.anatomy.catalogue import (
    REGIONS,
    Muscle,
    Region,
    muscle_catalogue,
    muscles,
)
from reliefpath.reference.anatomy.diagnosis import (
    Definition,
    TriggerPoint,
    trigger_point,
    trigger_point_catalogue,
)

__all__ = [
    "REGIONS",
    "Definition",
    "Muscle",
    "Region",
    "TriggerPoint",
    "muscle_catalogue",
    "muscles",
    "trigger_point",
    "trigger_point_catalogue",
]
