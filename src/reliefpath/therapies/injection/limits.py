"""What a planned injection is held against, read from `limits.yaml`."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydantic import Field, model_validator

from reliefpath.knowledge import Catalogue, Row
from reliefpath.overrides import catalogue


class Over(StrEnum):
    """What a plan becomes that breaks a limit."""

    BLOCKED = "blocked"
    DECISION = "decision"


class Limit(Row):
    """A number that a plan is held against."""

    name: str
    least: float | None = None
    most: float | None = None
    unit: str
    days: int | None = Field(default=None, gt=0, description="Length of a rolling window")
    conditions: tuple[str, ...] = Field(
        default=(), description="Conditions of the person under which alone it holds"
    )
    over: Over
    because: str

    def broken(self, value: float) -> bool:
        """Return whether a value lies outside, by more than a rounding error."""
        slack = 1e-9 * max(abs(value), 1.0)
        return (self.least is not None and value < self.least - slack) or (
            self.most is not None and value > self.most + slack
        )

    @model_validator(mode="after")
    def _limits_something(self) -> Limit:
        if self.least is None and self.most is None:
            raise ValueError("a limit needs `least` or `most`")
        return self


class Rule(Row):
    """Something that is not done, whatever the numbers."""

    because: str
    muscles: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


class Rescue(Row):
    """What must be on site against anaesthetic toxicity."""

    concentration_percent: float
    ml_per_kg: float
    fixed_ml: float
    fixed_above_kg: float
    because: str

    def bolus_ml(self, weight_kg: float) -> float:
        """Return the volume of the first bolus, mL."""
        return self.fixed_ml if weight_kg > self.fixed_above_kg else self.ml_per_kg * weight_kg


class InjectionLimits(Catalogue):
    """The content of `limits.yaml`."""

    limits: dict[str, Limit]
    barred_muscles: Rule
    barred_agents: Rule
    one_side: Rule
    steroid_reason: Rule
    rescue: Rescue


@cache
def injection_limits() -> InjectionLimits:
    """Return the limits with their sources."""
    return catalogue("limits", files(__package__) / "limits.yaml", InjectionLimits)
