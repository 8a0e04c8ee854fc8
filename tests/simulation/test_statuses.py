"""The demo clinic shows every turn of the pathway."""

from collections import Counter
from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.model import StatusName, load_pathway
from reliefpath.simulation import demo_clinic
from reliefpath.simulation.plan import make_plan
from reliefpath.simulation.world import world

TODAY = date(2026, 3, 2)
SEEDS = range(6)


def advice(patients: int, seed: int) -> pl.DataFrame:
    return assess(demo_clinic(patients, seed, TODAY), load_pathway(), TODAY)


def closed_by(table: pl.DataFrame) -> list[list[str]]:
    """The criteria of the gate to the injection that do not hold, episode by episode."""
    gate = load_pathway().gate("injection")
    held = table.select(pl.col(gate).fill_null(False))
    return [[c for c, answer in row.items() if not answer] for row in held.to_dicts()]


@pytest.mark.parametrize("patients", [60, 200])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_status_occurs(patients: int, seed: int) -> None:
    assert set(advice(patients, seed)["status"]) == {s.value for s in StatusName}


@pytest.mark.parametrize("seed", SEEDS)
def test_plateaued_episodes_have_open_gates_and_gates_closed_for_single_reasons(seed: int) -> None:
    plateaued = advice(60, seed).filter(pl.col("status") == "plateaued")
    reasons = closed_by(plateaued)
    assert [] in reasons
    assert plateaued.filter("gate").height == reasons.count([])
    single = Counter(r[0] for r in reasons if len(r) == 1)
    assert len(single) >= 4


@pytest.mark.parametrize("patients", [1, 30, 60, 200])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_showpiece_is_level_in_the_window_and_lacks_only_consent(
    patients: int, seed: int
) -> None:
    showpiece = advice(patients, seed).filter(pl.col("episode") == "demo-0001")
    assert showpiece["status"].item() == "plateaued"
    assert showpiece["improvement"].is_between(0.75, 0.90).all()
    assert closed_by(showpiece) == [["consent"]]
    assert showpiece["gate"].item() is None


@pytest.mark.parametrize(
    ("archetypes", "status"),
    [
        ("plateaued", "plateaued"),
        ("recovering-fast", "recovering"),
        ("recovered", "recovered"),
        ("lasting", "lasting"),
        ("recurred", "recurred"),
        ("setback", "worsening"),
        ("worsening", "worsening"),
        ("newcomer", "gathering"),
        ("stopped-answering", "gathering"),
        ("referred", "referred"),
    ],
)
def test_most_episodes_of_an_archetype_have_its_status(archetypes: str, status: str) -> None:
    mine = thousand().filter(pl.col("archetype").str.starts_with(archetypes))
    assert mine.height >= 5
    assert (mine["status"] == status).mean() >= 0.85  # type: ignore[operator]


def test_most_who_stalled_are_called_so_and_the_rest_are_still_waited_for() -> None:
    mine = thousand().filter(pl.col("archetype").str.starts_with("stalled"))
    assert (mine["status"] == "stalled").mean() >= 0.75  # type: ignore[operator]
    assert set(mine["status"]) <= {"stalled", "recovering", "worsening"}


@cache
def thousand() -> pl.DataFrame:
    """The advice on a clinic of a thousand, with the archetype of each episode."""
    plan = make_plan(world(), 1000, np.random.default_rng(5).spawn(1)[0], SHIPPED)
    names = list(world().archetypes)
    episodes = demo_clinic(1000, 5, TODAY).episodes.select("episode")
    archetype = pl.Series("archetype", [names[i] for i in plan.cast.archetype])
    return advice(1000, 5).join(episodes.with_columns(archetype), on="episode")
