"""The outcome measures: what each one asks, how it is scored, and which change matters."""

from __future__ import annotations

import warnings
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from reliefpath.knowledge import Knowledge, catalogue, derived
from reliefpath.knowledge.catalogue import Catalogue, Record, Row, Source, load_catalogue

if TYPE_CHECKING:
    import polars as pl

FILE = files(__package__) / "measures.yaml"


class Items(Record):
    """What a score is made of; an item without a label is known by its number, from `1`."""

    low: float = Field(description="Least value of an item")
    high: float | None = Field(default=None, description="Greatest value; null where none exists")
    fewest: int = Field(description="How many there are at least")
    most: int = Field(description="How many there are at most")
    whole: bool = Field(default=True, description="Whether an item takes whole numbers only")
    labels: dict[str, str] = Field(default={}, description="Item id to a label of our own wording")
    named_by_patient: bool = Field(default=False, description="Whether the patient names them")


class Missing(Row):
    """What happens when items are left out."""

    allowed: int = Field(ge=0, description="How many may be missing")
    then: str = Field(description="What then happens, in words")


class Scoring(Row):
    """How items become the score.

    `total`: only the score itself is entered. `mean`: mean of the items. `rescaled-mean`: mean of
    the answered items, carried from their range to the score's. `t-table`: the raw sum looked up.
    """

    method: Literal["total", "mean", "rescaled-mean", "t-table"]
    version: str = Field(description="Which of the formulas or tables in circulation")
    rule: str = Field(description="The rule in words")
    groups: tuple[int, ...] = Field(
        default=(), description="Sizes of subscales in item order, averaged after each is scored"
    )
    t_scores: tuple[float, ...] = Field(
        default=(), description="T-score of each raw sum, from the smallest possible"
    )
    missing: Missing | None = Field(default=None, description="Null where there are no items")


class Share(Row):
    """A change as a percentage of the baseline."""

    value: float = Field(gt=0, description="Percent of the baseline")


class Threshold(Row):
    """A change in score, in the measure's own unit."""

    value: float = Field(gt=0, description="The change, in `unit`")
    unit: str = Field(description="The measure's own score unit, said again on purpose")
    confidence: float | None = Field(default=None, gt=0, lt=1, description="Of a detectable change")
    percent: Share | None = Field(default=None, description="The same as a share of the baseline")
    note: str | None = Field(default=None, description="Rival values, and where they hold")


class Bands(Row):
    """Names for stretches of the scale."""

    starts: dict[float, str] = Field(
        description="Least score of each band to its name; it runs up to the next"
    )


class Licence(Row):
    """Who owns the measure and what is allowed."""

    owner: str
    terms: str
    free: bool = Field(description="Whether anyone may build it into software")


class Loinc(Row):
    """A confirmed LOINC code."""

    code: str = Field(pattern=r"^\d+-\d$")
    display: str = Field(description="Our own short wording; not LOINC's name, so FHIR's `text`")
    use: Literal["score", "raw", "panel"] = Field(default="score", description="What it codes")
    legacy: bool = Field(default=False, description="Accepted when read, never written")
    note: str | None = Field(default=None, description="What to heed when reading it")


with warnings.catch_warnings():
    # The word hides pydantic's own deprecated `construct`, which nobody here calls.
    warnings.simplefilter("ignore", UserWarning)

    class _Construct(Row):
        construct: Literal["pain", "function", "global", "sensitivity"] = Field(  # type: ignore[assignment]
            description="What is measured"
        )


class Measure(_Construct):
    """An outcome measure. Each part that carries numbers names its own sources."""

    name: str = Field(description="What it is called")
    about: str = Field(description="What it asks, briefly")
    unit: str = Field(description="Unit of the score")
    low: float = Field(description="Least score")
    high: float | None = Field(default=None, description="Greatest score; null where none exists")
    better: Literal["lower", "higher"] = Field(description="Which way is better")
    well: float | None = Field(
        default=None,
        description="The score that means well; null where none is known, or where the score is "
        "itself a change: such a measure carries no recovery curve",
    )
    retrospective: bool = Field(default=False, description="Whether the score is itself a change")
    step: float | None = Field(
        default=None, description="Grid on which a complete score falls; null where it has none"
    )
    items: Items | None = Field(default=None, description="Null: only the total is accepted")
    scoring: Scoring
    mcid: Threshold | None = Field(default=None, description="Smallest change that matters")
    mdc: Threshold | None = Field(default=None, description="Smallest change beyond chance")
    bands: Bands | None = None
    licence: Licence
    loinc: tuple[Loinc, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        method, items = self.scoring.method, self.items
        if (items is None) != (method == "total"):
            raise ValueError("expected items with every method but `total`")
        if method == "rescaled-mean" and (self.scale_range is None or self.item_high is None):
            raise ValueError("expected a greatest score and a greatest item to rescale between")
        if items and method == "t-table":
            sums = items.most * ((items.high or 0) - items.low) + 1
            if len(self.scoring.t_scores) != sums:
                raise ValueError(f"expected {sums:g} T-scores, one for each raw sum")
        if self.well is not None and self.well not in (self.low, self.high):
            raise ValueError("expected well at an end of the range")
        return self

    @property
    def item_ids(self) -> tuple[str, ...] | None:
        """Ids of its items: none if only the total is accepted; None if the patient names them."""
        if self.items is None:
            return ()
        if self.items.named_by_patient:
            return None
        return tuple(self.items.labels) or tuple(str(i + 1) for i in range(self.items.most))

    @property
    def item_low(self) -> float | None:
        """Least value of an item; None if only the total is accepted."""
        return self.items.low if self.items else None

    @property
    def item_high(self) -> float | None:
        """Greatest value of an item; None if it has none or only the total is accepted."""
        return self.items.high if self.items else None

    @property
    def scale_range(self) -> float | None:
        """Width of the range, in score units; None if it has no end."""
        return None if self.high is None else self.high - self.low


class MeasureCatalogue(Catalogue):
    """The content of `measures.yaml`."""

    measures: dict[str, Measure]


def read_measures(file: Traversable | Path) -> MeasureCatalogue:
    """Read a file of measures and their sources.

    Raises:
        KnowledgeError: the file breaks its model or a row names a source it does not define.
    """
    return load_catalogue(file, MeasureCatalogue)


@derived
def _catalogue(knowledge: Knowledge) -> MeasureCatalogue:
    return catalogue(knowledge, "measures", FILE, MeasureCatalogue)


def measures(knowledge: Knowledge) -> dict[str, Measure]:
    """Return every outcome measure by its id, in catalogue order."""
    return _catalogue(knowledge).measures


def sources(knowledge: Knowledge) -> dict[str, Source]:
    """Return the sources that the measures name, by id."""
    return _catalogue(knowledge).sources


def table(knowledge: Knowledge) -> pl.DataFrame:
    """Return one row a measure, for joining on `measure`, in catalogue order.

    Columns: measure, construct, low, high, better, well, scale_range (its width), mcid, mdc (both
    in the measure's own unit), step, free.
    """
    import polars as pl

    schema = {
        "measure": pl.String,
        "construct": pl.String,
        "low": pl.Float64,
        "high": pl.Float64,
        "better": pl.String,
        "well": pl.Float64,
        "scale_range": pl.Float64,
        "mcid": pl.Float64,
        "mdc": pl.Float64,
        "step": pl.Float64,
        "free": pl.Boolean,
    }
    content = [
        {
            "measure": id_,
            "construct": m.construct,
            "low": m.low,
            "high": m.high,
            "better": m.better,
            "well": m.well,
            "scale_range": m.scale_range,
            "mcid": m.mcid.value if m.mcid else None,
            "mdc": m.mdc.value if m.mdc else None,
            "step": m.step,
            "free": m.licence.free,
        }
        for id_, m in measures(knowledge).items()
    ]
    return pl.DataFrame(content, schema=schema)
