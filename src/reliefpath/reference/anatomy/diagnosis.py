"""When an examined muscle holds a trigger point, read from `trigger_point.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import Field

from reliefpath.knowledge.catalogue import Catalogue, Record, Row, load_catalogue


class Definition(Row):
    """A diagnosis as a yes / no / unknown question over the columns of `exams`."""

    rule: str = Field(description="Boolean SQL over the columns of `exams`; null is unknown")
    because: str


class TriggerPoint(Record):
    """What makes an examined muscle hold a trigger point, and what makes it an active one."""

    present: Definition
    active: Definition


class TriggerPointCatalogue(Catalogue):
    """The content of `trigger_point.yaml`."""

    definitions: dict[str, Definition]


@cache
def trigger_point_catalogue() -> TriggerPointCatalogue:
    """Return the definitions with their sources."""
    file = files(__package__) / "trigger_point.yaml"
    return load_catalogue(file, TriggerPointCatalogue)


@cache
def trigger_point() -> TriggerPoint:
    """Return the definition of a trigger point, present and active."""
    definitions = trigger_point_catalogue().definitions
    return TriggerPoint(present=definitions["present"], active=definitions["active"])
