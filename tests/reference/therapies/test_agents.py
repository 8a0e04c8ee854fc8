import re
from typing import Any

import pytest
from pydantic import ValidationError

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.therapies import (
    Agent,
    AgentKind,
    agent_catalogue,
    agents,
    unit_catalogue,
    units,
)

ID = r"[a-z0-9]+(-[a-z0-9]+)*"


def of_kind(kind: Any) -> Any:
    return {key for key, agent in agents(SHIPPED).items() if agent.kind is kind}


def test_agent_and_unit_ids_are_lower_case_words_joined_by_hyphens() -> None:
    assert [key for key in (*agents(SHIPPED), *units()) if not re.fullmatch(ID, key)] == []


def test_what_a_trigger_point_clinic_injects_is_known() -> None:
    assert of_kind(AgentKind.LOCAL_ANAESTHETIC) == {
        "lidocaine",
        "bupivacaine",
        "ropivacaine",
        "mepivacaine",
    }
    assert of_kind(AgentKind.CORTICOSTEROID) == {
        "triamcinolone",
        "methylprednisolone",
        "dexamethasone",
        "betamethasone",
    }
    assert {"saline", "botulinum-toxin-a"} <= of_kind(AgentKind.OTHER)


def test_every_source_of_an_agent_is_defined_and_every_source_is_used() -> None:
    catalogue = agent_catalogue(SHIPPED)
    named = {
        name
        for agent in catalogue.agents.values()
        for names in (agent.source, *agent.source_of.values())
        for name in names
    }
    assert named == set(catalogue.sources)


@pytest.mark.parametrize(
    ("key", "dose_mg", "triamcinolone_mg"),
    [
        ("triamcinolone", 40, 40),
        ("methylprednisolone", 40, 40),
        ("dexamethasone", 0.75, 4),
        ("dexamethasone", 4, 21.3333),
        ("betamethasone", 6, 40),
    ],
)
def test_a_steroid_dose_equals_the_triamcinolone_worked_out_by_hand(
    key: Any, dose_mg: Any, triamcinolone_mg: Any
) -> None:
    equivalent = agents(SHIPPED)[key].triamcinolone_equivalent
    assert dose_mg * equivalent == pytest.approx(triamcinolone_mg, abs=1e-4)


def test_only_a_steroid_has_a_triamcinolone_equivalent() -> None:
    having = {
        key for key, agent in agents(SHIPPED).items() if agent.triamcinolone_equivalent is not None
    }
    assert having == of_kind(AgentKind.CORTICOSTEROID)


@pytest.mark.parametrize(
    ("key", "max_mg_per_kg", "max_mg", "percents"),
    [
        ("lidocaine", 4.5, 300, (0.5, 1, 1.5, 2)),
        ("bupivacaine", 2, 175, (0.25, 0.5, 0.75)),
        ("ropivacaine", 3, 200, (0.2, 0.5, 0.75, 1)),
        ("mepivacaine", 4.4, 400, (1, 1.5, 2)),
    ],
)
def test_an_anaesthetic_has_the_limits_of_its_source(
    key: Any, max_mg_per_kg: Any, max_mg: Any, percents: Any
) -> None:
    agent = agents(SHIPPED)[key]
    assert (agent.max_mg_per_kg, agent.max_mg) == (max_mg_per_kg, max_mg)
    assert agent.concentrations_percent == percents


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("ropivacaine", "max_mg"),
        *((key, "max_mg_per_kg") for key in ("bupivacaine", "ropivacaine", "mepivacaine")),
    ],
)
def test_a_limit_that_the_label_was_not_read_for_is_less_sure_than_its_row(
    key: Any, field: Any
) -> None:
    agent, sources = agents(SHIPPED)[key], agent_catalogue(SHIPPED).sources
    assert [sources[name].certainty for name in agent.source] == ["read"]
    assert [sources[name].certainty for name in agent.source_of[field]] == ["secondary"]


@pytest.mark.parametrize(
    ("key", "max_mg_24h", "acts_hours"),
    [
        ("lidocaine", None, 10),  # five times 2 hours
        ("bupivacaine", 400, 24),  # five times 4.6 hours, rounded up
        ("ropivacaine", None, 26),  # five times 5.2 hours
        ("mepivacaine", 1000, 16),  # five times 3.2 hours
    ],
)
def test_a_dose_counts_for_five_half_lives_and_within_24_hours_as_the_label_says(
    key: Any, max_mg_24h: Any, acts_hours: Any
) -> None:
    agent, sources = agents(SHIPPED)[key], agent_catalogue(SHIPPED).sources
    assert (agent.max_mg_24h, agent.acts_hours) == (max_mg_24h, acts_hours)
    assert sources[agent.source_of["acts_hours"][0]].certainty == "house"


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("local-anaesthetic", {"max_mg_per_kg": 4}, "every anaesthetic alone"),
        ("other", {"max_mg_per_kg": 4, "max_mg": 300}, "every anaesthetic alone"),
        ("corticosteroid", {}, "every corticosteroid alone"),
        ("local-anaesthetic", {"max_mg_per_kg": 4, "max_mg": 300}, "every anaesthetic alone"),
        ("other", {"acts_hours": 8}, "every anaesthetic alone"),
        ("other", {"max_mg_24h": 400}, "belongs to anaesthetics, and is at least `max_mg`"),
        (
            "local-anaesthetic",
            {"max_mg_per_kg": 4, "max_mg": 300, "acts_hours": 8, "max_mg_24h": 299},
            "is at least `max_mg`",
        ),
        ("other", {"equipotent_mg": 4}, "every corticosteroid alone"),
        ("other", {"max_mg": 0}, "greater than 0"),
        ("other", {"source_of": {"max_mgs": ("label",)}}, "no field of an agent: max_mgs"),
    ],
)
def test_an_agent_without_the_limits_of_its_kind_is_refused(
    kind: Any, fields: Any, message: Any
) -> None:
    with pytest.raises(ValidationError, match=message):
        Agent(name="Agent", kind=AgentKind(kind), note="-", source=("label",), **fields)


@pytest.mark.parametrize("limit", [{"max_mg": 300}, {"max_mg_per_kg": 4}])
def test_an_agent_that_is_no_anaesthetic_has_not_even_one_limit(limit: Any) -> None:
    with pytest.raises(ValidationError, match="every anaesthetic alone"):
        Agent(name="Agent", kind=AgentKind.OTHER, note="-", source=("label",), **limit)


@pytest.mark.parametrize(
    ("amount", "unit", "base", "expected"),
    [
        (40_000, "mcg", "mg", 40),
        (0.04, "g", "mg", 40),
        (70, "kg", "mg", 70_000_000),
        (154.3235835, "lb", "kg", 70),
        (90, "seconds", "minutes", 1.5),
        (2, "hours", "minutes", 120),
        (10, "mmol-per-l", "mg-per-dl", 180.16),
    ],
)
def test_amounts_of_one_dimension_convert_by_their_factors(
    amount: Any, unit: Any, base: Any, expected: Any
) -> None:
    assert units()[unit].dimension == units()[base].dimension
    converted = amount * units()[unit].factor / units()[base].factor
    assert converted == pytest.approx(expected)


def test_each_dimension_has_one_base_unit() -> None:
    bases = [unit.dimension for unit in units().values() if unit.factor == 1]
    assert sorted(bases) == sorted({unit.dimension for unit in units().values()})


def test_milligrams_are_the_base_of_mass_and_millilitres_of_volume() -> None:
    assert (units()["mg"].dimension, units()["mg"].factor) == ("mass", 1)
    assert (units()["ml"].dimension, units()["ml"].factor) == ("volume", 1)


def test_every_source_of_a_unit_is_defined_and_every_source_is_used() -> None:
    catalogue = unit_catalogue()
    named = {name for unit in catalogue.units.values() for name in unit.source}
    assert named == set(catalogue.sources)
