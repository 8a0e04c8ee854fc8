"""Scores that look as if they were on another scale than the one before them.

The reader warns of them by file and row, and the gate stays closed while an episode has one: both
ask `doubtful_scores`, so that they never disagree. Whoever corrects the row ends the doubt.
"""

from __future__ import annotations

from enum import StrEnum

import polars as pl

from reliefpath.care_log.reading_rules import reading_rules
from reliefpath.clock import Moment
from reliefpath.knowledge import Knowledge, derived
from reliefpath.reference.measures import measures

TENFOLD = 10


class Doubt(StrEnum):
    """What a score looks like beside the one before it."""

    TENTH = "tenth"
    TENFOLD = "tenfold"
    FLIPPED = "flipped"

    def said(self, before: float) -> str:
        """Return the doubt in words, given the score before."""
        match self:
            case Doubt.TENTH:
                return f"about a tenth of the score before, {before:g}: is it in another unit?"
            case Doubt.TENFOLD:
                return f"about ten times the score before, {before:g}: is it in another unit?"
            case Doubt.FLIPPED:
                return f"the opposite of the score before, {before:g}: is its sign right?"


SCHEMA: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "episode": pl.String(),
    "measure": pl.String(),
    "value": pl.Float64(),
    "before": pl.Float64(),
    "doubt": pl.String(),
}


def doubtful_scores(
    scores: pl.DataFrame, knowledge: Knowledge, moment: Moment | None = None
) -> pl.DataFrame:
    """Return the totals that jump tenfold, or whose sign flips, from the one before them.

    72 and 68, then 6.6, are millimetres and then centimetres of one line, and no recovery. 5 and 6,
    then -6, are a change that somebody coded the other way round. A questionnaire's score is worked
    out from its items and has one unit: in a simulated clinic one in thirty patients crosses a
    tenth of its scale at once, and none of those is a slip.

    Args:
        scores: the care log's `scores`, of any number of episodes.
        knowledge: the catalogues that have the measures.
        moment: what had happened by then counts; all of them if None.

    Returns:
        A row for each doubtful score, in the order of `scores`: `row` (its place in `scores`, from
        0), `episode`, `measure`, `value`, `before` (the score that it is held against) and `doubt`
        (a `Doubt`); empty where nothing is doubtful, in milliseconds for a million scores.
    """
    rules, wide, signed = reading_rules().doubts, *_watched(knowledge)
    # seldom so, and quick to tell for one patient
    if not scores.select(_crossed(knowledge)).item():
        return pl.DataFrame(schema=SCHEMA)
    course = (
        scores.select("episode", "measure", "item", "at", "value")
        .with_row_index("row")
        .filter(pl.lit(True) if moment is None else moment.had_happened)
        .filter(pl.col("measure").is_in([*wide, *signed]), pl.col("item").is_null())
        .drop_nulls(["episode", "at", "value"])
        .sort("episode", "measure", "at", "row")
    )
    same = pl.all_horizontal(pl.col(key) == pl.col(key).shift(1) for key in ("episode", "measure"))
    value, before = pl.col("value"), pl.col("before")
    small, large = pl.min_horizontal(value, before), pl.max_horizontal(value, before)
    top = pl.col("measure").replace_strict(wide, default=None, return_dtype=pl.Float64)
    decimals = (small % 1 != 0) & (large % 1 == 0)
    tenfold = (large / small).is_between(rules.least_ratio.value, rules.most_ratio.value)
    slipped = decimals & (large / small >= rules.least_ratio_with_decimals.value)
    jumps = (small > 0) & (small <= top) & (large > top) & (tenfold | slipped)
    flips = (
        pl.col("measure").is_in(signed)
        & (value * before < 0)
        & (pl.min_horizontal(value.abs(), before.abs()) >= rules.least_flipped.value)
        & ((value + before).abs() <= rules.most_off_mirror.value)
    )
    doubt = (
        pl.when(jumps & (value < before))
        .then(pl.lit(Doubt.TENTH.value))
        .when(jumps)
        .then(pl.lit(Doubt.TENFOLD.value))
        .when(flips)
        .then(pl.lit(Doubt.FLIPPED.value))
    )
    return (
        course.with_columns(before=pl.when(same).then(value.shift(1)))
        .with_columns(doubt=doubt)
        .drop_nulls("doubt")
        .sort("row")
        .select(*SCHEMA)
    )


@derived
def _watched(knowledge: Knowledge) -> tuple[dict[str, float], list[str]]:
    """The measures given as one number that are wide, with a tenth of their top, and the signed."""
    widest, known = reading_rules().doubts.widest_of_narrow.value, measures(knowledge)
    wide = {
        name: m.high / TENFOLD
        for name, m in known.items()
        if m.items is None and m.high is not None and m.high >= widest
    }
    return wide, [name for name, m in known.items() if m.low < 0]


@derived
def _crossed(knowledge: Knowledge) -> pl.Expr:
    """Whether any measure has scores on both sides of what a slip crosses."""
    wide, signed = _watched(knowledge)
    crossed = []
    for name, limit in (*wide.items(), *((name, 0.0) for name in signed)):
        values = pl.col("value").filter(pl.col("measure") == name)
        crossed.append((values.min() <= limit) & (values.max() > limit))
    return pl.any_horizontal(False, *crossed)
