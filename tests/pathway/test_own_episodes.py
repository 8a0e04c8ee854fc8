"""Priors learned from a clinic's own care log."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog
from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.facts import facts
from reliefpath.pathway.facts.episodes import Episodes
from reliefpath.pathway.facts.scores import known_scores
from reliefpath.pathway.facts.series import curved_series
from reliefpath.pathway.facts.treatments import treatments_given
from reliefpath.pathway.own_episodes import FEWEST, learn_priors
from reliefpath.recovery import DEFAULT_PRIOR, Priors
from reliefpath.recovery.injection import injection_prior
from reliefpath.simulation import demo_clinic

from .one_patient import START, log, nrs, on
from .strategies import Rows

TODAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def learned() -> Priors:
    return learn_priors(demo_clinic(300, 5, TODAY), TODAY, fewest=40).priors


def test_clinic_learns_that_its_patients_stray_less_than_the_literature_says(
    learned: Priors,
) -> None:
    assert learned.overall.noise[1] < DEFAULT_PRIOR.noise[1]
    assert sum(learned.overall.asymptotes.values()) == pytest.approx(1)


def test_measure_and_region_with_enough_episodes_get_a_prior_of_their_own() -> None:
    clinic = demo_clinic(300, 5, TODAY)
    found = learn_priors(clinic, TODAY, fewest=40)
    assert ("nrs", "neck") in found.priors.groups
    assert all(count >= 40 for count in found.counts.values())
    assert found.priors.of("nrs", "jaw") == found.priors.overall
    none = learn_priors(clinic, TODAY, fewest=10_000)
    assert not none.priors.groups


def test_a_prior_is_kept_where_it_foretells_held_out_scores_better_and_nowhere_else() -> None:
    found = learn_priors(demo_clinic(300, 5, TODAY), TODAY, fewest=40)
    judged = {group: held_out.is_better for group, held_out in found.held_out.items()}
    assert {True, False} == set(judged.values())  # both are seen here
    assert found.counts.keys() == {group for group, better in judged.items() if better} | {None}
    assert found.priors.groups.keys() == found.counts.keys() - {None}


def test_few_episodes_teach_nothing() -> None:
    found = learn_priors(demo_clinic(15, 5, TODAY), TODAY)
    assert 0 < found.counts[None] < FEWEST
    assert found.priors == Priors()


def test_facts_follow_the_prior_of_each_measure_and_region(learned: Priors) -> None:
    clinic = demo_clinic(60, 8, TODAY)
    shipped, own = facts(clinic, TODAY), facts(clinic, TODAY, priors=learned)
    known = own.drop_nulls("improvement")
    assert known.height == shipped.drop_nulls("improvement").height
    assert not own.equals(shipped)
    for (region,), rows in known.filter(measure="nrs").group_by("region"):
        prior = Priors(learned.of("nrs", str(region)))
        alone = facts(clinic, TODAY, priors=prior).filter(
            pl.col("episode").is_in(rows["episode"].implode())
        )
        mine = own.filter(pl.col("episode").is_in(rows["episode"].implode()))
        assert mine["p_level"].equals(alone["p_level"]), region


def test_scores_after_the_day_teach_nothing() -> None:
    early = log(scores=nrs({0: 8, 7: 6}))
    later = log(scores=nrs({0: 8, 7: 6, 70: 1}))
    day = START + timedelta(days=10)
    assert learn_priors(early, day).priors == learn_priors(later, day).priors


def test_clinic_without_scores_learns_nothing() -> None:
    found = learn_priors(log(), START)
    assert found.counts == {None: 0}
    assert found.priors.overall == DEFAULT_PRIOR


def series_of(care_log: CareLog) -> list[dict[str, Any]]:
    """The series that a curve can follow, at the end of a year."""
    episodes = Episodes.of(care_log, care_log.moment(START + timedelta(days=365)))
    given = treatments_given(care_log.given, episodes, SHIPPED)
    found = curved_series(known_scores(care_log.scores, given, episodes, SHIPPED))
    return found.to_dicts()


def scored(measure: str, series: dict[float, float], episode: str = "neck") -> Rows:
    row = {"episode": episode, "measure": measure}
    return [row | {"at": on(day), "value": value} for day, value in series.items()]


def test_a_series_has_the_weeks_of_care_and_what_was_left_of_the_way() -> None:
    """Counted to the second from the first midnight of care."""
    scores = [
        *scored("nrs", {0.25: 8, 7: 6, 24.5: 3, 350.125: 2}),
        *scored("psfs", {0: 4, 14: 10}, "hip"),
        *scored("peg", {0: 0.5, 7: 0.25}, "other"),
        *scored("nrs", {0: 0, 7: 5}, "other"),  # well from the start
        *scored("ppt", {0: 200, 7: 300}, "other"),  # without a value that is well
    ]
    found = series_of(log(scores=scores))
    told = [(row["measure"], row["region"], row["burden"]) for row in found]
    assert told == [
        ("psfs", "hip", 6),
        ("psfs", "hip", 0),
        *(("nrs", "neck", burden) for burden in (8, 6, 3, 2)),
        ("peg", "neck", 0.5),
        ("peg", "neck", 0.25),
    ]
    weeks = [0, 2, 0.25 / 7, 1, 3.5, 350.125 / 7, 0, 1]
    assert [row["weeks"] for row in found] == pytest.approx(weeks, abs=1e-9)
    assert [row["k"] for row in found] == [0, 0, 1, 1, 1, 1, 2, 2]


def test_the_effect_of_an_injection_halves_by_the_clock() -> None:
    injected = [{"at": on(7), "therapy": "injection"}]
    care_log = log(scores=scored("nrs", {0: 8, 7: 7, 28: 2, 80: 3, 91: 4}), treatments=injected)
    effects = [row["effect"] for row in series_of(care_log)]
    half_life = injection_prior().half_life
    expected = [0, 0, 0.5 ** (3 / half_life), 0.5 ** (73 / 7 / half_life), 0]
    assert effects == pytest.approx(expected, abs=1e-9)
