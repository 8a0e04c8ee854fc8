"""What a payer would be told of a planned injection, from the rows of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from reliefpath.care.planning.examined import fewest_signs, latest_exam, signs_found
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.advice import Advice
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import Family, therapies
from reliefpath.reference.therapies.coverage import (
    Asked,
    Claim,
    asked_of_payer,
    refuse_unknown_payer,
)
from reliefpath.reference.therapies.injection import Person, Site
from reliefpath.reference.therapies.injection.intervals import INJECTION, last_at, sessions

WEEK = 7


def coverage_of(
    care_log: CareLog,
    advice: Advice,
    person: Person,
    sites: Sequence[Site],
    payer: str | None = None,
) -> list[Asked]:
    """Return what the patient's payer asks of a planned injection.

    Args:
        care_log: what concerns the patient, every episode of theirs.
        advice: on the episode that is injected.
        person: what is known of them on the day of the plan.
        sites: what is to be injected where.
        payer: a policy or a payer; by default the episode's payer, or every policy.

    Raises:
        UsageError: the payer is asked for by name and not on file.
    """
    if payer is not None:
        refuse_unknown_payer(care_log.knowledge, payer)
    begun = care_log.episodes.row(by_predicate=pl.col("episode") == advice.episode, named=True)
    claim = _claim(care_log, advice, person, sites)
    return asked_of_payer(payer or begun["payer"], person.on, claim, care_log.knowledge)


def _claim(care_log: CareLog, advice: Advice, person: Person, sites: Sequence[Site]) -> Claim:
    before = [day for day in sessions(person.history) if day < person.on]
    known = muscles(care_log.knowledge)
    regions = tuple(dict.fromkeys(known[site.muscle].region.value for site in sites))
    moment = care_log.moment(person.on)
    done, exams = moment.before(care_log.given), moment.before(care_log.exams)
    done = done.with_columns(day=pl.col("at").dt.date())
    injected = done.filter(pl.col("day") < person.on, therapy=INJECTION)
    mine = injected.filter(episode=advice.episode)
    is_latest = bool(before) and mine["day"].max() == before[-1]
    exercises = [
        name for name, row in therapies(care_log.knowledge).items() if row.family is Family.EXERCISE
    ]
    mine_done = done.filter(pl.col("therapy").is_in(exercises), episode=advice.episode)
    ago, adherence = _programme(mine_done)
    of_muscle = {name: row.region.value for name, row in known.items()}
    here = _days_in(regions, injected, care_log.episodes, of_muscle)
    last_here = last_at([g for g in person.history if g.on < person.on], sites)
    return Claim(
        symptom_weeks=advice.number("weeks_in_care"),
        conservative_weeks=advice.number("conservative_weeks"),
        improvement=advice.number("improvement"),
        programme_weeks_ago=None if ago is None else (person.on - ago).days / WEEK,
        programme_adherence=adherence,
        signs=fewest_signs(
            signs_found(latest_exam(exams, person.on, site.muscle, site.side)) for site in sites
        ),
        pain=advice.improvement.current if advice.improvement.measure == "nrs" else None,
        regions=regions,
        sessions_days_ago=tuple((person.on - day).days for day in before),
        region_sessions_days_ago=tuple((person.on - day).days for day in sorted(here)),
        same_site_weeks=None if last_here is None else (person.on - last_here).days / WEEK,
        any_site_weeks=(person.on - before[-1]).days / WEEK if before else None,
        # What an earlier injection brought says nothing of a later one, be it of another complaint.
        relief=advice.number("injection_relief") if is_latest else None,
        relief_weeks=advice.number("injection_relief_weeks") if is_latest else None,
        relief_at_once=_least_response(mine, before[-1]) if is_latest else None,
        agents=tuple({portion.agent for site in sites for portion in site.portions}),
    )


def _days_in(
    regions: Sequence[str],
    injected: pl.DataFrame,
    episodes: pl.DataFrame,
    of_muscle: Mapping[str, str],
) -> set[date]:
    """The days of injections in some regions; one at no known muscle is where its complaint is."""
    of_episode = dict(episodes["episode", "region"].iter_rows())
    rows = injected["day", "muscle", "episode"].iter_rows()
    return {day for day, muscle, of in rows if of_muscle.get(muscle, of_episode[of]) in regions}


def _programme(rows: pl.DataFrame) -> tuple[date | None, float | None]:
    """The day of the last report on exercise, and the share that was done; else its last day."""
    reports = rows.drop_nulls("adherence")
    latest = rows if reports.is_empty() else reports
    last = latest.filter(pl.col("day") == pl.col("day").max())
    return (
        (None, None)
        if last.is_empty()
        else (last["day"][0], max(last["adherence"].drop_nulls(), default=None))
    )


def _least_response(rows: pl.DataFrame, on: date) -> float | None:
    """What was relieved at once on a day, at the place where it was least."""
    told = rows.filter(day=on)["response"].drop_nulls().to_list()
    return min(told, default=None)
