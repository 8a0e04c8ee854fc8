"""Facts of what was done: education, exercise, dry needling, injections."""

from __future__ import annotations

from functools import cache

import polars as pl

from reliefpath.pathway.facts.moment import Moment, one_row_each, rows_of
from reliefpath.therapies import agents, counted_as, therapies, units

YEAR, QUARTER = 365, 90


def treatment_facts(
    treatments: pl.DataFrame, episodes: pl.DataFrame, moment: Moment
) -> pl.LazyFrame:
    """Return the treatment facts, one row an episode in the order of `episodes`."""
    columns = ("therapy", "agent", "amount", "unit", "adherence", "response")
    rows = rows_of(treatments, episodes, moment, *columns).lazy()
    parts = [
        _of_episode(rows),
        _injections(rows, moment),
        _of_patient(rows, episodes.lazy(), moment),
    ]
    table = pl.concat([one_row_each(episodes.lazy(), part) for part in parts], how="horizontal")
    counts = ["dry_needling_sessions", "injection_sessions_365d", "injection_sessions_90d"]
    return table.with_columns(
        pl.col("education_given").fill_null(False), pl.col(counts).fill_null(0)
    )


def _of_episode(rows: pl.LazyFrame) -> pl.LazyFrame:
    day = pl.col("day")
    marked = rows.select(
        "e",
        conservative=pl.when(pl.col("therapy").is_in(_conservative())).then(day),
        education=_is("education"),
        exercise=pl.when(_is("exercise")).then(day),
        adherence=pl.when(_is("exercise")).then("adherence"),
        needling=pl.when(_is("dry-needling")).then(day),
        needling_response=pl.when(_is("dry-needling")).then("response"),
    )
    return marked.group_by("e").agg(
        conservative_weeks=_span("conservative"),
        education_given=pl.col("education").any(),
        exercise_weeks=_span("exercise"),
        exercise_adherence=pl.col("adherence").mean(),
        dry_needling_sessions=pl.col("needling").drop_nulls().n_unique(),
        dry_needling_response=pl.col("needling_response").mean(),
    )


def _injections(rows: pl.LazyFrame, moment: Moment) -> pl.LazyFrame:
    latest = pl.col("day") == pl.col("day").max()
    return (
        rows.filter(_is("injection"))
        .group_by("e")
        .agg(
            weeks_since_injection=moment.weeks_since("day").min(),
            injection_relief=pl.col("response").filter(latest).mean(),
        )
    )


def _of_patient(rows: pl.LazyFrame, episodes: pl.LazyFrame, moment: Moment) -> pl.LazyFrame:
    """What counts for the person, whichever of their episodes it was done in."""
    people = episodes.select("e", "patient")
    steroid = pl.col("agent").is_in(list(_steroids()))
    year = (
        rows.filter(_is("injection") | steroid)
        .with_columns(days=moment.days_since("day"))
        .filter(pl.col("days") < YEAR)
        .join(people, on="e")
    )
    mg = _steroid_mg().filter(steroid)
    injection, quarter = _is("injection"), pl.col("days") < QUARTER
    totals = year.group_by("patient").agg(
        injection_sessions_365d=pl.col("day").filter(injection).n_unique(),
        injection_sessions_90d=pl.col("day").filter(injection, quarter).n_unique(),
        # sorted: the order of rows changes no bit of a sum
        steroid_mg_365d=pl.when(~mg.is_null().any()).then(mg.sort().sum()),
        any=pl.lit(True),
    )
    return people.join(totals, on="patient", how="left").select(
        pl.exclude("patient", "any", "steroid_mg_365d"),
        steroid_mg_365d=pl.when("any").then("steroid_mg_365d").otherwise(0.0),
    )


@cache
def _is(therapy: str) -> pl.Expr:
    """Rows of a therapy, or of one whose sessions count as its own."""
    return pl.col("therapy").is_in(counted_as(therapy))


@cache
def _steroid_mg() -> pl.Expr:
    """The amount of a corticosteroid, as milligrams of triamcinolone."""
    unit = pl.col("unit").replace_strict(_milligrams(), default=None)
    agent = pl.col("agent").replace_strict(_steroids(), default=None)
    return pl.col("amount") * unit * agent


def _span(days: str) -> pl.Expr:
    """Weeks from the first of some days to the last."""
    return (pl.col(days).max() - pl.col(days).min()).dt.total_days() / 7


@cache
def _conservative() -> list[str]:
    """The therapies less invasive than an injection."""
    catalogue = therapies()
    limit = catalogue["injection"].invasiveness
    return [name for name, therapy in catalogue.items() if therapy.invasiveness < limit]


@cache
def _steroids() -> dict[str, float]:
    """Triamcinolone equivalent, mg for mg, of each corticosteroid."""
    return {
        name: agent.triamcinolone_equivalent
        for name, agent in agents().items()
        if agent.triamcinolone_equivalent is not None
    }


@cache
def _milligrams() -> dict[str, float]:
    """Milligrams in each unit of mass."""
    return {name: unit.factor for name, unit in units().items() if unit.dimension == "mass"}
