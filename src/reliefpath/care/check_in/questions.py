"""What an episode's check-in asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reliefpath.care.check_in.words import EFFECT, Effect, Scale, words
from reliefpath.care.planning.exercise import last_needle
from reliefpath.care_log.log import CareLog
from reliefpath.knowledge import Knowledge
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.therapies import AgentKind, Restriction, agents, finding_kinds
from reliefpath.reference.therapies.exercise import exercises

PAIN, FUNCTION, OWN = "nrs", "psfs", "sane"
MARKS = 11


@dataclass(frozen=True)
class Question:
    """A measure, or an item of it, to be answered by one of eleven marks."""

    measure: str
    item: str | None
    words: Scale
    row: Measure
    """What the catalogue says of the measure."""

    @property
    def field(self) -> str:
        """What the form calls it."""
        return f"{self.measure}/{self.item}" if self.item else self.measure

    @property
    def marks(self) -> list[str]:
        """The values to choose from, on the measure's own scale."""
        measure = self.row
        low = measure.item_low if self.item else measure.low
        high = measure.item_high if self.item else measure.high
        assert low is not None
        assert high is not None
        return [f"{low + (high - low) * n / (MARKS - 1):g}" for n in range(MARKS)]

    @property
    def unit(self) -> str:
        """What stands behind a mark."""
        return f" {self.row.unit}" if self.row.unit == "%" else ""


@dataclass(frozen=True)
class Questions:
    """What is asked of one episode on one day."""

    pain: list[Question]
    function: list[Question]
    own: list[Question]
    exercises: dict[str, str]
    """The names of those that a clinician signed, by their id; asked about one by one."""
    effects: dict[str, Effect]
    urgent: frozenset[str]
    """The effects that cannot wait."""

    @property
    def scales(self) -> list[Question]:
        """Everything that is answered by a mark."""
        return [*self.pain, *self.function, *self.own]


def questions(
    care_log: CareLog, episode: str, today: date, prescribed: Iterable[str] = ()
) -> Questions:
    """Return what to ask: pain, the activities that the patient named, how it feels, effects.

    Args:
        care_log: the patient's own.
        episode: the complaint that is asked about.
        today: the day of the check-in.
        prescribed: the exercises of the programme in force.
    """
    primary = care_log.episodes.filter(episode=episode)["primary_measure"][0]
    known = measures(care_log.knowledge)
    is_pain = primary is not None and known[primary].construct == "pain"
    asked = list(_asked(known, primary)) if is_pain else []
    effects = _effects(care_log, today)
    return Questions(
        pain=asked or list(_asked(known, PAIN)),
        function=[
            Question(FUNCTION, item, words().scales[FUNCTION], known[FUNCTION])
            for item in activities(care_log, episode)
        ],
        own=list(_asked(known, OWN)),
        exercises={
            id_: row.name
            for id_ in prescribed
            if (row := exercises(care_log.knowledge).get(id_)) is not None
        },
        effects=effects,
        urgent=frozenset(_urgent(care_log.knowledge, effects)),
    )


def _asked(known: Mapping[str, Measure], measure: str) -> Iterator[Question]:
    """A measure as one question, or one a labelled item; nothing if it cannot be asked."""
    for name, scale in words().scales.items():
        found, _, item = name.partition("/")
        if found == measure:
            yield Question(measure, item or None, scale, known[measure])


def activities(care_log: CareLog, episode: str) -> list[str]:
    """Return the activities that were rated first, in the patient's words."""
    items = care_log.scores.filter(
        pl.col("episode") == episode, pl.col("measure") == FUNCTION, pl.col("item").is_not_null()
    )
    first = items.filter(pl.col("at") == pl.col("at").min())
    return first["item"].unique(maintain_order=True).to_list()


def _effects(care_log: CareLog, today: date) -> dict[str, Effect]:
    """What may follow what was done to the patient of late, in whichever episode."""
    treatments = care_log.moment(today).before(care_log.given)
    since = today - timedelta(days=words().recent_days.value)
    after, needled = {"exercise"}, last_needle(treatments, care_log.knowledge)
    if needled is not None and needled >= since:
        after.add("needle")
    known = agents(care_log.knowledge).items()
    steroids = [name for name, row in known if row.kind is AgentKind.CORTICOSTEROID]
    given = treatments.filter(pl.col("agent").is_in(steroids))
    if (given["at"].dt.date() >= since).any():
        after.add("corticosteroid")
    return {code: effect for code, effect in words().effects.items() if effect.after in after}


def _urgent(knowledge: Knowledge, effects: Iterable[str]) -> Iterator[str]:
    """The effects that cannot wait, as the bars of their findings say."""
    known = finding_kinds(knowledge)[EFFECT].codes
    return (code for code in effects if Restriction.RED_FLAG in known[code].bars)
