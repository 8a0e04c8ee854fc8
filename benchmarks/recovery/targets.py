"""What the recovery model is meant to reach, and whether it does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .arena import ORACLE, Results
from .baseline import NAME as BASELINE
from .coverage import FEWEST, Cell, cells
from .decisions import Decision, deciding, decision, together
from .ours import OURS, SHIPPED
from .peers import LEARNING
from .plain import KINDS
from .scoring import Delay
from .speed import ONE, TWO
from .standings import (
    QUESTIONS,
    RULE,
    Comparison,
    Forecasts,
    Standing,
    comparisons,
    delay_of,
    forecast_comparisons,
    forecasting,
    forecasts,
    standing,
)
from .worlds import PLAIN

LEAST_RATIO, MOST_CALIBRATION = 1.2, 0.03
LEAST_WAY, LEAST_WAY_PLAIN = 0.9, 0.95
LEVEL_SHARES = {"improving": (0.0, 0.05), "levelled": (0.8, 1.0), "flat": (0.95, 1.0)}
COVERAGE = (0.87, 0.93)
FORECAST_RIVALS = ("least squares", "local linear trend", "curve_fit", *LEARNING)
MOST_APART = 0.02
A_SECOND = 1e6
TIMES_FASTER = {"curve_fit": 1e3, "ruptures PELT": 1e2}
TIMES_NUTS = 1e5


@dataclass(frozen=True)
class Scored:
    """All scores of all methods.

    Attributes:
        standings: By world, question and method.
        delays: By world and method.
        comparisons: Of the three questions.
        forecasts: By world or data set and method.
        ahead: Comparisons of forecasts.
        decisions: By world and method.
        cells: What our intervals cover, by method.
    """

    standings: dict[tuple[str, str, str], Standing]
    delays: dict[tuple[str, str], Delay]
    comparisons: list[Comparison]
    forecasts: dict[tuple[str, str], Forecasts]
    ahead: list[Comparison]
    decisions: dict[tuple[str, str], Decision]
    cells: dict[str, list[Cell]]

    def decided(self, method: str) -> Decision:
        """Return the decisions of a method in all worlds together."""
        return together(d for (_, who), d in self.decisions.items() if who == method)


def scored(results: Results, methods: Iterable[str]) -> Scored:
    """Return all scores."""
    names = list(methods)
    played = (*results.worlds, *results.real)
    counts = [each for world in results.worlds for each in world.counts]
    return Scored(
        {
            (w.name, question, method): standing(w, method, question)
            for w in results.worlds
            for question in QUESTIONS
            for method in names
        },
        {(w.name, method): delay_of(w, method) for w in results.worlds for method in names},
        [c for w in results.worlds for c in comparisons(w)],
        {(r.name, method): forecasts(r, method) for r in played for method in forecasting(r)},
        [c for r in played for c in forecast_comparisons(r, FORECAST_RIVALS)],
        {(w.name, method): decision(w, method) for w in results.worlds for method in deciding(w)},
        {ours: list(cells(counts, ours)) for ours in OURS},
    )


@dataclass(frozen=True)
class Target:
    """One thing to reach.

    Attributes:
        what: In words.
        found: What was measured.
        holds: Whether it was reached.
    """

    what: str
    found: str
    holds: bool


def targets(results: Results, all_scores: Scored) -> Iterator[Target]:
    """Yield every target."""
    worlds = {world.name for world in results.worlds}
    ahead = [c for c in all_scores.ahead if c.world in worlds]
    for ours in OURS:
        yield _never_lost(all_scores.comparisons, ours, "AUC and Brier")
        yield _never_lost(ahead, ours, "CRPS and absolute error of forecasts")
        yield from _by_question(results, all_scores, ours)
        yield _gate(all_scores, ours)
    yield from _plain(results)
    for ours in OURS:
        yield _cells(all_scores, ours)
        yield from _forecasts(results, all_scores, ours)
    yield _nuts(results)
    yield from _speed(results)


def _never_lost(compared: list[Comparison], ours: str, measures: str) -> Target:
    mine = [c for c in compared if c.ours == ours and math.isfinite(c.ahead)]
    lost = [c for c in mine if c.lost]
    clearly = sum(c.ahead < -2 * c.error for c in lost)
    return Target(
        f"{ours}: not behind any peer in any world in {measures}, by more than a standard error",
        f"behind in {len(lost)} of {len(mine)} comparisons, in {clearly} by more than two",
        not lost,
    )


def _by_question(results: Results, all_scores: Scored, ours: str) -> Iterator[Target]:
    worlds = [w.name for w in results.worlds]
    table = all_scores.standings
    for question, title in QUESTIONS.items():
        ratios = {w: table[w, question, ours].ratio for w in worlds}
        best = np.nanmean([table[w, question, ORACLE].ratio for w in worlds])
        met = [w for w in worlds if ratios[w] >= LEAST_RATIO]
        mean = float(np.nanmean(list(ratios.values())))
        yield Target(
            f"{ours}, {title}: precision and recall at least {LEAST_RATIO} times the rule's at its "
            "alarm rate",
            f"in {len(met)} of {len(worlds)} worlds; {mean:.2f} times on average, the oracle "
            f"{best:.2f}",
            len(met) == len(worlds),
        )
    for question, title in QUESTIONS.items():
        ways = {w: table[w, question, ours].way for w in worlds}
        whole = way_of_all(results, all_scores, ours, question)
        met_ways = sum(way >= LEAST_WAY for way in ways.values())
        yield Target(
            f"{ours}, {title}: at least {LEAST_WAY:.0%} of the way to the oracle in every world",
            f"in {met_ways} of {len(worlds)} worlds; {whole:.0%} over all, from "
            f"{min(ways.values()):.0%} to {max(ways.values()):.0%}",
            met_ways == len(worlds),
        )
        met_plain = sum(ways[w] >= LEAST_WAY_PLAIN for w in PLAIN)
        yield Target(
            f"{ours}, {title}: at least {LEAST_WAY_PLAIN:.0%} of the way in every plain world",
            f"in {met_plain} of {len(PLAIN)}: " + ", ".join(f"{w} {ways[w]:.0%}" for w in PLAIN),
            met_plain == len(PLAIN),
        )
    for question, title in QUESTIONS.items():
        errors = [table[w, question, ours].calibration for w in worlds]
        met_errors = sum(error <= MOST_CALIBRATION for error in errors)
        yield Target(
            f"{ours}, {title}: calibration error at most {MOST_CALIBRATION}",
            f"in {met_errors} of {len(worlds)} worlds; {np.mean(errors):.3f} on average, "
            f"{max(errors):.3f} at most",
            met_errors == len(worlds),
        )


def _gate(all_scores: Scored, ours: str) -> Target:
    mine, rule = all_scores.decided(ours), all_scores.decided(RULE)
    return Target(
        f"{ours}: precision and recall of the gate above the clinical rule's, over all worlds",
        f"precision {mine.precision:.0%} against {rule.precision:.0%}, recall {mine.recall:.0%} "
        f"against {rule.recall:.0%}",
        mine.precision > rule.precision and mine.recall > rule.recall,
    )


def way_of_all(results: Results, all_scores: Scored, method: str, question: str) -> float:
    """Return the share of the way to the oracle with the Brier scores of all worlds added up."""
    worst, mine, best = (
        sum(all_scores.standings[w.name, question, m].brier for w in results.worlds)
        for m in (BASELINE, method, ORACLE)
    )
    return (worst - mine) / (worst - best)


def _plain(results: Results) -> Iterator[Target]:
    for kind in KINDS:
        low, high = LEVEL_SHARES[kind]
        found = [case for case in results.plain if case.kind == kind]
        limit = f"at most {high:.0%}" if low == 0 else f"at least {low:.0%}"
        yield Target(
            f"{SHIPPED}: of {kind} episodes {limit} are called level",
            ", ".join(f"{case.ours:.1%} (noise {case.noise_sd})" for case in found),
            all(low <= case.ours <= high for case in found),
        )


def _cells(all_scores: Scored, ours: str) -> Target:
    covered = [cell.covered for cell in all_scores.cells[ours]]
    met = sum(COVERAGE[0] <= share <= COVERAGE[1] for share in covered)
    return Target(
        f"{ours}: 90 % intervals cover {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%} in every cell of "
        f"measure, visits so far and weeks ahead with {FEWEST:,} forecasts or more",
        f"in {met} of {len(covered)} cells; from {min(covered, default=math.nan):.1%} to "
        f"{max(covered, default=math.nan):.1%}",
        0 < met == len(covered),
    )


def _forecasts(results: Results, all_scores: Scored, ours: str) -> Iterator[Target]:
    if not results.real:
        return
    table = all_scores.forecasts
    covered = {r.name: table[r.name, ours].covered for r in results.real}
    met = sum(COVERAGE[0] <= share <= COVERAGE[1] for share in covered.values())
    yield Target(
        f"{ours}: 90 % intervals on real data cover {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%}",
        f"on {met} of {len(covered)} data sets; from {min(covered.values()):.1%} to "
        f"{max(covered.values()):.1%}",
        met == len(covered),
    )
    for measure, title in (("CRPS", "CRPS"), ("error", "absolute error of the median")):
        mine = [
            c
            for c in all_scores.ahead
            if c.ours == ours and c.measure == measure and c.world in covered
        ]
        behind = [c for c in mine if not c.ahead > 0]
        told = "; ".join(f"{c.rival} on {c.world}" for c in behind)
        yield Target(
            f"{ours}: {title} better than {', '.join(FORECAST_RIVALS)} on every real data set",
            f"in {len(mine) - len(behind)} of {len(mine)}" + (f"; not than {told}" if told else ""),
            not behind,
        )


def _nuts(results: Results) -> Target:
    apart = np.abs(results.nuts.nuts - results.nuts.recover)
    return Target(
        f"Within {MOST_APART} of NUTS",
        f"at most {apart.max():.3f}, {apart.mean():.4f} on average; NUTS itself is sure to "
        f"{results.nuts.error.max():.4f}",
        bool(apart.max() <= MOST_APART),
    )


def _speed(results: Results) -> Iterator[Target]:
    took = {speed.method: speed.per_million for speed in results.speeds}
    a_second = 1e6 / took[TWO]
    yield Target(
        f"{A_SECOND:,.0f} episodes a second",
        f"{a_second:,.0f} with two threads, {1e6 / took[ONE]:,.0f} with one",
        a_second >= A_SECOND,
    )
    for name, least in TIMES_FASTER.items():
        times = took[name] / took[ONE]
        yield Target(
            f"{least:,.0f} times as fast as {name}",
            f"{times:,.0f} times with one thread, {took[name] / took[TWO]:,.0f} with two",
            times >= least,
        )
    times = nuts_per_million(results) / took[ONE]
    yield Target(
        f"{TIMES_NUTS:,.0f} times as fast as NUTS",
        f"{times:,.0f} times with one thread",
        times >= TIMES_NUTS,
    )


def nuts_per_million(results: Results) -> float:
    """Return the seconds that NUTS takes for a million episodes, compilation left out."""
    return float(results.nuts.seconds.mean()) * 1e6
