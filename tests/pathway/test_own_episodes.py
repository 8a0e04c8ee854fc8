"""Priors learned from a clinic's own care log."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from reliefpath.pathway.facts import facts
from reliefpath.pathway.own_episodes import learn_priors
from reliefpath.recovery import DEFAULT_PRIOR, Priors
from reliefpath.simulation import demo_clinic

from .one_patient import START, log, nrs

TODAY = date(2026, 3, 31)


@pytest.fixture(scope="module")
def learned() -> Priors:
    return learn_priors(demo_clinic(300, 5, TODAY), TODAY, fewest=40).priors


def test_clinic_learns_that_its_patients_stray_less_than_the_literature_says(
    learned: Priors,
) -> None:
    assert learned.overall.noise[1] < DEFAULT_PRIOR.noise[1]
    assert sum(learned.overall.endings.values()) == pytest.approx(1)


def test_measure_and_region_with_enough_episodes_get_a_prior_of_their_own() -> None:
    clinic = demo_clinic(300, 5, TODAY)
    found = learn_priors(clinic, TODAY, fewest=40)
    assert ("nrs", "neck") in found.priors.groups
    assert all(count >= 40 for count in found.counts.values())
    assert found.priors.of("nrs", "jaw") == found.priors.overall
    none = learn_priors(clinic, TODAY, fewest=10_000)
    assert not none.priors.groups


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
