"""What a pain clinic injects and the units it measures in: `agents.yaml` and `units.yaml`."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field, model_validator

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Record, Row, load_catalogue


class AgentKind(StrEnum):
    """What an agent does."""

    LOCAL_ANAESTHETIC = "local-anaesthetic"
    CORTICOSTEROID = "corticosteroid"
    OTHER = "other"


class UsualSite(Record):
    """What a clinic usually injects at one site."""

    strength: float = Field(gt=0, description="In `unit`")
    unit: Literal["percent", "mg/ml"] = Field(default="percent", description="Of the strength")
    volume_ml: float = Field(gt=0, description="Volume a site, mL")


class Agent(Row):
    """Something injected; a limit that no source gives is null."""

    name: str
    kind: AgentKind
    synonyms: tuple[str, ...] = Field(
        default=(), description="What else it is called: generic, brand and Spanish names"
    )
    concentrations_percent: tuple[float, ...] = Field(
        default=(), description="Strengths sold, in percent; 1 percent is 10 mg/mL"
    )
    usual_percent: tuple[float, float] | None = Field(
        default=None, description="Strengths usual in a trigger point, least and most, percent"
    )
    max_mg_per_kg: float | None = Field(
        default=None, gt=0, description="Most plain anaesthetic, mg per kg of body weight"
    )
    max_mg: float | None = Field(
        default=None, gt=0, description="Most plain anaesthetic whatever the weight, mg"
    )
    max_mg_24h: float | None = Field(
        default=None,
        gt=0,
        description="Most plain anaesthetic in any 24 hours, mg; null where the label gives none",
    )
    acts_hours: float | None = Field(
        default=None,
        gt=0,
        description="Hours for which an earlier dose still counts against the largest dose",
    )
    equipotent_mg: float | None = Field(
        default=None, gt=0, description="Milligrams as strong as 4 mg of triamcinolone"
    )
    session_mg: tuple[float, float] | None = Field(
        default=None, description="Common amount in one session, least and most, mg"
    )
    usual_site: UsualSite | None = Field(
        default=None,
        description="With what the planner opens where the clinic's own file says so, of one agent",
    )
    note: str = Field(description="How it is used in a trigger point, and what to mind")
    source_of: dict[str, tuple[str, ...]] = Field(
        default={}, description="Sources of the fields that do not share the row's"
    )

    @property
    def triamcinolone_equivalent(self) -> float | None:
        """Milligrams of triamcinolone as strong as one milligram of it; null unless a steroid."""
        return None if self.equipotent_mg is None else 4.0 / self.equipotent_mg

    def citations(self) -> dict[str, tuple[str, ...]]:
        """Return the source ids of the row and of the fields with sources of their own."""
        return {**super().citations(), **self.source_of}

    @model_validator(mode="after")
    def _has_the_limits_of_its_kind(self) -> Agent:
        anaesthetic = self.kind is AgentKind.LOCAL_ANAESTHETIC
        limits = (self.max_mg_per_kg, self.max_mg, self.acts_hours)
        if any((limit is not None) != anaesthetic for limit in limits):
            raise ValueError(
                "`max_mg_per_kg`, `max_mg` and `acts_hours` belong to every anaesthetic alone"
            )
        if self.max_mg_24h is not None and (self.max_mg is None or self.max_mg_24h < self.max_mg):
            raise ValueError("`max_mg_24h` belongs to anaesthetics, and is at least `max_mg`")
        if (self.equipotent_mg is None) == (self.kind is AgentKind.CORTICOSTEROID):
            raise ValueError("`equipotent_mg` belongs to every corticosteroid alone")
        if unknown := sorted(set(self.source_of) - set(Agent.model_fields)):
            raise ValueError(f"`source_of` names no field of an agent: {', '.join(unknown)}")
        return self


class AgentCatalogue(Catalogue):
    """The content of `agents.yaml`."""

    agents: dict[str, Agent]

    @model_validator(mode="after")
    def _has_one_usual_agent(self) -> AgentCatalogue:
        usual = [id_ for id_, row in self.agents.items() if row.usual_site is not None]
        if len(usual) > 1:
            raise ValueError(f"`usual_site` belongs to one agent alone, not {', '.join(usual)}")
        return self


@derived
def agent_catalogue(knowledge: Knowledge) -> AgentCatalogue:
    """Return the agents with their sources."""
    return catalogue(knowledge, "agents", files(__package__) / "agents.yaml", AgentCatalogue)


def agents(knowledge: Knowledge) -> dict[str, Agent]:
    """Return everything that may be injected, by id."""
    return agent_catalogue(knowledge).agents


def usual_agent(knowledge: Knowledge) -> tuple[str, UsualSite] | None:
    """Return the agent that the clinic usually injects; None where its own file names none."""
    known = ((id_, row.usual_site) for id_, row in agents(knowledge).items())
    return next(((id_, usual) for id_, usual in known if usual is not None), None)


class Unit(Row):
    """A unit of an amount; amounts of one dimension convert into each other."""

    name: str
    dimension: str = Field(description="What it measures, such as `mass`")
    factor: float = Field(gt=0, description="How many of the dimension's base unit one is")


class UnitCatalogue(Catalogue):
    """The content of `units.yaml`."""

    units: dict[str, Unit]


@cache
def unit_catalogue() -> UnitCatalogue:
    """Return the units with their sources."""
    return load_catalogue(files(__package__) / "units.yaml", UnitCatalogue)


def units() -> dict[str, Unit]:
    """Return the units by id; the base unit of each dimension has factor 1."""
    return unit_catalogue().units
