"""Exercise: the catalogue, a programme for the active muscles, its rules, and the handout."""

from reliefpath.reference.therapies.exercise.catalogue import (
    AEROBIC,
    Exercise,
    Goal,
    Irritability,
    exercise_catalogue,
    exercise_rules,
    exercises,
)
from reliefpath.reference.therapies.exercise.programme import (
    Active,
    Change,
    Dose,
    Item,
    LeftOut,
    Need,
    Programme,
    Rest,
    programme,
)
from reliefpath.reference.therapies.exercise.progression import (
    CheckIn,
    after_needle,
    next_programme,
)

__all__ = [
    "AEROBIC",
    "Active",
    "Change",
    "CheckIn",
    "Dose",
    "Exercise",
    "Goal",
    "Irritability",
    "Item",
    "LeftOut",
    "Need",
    "Programme",
    "Rest",
    "after_needle",
    "exercise_catalogue",
    "exercise_rules",
    "exercises",
    "next_programme",
    "programme",
]
