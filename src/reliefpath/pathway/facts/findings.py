"""Facts of the findings: red flags, contraindications, cautions, medicines, consent."""

from __future__ import annotations

from functools import cache

import polars as pl

from reliefpath.pathway.facts.moment import Moment, one_row_each
from reliefpath.therapies import SCREENED, Bar, finding_kinds

FLAGS = {
    "red_flag": Bar.RED_FLAG,
    "contraindication": Bar.CONTRAINDICATION,
    "caution": Bar.CAUTION,
    "anticoagulated": Bar.ANTICOAGULANT,
}
"""The bar whose findings raise each flag."""
LISTS = {
    "red_flags": Bar.RED_FLAG,
    "contraindications": Bar.CONTRAINDICATION,
    "cautions": Bar.CAUTION,
}
"""The bar whose findings each list names."""
ANSWERS = {
    "pregnant": ("pregnancy", {"pregnant": True, "not-pregnant": False}),
    "consented": ("consent", {"injection": True, "injection-refused": False}),
}
"""Facts that the latest finding of one kind answers by its code."""


def finding_facts(findings: pl.LazyFrame, episodes: pl.LazyFrame, moment: Moment) -> pl.LazyFrame:
    """Return the facts of the findings, one row an episode in the order of `episodes`.

    A finding without an episode belongs to the person, and so to each of their episodes. Not asked
    is not a no: a flag is false only when every kind of finding that could raise it was screened
    since the episode began.
    """
    rows = (
        moment.before(findings)
        .filter(pl.col("until").is_null() | (pl.col("until") >= moment.day))
        .join(episodes.select("e", "patient", "started_on", mine="episode"), on="patient")
        .filter(pl.col("episode").is_null() | (pl.col("episode") == pl.col("mine")))
        .filter(_stands())
    )
    return one_row_each(episodes, rows.group_by("e").agg(_columns()))


def _stands() -> pl.Expr:
    """Findings that no later answer to the same question has overtaken."""
    questions = [
        (pl.col("kind") == kind) & pl.col("code").is_in(list(codes))
        for kind, codes in ANSWERS.values()
    ]
    overtaken = [
        asked & (pl.col("at") < pl.when(asked).then("at").max().over("e")) for asked in questions
    ]
    return ~pl.any_horizontal(overtaken)


@cache
def _columns() -> list[pl.Expr]:
    return [
        *(_flag(bar).alias(name) for name, bar in FLAGS.items()),
        *(_listed(bar).alias(name) for name, bar in LISTS.items()),
        *(_answer(kind, codes).alias(name) for name, (kind, codes) in ANSWERS.items()),
    ]


def _flag(bar: Bar) -> pl.Expr:
    """True where a finding raises the bar, false where all was screened, unknown elsewhere."""
    since_start = pl.col("at").dt.date() >= pl.col("started_on")
    screened = since_start & (pl.col("code") == SCREENED)
    kinds = _kinds_to_screen(bar)
    asked = pl.all_horizontal((screened & (pl.col("kind") == kind)).any() for kind in kinds)
    return pl.when(_raises(bar).any()).then(True).when(asked).then(False)


def _listed(bar: Bar) -> pl.Expr:
    code = pl.col("code")
    named = code if bar is Bar.RED_FLAG else pl.col("kind") + " " + code
    return pl.when(_raises(bar).any()).then(
        named.filter(_raises(bar)).unique().sort().str.join(", ")
    )


def _raises(bar: Bar) -> pl.Expr:
    return pl.any_horizontal(
        (pl.col("kind") == kind) & pl.col("code").is_in(codes)
        for kind, codes in _barring(bar).items()
    )


@cache
def _barring(bar: Bar) -> dict[str, list[str]]:
    """The codes that raise the bar, by kind."""
    codes = {
        kind: [code for code, finding in row.codes.items() if bar in finding.bars]
        for kind, row in finding_kinds().items()
    }
    return {kind: barring for kind, barring in codes.items() if barring}


def _kinds_to_screen(bar: Bar) -> list[str]:
    return [kind for kind in _barring(bar) if finding_kinds()[kind].screening]


def _answer(kind: str, codes: dict[str, bool]) -> pl.Expr:
    """What the latest finding of the kind says; unknown where two of one moment disagree."""
    of_kind = (pl.col("kind") == kind) & pl.col("code").is_in(list(codes))
    latest = of_kind & (pl.col("at") == pl.col("at").filter(of_kind).max())
    answer = pl.col("code").replace_strict(codes, default=None, return_dtype=pl.Boolean)
    said = answer.filter(latest)
    return pl.when(said.all() == said.any()).then(said.first())
