"""What an episode's check-in asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reliefpath.care.check_in.words import Effect, Scale, words
from reliefpath.care.planning.exercise import last_needle
from reliefpath.care_log.log import CareLog
from reliefpath.reference.measures import measures
from reliefpath.reference.therapies import AgentKind, agents

PAIN, FUNCTION, OWN = "nrs", "psfs", "sane"
MARKS = 11


@dataclass(frozen=True)
class Question:
    """A measure, or an item of it, to be answered by one of eleven marks."""

    measure: str
    item: str | None
    words: Scale

    @property
    def field(self) -> str:
        """What the form calls it."""
        return f"{self.measure}/{self.item}" if self.item else self.measure

    @property
    def marks(self) -> list[str]:
        """The values to choose from, on the measure's own scale."""
        measure = measures()[self.measure]
        low = measure.item_low if self.item else measure.low
        high = measure.item_high if self.item else measure.high
        assert low is not None
        assert high is not None
        return [f"{low + (high - low) * n / (MARKS - 1):g}" for n in range(MARKS)]

    @property
    def unit(self) -> str:
        """What stands behind a mark."""
        unit = measures()[self.measure].unit
        return f" {unit}" if unit == "%" else ""


@dataclass(frozen=True)
class Questions:
    """What is asked of one episode on one day."""

    pain: list[Question]
    function: list[Question]
    own: list[Question]
    effects: dict[str, Effect]

    @property
    def scales(self) -> list[Question]:
        """Everything that is answered by a mark."""
        return [*self.pain, *self.function, *self.own]


def questions(care_log: CareLog, episode: str, today: date) -> Questions:
    """Return what to ask: pain, the activities that the patient named, how it feels, effects.

    Args:
        care_log: the patient's own.
        episode: the complaint that is asked about.
        today: the day of the check-in.
    """
    primary = care_log.episodes.filter(episode=episode)["primary_measure"][0]
    is_pain = primary is not None and measures()[primary].construct == "pain"
    asked = list(_asked(primary)) if is_pain else []
    return Questions(
        pain=asked or list(_asked(PAIN)),
        function=[
            Question(FUNCTION, item, words().scales[FUNCTION])
            for item in _activities(care_log, episode)
        ],
        own=list(_asked(OWN)),
        effects=_effects(care_log.moment(today).before(care_log.given), today),
    )


def _asked(measure: str) -> Iterator[Question]:
    """A measure as one question, or one a labelled item; nothing if it cannot be asked."""
    for name, scale in words().scales.items():
        found, _, item = name.partition("/")
        if found == measure:
            yield Question(measure, item or None, scale)


def _activities(care_log: CareLog, episode: str) -> list[str]:
    """The activities that were rated first, in the patient's words."""
    items = care_log.scores.filter(
        pl.col("episode") == episode, pl.col("measure") == FUNCTION, pl.col("item").is_not_null()
    )
    first = items.filter(pl.col("at") == pl.col("at").min())
    return first["item"].unique(maintain_order=True).to_list()


def _effects(treatments: pl.DataFrame, today: date) -> dict[str, Effect]:
    """What may follow what was done to the patient of late, in whichever episode."""
    since = today - timedelta(days=words().recent_days.value)
    after, needled = {"exercise"}, last_needle(treatments)
    if needled is not None and needled >= since:
        after.add("needle")
    steroids = [name for name, row in agents().items() if row.kind is AgentKind.CORTICOSTEROID]
    given = treatments.filter(pl.col("agent").is_in(steroids))
    if (given["at"].dt.date() >= since).any():
        after.add("corticosteroid")
    return {code: effect for code, effect in words().effects.items() if effect.after in after}
