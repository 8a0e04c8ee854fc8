"""The tables of the report: what every method reached, world by world and data set by data set."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from reliefpath.documents.reference.markdown import table

from .arena import Results, Round
from .decisions import Decision, deciding
from .ours import OURS
from .standings import QUESTIONS, Comparison, answering, forecasting, on_sample, share
from .targets import COVERAGE, Scored, way_of_all

SCORES = ("AUC", "Brier", "calibration error", "way to the oracle", "precision / recall", "ratio")
DECIDED = ("picked", "precision / recall (precision at best)")


def marked(method: str) -> str:
    """Return a method's name, with a star where it answered a sample only."""
    return f"{method} *" if on_sample(method) else method


def number(value: float, digits: int = 3) -> str:
    """Return a number, a dash where there is none."""
    if math.isinf(value):
        return "never"
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def percent(value: float) -> str:
    """Return a share, a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.0%}"


def over_all(results: Results, all_scores: Scored) -> Iterator[str]:
    """Yield a table for each question: averages over worlds."""
    worlds = [world.name for world in results.worlds]
    for question, title in QUESTIONS.items():
        rows = []
        for method in answering():
            found = [all_scores.standings[world, question, method] for world in worlds]
            mean = {
                name: float(np.nanmean([getattr(each, name) for each in found]))
                for name in ("auc", "brier", "calibration", "precision", "recall", "ratio")
            }
            rows.append(
                (
                    marked(method),
                    number(mean["auc"]),
                    number(mean["brier"]),
                    number(mean["calibration"]),
                    "–"
                    if on_sample(method)
                    else percent(way_of_all(results, all_scores, method, question)),
                    f"{mean['precision']:.2f} / {mean['recall']:.2f}",
                    number(mean["ratio"], 2),
                )
            )
        yield f"### {title[0].upper()}{title[1:]}\n\n{table(('method', *SCORES), rows)}"


def foretold(results: Results, all_scores: Scored) -> str:
    """Return the table of forecasts over all worlds, on a scale from 0 to 10."""
    rows = []
    for method in forecasting(results.worlds[0]):
        found = [all_scores.forecasts[world.name, method] for world in results.worlds]
        unit = np.array([10 / world.histories.scale_range[0] for world in results.worlds])
        covered = [each.covered for each in found]
        rows.append(
            (
                marked(method),
                number(float(np.mean([each.crps for each in found] * unit))),
                number(float(np.mean([each.error for each in found] * unit))),
                f"{min(covered):.1%} to {max(covered):.1%}",
            )
        )
    columns = ("forecasts of", "CRPS", "absolute error", "in the 90 % interval, world by world")
    return table(columns, rows)


def delays(results: Results, all_scores: Scored) -> str:
    """Return the table of weeks to the call."""
    rows = (
        (
            world.name,
            *(
                f"{number(told.median, 1)} ({percent(told.called)})"
                for told in (all_scores.delays[world.name, method] for method in answering())
            ),
        )
        for world in results.worlds
    )
    return table(("world", *map(marked, answering())), rows)


def world_section(world: Round, all_scores: Scored) -> str:
    """Return all scores of one world."""
    name = world.name
    letters = ("a", "b", "c")
    ranking, use = [], []
    for method in answering():
        found = [all_scores.standings[name, question, method] for question in QUESTIONS]
        ranking.append(
            (
                marked(method),
                *(number(each.auc) for each in found),
                *(number(each.brier, 4) for each in found),
                *(number(each.calibration) for each in found),
            )
        )
        use.append(
            (
                marked(method),
                *(percent(each.way) for each in found),
                *(f"{each.precision:.2f} / {each.recall:.2f}" for each in found),
                *(number(each.ratio, 2) for each in found),
            )
        )
    of_ranking = [f"{s} ({x})" for s in SCORES[:3] for x in letters]
    of_use = [f"{s} ({x})" for s in SCORES[3:] for x in letters]
    return f"""### {name}

{len(world.histories):,} histories of {np.unique(world.truth.episode).size} episodes; level
{percent(world.truth.level.mean())}, in the window {percent(world.truth.inside.mean())}, both
{percent((world.truth.level & world.truth.inside).mean())}. The oracle's median answer rests on
{world.particles:,.0f} effective particles.

{table(("method", *of_ranking), ranking)}
{table(("method", *of_use), use)}
{forecast_table(world, all_scores)}"""


def data_section(data: Round, all_scores: Scored) -> str:
    """Return the scores of forecasts on one real data set."""
    pairs = int(np.isfinite(data.truth.observed).sum())
    return f"""### {data.name}

{pairs:,} forecasts from {len(data.histories):,} histories of
{np.unique(data.truth.episode).size} patients; a scale {data.histories.scale_range[0]:g} wide in
steps of {data.histories.step[0]:g}.

{forecast_table(data, all_scores)}"""


def forecast_table(played: Round, all_scores: Scored) -> str:
    """Return the scores of forecasts in one world or on one data set."""
    columns = (
        "forecasts of",
        "CRPS",
        "absolute error",
        "in the 90 % interval",
        "the same, plainly",
    )
    rows = (
        (
            marked(method),
            number(told.crps),
            number(told.error),
            f"{told.covered:.1%}",
            f"{told.plainly:.1%}",
        )
        for method in forecasting(played)
        for told in (all_scores.forecasts[played.name, method],)
    )
    return table(columns, rows)


def lost(results: Results, all_scores: Scored) -> Iterator[str]:
    """Yield, world by world, who is better than ours by more than the standard error."""
    compared = [c for c in (*all_scores.comparisons, *all_scores.ahead) if c.lost]
    for ours in OURS:
        rows = []
        for played in (*results.worlds, *results.real):
            found = [_told(c) for c in compared if (c.world, c.ours) == (played.name, ours)]
            rows.append((played.name, "; ".join(found) or "nobody"))
        columns = ("world or real data", "who, in what and by how much")
        yield f"### Better than {ours}\n\n{table(columns, rows)}"


def decided(results: Results, all_scores: Scored) -> str:
    """Return the table of decisions, world by world and over all."""
    methods = list(deciding(results.worlds[0]))
    worlds = [
        (w.name, [all_scores.decisions[w.name, method] for method in methods])
        for w in results.worlds
    ]
    rows = (
        (
            name,
            percent(share(found[0].true, found[0].histories)),
            *(text for each in found for text in _decision(each)),
        )
        for name, found in [*worlds, ("**all**", [all_scores.decided(m) for m in methods])]
    )
    columns = (f"{method}: {what}" for method in methods for what in DECIDED)
    return table(("world", "true", *columns), rows)


def _decision(each: Decision) -> tuple[str, str]:
    best = percent(share(each.possible, each.raised))
    found = f"{percent(each.precision)} / {percent(each.recall)} (of {best})"
    return percent(share(each.raised, each.histories)), found


def outside(all_scores: Scored) -> str:
    """Return the table of cells whose 90 % intervals cover too little or too much."""
    low, high = COVERAGE
    rows = (
        (ours, cell.measure, cell.visits, cell.weeks, f"{cell.cases:,}", f"{cell.covered:.1%}")
        for ours in OURS
        for cell in all_scores.cells[ours]
        if not low <= cell.covered <= high
    )
    columns = ("method", "measure", "visits so far", "weeks ahead", "forecasts", "covered")
    return table(columns, rows)


def _told(c: Comparison) -> str:
    letter = QUESTIONS[c.question].split()[0] + " " if c.question in QUESTIONS else ""
    clearly = ", more than twice that" if c.ahead < -2 * c.error else ""
    digits = 4 if c.measure == "Brier" else 3
    return (
        f"{marked(c.rival)} in {c.measure} {letter}by {-c.ahead:.{digits}f} "
        f"(standard error {c.error:.{digits}f}{clearly})"
    )
