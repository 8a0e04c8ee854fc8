"""A planned trigger point injection, and what it is: ready, in need of a decision, or blocked.

Pure: the same plan for the same person gives the same answer. It informs a clinician, who decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies.coverage import Asked
from reliefpath.reference.therapies.injectables import Agent, AgentKind, agents
from reliefpath.reference.therapies.injection.person import Given

SIDES = ("left", "right")
MG_PER_ML_IN_A_PERCENT = 10.0


class Verdict(StrEnum):
    """What one check finds; a plan is as bad as its worst check."""

    FINE = "fine"
    DECISION = "decision"
    """A clinician weighs it, and acknowledges it by its id."""
    UNKNOWN = "unknown"
    """It can't be told whether it is safe, so it does not count as safe."""
    UNCERTAIN = "uncertain"
    """It can't be told, and nobody's safety rests on it, such as what a payer will say."""
    BLOCKED = "blocked"


WORST_FIRST = (
    Verdict.BLOCKED,
    Verdict.UNKNOWN,
    Verdict.DECISION,
    Verdict.UNCERTAIN,
    Verdict.FINE,
)


class Result(StrEnum):
    """What a plan is."""

    READY = "ready"
    NEEDS_A_DECISION = "needs a decision"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Portion:
    """A volume of one agent for one site."""

    agent: str
    concentration: float
    unit: Literal["percent", "mg/ml"]
    volume_ml: float
    stated_mg: float | None = None
    """The dose that the planner believes it to be, if it was said."""

    def row(self, knowledge: Knowledge) -> Agent:
        """Return the agent's row in the catalogue."""
        return agents(knowledge)[self.agent]

    def kind(self, knowledge: Knowledge) -> AgentKind:
        """Return what the agent does."""
        return self.row(knowledge).kind

    @property
    def mg_per_ml(self) -> float:
        """Milligrams in a millilitre; 1 percent is 10 mg/mL."""
        factor = MG_PER_ML_IN_A_PERCENT if self.unit == "percent" else 1.0
        return self.concentration * factor

    @property
    def mg(self) -> float:
        """The dose."""
        return self.mg_per_ml * self.volume_ml

    def refuse_nonsense(self, knowledge: Knowledge) -> None:
        """Refuse an unknown agent or unit, and numbers that are none.

        Raises:
            UsageError: there is one.
        """
        known = agents(knowledge)
        if self.agent not in known:
            raise UsageError(f"unknown agent `{self.agent}`: one of {', '.join(known)}")
        if self.unit not in ("percent", "mg/ml"):
            raise UsageError(f"unknown unit of a concentration `{self.unit}`: percent or mg/ml")
        has_strength = self.kind(knowledge) is not AgentKind.OTHER
        numbers = [("volume", self.volume_ml)]
        numbers += [("concentration", self.concentration)] if has_strength else []
        numbers += [] if self.stated_mg is None else [("dose", self.stated_mg)]
        for what, number in numbers:
            if not 0 < number < float("inf"):
                raise UsageError(f"{what} of {self.agent} is {number:g}: expected more than 0")


@dataclass(frozen=True)
class Site:
    """A trigger point to be injected, and with what."""

    muscle: str
    side: str
    portions: tuple[Portion, ...]

    def refuse_nonsense(self, knowledge: Knowledge) -> None:
        """Refuse an unknown muscle or side, and a site without anything to inject.

        Raises:
            UsageError: it is one.
        """
        refuse_unknown_place(knowledge, self.muscle, self.side)
        if not self.portions:
            raise UsageError(f"nothing is planned for {self.muscle} {self.side}")
        for portion in self.portions:
            portion.refuse_nonsense(knowledge)


def refuse_unknown_place(knowledge: Knowledge, muscle: str, side: str) -> None:
    """Refuse a place where no needle can go.

    Raises:
        UsageError: the muscle is not known, or the side is neither left nor right.
    """
    known = muscles(knowledge)
    if muscle not in known:
        raise UsageError(f"unknown muscle `{muscle}`{nearest(muscle, known)}")
    if side not in SIDES:
        raise UsageError(f"side of {muscle} is `{side}`: expected left or right")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    id: str
    verdict: Verdict
    says: str
    arithmetic: str | None = None
    source: tuple[str, ...] = ()
    """Each with how sure it is."""


class Checked:
    """What was planned for a person, with everything that was looked at, the worst first."""

    checks: tuple[Check, ...]
    acknowledged: tuple[str, ...]
    renewed: Mapping[str, date]
    """What was asked again, and nothing was new since that day, by kind of finding."""

    @property
    def open_decisions(self) -> tuple[str, ...]:
        """The ids of the decisions that nobody has acknowledged."""
        return tuple(
            check.id
            for check in self.checks
            if check.verdict is Verdict.DECISION and check.id not in self.acknowledged
        )

    @property
    def blocking(self) -> list[Check]:
        """The checks that block it; what is unknown is never safe."""
        return [c for c in self.checks if c.verdict in (Verdict.BLOCKED, Verdict.UNKNOWN)]

    @property
    def result(self) -> Result:
        """What the plan is."""
        if self.blocking:
            return Result.BLOCKED
        return Result.NEEDS_A_DECISION if self.open_decisions else Result.READY


def weighed(
    checks: Iterable[Check], acknowledged: Iterable[str]
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Return checks, the worst first, and the ids that were acknowledged, each once.

    Raises:
        UsageError: something is acknowledged that is no decision.
    """
    found = tuple(sorted(checks, key=lambda check: WORST_FIRST.index(check.verdict)))
    decisions = {check.id for check in found if check.verdict is Verdict.DECISION}
    known = tuple(dict.fromkeys(acknowledged))
    if unknown := [id_ for id_ in known if id_ not in decisions]:
        raise UsageError(
            f"`{unknown[0]}` is no decision of this plan; open are: {', '.join(sorted(decisions))}"
        )
    return found, known


@dataclass(frozen=True)
class AnaestheticDose:
    """All local anaesthetic of a session, held against the most that may be given."""

    mg: Mapping[str, float]
    """Planned, by agent."""
    most_mg: Mapping[str, float]
    """Of each agent alone; empty where the weight is not known."""
    share: float | None
    """Of the maximum, all agents and what may still act together; null where it is not known."""
    allowed: float
    """The share at which it is blocked in this person."""
    weight_kg: float | None
    earlier: tuple[Given, ...] = ()
    """What was given before and may still act."""


@dataclass(frozen=True)
class Plan(Checked):
    """A plan with everything that was looked at, the worst first."""

    on: date
    sites: tuple[Site, ...]
    checks: tuple[Check, ...]
    acknowledged: tuple[str, ...]
    steroid_reason: str | None
    at_hand: tuple[str, ...] = field(default=())
    """What must be within reach."""
    dose: AnaestheticDose | None = None
    """All local anaesthetic; None where none is planned."""
    coverage: tuple[Asked, ...] = field(default=())
    """What payers ask, with its answers."""
    renewed: Mapping[str, date] = field(default_factory=dict)
