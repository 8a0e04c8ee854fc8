"""Facts of the findings: red flags, contraindications, cautions, medicines, consent."""

from __future__ import annotations

from functools import cache

import polars as pl

from reliefpath.pathway.facts.moment import Moment, collected, one_row_each
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


def finding_facts(findings: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> pl.LazyFrame:
    """Return the facts of the findings, one row an episode in the order of `episodes`.

    A finding without an episode belongs to the person, and so to each of their episodes. Not asked
    is not a no: a flag is false only when every kind of finding that could raise it was screened
    since the episode began.
    """
    rows = collected(
        findings.lazy()
        .filter(moment.had_happened, pl.col("until").is_null() | (pl.col("until") >= moment.day))
        .select("patient", "at", "kind", "code", "episode")
        .join(episodes.lazy().select("e", "patient", "started_on", mine="episode"), on="patient")
        .filter(pl.col("episode").is_null() | (pl.col("episode") == pl.col("mine")))
        .join(_catalogue(), on=["kind", "code"])
    ).lazy()
    asked = pl.col("answer").is_not_null()
    latest = pl.col("at") == pl.col("at").max().over("e", "kind")
    answers = rows.filter(asked).filter(latest)  # a later answer overtakes an earlier one
    standing = pl.concat([rows.filter(~asked), answers])
    parts = [
        standing.with_columns(_said()).group_by("e").agg(*_flags(), *_answers()),
        standing.filter(pl.any_horizontal(LISTS.values())).group_by("e").agg(_lists()),
    ]
    return pl.concat([one_row_each(episodes.lazy(), part) for part in parts], how="horizontal")


@cache
def _catalogue() -> pl.LazyFrame:
    """Every finding: the bars it raises, and the answer it gives to a question."""
    answers = {(kind, c): said for kind, codes in ANSWERS.values() for c, said in codes.items()}
    return pl.LazyFrame(
        [
            {"kind": kind, "code": code, "answer": answers.get((kind, code))}
            | {bar: bar in finding.bars for bar in FLAGS.values()}
            for kind, row in finding_kinds().items()
            for code, finding in row.codes.items()
        ],
        schema_overrides={"answer": pl.Boolean},
    )


@cache
def _flags() -> list[pl.Expr]:
    since_start = pl.col("at").dt.date() >= pl.col("started_on")
    screened = since_start & (pl.col("code") == SCREENED)
    flags = []
    for name, bar in FLAGS.items():
        kinds = [k for k, row in finding_kinds().items() if row.screening and _can_raise(k, bar)]
        asked = [(screened & (pl.col("kind") == kind)).any() for kind in kinds]
        clear = pl.when(pl.all_horizontal(asked)).then(False)
        flags.append(pl.when(pl.col(bar).any()).then(True).otherwise(clear).alias(name))
    return flags


def _can_raise(kind: str, bar: Bar) -> bool:
    return any(bar in finding.bars for finding in finding_kinds()[kind].codes.values())


@cache
def _lists() -> list[pl.Expr]:
    lists = []
    for name, bar in LISTS.items():
        code = pl.col("code") if bar is Bar.RED_FLAG else pl.col("kind") + " " + pl.col("code")
        codes = code.filter(pl.col(bar)).unique().sort().str.join(", ")
        lists.append(pl.when(pl.col(bar).any()).then(codes).alias(name))
    return lists


@cache
def _said() -> list[pl.Expr]:
    """What a finding answers to each question."""
    return [
        pl.when(pl.col("kind") == kind).then("answer").alias(name)
        for name, (kind, _) in ANSWERS.items()
    ]


@cache
def _answers() -> list[pl.Expr]:
    """What the latest findings answer to each question; unknown where two of them disagree."""
    said = map(pl.col, ANSWERS)
    return [pl.when(each.all() == each.any()).then(each.any()) for each in said]
