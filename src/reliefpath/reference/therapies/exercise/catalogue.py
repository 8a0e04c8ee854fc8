"""Exercises, their doses, and the rules that change them, read from this folder's YAML."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from typing import Literal

from pydantic import Field, ValidationInfo, model_validator

from reliefpath.knowledge import SHIPPED, Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Record, Row
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.catalogue import therapies

AEROBIC = "aerobic-exercise"
STEPS = 2
"""Steps from the least of a dose to the most."""
Span = tuple[int, int]


class Irritability(StrEnum):
    """How easily pain is stirred up and how long it lasts, as the clinician judges it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Goal(StrEnum):
    """What the person wants from the programme first."""

    RELIEF = "relief"
    MOBILITY = "mobility"
    STRENGTH = "strength"


class CitedApart(Row):
    """A row of which some fields have sources of their own."""

    source_of: dict[str, tuple[str, ...]] = Field(
        default={}, description="Sources of the fields that do not share the row's"
    )

    def citations(self) -> dict[str, tuple[str, ...]]:
        """Return the source ids of the row and of the fields with sources of their own."""
        return {**super().citations(), **self.source_of}


class DoseRange(CitedApart):
    """How much of a kind of exercise, from the least to the most."""

    sets: Span = (1, 1)
    repetitions: Span | None = None
    seconds: Span | None = Field(default=None, description="Length of one hold")
    minutes: Span | None = None
    seconds_each: int = Field(default=0, description="What one repetition takes")
    rest_seconds: int = Field(default=0, description="Rest after each set")


class Equipment(Row):
    """Something an exercise needs."""

    name: str
    household: bool = Field(default=False, description="Whether every home is taken to have it")


class WhyNot(Row):
    """Why no exercise serves a muscle."""

    because: str


class Exercise(Row):
    """One exercise, told in words a patient reads."""

    name: str
    kind: str = Field(description="A therapy of `therapies.yaml`")
    muscles: tuple[str, ...] = Field(default=(), description="What it serves")
    equipment: tuple[str, ...] = ()
    sided: bool = Field(default=False, description="Whether it is done for one side at a time")
    position: str
    steps: tuple[str, ...] = Field(min_length=2)
    feel: str
    unlike: str = Field(description="What should not be felt")
    harder: str | None = Field(default=None, description="The next variant")

    def regions(self, knowledge: Knowledge) -> frozenset[str]:
        """Return the regions of its muscles."""
        return frozenset(muscles(knowledge)[muscle].region for muscle in self.muscles)


class ExerciseCatalogue(Catalogue):
    """The content of `exercises.yaml`."""

    equipment: dict[str, Equipment]
    doses: dict[str, DoseRange]
    not_exercised: dict[str, WhyNot]
    exercises: dict[str, Exercise]

    @model_validator(mode="after")
    def _names_what_is_there(self, info: ValidationInfo) -> ExerciseCatalogue:
        knowledge: Knowledge = info.context or SHIPPED
        for id_, row in self.exercises.items():
            for named, known in (
                (row.muscles, muscles(knowledge)),
                (row.equipment, self.equipment),
                ((row.kind,), self.doses),
                ((row.kind,), therapies(knowledge)),
                ((row.harder,) if row.harder else (), self.exercises),
            ):
                if unknown := set(named) - set(known):
                    raise ValueError(f"`{id_}` names what is not there: {sorted(unknown)}")
            if row.harder and self.exercises[row.harder].muscles != row.muscles:
                raise ValueError(f"`{row.harder}` does not serve the muscles of `{id_}`")
        return self

    def easier(self, exercise: str) -> str | None:
        """Return the variant before an exercise."""
        return next((id_ for id_, row in self.exercises.items() if row.harder == exercise), None)


class Start(Row):
    """How a programme begins."""

    kinds: tuple[str, ...]
    step: int = Field(ge=0, le=STEPS)
    because: str


class Aim(Row):
    """Which kinds of exercise a goal puts first."""

    kinds: tuple[str, ...]
    because: str


class Bounds(Record):
    """What a known number must lie within."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def hold(self, value: float | None) -> bool:
        """Return whether a value is known and lies within."""
        return value is not None and (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


class Rule(Row):
    """What a check-in changes."""

    when: dict[
        Literal[
            "adherence",
            "pain_rise",
            "pain_during",
            "flare_points",
            "flare_hours",
            "adverse_effects",
        ],
        Bounds,
    ] = Field(min_length=1)
    change: Literal["easier", "fewer", "keep", "harder"]
    at_most: int | None = Field(default=None, ge=1, description="Exercises left by `fewer`")
    because: str

    @model_validator(mode="after")
    def _says_how_few(self) -> Rule:
        if (self.change == "fewer") != (self.at_most is not None):
            raise ValueError("`at_most` belongs to `change: fewer`, and to nothing else")
        return self


class AfterNeedle(Row):
    """What waits after a needle."""

    therapies: tuple[str, ...]
    hours: Span = Field(description="How long heavy load is avoided")
    kinds: tuple[str, ...] = Field(description="Kinds of exercise that are heavy load")
    begins_on_day: Span = Field(description="When home exercise starts again")
    because: str
    says: str = Field(description="What the patient reads, who is told nothing of needles here")


class Reminder(Row):
    """What a patient should know."""

    says: str


class ExerciseRules(Catalogue):
    """The content of `rules.yaml`."""

    irritability: dict[Irritability, Start]
    goals: dict[Goal, Aim]
    rules: dict[str, Rule]
    after_needle: AfterNeedle
    reminders: dict[str, Reminder]


@derived
def exercise_catalogue(knowledge: Knowledge) -> ExerciseCatalogue:
    """Return the exercises with their doses and sources."""
    return catalogue(
        knowledge, "exercises", files(__package__) / "exercises.yaml", ExerciseCatalogue
    )


@derived
def exercise_rules(knowledge: Knowledge) -> ExerciseRules:
    """Return how a programme begins and changes, with sources."""
    return catalogue(knowledge, "exercise-rules", files(__package__) / "rules.yaml", ExerciseRules)


def exercises(knowledge: Knowledge) -> dict[str, Exercise]:
    """Return the exercises by id."""
    return exercise_catalogue(knowledge).exercises
