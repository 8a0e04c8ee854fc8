"""The scores known at a moment as arrays: a series of each episode and measure.

Scores of one day and measure are one occasion, and their mean counts: who answers twice a day tells
no more of the course. Only an injection parts a day, since what was felt before it is another thing
than what its anaesthetic does. What was scored after care had ended belongs to no course of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from reliefpath.knowledge import Knowledge, derived
from reliefpath.pathway.facts.curves import Days, Series
from reliefpath.pathway.facts.episodes import Episodes, place
from reliefpath.pathway.facts.groups import Flags, Floats, Ints, Names
from reliefpath.pathway.facts.sessions import Sessions
from reliefpath.reference.measures import table as measure_table
from reliefpath.reference.measures.totals import totals

WEEK = 7 * 86_400 * 1e6
"""In microseconds."""


@dataclass(frozen=True)
class Measures:
    """What the catalogue says of each measure, in its order; the last, at -1, is none."""

    place: dict[str, int]
    name: Names
    construct: Names
    compared: Flags
    """Those of pain or function, of which an episode may have a curve each."""
    worse: Floats
    """1 where a higher score is worse, -1 where it is better."""
    well: Floats
    scale_range: Floats
    mcid: Floats
    mdc: Floats
    """What matters stands in where the smallest detectable change is not known."""
    step: Floats

    @cached_property
    def order(self) -> pl.Expr:
        """The place here of each row of scores."""
        return place("measure", pl.Enum(list(self.place)))

    @property
    def size(self) -> int:
        """How many measures there are."""
        return len(self.place)


@derived
def catalogue(knowledge: Knowledge) -> Measures:
    """Return the measures as arrays."""
    table = measure_table(knowledge).with_columns(
        worse=pl.when(pl.col("better") == "higher").then(-1.0).otherwise(1.0),
        mdc=pl.coalesce("mdc", "mcid"),
    )
    name, construct = (np.array([*table[c], None], object) for c in ("measure", "construct"))
    numbers = ("worse", "well", "scale_range", "mcid", "mdc", "step")
    arrays = (np.append(table[column].to_numpy(), np.nan) for column in numbers)
    number = {measure: i for i, measure in enumerate(table["measure"])}
    compared = np.isin(construct, ("pain", "function"))
    return Measures(number, name, construct, compared, *arrays)


@dataclass(frozen=True)
class Scores:
    """The scores known at a moment, items made totals, by episode, measure and occasion.

    The scores of series i are at offsets[i:i+2]. What a series is and what it said first and last
    has one value more: at -1 is what is so of no series.
    """

    episodes: Episodes
    measures: Measures
    offsets: Ints
    weeks: Floats
    days: Days
    burden: Floats
    within: Floats
    """The variance of the scores of each occasion."""
    e: Ints
    order: Ints
    count: Ints
    baseline: Floats
    current: Floats
    worst: Floats
    """The worst score of the latest day."""
    first: Floats
    last: Floats
    day: Days
    injected: Floats
    """Weeks from the injection before each score."""
    since_latest: Flags
    """Whether that is the episode's latest."""
    needled: Floats
    """Weeks from the dry needling before each score."""

    @classmethod
    def of(
        cls,
        scores: pl.DataFrame,
        episodes: Episodes,
        injections: Sessions,
        needlings: Sessions,
        knowledge: Knowledge,
    ) -> Scores:
        """Return the scores of these episodes that had been given while care or follow-up went on.

        With how long after an injection, and after a dry needling, each was.
        """
        said, m = totals(scores, knowledge), catalogue(knowledge)
        by_time = ("e", "order", "at", "value")
        rows = episodes.rows(said, by_time, order=m.order, value=pl.col("value"))
        counts = ~(rows["day"] > episodes.scored_until[rows["e"]])
        at, days, value, e, order = (
            rows[name][counts] for name in ("at", "day", "value", "e", "order")
        )
        k = e * m.size + order
        injected, latest = injections.before(k // m.size, at)
        begins = np.flatnonzero(_new(k) | _new(days.astype(np.int64)) | _parted(injected))
        many = np.diff(np.append(begins, k.size))
        # of each occasion
        mean = np.add.reduceat(value, begins) / many if begins.size else value
        squares = np.add.reduceat(value**2, begins) / many if begins.size else value
        within = np.maximum(squares - mean**2, 0.0)
        worse = m.worse[k % m.size]
        worst = np.maximum.reduceat(value * worse, begins) if begins.size else value
        at, days, k, worse = (values[begins] for values in (at, days, k, worse))
        needled, _ = needlings.before(k // m.size, at)
        # a score from before care began counts as one of its first day
        begun = episodes.started.astype("datetime64[us]")
        weeks = np.maximum((at - begun[k // m.size]).astype(np.int64) / WEEK, 0.0)
        burden = np.maximum(worse * (mean - m.well[k % m.size]), 0.0)
        offsets = np.append(np.flatnonzero(_new(k)), k.size)
        first, last = offsets[:-1], offsets[1:] - 1
        return cls(
            episodes,
            m,
            offsets,
            weeks,
            days,
            burden,
            within,
            e=np.append(k[first] // m.size, -1),
            order=np.append(k[first] % m.size, -1),
            count=np.append(last - first + 1, 0),
            baseline=np.append(mean[first], np.nan),
            current=np.append(mean[last], np.nan),
            worst=np.append((worst * worse)[last], np.nan),
            first=np.append(burden[first], np.nan),
            last=np.append(burden[last], np.nan),
            day=np.append(days[last], np.datetime64("NaT")),
            injected=injected[begins],
            since_latest=latest[begins],
            needled=needled,
        )

    def most_scored(self, which: Flags) -> Ints:
        """The series with the most scores of each episode, among some, -1 where there is none.

        Of those that tie, it is of the catalogue's first measure.
        """
        rank = np.where(which, self.order - 1000 * self.count, 0)
        best = np.zeros(self.episodes.size + 1, np.int64)
        np.minimum.at(best, self.e, rank)
        chosen = np.flatnonzero(which & (rank == best[self.e]))
        return self._of_each(chosen)

    def of_measure(self, order: Ints) -> Ints:
        """The series of a measure of each episode, by its place; -1 where there is none."""
        return self._of_each(np.flatnonzero(self.order[:-1] == order[self.e[:-1]]))

    def any(self, which: Flags) -> Flags:
        """Whether each episode has any of some series."""
        return np.bincount(self.e[which], minlength=self.episodes.size) > 0

    def _of_each(self, chosen: Ints) -> Ints:
        found = np.full(self.episodes.size, -1)
        found[self.e[chosen]] = chosen
        return found

    def curved(self, chosen: Ints) -> Ints:
        """Those series that a curve can follow, -1 for others.

        A measure without a well value, or a baseline that is well, has no curve.
        """
        m, order = self.measures, self.order[chosen]
        follows = (
            (self.first[chosen] > 0) & ~np.isnan(m.scale_range[order]) & ~np.isnan(m.mcid[order])
        )
        return np.where(follows, chosen, -1)

    def series(self, chosen: Ints) -> Series:
        """Return the scores of some series, given in their order; -1 is left out."""
        chosen = chosen[chosen >= 0]
        m, order = self.measures, self.order[chosen]
        wanted = np.zeros(self.count.size, np.bool_)
        wanted[chosen] = True
        mine = np.repeat(wanted, self.count)
        e = self.e[chosen]
        return Series(
            e,
            m.name[order],
            np.array(self.episodes.table["region"].to_list(), object)[e],
            np.append(0, np.cumsum(self.count[chosen])),
            self.days[mine],
            self.weeks[mine],
            self.burden[mine],
            self.within[mine],
            self.injected[mine],
            self.since_latest[mine],
            self.needled[mine],
            *(np.nan_to_num(column[order]) for column in (m.scale_range, m.mcid, m.mdc, m.step)),
        )


def _new(values: Ints) -> Flags:
    """Whether each of some values is another than the one before it."""
    return np.append(True, values[1:] != values[:-1])[: values.size]


def _parted(injected: Floats) -> Flags:
    """Whether an injection lies between each score and the one before it."""
    before = np.roll(injected, 1)
    return ~((injected >= before) | np.isnan(injected))


def curved_series(s: Scores) -> pl.DataFrame:
    """Return every series of scores that a curve can follow, whichever measure it is of.

    Columns: k (numbers the series, ascending), measure, region, weeks (since care began), burden,
    effect (of an injection, from 0 to 1), scale_range and step (in the measure's units).
    """
    series = s.series(np.flatnonzero((s.first > 0) & ~np.isnan(s.measures.scale_range[s.order])))
    k = series.owner
    return pl.DataFrame(
        {
            "k": k,
            "measure": pl.Series(series.measure.tolist(), dtype=pl.String).gather(k),
            "region": pl.Series(series.region.tolist(), dtype=pl.String).gather(k),
            "weeks": series.weeks,
            "burden": series.burden,
            "effect": series.effect,
            "scale_range": series.scale_range[k],
            "step": series.step[k],
        }
    )
