"""The simulated world as data: `world.yaml` for its numbers, `words.yaml` for its people."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from reliefpath.knowledge.catalogue import Catalogue, Record, Row, load_catalogue


def _ascending(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError("expected [least, most]")
    return span


Span = Annotated[tuple[float, float], AfterValidator(_ascending)]
"""The least and the most."""


class Number(Row):
    """One number of the world."""

    value: float
    meaning: str = Field(description="What it says")


class Choice(Row):
    """What is chosen among, and how often."""

    of: dict[str, Annotated[float, Field(gt=0)]]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if abs(sum(self.of.values()) - 1) > 1e-9:
            raise ValueError("the shares must add up to 1")
        return self


class Found(Record):
    """A finding of one kind that every episode of an archetype has."""

    kind: str
    codes: tuple[str, ...] = Field(min_length=1, description="One of them is drawn")
    weeks_ago: Span | None = Field(default=None, description="Null: at the start of care")
    of_episode: bool = Field(default=False, description="Whether it belongs to the episode only")


class Sign(Row):
    """How often a muscle shows a sign."""

    active: float = Field(ge=0, le=1, description="With an active trigger point")
    otherwise: float = Field(ge=0, le=1, description="Without one")


class Usual(Row):
    """What an archetype shares with the others unless it says otherwise."""

    region: str | None = Field(description="Null: any")
    measure: str | None = Field(description="Function measure; null: the region's")
    primary: str = Field(description="The measure that the curve follows")
    missed: float = Field(ge=0, lt=1, description="Share of check-ins missed")
    silent_weeks: Span = Field(description="Since the last check-in")
    tau_weeks: Span = Field(description="Limits of the time constant")
    delay_weeks: Span = Field(description="Before anything improves")
    step_weeks: float = Field(ge=0, description="Time between jumps; 0: a smooth course")
    swing: Span = Field(description="Half the height of ups and downs, as a share")
    turned_weeks_ago: Span = Field(description="When the course changed")
    lost: Span = Field(description="Improvement lost since then, as a share")
    noise: float = Field(ge=0, description="Times the usual noise")
    flares: float = Field(ge=0, le=1, description="Check-ins during a flare-up")
    function_lag: Span = Field(description="Improvement of function as a share of pain's")
    adherence: Span
    needling_sessions: tuple[int, int]
    exam_weeks: Span = Field(description="Since the latest exam")
    trigger_points_left: tuple[int, int] = Field(description="Active ones at the latest exam")
    injected_weeks_ago: tuple[Span, ...]
    relief: Span = Field(description="Share of pain that an injection relieves")
    screened: tuple[str, ...]
    consent: str | None
    findings: tuple[Found, ...]
    ended: float = Field(ge=0, le=1, description="Share whose care has ended")


class Archetype(Usual):
    """One kind of course, from the first visit to today."""

    meaning: str
    share: float = Field(ge=0, description="How common it is among the first, or second, episodes")
    second: bool = Field(default=False, description="Whether it is a patient's second episode")
    weeks_in_care: Span
    start: Span = Field(description="Pain at the start, of 10")
    level: Span = Field(description="Improvement at which the curve levels off, as a share")


class World(Catalogue):
    """The content of `world.yaml`."""

    numbers: dict[str, Number]
    choices: dict[str, Choice]
    signs: dict[str, Sign]
    check_in_weeks: tuple[int, ...]
    usual: Usual
    archetypes: dict[str, Archetype]

    @model_validator(mode="before")
    @classmethod
    def _usual_unless_said(cls, content: dict[str, Any]) -> dict[str, Any]:
        archetypes = {k: {**content["usual"], **own} for k, own in content["archetypes"].items()}
        return {**content, "archetypes": archetypes}

    def __getitem__(self, number: str) -> float:
        return self.numbers[number].value


class RegionWords(Row):
    """What is usual for a complaint in one region."""

    function: str = Field(description="Its function measure")
    muscles: tuple[str, ...] = Field(min_length=3)
    complaints: dict[str, tuple[str, ...]] = Field(description="By language")
    activities: dict[str, tuple[str, ...]] = Field(description="By language, for the PSFS")


class Words(Catalogue):
    """The content of `words.yaml`."""

    clinicians: tuple[str, ...]
    sides: dict[str, dict[str, str]]
    given: dict[str, dict[str, tuple[str, ...]]]
    family: dict[str, tuple[str, ...]]
    techniques: dict[str, tuple[str, ...]]
    needles: dict[str, tuple[str, ...]]
    lots: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    regions: dict[str, RegionWords]


@cache
def world() -> World:
    """Return the numbers of the simulated world with their sources."""
    return load_catalogue(files(__package__) / "world.yaml", World)


@cache
def words() -> Words:
    """Return the names and words of the simulated people."""
    return load_catalogue(files(__package__) / "words.yaml", Words)
