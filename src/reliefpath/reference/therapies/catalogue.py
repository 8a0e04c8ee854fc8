"""The therapies a pain clinic gives, from least to most invasive, read from `therapies.yaml`."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files

from pydantic import Field

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Row

Span = tuple[float, float | None]
"""The least and the most; a most of null is open."""


class Family(StrEnum):
    """What sort of therapy it is."""

    EDUCATION = "education"
    EXERCISE = "exercise"
    PASSIVE = "passive"
    NEEDLING = "needling"
    INJECTION = "injection"
    REFERRAL = "referral"


class Course(Row):
    """How a therapy is given, as far as its sources give numbers."""

    dose: str = Field(description="What one session is, in words")
    sessions_per_week: Span | None = None
    sessions: Span | None = Field(default=None, description="Sessions in a course")
    session_minutes: Span | None = None
    weeks: Span | None = Field(default=None, description="Length of a course")
    adequate_weeks: float | None = Field(
        default=None, description="Weeks after which it has been given a fair trial"
    )
    adequate_sessions: float | None = Field(
        default=None, description="Sessions after which it has been given a fair trial"
    )
    reassess_weeks: tuple[float, ...] = Field(
        default=(), description="Weeks after a session at which its effect is judged"
    )
    sessions_per_year: float | None = Field(
        default=None, description="Most sessions in any twelve months"
    )


class Therapy(Row):
    """One kind of treatment."""

    name: str
    family: Family
    counts_as: str | None = Field(
        default=None, description="The broader therapy whose sessions its sessions add to"
    )
    invasiveness: int = Field(ge=0, le=10, description="0 least, 10 most invasive")
    course: Course
    evidence: str
    against: str = Field(description="What contradicts or limits the evidence")


class TherapyCatalogue(Catalogue):
    """The content of `therapies.yaml`."""

    therapies: dict[str, Therapy]


@derived
def therapy_catalogue(knowledge: Knowledge) -> TherapyCatalogue:
    """Return the therapies with their sources."""
    return catalogue(
        knowledge, "therapies", files(__package__) / "therapies.yaml", TherapyCatalogue
    )


def therapies(knowledge: Knowledge) -> dict[str, Therapy]:
    """Return the therapies by id, from least to most invasive."""
    return therapy_catalogue(knowledge).therapies


def counted_as(knowledge: Knowledge, therapy: str) -> tuple[str, ...]:
    """Return `therapy` and every therapy whose sessions add to its own.

    >>> counted_as(Knowledge.shipped(), "dry-needling")
    ('dry-needling', 'electro-dry-needling')
    """
    return tuple(k for k, row in therapies(knowledge).items() if therapy in (k, row.counts_as))
