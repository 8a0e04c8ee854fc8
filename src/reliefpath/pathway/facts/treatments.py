"""Facts of what was done: education, exercise, dry needling, injections."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import polars as pl

from reliefpath.clock import Moment
from reliefpath.pathway.facts.groups import Flags, Floats, Groups, Known
from reliefpath.pathway.facts.moment import Rows, places, rows_of
from reliefpath.pathway.facts.sessions import Sessions
from reliefpath.therapies import agents, counted_as, therapies, units

YEAR, QUARTER = 365, 90


def treatments_given(treatments: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> Rows:
    """Return the treatments of these episodes that had been given, a code as its place."""
    return rows_of(
        treatments,
        episodes,
        moment,
        **{name: places(treatments[name], names) for name, names in _codes().items()},
        **{name: treatments[name].to_numpy() for name in ("amount", "adherence", "response")},
    )


def sessions_of(therapy: str, rows: Rows) -> Sessions:
    """Return when a therapy, or one whose sessions count as its own, was given."""
    mine = _is(therapy, rows)
    return Sessions.of(rows["e"][mine], rows["at"][mine])


def treatment_facts(rows: Rows, episodes: pl.DataFrame, moment: Moment) -> Known:
    """Return the treatment facts, one value an episode in the order of `episodes`."""
    ago = moment.days_from(rows["day"])
    return {
        **_of_episode(rows, ago, Groups(rows["e"], episodes.height)),
        **_of_patient(rows, ago, episodes["patient"].to_list()),
    }


def _of_episode(rows: Rows, ago: Floats, episode: Groups) -> Known:
    exercise, needling = _is("exercise", rows), _is("dry-needling", rows)
    conservative = _conservative()[rows["therapy"]]
    injected = np.where(_is("injection", rows), ago, np.nan)
    latest = episode.least(injected)
    exercised = np.where(exercise, ago, np.nan)
    means = {
        "exercise_adherence": np.where(exercise, rows["adherence"], np.nan),
        "dry_needling_response": np.where(needling, rows["response"], np.nan),
        "injection_relief": np.where(injected == latest[episode.of], rows["response"], np.nan),
    }
    return {
        "conservative_weeks": _span(np.where(conservative, ago, np.nan), episode),
        "education_given": episode.any(_is("education", rows)),
        "exercise_weeks": _span(exercised, episode),
        "exercise_since_injection": np.where(
            np.isnan(latest), np.nan, episode.any(exercised < latest[episode.of])
        ),
        "dry_needling_sessions": episode.distinct(np.where(needling, ago, np.nan)),
        "weeks_since_injection": latest / 7,
        **{name: episode.mean(values) for name, values in means.items()},
    }


def _of_patient(rows: Rows, ago: Floats, patients: list[str]) -> Known:
    """What counts for the person, whichever of their episodes it was done in."""
    number = {patient: i for i, patient in enumerate(patients)}
    numbers = np.array([number[patient] for patient in patients], np.int64)
    person = Groups(numbers[rows["e"]], len(patients))
    injected = np.where(_is("injection", rows) & (ago < YEAR), ago, np.nan)
    equivalent = _steroids()[rows["agent"]]
    mg = rows["amount"] * _milligrams()[rows["unit"]] * equivalent
    counted = ~np.isnan(equivalent) & (ago < YEAR)
    found = {
        "injection_sessions_365d": person.distinct(injected),
        "injection_sessions_90d": person.distinct(np.where(injected < QUARTER, ago, np.nan)),
        "steroid_mg_365d": person.total(mg, counted),
    }
    return {name: values[numbers] for name, values in found.items()}


@cache
def _codes() -> dict[str, pl.Enum]:
    """The columns whose codes are read as their place in the catalogue."""
    known: dict[str, Iterable[str]] = {"therapy": therapies(), "agent": agents(), "unit": units()}
    return {name: pl.Enum(list(catalogue)) for name, catalogue in known.items()}


def _is(therapy: str, rows: Rows) -> Flags:
    """Rows of a therapy, or of one whose sessions count as its own."""
    return _counted_as(therapy)[rows["therapy"]]


@cache
def _counted_as(therapy: str) -> Flags:
    counted = counted_as(therapy)
    return np.array([*(name in counted for name in therapies()), False])


def _span(ago: Floats, episode: Groups) -> Floats:
    """Weeks from the first of some days to the last."""
    return (episode.most(ago) - episode.least(ago)) / 7


@cache
def _conservative() -> Flags:
    """Of each therapy, whether it is less invasive than an injection; no other is, at -1."""
    limit = therapies()["injection"].invasiveness
    return np.array([*(row.invasiveness < limit for row in therapies().values()), False])


@cache
def _steroids() -> Floats:
    """Triamcinolone equivalent, mg for mg, of each agent; NaN of what is no corticosteroid."""
    known = (agent.triamcinolone_equivalent for agent in agents().values())
    return np.array([*known, None], np.float64)


@cache
def _milligrams() -> Floats:
    """Milligrams in each unit; NaN in one that is not of mass."""
    known = (unit.factor if unit.dimension == "mass" else None for unit in units().values())
    return np.array([*known, None], np.float64)
