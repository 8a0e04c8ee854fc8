"""What a planned injection is held against, read from `limits.yaml`."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files

from pydantic import Field, model_validator

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Row
from reliefpath.reference.anatomy import Region

Span = tuple[float, float]
"""The least and the most of a number."""


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
    from_age: int | None = Field(
        default=None,
        gt=0,
        description="Age in years from which it holds as well, whatever the conditions",
    )
    below_kg: float | None = Field(
        default=None,
        gt=0,
        description="Body weight below which it holds as well, whatever the conditions",
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
    regions: tuple[Region, ...] = ()
    below_age: int | None = Field(default=None, gt=0, description="Years under which it holds")


class OneSide(Row):
    """What a needle beside the lung asks of the other side, by hours since the first."""

    because: str
    blocked_hours: float = Field(gt=0, description="So long the other side is not needled")
    asked_hours: float = Field(gt=0, description="So long signs of a lung injury are asked about")
    asks: str

    @model_validator(mode="after")
    def _asks_for_longer(self) -> OneSide:
        if not self.blocked_hours < self.asked_hours:
            raise ValueError("`asked_hours` must be more than `blocked_hours`")
        return self


class Rescue(Row):
    """What must be on site against anaesthetic toxicity: lipid emulsion, by ideal body weight."""

    concentration_percent: float = Field(gt=0)
    ml_per_kg: float = Field(gt=0, description="First bolus, mL per kg, up to `fixed_above_kg`")
    fixed_ml: float = Field(gt=0, description="First bolus above `fixed_above_kg`, mL")
    fixed_above_kg: float = Field(gt=0)
    bolus_minutes: Span = Field(description="How fast a bolus is given, least and most")
    infusion_ml_per_kg_per_minute: float = Field(
        gt=0, description="Infusion after the bolus, up to `fixed_above_kg`"
    )
    infusion_ml: Span = Field(
        description="Infusion after the bolus above `fixed_above_kg`, least and most"
    )
    infusion_minutes: Span = Field(description="How long the infusion takes, least and most")
    most_ml_per_kg: float = Field(gt=0, description="Most emulsion in all, mL per kg")
    epinephrine_mcg_per_kg: float = Field(
        gt=0, description="Most epinephrine in one dose of the resuscitation, mcg per kg"
    )
    because: str

    def bolus_ml(self, weight_kg: float) -> float:
        """Return the volume of the first bolus, mL, for an ideal body weight."""
        return self.fixed_ml if self._fixed(weight_kg) else self.ml_per_kg * weight_kg

    def infusion_total_ml(self, weight_kg: float) -> Span:
        """Return the least and the most volume of the first infusion, mL."""
        if self._fixed(weight_kg):
            return self.infusion_ml
        per_minute = self.infusion_ml_per_kg_per_minute * weight_kg
        shortest, longest = self.infusion_minutes
        return per_minute * shortest, per_minute * longest

    def most_ml(self, weight_kg: float) -> float:
        """Return the most emulsion in all, mL: what must be at hand."""
        return self.most_ml_per_kg * weight_kg

    def epinephrine_mcg(self, weight_kg: float) -> float:
        """Return the most epinephrine in one dose, mcg; less than in other arrests."""
        return self.epinephrine_mcg_per_kg * weight_kg

    def _fixed(self, weight_kg: float) -> bool:
        return weight_kg > self.fixed_above_kg

    @model_validator(mode="after")
    def _spans_rise(self) -> Rescue:
        for least, most in (self.bolus_minutes, self.infusion_ml, self.infusion_minutes):
            if not 0 < least <= most:
                raise ValueError("a span of the rescue gives its least, above 0, before its most")
        return self


class InjectionLimits(Catalogue):
    """The content of `limits.yaml`."""

    limits: dict[str, Limit]
    barred_muscles: Rule
    barred_agents: Rule
    barred_in_pregnancy: Rule
    one_side: OneSide
    young: Rule
    each_session: Rule
    steroid_reason: Rule
    vial: Rule
    rescue: Rescue


@derived
def injection_limits(knowledge: Knowledge) -> InjectionLimits:
    """Return the limits with their sources."""
    return catalogue(knowledge, "limits", files(__package__) / "limits.yaml", InjectionLimits)
