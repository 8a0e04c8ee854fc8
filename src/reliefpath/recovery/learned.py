"""Priors learned from a clinic's own episodes: one for all, and one for each large enough group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field

from reliefpath.errors import KnowledgeError, Problem, UsageError
from reliefpath.knowledge.catalogue import Catalogue, Record, Row, load_catalogue
from reliefpath.recovery.prior import DEFAULT_PRIOR, Asymptote, Deviation, Prior
from reliefpath.recovery.shapes import Family, Shape, Turn

Group = tuple[str, str]
"""A measure and a region."""


@dataclass(frozen=True)
class Priors:
    """What is known before the first score, by measure and region where that was learned.

    Attributes:
        overall: For episodes of no group of their own.
        groups: For the episodes of a measure and a region.
    """

    overall: Prior = DEFAULT_PRIOR
    groups: dict[Group, Prior] = field(default_factory=dict)

    def of(self, measure: str, region: str) -> Prior:
        """Return the prior of an episode."""
        return self.groups.get((measure, region), self.overall)


class LearnedTurn(Record):
    """See `Turn`."""

    ago: float
    length: float
    change: float

    def turn(self) -> Turn:
        """Return the turn."""
        return Turn(self.ago, self.length, self.change)


class LearnedShape(Record):
    """See `Shape`."""

    family: Family
    start: float
    length: float
    turn: LearnedTurn | None = None
    weight: float

    def shape(self) -> Shape:
        """Return the shape."""
        turn = None if self.turn is None else self.turn.turn()
        return Shape(self.family, self.start, self.length, turn)


class LearnedAsymptote(Record):
    """See `Asymptote`."""

    share: float
    spread: float
    weight: float


class LearnedDeviation(Record):
    """See `Deviation`."""

    ratio: float
    weeks: float
    real: bool
    weight: float


class LearnedPrior(Row):
    """One prior, spelled out; on the common scale from 0, which is well, to 10.

    Files written before 0.2 say `endings` for asymptotes and `wanders` for deviations.
    """

    measure: str | None = Field(default=None, description="Of the group; none is all")
    region: str | None = Field(default=None, description="Of the group; none is all")
    episodes: int = Field(ge=0, description="How many it was learned from")
    start: tuple[float, float] = Field(description="Mean and SD of the start")
    noise: tuple[float, float] = Field(description="Degrees of freedom and typical SD of a score")
    asymptotes: tuple[LearnedAsymptote, ...] = Field(
        validation_alias=AliasChoices("asymptotes", "endings")
    )
    deviations: tuple[LearnedDeviation, ...] = Field(
        validation_alias=AliasChoices("deviations", "wanders")
    )
    shapes: tuple[LearnedShape, ...]

    def prior(self) -> Prior:
        """Return the prior.

        Raises:
            UsageError: The values are not a distribution.
        """
        return Prior(
            start=self.start,
            noise=self.noise,
            shapes={s.shape(): s.weight for s in self.shapes},
            asymptotes={Asymptote(e.share, e.spread): e.weight for e in self.asymptotes},
            deviations={Deviation(w.ratio, w.weeks, w.real): w.weight for w in self.deviations},
        )


class LearnedFile(Catalogue):
    """A file of learned priors: the one for all first, then the groups'."""

    priors: tuple[LearnedPrior, ...] = Field(min_length=1)


def read_priors(file: Path) -> Priors:
    """Read a file of the text that `priors_text` gives.

    Raises:
        UsageError: There is no such file.
        KnowledgeError: It is not such a file; every problem is told with its line.
    """
    if not file.is_file():
        raise UsageError(f"`{file}` is not a file; expected what `reliefpath recovery learn` wrote")
    content = load_catalogue(file, LearnedFile)
    found: dict[Group | None, Prior] = {}
    for i, row in enumerate(content.priors):
        group = None if row.measure is None or row.region is None else (row.measure, row.region)
        if (group is None) != (i == 0):
            expected = "the prior for all comes first, and each other names measure and region"
            raise KnowledgeError([Problem(file.name, None, f"priors.{i}", None, expected)])
        try:
            found[group] = row.prior()
        except UsageError as e:
            raise KnowledgeError([Problem(file.name, None, f"priors.{i}", None, str(e))]) from None
    overall = found.pop(None)
    return Priors(overall, {group: prior for group, prior in found.items() if group})


def priors_text(priors: Priors, counts: dict[Group | None, int], source: str) -> str:
    """Return the text of a file of priors: how many episodes each rests on, and what they were."""
    import yaml

    rows: list[dict[str, Any]] = [_row(priors.overall, None, counts[None])]
    rows += [_row(prior, group, counts[group]) for group, prior in sorted(priors.groups.items())]
    content = {
        "sources": {"own-episodes": {"cite": source, "certainty": "derived"}},
        "priors": rows,
    }
    header = "# Learned by `reliefpath recovery learn`; used by `reliefpath assess --prior`.\n"
    return header + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)


def _row(prior: Prior, group: Group | None, episodes: int) -> dict[str, Any]:
    named = {"measure": group[0], "region": group[1]} if group else {}
    return named | {
        "episodes": episodes,
        "start": _plain(prior.start),
        "noise": _plain(prior.noise),
        "asymptotes": list(_weighted(prior.asymptotes)),
        "deviations": list(_weighted(prior.deviations)),
        "shapes": list(_weighted(prior.shapes)),
        "source": ["own-episodes"],
    }


def _weighted(part: dict[Any, float]) -> Iterator[dict[str, Any]]:
    for key, weight in part.items():
        yield {**_known(asdict(key)), "weight": float(f"{weight:.9g}")}


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _plain(numbers: tuple[float, ...]) -> list[float]:
    return [float(f"{number:.9g}") for number in numbers]
