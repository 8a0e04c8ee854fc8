"""What a clinic's file says, and what of it can be refused before any row is looked at.

clinic: Riverside Pain Clinic
overrides:
  - in: limits
    row: volume-per-site
    set: {most: 1}
    because: Our needles are shorter.
    by: Dr. Ana Ruiz
    on: 2026-05-04
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from reliefpath.errors import KnowledgeError, Problem, UsageError, is_reason, nearest
from reliefpath.knowledge.catalogue import Certainty, Place, Record, Source, line_of, read_record

MARK = "clinic:"
"""How the id of a source begins that is an override itself."""
NEEDED = ("because", "by", "on")
LONG = 60
"""A longer value is not repeated in a citation."""


class Shelf(NamedTuple):
    """A catalogue that a clinic may change."""

    loader: str
    """What reads it; imported only when asked, since its module imports this package."""
    block: str
    """The block whose name may be left out before a row's."""
    closed: str | None = None
    """A block whose rows are asked for by name, so that a new one would do nothing."""


SHELVES: Mapping[str, Shelf] = {
    "measures": Shelf("reliefpath.reference.measures.catalogue:measures", "measures"),
    "muscles": Shelf("reliefpath.reference.anatomy.catalogue:muscles", "muscles"),
    "therapies": Shelf("reliefpath.reference.therapies.catalogue:therapies", "therapies"),
    "agents": Shelf("reliefpath.reference.therapies.injectables:agents", "agents"),
    "findings": Shelf("reliefpath.reference.therapies.findings:finding_kinds", "kinds"),
    "coverage": Shelf("reliefpath.reference.therapies.coverage:coverage_catalogue", "coverage"),
    "limits": Shelf(
        "reliefpath.reference.therapies.injection.limits:injection_limits", "limits", "limits"
    ),
    "exercises": Shelf("reliefpath.reference.therapies.exercise.catalogue:exercises", "exercises"),
    "exercise-rules": Shelf(
        "reliefpath.reference.therapies.exercise.catalogue:exercise_rules", "rules"
    ),
    "codes": Shelf("reliefpath.documents.papers.catalogue:codes", "diagnoses"),
}
"""The catalogues that a clinic may change, by the name that `in` gives."""


class Override(Record):
    """A row of a catalogue that the clinic changes or adds."""

    in_: str = Field(alias="in", description="The catalogue")
    row: str = Field(min_length=1, description="The row; a row inside another after a dot")
    set: dict[str, Any] = Field(
        min_length=1, description="The keys that change; a new row has all that it needs"
    )
    because: str = Field(description="Why, for whoever reads it later")
    by: str = Field(description="Who decided it")
    on: date = Field(description="When it was decided")

    @model_validator(mode="before")
    @classmethod
    def _has_reason_and_name(cls, content: Any) -> Any:
        if isinstance(content, dict):
            said = {key: str(content.get(key) or "").strip() for key in NEEDED}
            missing = [key for key in NEEDED if not said[key]]
            if said["because"] and not is_reason(said["because"]):
                missing.insert(0, "because")
            if missing:
                raise ValueError(
                    f"no {' and no '.join(f'`{key}`' for key in missing)}: an override says why "
                    "(`because`), who decided it (`by`) and on which day (`on`)"
                )
        return content


class ClinicFile(Record):
    """The content of a clinic's own file."""

    clinic: str = Field(min_length=1, description="What the clinic is called")
    sources: dict[str, Source] = Field(
        default={}, description="Further sources that `set` may name, by id"
    )
    overrides: tuple[Override, ...] = Field(min_length=1, description="The rows it changes or adds")

    @model_validator(mode="after")
    def _leaves_our_names_alone(self) -> Self:
        if taken := [id_ for id_ in self.sources if id_.startswith(MARK)]:
            raise ValueError(f"source `{taken[0]}`: ids that begin with `{MARK}` are taken")
        return self


@dataclass(frozen=True)
class Change:
    """A row that is not as shipped."""

    number: int
    """Which override of the file it is, from 0."""
    override: Override
    place: Place
    """Where the row is in its catalogue."""
    shipped: dict[str, Any] | None
    """What the changed keys were; null where the row is new."""
    like: str = ""
    """Which row may be meant where it is new, as a question."""

    @property
    def row(self) -> str:
        """The row, its block included."""
        return ".".join(map(str, self.place))

    @property
    def id(self) -> str:
        """The id of the source that the override is."""
        return f"{MARK}{self.override.in_}.{self.row}"

    @property
    def says(self) -> str:
        """What it changes, in words."""
        if self.shipped is None:
            return "a new row"
        return ", ".join(self._key(key, was) for key, was in self.shipped.items()) or "source"

    def _key(self, key: str, was: Any) -> str:
        before, now = _told(was), _told(self.override.set[key])
        return f"{key} {now}, shipped {before}" if before and now else key


def _told(value: Any) -> str | None:
    """A value in a word or two, or nothing where it takes more."""
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONG else None


@dataclass(frozen=True)
class Clinic:
    """A clinic's file that was read."""

    file: Path = field(compare=False)
    text: str
    content: ClinicFile = field(compare=False)

    @property
    def edition(self) -> str:
        """How advice names the file: by the first digits of the SHA-256 of its text."""
        return f"clinic.{sha256(self.text.encode()).hexdigest()[:8]}"

    def of(self, name: str) -> Iterator[tuple[int, Override]]:
        """Yield the overrides of a catalogue, each with its number."""
        return ((n, o) for n, o in enumerate(self.content.overrides) if o.in_ == name)

    def source(self, change: Change) -> Source:
        """Return an override as the source that its row cites."""
        o = change.override
        cite = f"{self.content.clinic}, {o.by}, {o.on}: {change.says}. {o.because}"
        return Source(cite=" ".join(cite.split()), certainty=Certainty.HOUSE)

    def problem(self, number: int, key: Place, value: Any, says: str) -> Problem:
        """Return what is wrong with an override, at its line."""
        place = ("overrides", number, *key)
        shown = str(value) if isinstance(value, str | int | float) else None
        column = ".".join(map(str, place))
        return Problem(self.file.name, line_of(self.file, place), column, shown, says)


def read_clinic(file: Path) -> Clinic:
    """Read a clinic's file, without a look at the rows that it names.

    Raises:
        UsageError: there is no such file.
        KnowledgeError: it breaks its model, or names no catalogue that a clinic may change.
    """
    if not file.is_file():
        raise UsageError(f"`{file}` is not a file; expected a clinic's overrides in YAML")
    content = read_record(file, ClinicFile, KnowledgeError)
    clinic = Clinic(file, file.read_text("utf-8"), content)
    problems = [
        clinic.problem(
            number,
            ("in",),
            override.in_,
            f"unknown catalogue{nearest(override.in_, SHELVES)}; one of {', '.join(SHELVES)}",
        )
        for number, override in enumerate(content.overrides)
        if override.in_ not in SHELVES
    ]
    if problems:
        raise KnowledgeError(problems)
    return clinic
