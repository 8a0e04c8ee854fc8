"""The patients and their complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from reliefpath.simulation.plan import Floats, Ints, Plan, Random, chosen, in_days
from reliefpath.simulation.tables import complete, ids, words_at, words_of
from reliefpath.simulation.world import Words

WEEKS_A_YEAR = 365.25 / 7
MEDICARE = "medicare"


@dataclass(frozen=True)
class People:
    """The patients side by side: sex and language as indices into the choices, age in years."""

    sex: Ints
    language: Ints
    age: Floats


def make_people(plan: Plan, random: Random) -> People:
    """Draw the patients."""
    world, n = plan.world, plan.patients
    age = random.normal(world["age_mean"], world["age_sd"], n)
    return People(
        sex=chosen(world, "sex", n, random),
        language=chosen(world, "language", n, random),
        age=np.clip(age, world["age_least"], world["age_most"]),
    )


def patient_table(
    plan: Plan, people: People, words: Words, as_of: date, random: Random
) -> pl.DataFrame:
    """Return the patients with names that fit their sex and language."""
    sexes = list(plan.world.choices["sex"].of)
    languages = list(plan.world.choices["language"].of)
    given = [words.given[language][sex] for language in languages for sex in sexes]
    first = words_of(given, people.language * len(sexes) + people.sex, random)
    last = words_of([words.family[language] for language in languages], people.language, random)
    return complete(
        "patients",
        pl.DataFrame(
            {
                "patient": ids("P", plan.patients),
                "name": first + " " + last,
                "birth_date": _days_before(as_of, in_days(people.age * WEEKS_A_YEAR)),
                "sex": words_at(sexes, people.sex),
                "language": words_at(languages, people.language),
            }
        ),
    )


def episode_table(
    plan: Plan, people: People, words: Words, as_of: date, random: Random
) -> pl.DataFrame:
    """Return the episodes with complaints that fit region, side and language."""
    cast, n = plan.cast, len(plan)
    measures = sorted({a.primary for a in cast.all})
    primary = cast.of(lambda a: measures.index(a.primary)).astype(np.int64)
    started_on = _days_before(as_of, plan.days)
    ended = random.random(n) < cast.of(lambda a: a.ended)
    ended_on = _days_before(as_of, plan.days - plan.last_day)
    return complete(
        "episodes",
        pl.DataFrame(
            {
                "episode": ids("demo-", n),
                "patient": ids("P", plan.patients).gather(plan.patient),
                "region": words_at(list(plan.world.choices["region"].of), plan.region),
                "started_on": started_on,
                "ended_on": ended_on.set(pl.Series(~ended), None),
                "complaint": _complaints(plan, people, words, random),
                "primary_measure": words_at(measures, primary),
                "clinician": words_of([words.clinicians], np.zeros(n, np.int64), random),
                "payer": _payers(plan, people, random),
            }
        ),
    )


def _complaints(plan: Plan, people: People, words: Words, random: Random) -> pl.Series:
    regions, languages, sides = (
        list(plan.world.choices[c].of) for c in ("region", "language", "side")
    )
    groups = [
        [
            text.format(side=words.sides[language][side])
            for text in words.regions[region].complaints[language]
        ]
        for region in regions
        for language in languages
        for side in sides
    ]
    language = people.language[plan.patient]
    group = (plan.region * len(languages) + language) * len(sides) + plan.side
    return words_of(groups, group, random)


def _payers(plan: Plan, people: People, random: Random) -> pl.Series:
    payers = list(plan.world.choices["payer"].of)
    payer = chosen(plan.world, "payer", plan.patients, random)
    payer[people.age >= plan.world["pension_age"]] = len(payers)
    return words_at([*payers, MEDICARE], payer[plan.patient])


def _days_before(as_of: date, days: Ints) -> pl.Series:
    return pl.select(pl.lit(as_of) - pl.duration(days=pl.lit(pl.Series(days)))).to_series()
