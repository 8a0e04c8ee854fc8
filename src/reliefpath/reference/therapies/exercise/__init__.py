"""Exercise: the catalogue, a programme for the active muscles, its rules, and the handout."""

from reliefpath.reference.therapies.exercise.adherence import read_shares, shares_text, total_share
from reliefpath.reference.therapies.exercise.catalogue import (
    AEROBIC,
    Exercise,
    Goal,
    Irritability,
    exercise_catalogue,
    exercise_rules,
    exercises,
)
from reliefpath.reference.therapies.exercise.checks import ExercisePlan, plan_exercise
from reliefpath.reference.therapies.exercise.prescription import (
    alternatives,
    begun,
    differences,
    dose_parts,
    prescribed,
    prescription,
    programme_text,
    read_programme,
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
    "ExercisePlan",
    "Goal",
    "Irritability",
    "Item",
    "LeftOut",
    "Need",
    "Programme",
    "Rest",
    "after_needle",
    "alternatives",
    "begun",
    "differences",
    "dose_parts",
    "exercise_catalogue",
    "exercise_rules",
    "exercises",
    "next_programme",
    "plan_exercise",
    "prescribed",
    "prescription",
    "programme",
    "programme_text",
    "read_programme",
    "read_shares",
    "shares_text",
    "total_share",
]
