"""What a clinic achieves, against simple loops over its records."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from reliefpath.care_log.log import CareLog
from reliefpath.outcomes.answering import BANDS, answered_weeks, decided, response
from reliefpath.outcomes.injecting import gates_before, injecting, sessions
from reliefpath.outcomes.measured import Share
from reliefpath.outcomes.recovering import recovering
from reliefpath.pathway.advice import assess_episode
from reliefpath.pathway.assessment import assess
from reliefpath.pathway.model import load_pathway
from reliefpath.simulation import demo_clinic

TODAY = date(2026, 3, 31)
PATHWAY = load_pathway()
STATUSES = [str(name) for name in PATHWAY.statuses]


@cache
def clinic() -> CareLog:
    return demo_clinic(300, 1, TODAY)


@cache
def advice() -> pl.DataFrame:
    return assess(clinic(), PATHWAY, TODAY)


def counted(shares: tuple[Share, ...]) -> list[tuple[int, int]]:
    return [(s.count, s.out_of) for s in shares]


def test_statuses_and_recoveries_are_those_of_a_simple_loop() -> None:
    found = recovering(advice(), STATUSES)
    rows = advice().to_dicts()
    assert counted(found.statuses) == [
        (sum(r["status"] == name for r in rows), len(rows)) for name in STATUSES
    ]
    old = [r for r in rows if r["weeks_in_care"] >= 52]
    well = [r for r in old if r["weeks_since_recovery"] is not None]
    others = [r for r in old if r["weeks_since_recovery"] is None]
    lost = [r for r in well if r["relapse"]]
    assert counted(found.after_a_year) == [
        (len(well), len(old)),
        (len(well) - len(lost), len(well)),
        (sum(r["status"] == "lasting" for r in well), len(well)),
        (len(lost), len(well)),
        (sum(r["in_care"] for r in others), len(old)),
        (sum(not r["in_care"] for r in others), len(old)),
    ]
    assert len(well) > 0


def test_every_episode_with_a_score_is_followed_to_its_recovery_or_its_latest_score() -> None:
    found = recovering(advice(), STATUSES)
    rows = [r for r in advice().to_dicts() if r["weeks_since_score"] is not None]
    assert found.weeks.count == len(rows)
    assert found.weeks.events == sum(r["weeks_since_recovery"] is not None for r in rows)
    assert found.unscored == advice().height - len(rows)


def test_injections_are_counted_by_days_and_their_gates_asked_the_day_before() -> None:
    given = sessions(clinic())
    rows = clinic().treatments.filter(pl.col("therapy") == "injection").to_dicts()
    days = {(r["episode"], r["at"].date()) for r in rows}
    assert set(given.rows()) == days
    before = list(gates_before([clinic()], PATHWAY, None))
    found = injecting(advice(), given, before, PATHWAY)
    gates = []
    for episode, day in days:
        gates.append(assess_episode(clinic(), episode, PATHWAY, day - timedelta(1)).gate)
    assert counted(found.gate) == [
        (sum(gate is answer for gate in gates), len(days)) for answer in (True, False, None)
    ]
    assert found.replayed == len(days) > 5
    assert found.per_hundred == pytest.approx(100 * len(days) / advice().height)
    assert counted((found.injected,)) == [(len({e for e, _ in days}), advice().height)]


def test_relief_by_half_has_ended_where_a_later_score_shows_less() -> None:
    def row(relief: float, weeks: float, since: float, now: float) -> dict[str, float]:
        return {
            "injection_relief": relief,
            "injection_relief_weeks": weeks,
            "injection_relief_now": now,
            "weeks_since_injection": 20.0,
            "weeks_since_score": 20.0 - since,
        }

    rows = [row(0.8, 6, 10, 0.2), row(0.7, 10, 10, 0.7), row(0.3, 0, 10, 0.3)]
    known = (
        advice()
        .head(3)
        .with_columns(pl.Series(name, [r[name] for r in rows], pl.Float64) for name in rows[0])
    )
    found = injecting(known, sessions(clinic()).clear(), [], PATHWAY)
    assert counted(found.relief) == [(3, 3), (2, 3), (1, 3)]
    assert (found.lasted.count, found.lasted.events) == (2, 1)
    assert found.lasted.times.tolist() == [6]


def test_a_clinic_without_injections_has_numbers_out_of_nobody() -> None:
    none = sessions(clinic()).clear()
    found = injecting(advice().clear(), none, [], PATHWAY)
    assert found.per_hundred is None
    assert {s.share for s in (*found.gate, *found.relief)} == {None}
    assert not found.closed


def test_weeks_in_care_with_a_score_are_those_of_a_simple_loop() -> None:
    expected = {band: [0, 0] for band in BANDS}
    scored = {(r["episode"], r["at"].date()) for r in clinic().scores.to_dicts()}
    for e in clinic().episodes.to_dicts():
        start = first = e["started_on"]
        week = 1
        while start + timedelta(7) <= min(e["ended_on"] or TODAY, TODAY):
            answered = any((e["episode"], start + timedelta(d)) in scored for d in range(7))
            for low, high in BANDS:
                if low <= week <= high and start >= TODAY - timedelta(364):
                    expected[low, high][0] += answered
                    expected[low, high][1] += 1
            week += 1
            start = first + timedelta(7 * (week - 1))
    found = response(answered_weeks(clinic(), TODAY))
    assert counted(found) == [tuple(counts) for counts in expected.values()]
    assert found[0].count > 0


def test_decisions_are_counted_by_status_with_the_reasons_of_overrides() -> None:
    def row(decision: str, status: str, reason: str | None) -> dict[str, object]:
        advice = json.dumps({"status": status})
        return {"decision": decision, "advice": advice, "reason": reason}

    rows = [
        row("agreed", "stalled", None),
        row("overridden", "stalled", "no  time"),
        row("overridden", "plateaued", "no time"),
        row("overridden", "plateaued", "travels"),
    ]
    found = decided(rows)
    assert counted((found.agreed,)) == [(1, 4)]
    assert {(s.name, s.count, s.out_of) for s in found.by_status} == {
        ("stalled", 1, 2),
        ("plateaued", 2, 2),
    }
    assert found.reasons == (("no time", 2), ("travels", 1))


@pytest.mark.parametrize(
    ("count", "out_of", "stable"),
    [(0, 10, False), (0, 11, True), (10, 400, False), (11, 400, True), (0, 0, False)],
)
def test_numbers_below_eleven_are_not_stable(count: int, out_of: int, stable: bool) -> None:
    assert Share("", count, out_of).stable is stable
