"""What a changed pathway would have said of patients as they were, beside what this one says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reliefpath.pathway.assessment import AS_OF, GATE, NEXT_STEP, STATUS, advise
from reliefpath.pathway.model import Pathway

MONTHS = 12
SHOWN = (STATUS, GATE, NEXT_STEP)
Days = Mapping[date, pl.DataFrame]
"""The facts table as of several days."""


def month_ends(today: date, months: int = MONTHS) -> list[date]:
    """Return the last days of the latest months that have ended by `today`, oldest first."""
    ends = []
    first = (today + timedelta(days=1)).replace(day=1)
    for _ in range(months):
        ends.append(first - timedelta(days=1))
        first = ends[-1].replace(day=1)
    return ends[::-1]


@dataclass(frozen=True)
class Effect:
    """Two pathways asked of the same patients.

    Attributes:
        rows: One row for each day and episode in care on it: `episode`, `as_of`, and what both
            pathways say: `status`, `gate`, `next_step`, and these with `_after`.
    """

    rows: pl.DataFrame

    @classmethod
    def of(cls, before: Pathway, facts: Days, after: Pathway, facts_after: Days) -> Effect:
        """Ask both pathways of the facts as of the same days.

        Args:
            before: the one in force.
            facts: the facts as its recovery settings have them.
            after: the changed one.
            facts_after: the facts as its own settings have them.
        """
        parts = [
            _told(facts[day], before, day).join(
                _told(facts_after[day], after, day), on=["episode", AS_OF], suffix="_after"
            )
            for day in facts
        ]
        return cls(pl.concat(parts).sort(AS_OF, "episode"))

    @property
    def episodes(self) -> int:
        """How many episodes were in care on any of the days."""
        return self.rows["episode"].n_unique()

    @property
    def statuses(self) -> dict[str, tuple[int, int]]:
        """How many rows have each status, before and after."""
        before, after = self.rows[STATUS], self.rows[f"{STATUS}_after"]
        names = dict.fromkeys([*before, *after])
        return {name: ((before == name).sum(), (after == name).sum()) for name in names}

    @property
    def crossed(self) -> dict[tuple[str, str], int]:
        """How many rows go from one status to another."""
        pairs = self.rows.filter(_OTHER_STATUS).group_by(STATUS, f"{STATUS}_after").len()
        ordered = pairs.sort("len", STATUS, f"{STATUS}_after", descending=[True, False, False])
        return {(before, after): count for before, after, count in ordered.rows()}

    @property
    def other_status(self) -> int:
        """How many rows change their status."""
        return self.rows.filter(_OTHER_STATUS).height

    @property
    def other_step(self) -> int:
        """How many rows change their next step."""
        return self.rows.filter(_OTHER_STEP).height

    @property
    def opened(self) -> int:
        """How many rows have the last gate open that was not."""
        return self.rows.filter(_OPENED).height

    @property
    def closed(self) -> int:
        """How many rows no longer have the last gate open."""
        return self.rows.filter(_CLOSED).height

    @property
    def forward(self) -> int:
        """Of how many episodes the gate opens on an earlier day, or at all."""
        return self._first.filter(_earlier("after", "before")).height

    @property
    def held_back(self) -> int:
        """Of how many episodes the gate opens on a later day, or not at all."""
        return self._first.filter(_earlier("before", "after")).height

    @property
    def _first(self) -> pl.DataFrame:
        """The first day on which each episode's gate is open, before and after."""
        return self.rows.group_by("episode").agg(
            before=pl.col(AS_OF).filter(pl.col(GATE).fill_null(False)).min(),
            after=pl.col(AS_OF).filter(pl.col(f"{GATE}_after").fill_null(False)).min(),
        )

    def examples(self, most: int) -> pl.DataFrame:
        """Return the latest row of each episode that changes: gates first, then statuses."""
        weight = pl.when(_OPENED | _CLOSED).then(2).when(_OTHER_STATUS).then(1).otherwise(0)
        changed = self.rows.filter(_OTHER_STATUS | _OTHER_STEP | _OPENED | _CLOSED)
        by_weight = changed.with_columns(weight=weight).sort(
            "weight", AS_OF, "episode", descending=[True, True, False]
        )
        return by_weight.unique("episode", keep="first", maintain_order=True).head(most)


_OTHER_STATUS = pl.col(STATUS) != pl.col(f"{STATUS}_after")
_OTHER_STEP = pl.col(NEXT_STEP) != pl.col(f"{NEXT_STEP}_after")
_WAS, _IS = pl.col(GATE).fill_null(False), pl.col(f"{GATE}_after").fill_null(False)
_OPENED, _CLOSED = ~_WAS & _IS, _WAS & ~_IS


def _earlier(one: str, other: str) -> pl.Expr:
    either = pl.col(one).is_not_null()
    return either & (pl.col(other).is_null() | (pl.col(one) < pl.col(other)))


def _told(facts: pl.DataFrame, pathway: Pathway, day: date) -> pl.DataFrame:
    in_care = facts.filter(pl.col("in_care"))
    return advise(in_care, pathway, day).select("episode", AS_OF, *SHOWN)
