"""What a clinic may know about a person and what it bars, read from `findings.yaml`."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from importlib.resources import files
from typing import Any

from pydantic import Field, field_validator

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Record, Row
from reliefpath.reference.therapies.injectables import AgentKind

SCREENED = "screened"
"""The code of a kind that was asked about: whatever was found is on record."""
NOT_UNDERSTOOD = "not-understood"
"""The code of a kind for what was recorded in words that no catalogue knows."""


class Restriction(StrEnum):
    """What a finding stands in the way of."""

    RED_FLAG = "red-flag"
    """The person leaves the pathway until it is cleared."""
    CONTRAINDICATION = "contraindication"
    """A trigger point injection is not given."""
    CAUTION = "caution"
    """A clinician weighs it before needling or injecting."""
    NEEDLING_CONTRAINDICATION = "needling-contraindication"
    """Dry needling is not given."""
    STEROID_CONTRAINDICATION = "steroid-contraindication"
    """No corticosteroid is injected."""
    ANTICOAGULANT = "anticoagulant"
    """Blood clots less well."""
    UNKNOWN = "unknown"
    """Whatever a finding of its kind can stand in the way of is not known."""


NO_ALERT = frozenset({Restriction.CAUTION})
"""What is weighed when a needle is planned, and is no alert before that."""


class Finding(Row):
    """Something known about a person."""

    name: str
    because: str = Field(description="What it means for care")
    bars: tuple[Restriction, ...] = ()
    matters_with: tuple[AgentKind, ...] = Field(
        default=(), description="The kinds of agent with which alone it is weighed; none is any"
    )
    with_agents: dict[AgentKind, str] = Field(
        default={}, description="What it means as well where an agent of a kind is planned"
    )
    local: bool = Field(
        default=False, description="Whether it concerns the place where it was found alone"
    )
    synonyms: tuple[str, ...] = Field(
        default=(), description="What else it is called: generic, brand and Spanish names"
    )
    dimension: str | None = Field(
        default=None, description="What its value measures, where it has one"
    )

    @field_validator("matters_with", mode="before")
    @classmethod
    def _one_is_enough(cls, said: Any) -> Any:
        return (said,) if isinstance(said, str) else said

    def is_weighed_with(self, kinds: Collection[AgentKind]) -> bool:
        """Return whether it is weighed where agents of some kinds are planned."""
        return not self.matters_with or not set(self.matters_with).isdisjoint(kinds)

    def means(self, kinds: Collection[AgentKind] = tuple(AgentKind)) -> str:
        """Return what it means where agents of some kinds are planned; by default of all."""
        more = (says for kind, says in self.with_agents.items() if kind in kinds)
        return " ".join((self.because, *more))


class ValidDays(Row):
    """For how many days an answer that permits something is believed; null is without limit.

    What stands in the way never goes stale: it holds until its end is recorded.
    """

    worklist: int | None = Field(
        default=None, ge=0, description="When the pathway asks whether the gate may open"
    )
    plan: int | None = Field(default=None, ge=0, description="When a needle is planned")


class FindingKind(Record):
    """What sort of finding it is, and the findings of that sort by code."""

    meaning: str
    valid_days: ValidDays | None = Field(
        default=None, description="How long what permits is believed; none is for ever"
    )
    of_episode: bool = Field(
        default=False,
        description="Whether it belongs to the complaint that its row names, not to the person",
    )
    alert: bool = Field(
        default=False,
        description="Whether everything of it is told wherever its patient is, whatever it bars",
    )
    codes: dict[str, Finding]

    def alerts(self, code: str) -> bool:
        """Return whether a finding is told wherever its patient is."""
        if code == SCREENED or self.of_episode:
            return False
        return self.alert or not NO_ALERT.issuperset(self.codes[code].bars)

    @property
    def screening(self) -> bool:
        """Whether it must have been asked about before silence may be read as absence."""
        return SCREENED in self.codes

    @property
    def takes_words(self) -> bool:
        """Whether what no catalogue knows is kept in its own words rather than refused."""
        return NOT_UNDERSTOOD in self.codes


class FindingCatalogue(Catalogue):
    """The content of `findings.yaml`."""

    kinds: dict[str, FindingKind]


@derived
def finding_catalogue(knowledge: Knowledge) -> FindingCatalogue:
    """Return the findings with their sources."""
    return catalogue(knowledge, "findings", files(__package__) / "findings.yaml", FindingCatalogue)


def finding_kinds(knowledge: Knowledge) -> dict[str, FindingKind]:
    """Return the kinds of finding by id."""
    return finding_catalogue(knowledge).kinds
