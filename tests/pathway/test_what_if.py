"""What a change would have done agrees with both pathways asked by hand, one patient at a time."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from reliefpath.knowledge import SHIPPED
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.editing import edited, written
from reliefpath.pathway.facts import facts
from reliefpath.pathway.model import Pathway, default_file, load_pathway
from reliefpath.pathway.what_if import Effect, month_ends
from reliefpath.simulation import demo_clinic

TODAY = date(2026, 3, 31)
CLINIC = demo_clinic(120, 3, TODAY)
DAYS = month_ends(TODAY, 6)
TRIAL = "steps.dry-needling.criteria.dry-needling-trial.require"
WINDOW = "steps.injection.criteria.window.require"


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 3, 31), date(2025, 4, 30), date(2026, 3, 31)),
        (date(2026, 3, 30), date(2025, 3, 31), date(2026, 2, 28)),
        (date(2024, 3, 1), date(2023, 3, 31), date(2024, 2, 29)),
    ],
)
def test_a_year_is_the_twelve_months_that_have_ended(today: date, first: date, last: date) -> None:
    ends = month_ends(today)
    assert (len(ends), ends[0], ends[-1]) == (12, first, last)
    assert len({(end.year, end.month) for end in ends}) == 12


def changed(**rules: str) -> Pathway:
    changes = {
        {"trial": TRIAL, "window": WINDOW}.get(name, name): sql for name, sql in rules.items()
    }
    return edited(default_file().read_text("utf-8"), changes, "p.yaml", SHIPPED)[1]


@cache
def told(pathway: Pathway, day: date) -> dict[str, tuple[str, bool | None, str]]:
    """Each episode in care: status, gate, next step; from the assessment itself."""
    rows = assess(CLINIC, pathway, day).iter_rows(named=True)
    return {r["episode"]: (r["status"], r["gate"], r["next_step"]) for r in rows if r["in_care"]}


def effect(before: Pathway, after: Pathway) -> Effect:
    def days(p: Pathway) -> dict[date, object]:
        return {d: facts(CLINIC, d, p.targets, None, p.recovery.combine) for d in DAYS}

    return Effect.of(before, days(before), after, days(after))  # type: ignore[arg-type]


PLATEAUED = "statuses.plateaued.when"
PLATEAU = written(load_pathway())[PLATEAUED].text
AFTERS = {
    "fewer needles": changed(trial="dry_needling_sessions >= 1"),
    "more needles": changed(trial="dry_needling_sessions >= 6"),
    "a wider window": changed(
        window="improvement between 0.4 and 0.95",
        **{"recovery.window.0": "0.4", "recovery.horizon_weeks": "3"},
    ),
    "another status": changed(**{PLATEAUED: PLATEAU.replace("window_low", "0.5")}),
}


@pytest.mark.parametrize("after", AFTERS.values(), ids=list(AFTERS))
def test_every_count_is_that_of_a_simple_loop(after: Pathway) -> None:
    before = load_pathway()
    found = effect(before, after)
    months = status = step = opened = closed = 0
    first_before: dict[str, date] = {}
    first_after: dict[str, date] = {}
    statuses: dict[str, list[int]] = {}
    for day in DAYS:
        was, is_ = told(before, day), told(after, day)
        assert was.keys() == is_.keys()
        for episode in was:
            a, b = was[episode], is_[episode]
            months += 1
            status += a[0] != b[0]
            step += a[2] != b[2]
            opened += b[1] is True and a[1] is not True
            closed += a[1] is True and b[1] is not True
            statuses.setdefault(a[0], [0, 0])[0] += 1
            statuses.setdefault(b[0], [0, 0])[1] += 1
            if a[1]:
                first_before.setdefault(episode, day)
            if b[1]:
                first_after.setdefault(episode, day)
    never = date.max
    episodes = first_before.keys() | first_after.keys()
    pairs = [(first_before.get(e, never), first_after.get(e, never)) for e in episodes]
    assert found.rows.height == months
    assert (found.other_status, found.other_step) == (status, step)
    assert (found.opened, found.closed) == (opened, closed)
    assert found.forward == sum(b < a for a, b in pairs)
    assert found.held_back == sum(b > a for a, b in pairs)
    assert {name: list(counts) for name, counts in found.statuses.items()} == statuses
    assert sum(found.crossed.values()) == status
    assert status + step > 0


def test_fewer_needles_open_gates_and_more_close_them() -> None:
    fewer = effect(load_pathway(), AFTERS["fewer needles"])
    more = effect(load_pathway(), AFTERS["more needles"])
    assert fewer.closed == 0 == fewer.held_back
    assert more.opened == 0 == more.forward
    assert more.closed > 0
    assert more.held_back > 0


def test_no_change_has_no_effect() -> None:
    found = effect(load_pathway(), load_pathway())
    assert found.other_status == found.other_step == found.opened == found.closed == 0
    assert found.examples(5).is_empty()


def test_examples_name_each_episode_once_and_gates_come_first() -> None:
    examples = effect(load_pathway(), AFTERS["more needles"]).examples(50)
    assert examples["episode"].is_unique().all()
    gates = [row["gate"] is True and row["gate_after"] is not True for row in examples.to_dicts()]
    assert gates[0]
    assert gates == sorted(gates, reverse=True)
