"""What the papers of an injection say, read from `codes.yaml` and `words.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Self

from pydantic import Field, model_validator

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Record, Row, Source, load_catalogue
from reliefpath.reference.anatomy import Region
from reliefpath.reference.therapies import AgentKind


class Procedure(Row):
    """A code of the procedure, by how many muscles are injected."""

    name: str
    least_muscles: int = Field(gt=0)
    most_muscles: int | None

    def fits(self, muscles: int) -> bool:
        """Return whether it stands for an injection of so many muscles."""
        return self.least_muscles <= muscles <= (self.most_muscles or muscles)


class DrugUnit(Row):
    """A code of a drug, of which one unit is so many milligrams."""

    code: str
    mg: float = Field(gt=0)
    unit: str = Field(description="One unit, as the code's descriptor says it")


class Diagnosis(Row):
    """A code of a diagnosis, suggested for injections in these regions."""

    name: str
    regions: tuple[Region, ...]
    of_the_muscle: bool = Field(
        default=False, description="Whether it says no more than that this muscle hurts"
    )


class Line(Row):
    """A line of a paper."""

    says: str
    only: AgentKind | None = Field(default=None, description="Said only where such an agent is")
    lung: bool = Field(default=False, description="Said only where a muscle lies beside the lung")
    about: tuple[str, ...] = Field(
        default=(),
        description="Said only where one of these is on record: `kind`, `kind code` or `kind bar`",
    )


class Alarm(Line):
    """What should send a patient back at once."""

    hours: int | None = Field(default=None, gt=0, description="How long to look out for it")


class CheckIn(Row):
    """When to ask how it went, counted from the day of the injection."""

    name: str
    days: tuple[int, int] | None = Field(default=None, description="The first and the last day")
    weeks: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _says_when_once(self) -> Self:
        if (self.days is None) == (self.weeks is None):
            raise ValueError("expected either `days` or `weeks`")
        return self


class Rounding(Record):
    """How a part of a drug's unit is billed."""

    known: Line
    unknown: Line


class Wasted(Record):
    """What a claim says of a drug that was discarded."""

    discarded: Line
    nothing: Line
    within_a_unit: Line
    to_tell: Line
    unknown: Line


class Codes(Catalogue):
    """The content of `codes.yaml`."""

    procedures: dict[str, Procedure]
    counting: tuple[Line, ...]
    both_sides: Line
    drug_units: dict[str, DrugUnit]
    on_the_claim: Line
    bundled: Line
    rounding: Rounding
    wasted: Wasted
    diagnoses: dict[str, Diagnosis]
    covered_lists: Line

    def rows(self) -> dict[str, Row]:
        """Return every code of whatever kind; a drug's by its code and its agent."""
        drugs = {f"{row.code} {agent}": row for agent, row in self.drug_units.items()}
        return {**self.procedures, **drugs, **self.diagnoses}


class Words(Catalogue):
    """The content of `words.yaml`."""

    places: dict[Region, str]
    """The regions of the body as patients call them."""
    names: dict[str, str]
    """Findings as patients call them, by kind and code; `something` is any other."""
    what_it_is: tuple[Line, ...]
    plateau: Line
    in_short: Line
    studies: tuple[Line, ...]
    alternatives: tuple[Line, ...]
    rights: tuple[Line, ...]
    risks: tuple[Line, ...]
    own_risks: tuple[Line, ...]
    no_own_risks: Line
    rates: tuple[Line, ...]
    after_care: tuple[Line, ...]
    call_us: tuple[Line, ...]
    call_at_once: Line
    come_back: tuple[Alarm, ...]
    at_once: Line
    check_ins: tuple[CheckIn, ...]


@derived
def codes(knowledge: Knowledge) -> Codes:
    """Return the codes of a claim with their sources."""
    return catalogue(knowledge, "codes", files(__package__) / "codes.yaml", Codes)


@cache
def words() -> Words:
    """Return the lines of the papers for a patient with their sources."""
    return load_catalogue(files(__package__) / "words.yaml", Words)


def cited(sources: Mapping[str, Source], names: Iterable[str]) -> tuple[str, ...]:
    """Return sources, each with how sure it is."""
    return tuple(str(sources[name]) for name in names)
