"""Facts of what was done: education, exercise, dry needling, injections."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import polars as pl

from reliefpath.care_log.repeats import said_again
from reliefpath.knowledge import Knowledge, derived
from reliefpath.pathway.facts.courses import Trial, longest_course, spread_sessions
from reliefpath.pathway.facts.episodes import Episodes, Rows, place
from reliefpath.pathway.facts.groups import Flags, Floats, Groups, Known
from reliefpath.pathway.facts.sessions import Sessions
from reliefpath.pathway.facts.sites import reaching, sites
from reliefpath.reference.therapies import agents, counted_as, therapies, units

YEAR, QUARTER = 365, 90


def treatments_given(treatments: pl.DataFrame, episodes: Episodes, knowledge: Knowledge) -> Rows:
    """Return the treatments of these episodes that had been given, a code as its place."""
    return episodes.rows(
        treatments,
        **_codes(knowledge),
        **{name: pl.col(name) for name in ("amount", "adherence", "response")},
        adverse_effect=pl.col("adverse_effect").is_not_null(),
        again=pl.lit(said_again(treatments)),
    )


def sessions_of(knowledge: Knowledge, therapy: str, rows: Rows) -> Sessions:
    """Return when a therapy, or one whose sessions count as its own, was given."""
    mine = is_given(knowledge, therapy, rows)
    return Sessions.of(rows["e"][mine], rows["at"][mine])


def treatment_facts(rows: Rows, episodes: Episodes, trial: Trial, knowledge: Knowledge) -> Known:
    """Return the treatment facts, one value an episode in the order of `episodes`."""
    ago = episodes.moment.days_from(rows["day"])
    return {
        **_of_episode(rows, ago, episodes, trial, knowledge),
        **_of_patient(rows, ago, episodes, knowledge),
    }


def _of_episode(
    rows: Rows, ago: Floats, episodes: Episodes, trial: Trial, knowledge: Knowledge
) -> Known:
    episode = Groups(rows["e"], episodes.size)
    needling = is_given(knowledge, "dry-needling", rows)
    injected = np.where(is_given(knowledge, "injection", rows), ago, np.nan)
    latest = episode.least(injected)
    responses = {
        "dry_needling_response": needling,
        "injection_relief": injected == latest[episode.of],
    }
    # a muscle that was not recorded is taken for one of the complaint
    reaches = reaching(rows["muscle"], rows["side"], rows["e"], episodes, knowledge)
    here = (rows["muscle"] < 0) | reaches
    needled = np.where(needling & here, ago, np.nan)
    conservative = np.where(_conservative(knowledge)[rows["therapy"]], ago, np.nan)
    gap, apart = trial.gap_weeks * 7, trial.needling_days_apart
    return {
        **_exercise(rows, ago, episode, latest, trial, knowledge),
        "conservative_weeks": longest_course(conservative, episode, gap) / 7,
        "education_given": episode.any(is_given(knowledge, "education", rows)),
        "dry_needling_sessions": spread_sessions(needled, episode, apart),
        "dry_needling_harm": episode.any(needling & rows["adverse_effect"]),
        "injected": ~np.isnan(latest),
        "weeks_since_injection": latest / 7,
        **{
            name: episode.mean(np.where(which & ~rows["again"], rows["response"], np.nan))
            for name, which in responses.items()
        },
    }


def _exercise(
    rows: Rows,
    ago: Floats,
    episode: Groups,
    injected: Floats,
    trial: Trial,
    knowledge: Knowledge,
) -> Known:
    """The longest course of exercise, how much was done, and how it goes on."""
    exercise = is_given(knowledge, "exercise", rows) & ~rows["again"]
    adherence = rows["adherence"]
    # what was not done at all is on record, and yet no exercise
    done = np.where(exercise & ~(adherence == 0), ago, np.nan)
    latest = episode.least(np.where(exercise, ago, np.nan))
    lately = exercise & (ago <= latest[episode.of] + trial.lately_weeks * 7)
    return {
        "exercise_weeks": longest_course(done, episode, trial.gap_weeks * 7) / 7,
        "weeks_since_exercise": episode.least(done) / 7,
        "exercise_adherence": episode.mean(np.where(exercise, adherence, np.nan)),
        "exercise_adherence_lately": episode.mean(np.where(lately, adherence, np.nan)),
        "exercise_since_injection": np.where(
            np.isnan(injected), np.nan, episode.any(done < injected[episode.of])
        ),
    }


def _of_patient(rows: Rows, ago: Floats, episodes: Episodes, knowledge: Knowledge) -> Known:
    """What counts for the person, whichever of their episodes it was done in."""
    person = Groups(episodes.person[rows["e"]], episodes.size)
    injected = np.where(is_given(knowledge, "injection", rows), ago, np.nan)
    equivalent = _steroids(knowledge)[rows["agent"]]
    mg = rows["amount"] * _milligrams()[rows["unit"]] * equivalent
    counted = ~np.isnan(equivalent) & (ago < YEAR)
    found = {
        "weeks_since_any_injection": person.least(injected) / 7,
        "injection_sessions_365d": person.distinct(np.where(injected < YEAR, ago, np.nan)),
        "injection_sessions_90d": person.distinct(np.where(injected < QUARTER, ago, np.nan)),
        "steroid_mg_365d": person.total(mg, counted),
    }
    return {name: values[episodes.person] for name, values in found.items()}


@derived
def _codes(knowledge: Knowledge) -> dict[str, pl.Expr]:
    """The columns whose codes are read as their place in the catalogue."""
    known: dict[str, Iterable[str]] = {
        "therapy": therapies(knowledge),
        "agent": agents(knowledge),
        "unit": units(),
    }
    codes = {name: place(name, pl.Enum(list(catalogue))) for name, catalogue in known.items()}
    return {**codes, **sites(knowledge)}


def is_given(knowledge: Knowledge, therapy: str, rows: Rows) -> Flags:
    """Rows of a therapy, or of one whose sessions count as its own."""
    return _counted_as(knowledge, therapy)[rows["therapy"]]


@derived
def _counted_as(knowledge: Knowledge, therapy: str) -> Flags:
    counted = counted_as(knowledge, therapy)
    return np.array([*(name in counted for name in therapies(knowledge)), False])


@derived
def _conservative(knowledge: Knowledge) -> Flags:
    """Of each therapy, whether it is less invasive than an injection; no other is, at -1."""
    known = therapies(knowledge)
    limit = known["injection"].invasiveness
    return np.array([*(row.invasiveness < limit for row in known.values()), False])


@derived
def _steroids(knowledge: Knowledge) -> Floats:
    """Triamcinolone equivalent, mg for mg, of each agent; NaN of what is no corticosteroid."""
    known = (agent.triamcinolone_equivalent for agent in agents(knowledge).values())
    return np.array([*known, None], np.float64)


@cache
def _milligrams() -> Floats:
    """Milligrams in each unit; NaN in one that is not of mass."""
    known = (unit.factor if unit.dimension == "mass" else None for unit in units().values())
    return np.array([*known, None], np.float64)
