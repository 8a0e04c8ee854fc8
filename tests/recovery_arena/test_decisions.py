"""Whom the pathway's gate lets through by the curve, and how such decisions are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.recovery import gate
from benchmarks.recovery.arena import ORACLE, Round, Told
from benchmarks.recovery.decisions import Decision, deciding, decision, together
from benchmarks.recovery.gate import let_through
from benchmarks.recovery.histories import Answers, Flags, Histories, Truth
from benchmarks.recovery.ours import as_shipped
from benchmarks.recovery.peers.clinical_rule import clinical_rule
from reliefpath.recovery import Recovery, recover

from .plain import FALLING, FLAT, REACHED, histories, weekly

PATIENT = histories(weekly(8, 6, 4, 2, 1, 2, 1, 2))


def told(**answers: float) -> Recovery:
    """What a curve says that the gate lets through, but for some answers."""
    h = PATIENT
    curve = recover(h.offsets, h.weeks, h.burden, h.scale_range, h.mcid, step=h.step)
    said = {"p_level": 0.95, "p_plateau": 0.9, "improvement": 0.8, "level_ahead": 0.82} | answers
    return replace(curve, **{name: np.array([value]) for name, value in said.items()})


def test_gate_opens_where_every_limit_is_kept() -> None:
    assert let_through(told(), PATIENT).tolist() == [True]


@pytest.mark.parametrize(
    "answers",
    [
        {"p_level": 0.89},
        {"p_plateau": 0.79},
        {"improvement": 0.74},
        {"improvement": 0.91},
        {"level_ahead": 0.91},
        {"improvement": np.nan},
    ],
)
def test_gate_stays_shut_where_one_limit_is_not_kept(answers: dict[str, float]) -> None:
    assert let_through(told(**answers), PATIENT).tolist() == [False]


def test_gate_stays_shut_for_who_is_well_today() -> None:
    well = histories(weekly(8, 6, 4, 2, 1, 2, 1, 0))
    assert let_through(told(), well).tolist() == [False]


def test_limits_are_those_of_the_pathway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_conditions", lambda: {"plateau": "p_level >= 0.99"})
    assert let_through(told(p_level=0.98, improvement=0.1), PATIENT).tolist() == [False]
    assert let_through(told(p_level=0.99, improvement=0.1), PATIENT).tolist() == [True]


def test_ours_and_the_rule_decide_and_keep_their_decisions_when_taken() -> None:
    given = histories(FALLING, FLAT, [*REACHED, *[(week + 10.0, 2.0) for week in range(8)]])
    for method in (as_shipped, clinical_rule):
        decided = method(given).decided
        assert decided is not None
        assert decided.tolist() == [False, False, True]
        taken = method(given).take(np.array([2, 0])).decided
        assert taken is not None
        assert taken.tolist() == [True, False]


def flags(*values: int) -> Flags:
    return np.array(values, bool)


def played() -> Round:
    """Four histories, of which the first two are level and in the window."""
    h: Histories = histories(FALLING, FLAT, REACHED, FLAT)
    both, rows = np.array([0.9, 0.8, 0.3, 0.1]), np.arange(4)
    truth = Truth(rows, flags(1, 1, 1, 0), flags(1, 1, 0, 1), np.zeros(4), np.zeros((4, 3)))
    picks = Answers(both, both, both, None, decided=flags(1, 0, 1, 0))
    methods = {"picks": picks, ORACLE: Answers(both, both, both, None)}
    return Round("any", h, truth, {name: Told(rows, each) for name, each in methods.items()})


def test_decisions_are_counted_beside_the_best_that_could_be_picked() -> None:
    assert list(deciding(played())) == ["picks"]
    found = decision(played(), "picks")
    assert found == Decision(histories=4, true=2, raised=2, hits=1, possible=2)
    assert (found.precision, found.recall) == (0.5, 0.5)


def test_decisions_of_several_worlds_add_up() -> None:
    found = together([Decision(4, 2, 2, 1, 2), Decision(6, 1, 0, 0, 0)])
    assert found == Decision(10, 3, 2, 1, 2)
    assert np.isnan(Decision(6, 1, 0, 0, 0).precision)
